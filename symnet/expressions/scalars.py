"""Scalar functions that SymPy lacks, and the stable form of those it has.

In: scalar SymPy expressions. Out: scalar SymPy expressions that differentiate to what a textbook prints (sigmoid to
s·(1 − s), relu to the bracket [x > 0]) and that can be computed without overflow. Nothing here knows of matrices.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sympy import (
    Derivative, DiracDelta, Dummy, Expr, Function, Heaviside, Max, Min, Mul, Pow, S, Symbol, Wild, exp, im, log, re,
)  # fmt: skip
from sympy.logic.boolalg import ITE, And, Not, Or
from sympy.core.function import ArgumentIndexError

from symnet.expressions.undefined import checked, differentiated


class Bound(Symbol):
    """A bound variable of an entrywise function; it meets no symbol of the user's, whatever its name."""


@cache
def bound_variables(number: int, level: int = 0) -> tuple[Bound, ...]:
    """Give the bound variables of an entrywise function of `number` arguments, the same ones every time."""
    return tuple(Bound(f"x{k}" + "_" * level, real=True) for k in range(1, number + 1))


_level = 0


@contextmanager
def nested_variables(number: int) -> Iterator[tuple[Bound, ...]]:
    """Give bound variables that differ from those of the entrywise functions around, while one is being written."""
    global _level
    _level += 1
    try:
        yield bound_variables(number, _level - 1)
    finally:
        _level -= 1


class _Real(Function):
    is_real = True
    nargs = 1


class sigmoid(_Real):
    """The logistic function 1/(1 + exp(-x)); its derivative is s·(1 - s)."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return {S.Zero: S.Half, S.Infinity: S.One, S.NegativeInfinity: S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, x: Expr, **_: object) -> Expr:
        return 1 / (1 + exp(-x))

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(exp)._eval_evalf(prec)


class softplus(_Real):
    """log(1 + exp(x)), the antiderivative of the sigmoid."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return {S.Zero: log(2), S.Infinity: S.Infinity, S.NegativeInfinity: S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0])

    def _eval_rewrite_as_log(self, x: Expr, **_: object) -> Expr:
        return log(1 + exp(x))

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(log)._eval_evalf(prec)


class step(_Real):
    """The bracket [x > 0]: 1 where x is positive, 0 elsewhere, 0 at 0 too; its derivative is taken as 0."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        if x.is_positive:
            return S.One
        return S.Zero if x.is_nonpositive else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


class relu(_Real):
    """max(x, 0); its derivative is [x > 0], so relu'(0) = 0."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        if x.is_nonnegative:
            return x
        return S.Zero if x.is_nonpositive else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return step(self.args[0])


class maximum(_Real):
    """The larger of two values. Where they tie the second one counts, so that the two derivatives add up to 1."""

    nargs = 2

    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        if x == y:
            return x
        if (x - y).is_nonnegative:
            return x
        if (x - y).is_nonpositive:
            return y
        if x.is_zero:
            return relu(y)
        return relu(x) if y.is_zero else None

    def fdiff(self, argindex: int = 1) -> Expr:
        x, y = self.args
        if argindex == 1:
            return step(x - y)
        if argindex == 2:
            return 1 - step(x - y)
        raise ArgumentIndexError(self, argindex)


def _fold_maximum(*values: Expr) -> Expr:
    varying_first = sorted(values, key=lambda v: not v.free_symbols)
    result = varying_first[-1]
    for value in reversed(varying_first[:-1]):
        result = maximum(value, result)
    return result


def _fold_minimum(*values: Expr) -> Expr:
    return -_fold_maximum(*[-v for v in values])


def stable(body: Expr) -> Expr:
    """Give `body` in the functions above, which differentiate to readable formulas and do not overflow.

    Max and Min become `maximum`, 1/(1 + exp(-u)) becomes `sigmoid`, log(1 + exp(u)) becomes `softplus`, and
    log(sigmoid(u)) becomes -softplus(-u). A DiracDelta, the derivative of a jump, becomes 0.

    >>> from sympy import Max, Symbol, exp
    >>> x = Symbol("x", real=True)
    >>> stable(Max(x, 0)), stable(1 / (1 + exp(-x)))
    (relu(x), sigmoid(x))
    """
    if not body.args:
        return body
    u = Wild("u")
    rewritten = [
        (lambda e: isinstance(e, Max), lambda e: _fold_maximum(*e.args)),
        (lambda e: isinstance(e, Min), lambda e: _fold_minimum(*e.args)),
        (lambda e: isinstance(e, DiracDelta), lambda e: S.Zero),
        (lambda e: isinstance(e, ITE), lambda e: Or(And(e.args[0], e.args[1]), And(Not(e.args[0]), e.args[2]))),
        (lambda e: isinstance(e, log) and isinstance(e.args[0], sigmoid), lambda e: -softplus(-e.args[0].args[0])),
    ]
    if body.has(exp):
        body = body.replace(Pow(1 + exp(u), -1), lambda u: sigmoid(-u)).replace(log(1 + exp(u)), lambda u: softplus(u))
        body = body.replace(
            lambda e: isinstance(e, Mul) and e.has(sigmoid) and e.has(exp),
            _absorb_exponential,
        )
    for matches, replacement in rewritten:
        body = body.replace(matches, replacement)
    return body


def _absorb_exponential(product: Mul) -> Expr:
    # exp(u)·sigmoid(-u) is sigmoid(u): the other way to write the logistic function.
    for factor in product.args:
        if isinstance(factor, exp) and sigmoid(-factor.args[0]) in product.args:
            rest = product / factor / sigmoid(-factor.args[0])
            return rest * sigmoid(factor.args[0])
    return product


def partial(body: Expr, variable: Expr, output: Expr) -> Expr:
    """Differentiate the scalar `body` in `variable`, written with `output`, the value of `body`, where it can be.

    >>> from sympy import Symbol, tanh
    >>> x, y = Symbol("x", real=True), Symbol("y", real=True)
    >>> partial(tanh(x), x, y)
    1 - y**2
    """
    slope = stable(differentiated(body, variable))
    if slope.has(
        Derivative, im, re
    ):  # SymPy differentiates |a| and sign(a) for a real a only, and everything here is real
        real = {s: Dummy(s.name, real=True) for s in body.free_symbols}
        there, back = body.xreplace(real), {d: s for s, d in real.items()}
        slope = stable(differentiated(there, real[variable])).xreplace(back)
    if slope.has(Heaviside):
        slope = slope.replace(Heaviside, lambda x, *_: step(x))
    checked(slope, body)
    if body.args and not body.is_Add and not body.is_Mul:
        slope = slope.subs(body, output)
    return slope
