"""The derivative of a scalar function in one of its arguments, as a textbook has it.

In: a scalar expression, a variable, a name for its value. Out: its derivative, in forms that are stable and short.
"""

from __future__ import annotations

from sympy import (
    Abs, Add, Derivative, Dummy, Expr, Function, Heaviside, Mul, Pow, S, erfc, exp, im, log, re, sign,
)  # fmt: skip

from symnet.expressions.curves import normal_cdf, xlogy
from symnet.expressions.scalars import joined_signs, joined_steps, sigmoid, softplus, step
from symnet.expressions.stability import stable
from symnet.expressions.undefined import checked, differentiated


def _joined_powers(product: Expr) -> Expr:
    # x**p·p/x is p·x**(p − 1), which is right at x = 0 too
    powers: dict[Expr, list[Expr]] = {}
    for f in product.args:
        base, power = f.as_base_exp() if f.is_Pow and not isinstance(f, exp) else (f, S.One)
        powers.setdefault(base, []).append(power)
    if all(len(found) < 2 for found in powers.values()):
        return product
    return Mul(*[Pow(base, Add(*found)) for base, found in powers.items()])


def _with_xlogy(product: Expr) -> Expr:
    # x**p·log(x), which is 0 where x is 0
    for f in product.args:
        if f.is_Pow and not (f.exp.is_number or f.base.is_number or isinstance(f, exp)) and log(f.base) in product.args:
            rest = [g for g in product.args if g not in (f, log(f.base))]
            return Mul(xlogy(f, f.base), *rest)
    return product


class _Size(Function):
    def fdiff(self, argindex: int = 1) -> Expr:
        return _Sign(self.args[0])


class _Sign(Function):
    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


def together(body: Expr) -> set[Expr]:
    """Give what may be 0 alone where its logarithm or a root of it is not."""
    inside = {f.args[0] for f in body.atoms(log)}
    inside |= {p.base for p in body.atoms(Pow) if p.exp.is_Rational and not p.exp.is_Integer}
    return {f for f in inside if isinstance(f, (softplus, sigmoid, normal_cdf, erfc))}


def _one_minus(slope: Expr, output: Expr) -> Expr:
    # the derivative of sigmoid(-x) is -y·(1 - y), which SymPy writes as y·(y - 1)
    factors = Mul.make_args(slope)
    if output - 1 not in factors or len(factors) == 1:
        return slope
    return Mul(-1, *[1 - output if f == output - 1 else f for f in factors])


def partial(body: Expr, variable: Expr, output: Expr) -> Expr:
    """Differentiate the scalar `body` in `variable`, written with `output`, the value of `body`, where it can be.

    >>> from sympy import Symbol, tanh
    >>> x, y = Symbol("x", real=True), Symbol("y", real=True)
    >>> partial(tanh(x), x, y)
    1 - y**2
    """
    slope = stable(differentiated(body, variable))
    if slope.has(Derivative, im, re):  # SymPy differentiates |a| and sign(a) only where it knows that a is real
        real = {s: Dummy(s.name, real=True) for s in body.free_symbols}
        there, back = body.xreplace(real).replace(Abs, _Size).replace(sign, _Sign), {d: s for s, d in real.items()}
        slope = differentiated(there, real[variable]).xreplace(back)
        slope = stable(slope.replace(_Size, Abs).replace(_Sign, sign))
    if slope.has(Abs) and slope.has(sign):
        slope = slope.replace(lambda e: e.is_Mul, joined_signs)
    if slope.has(Heaviside):
        slope = slope.replace(Heaviside, lambda x, *_: step(x))
    if slope.has(step):
        slope = slope.replace(lambda e: e.is_Mul, joined_steps)
    if any(not p.exp.is_number for p in slope.atoms(Pow)):
        slope = slope.replace(lambda e: e.is_Mul, _joined_powers).replace(lambda e: e.is_Mul, _with_xlogy)
    checked(slope, body)
    if (
        body.args
        and not body.is_Add
        and not body.is_Mul
        and not any(not isinstance(f, sigmoid) for f in together(body))
    ):
        power = body.is_Pow and not body.exp.is_number  # SymPy would write x**(p - 1) as output/x
        slope = slope.xreplace({body: output}) if power else slope.subs(body, output)
    return _one_minus(slope, output)
