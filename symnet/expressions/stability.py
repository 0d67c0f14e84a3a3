"""Formulas as users write them, put so that they can be computed: one table of rewrites, each the same value.

In: scalar expressions. Out: the same functions in forms that neither overflow nor lose digits. A sum of exponentials
under a logarithm becomes `softplus` or `logaddexp`, a quotient of exponentials `sigmoid` or `tanh`, and so on; what has
no better form stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from sympy import (
    Abs, Add, DiracDelta, Expr, Max, Min, Mul, Pow, S, asinh, cosh, coth, exp, log, sech, sinh, sqrt, tanh,
)  # fmt: skip
from sympy.logic.boolalg import ITE, And, Not, Or
from sympy.utilities.iterables import sift

from symnet.expressions.scalars import logaddexp, maximum, minimum, sigmoid, softplus


def exponent(term: Expr) -> Expr | None:
    """Give u where a term is exp(u) by its form, None for any other."""
    powers, numbers = sift(Mul.make_args(term), lambda f: isinstance(f, exp) and not f.is_number, binary=True)
    c = Mul(*numbers)
    return Add(*[f.args[0] for f in powers], log(c)) if c.is_number and c.is_positive else None


def exponents(total: Expr) -> list[Expr] | None:
    """Give u, v, … where an expression is exp(u) + exp(v) + … by its form, None for any other."""
    if not total.is_Add or not any(t.has(exp) for t in total.args):
        return None
    found = [exponent(t) for t in total.args]
    return None if None in found else found


def complement(expr: Any, of: type[Expr]) -> Any:
    """Give u where an expression is 1 - of(u)."""
    if expr.is_Add and len(expr.args) == 2 and S.One in expr.args:
        other = -(expr - 1)
        if isinstance(other, of):
            return other.args[0]
        return -(expr - 1).args[0] if of is tanh and isinstance(-other, tanh) else None
    return None


def _logarithms(total: Expr) -> list[Expr] | None:
    # of the terms of a sum with sigmoids, which may all be 0 alone
    found = {g for t in total.args for f in Mul.make_args(t) if isinstance(g := f.as_base_exp()[0], sigmoid)}
    if not total.is_Add or not found or any(t.is_number for t in total.args):
        return None
    return exponents(total.xreplace({g: exp(-softplus(-g.args[0])) for g in found}))


def _log_of_sum(powers: list[Expr]) -> Expr:
    return reduce(logaddexp, sorted(powers, key=lambda u: (u != 0, u.sort_key())))


def _positive(factor: Expr) -> bool:
    base = factor.as_base_exp()[0] if factor.is_Pow else factor
    number = base.is_number and bool(base.is_positive)
    known = isinstance(base, (exp, sigmoid, sech, cosh)) or any(
        complement(base, f) is not None for f in (sigmoid, tanh)
    )
    return number or known or _is_positive_power(factor) or exponents(base) is not None


def _is_positive_power(f: Expr) -> bool:
    return bool(f.is_Pow and f.base.is_Add and f.base.is_positive and f.exp.is_number)


def _log_of_quotient(quotient: Expr) -> Expr:
    above, below = quotient.as_numer_denom()
    return -log(below) if above is S.One else log(quotient)


def _log(e: Expr) -> Expr:
    argument = e.args[0]
    if isinstance(argument, sigmoid):
        return -softplus(-argument.args[0])
    if (powers := exponents(argument)) is not None:
        common = {t.as_coeff_Mul()[0] for t in argument.args}
        c = common.pop() if len(common) == 1 else S.One
        return log(c) + _log_of_sum([u - log(c) for u in powers])
    if isinstance(argument, exp):
        return argument.args[0]
    if (powers := _logarithms(argument)) is not None:
        return _log_of_sum(powers)
    share, rest = argument.primitive() if argument.is_Add else (S.One, argument)
    if (u := complement(rest, sigmoid)) is not None:
        return log(share) - softplus(u)
    if (u := complement(argument, tanh)) is not None:
        return log(2) - softplus(2 * u)
    if isinstance(argument, sech):
        return -log(cosh(argument.args[0]))
    if argument.is_Add and len(argument.args) == 2:
        for u in argument.args:
            if argument - u == sqrt(u**2 + 1):
                return asinh(u)
    apart = argument.has(exp, sigmoid, sech, cosh, tanh) or any(map(_is_positive_power, Mul.make_args(argument)))
    if apart and (argument.is_Mul or argument.is_Pow):
        # the logarithm of each that is positive is finite where that of the product may not be
        factors, rest = sift(Mul.make_args(argument), _positive, binary=True)
        numbers, factors = sift(factors, lambda f: f.is_number, binary=True)
        if factors:
            bases = [f.as_base_exp() if f.is_Pow and not isinstance(f, exp) else (f, S.One) for f in factors]
            c = Mul(*numbers)
            half = S.Half if c.has(Pow) else S.One  # of √2/(2·√π) the square is shorter
            outside = half * _log_of_quotient(c ** (1 / half)) + _log_of_quotient(Mul(*rest))
            return Add(*[k * _rewritten(log(base)) for base, k in bases], outside)
    return e


def _pow(e: Expr) -> Expr:
    base, power = e.args
    if power.is_Rational and power.q == 2 and base.is_Pow and base.exp.is_Integer and base.exp % 2 == 0:
        return Abs(base.base) ** (base.exp * power)
    powers = exponents(base) if power.is_number and power.is_negative else None
    if powers is None or isinstance(e, exp):
        return e
    if len(powers) == 2:
        a, b = sorted(powers, key=lambda u: not u.is_number)
        if a.is_number:
            return (exp(-a) * sigmoid(a - b)) ** -power
    return exp(power * _log_of_sum(powers))


def _sum(e: Expr) -> Expr:
    # y·softplus(-u) + (1 - y)·softplus(u), the negative log-likelihood, is softplus(u) - y·u
    shares: dict[Expr, list[Expr]] = {}
    for term in e.args:
        for f in Mul.make_args(term):
            if isinstance(f, softplus):
                shares.setdefault(f.args[0], []).append(term)
    for u in shares:
        if u.could_extract_minus_sign() or -u not in shares:
            continue
        plus, minus = Add(*[t / softplus(u) for t in shares[u]]), Add(*[t / softplus(-u) for t in shares[-u]])
        both = (plus + minus).expand()
        if both.is_number and not minus.is_number:
            rest = [t for t in e.args if t not in (*shares[u], *shares[-u])]
            return Add(*rest, both * softplus(u), -(minus * u).expand())
    return e


def _hyperbolic(e: Expr) -> Expr:
    # sinh/cosh and (1 + tanh)·(1 - tanh)
    for f in e.args:
        if isinstance(f, sinh) and 1 / cosh(f.args[0]) in e.args:
            return e / f * cosh(f.args[0]) * tanh(f.args[0])
        if isinstance(f, cosh) and 1 / sinh(f.args[0]) in e.args:
            return e / f * sinh(f.args[0]) * coth(f.args[0])
        if (u := complement(f, tanh)) is not None and 1 + tanh(u) in e.args:
            return e / (f * (1 + tanh(u))) * sech(u) ** 2
    return e


def _quotient(e: Expr) -> Expr:
    e = _hyperbolic(e) if e.has(sinh, cosh, tanh) else e
    if not e.is_Mul:
        return e
    # one exponential with what a sum of exponentials, above or below the line, has become
    powers = [f for f in e.args if isinstance(f, exp)]
    if not powers and not any(f.is_Add and f.has(exp) for f in e.args):
        return e
    others = [f for f in e.args if f not in powers]
    u = Add(*[f.args[0] for f in powers])
    for f in others:
        base, power = f.as_base_exp()
        rest = Mul(*[g for g in others if g is not f])
        turned = isinstance(base, sigmoid) and power.is_Integer and power > 0 and not u.is_number
        if turned and (c := base.args[0] + u).is_number:
            return exp(c) * sigmoid(u - c) * _rewritten(rest * base ** (power - 1))
        terms = exponents(f)
        if terms is not None and powers:
            return _rewritten(rest * Add(*[exp(u + v) for v in terms]))
        if (slope := _tanh(f, rest, u)) is not None:
            return slope
    if not powers:
        return e
    joined = _exp(exp(u))
    shares = len(powers) > 1 and any(f.has(logaddexp, softplus) for f in powers)  # of a sum: none is finite alone
    shares |= len(Add.make_args(u)) < sum(len(Add.make_args(f.args[0])) for f in powers)  # exp(a)·exp(b - a) is exp(b)
    return joined * Mul(*others) if shares or joined != exp(u) else e


def _tanh(difference: Expr, rest: Expr, u: Expr) -> Expr | None:
    # (exp(a) - exp(b))/(exp(a) + exp(b)), where what stands below is a sigmoid or exp(u) by now
    if not difference.is_Add or len(difference.args) != 2:
        return None
    for plus, minus in (difference.args, difference.args[::-1]):
        a, b = exponent(plus), exponent(-minus)
        if a is None or b is None:
            continue
        if u == -logaddexp(a, b):
            return rest * tanh((a - b) / 2)
        below = sigmoid(-b) if a == 0 else sigmoid(-a)
        if u == 0 and 0 in (a, b) and below in Mul.make_args(rest):
            return rest / below * tanh((a - b) / 2)
    return None


def _folded(of_two: type[Expr], values: tuple[Expr, ...]) -> Expr:
    varying_first = sorted(values, key=lambda v: not v.free_symbols)
    result = varying_first[-1]
    for value in reversed(varying_first[:-1]):
        result = of_two(value, result)
    return result


def _exp(e: Expr) -> Expr:
    # exp(a - log(exp(a) + exp(b))) is a quotient that SymPy has put into one exponential
    if not isinstance(e, exp):  # exp(0) is 1, and exp(1) a number with a name
        return e
    u = e.args[0]
    for p in u.atoms(logaddexp, softplus) if u.is_Add else ():
        a, b = p.args if isinstance(p, logaddexp) else (S.Zero, p.args[0])
        for own, other in ((a, b), (b, a)):
            if u == own - p:
                return sigmoid(own - other)
    return e


REWRITES: dict[type, Callable[[Expr], Expr]] = {
    Add: _sum,
    Max: lambda e: _folded(maximum, e.args),
    Min: lambda e: _folded(minimum, e.args),
    DiracDelta: lambda e: S.Zero,
    ITE: lambda e: Or(And(e.args[0], e.args[1]), And(Not(e.args[0]), e.args[2])),
    log: _log,
    exp: _exp,
    Pow: _pow,
    Mul: _quotient,
}


def _rewritten(e: Expr) -> Expr:
    if not e.args or getattr(e, "is_Matrix", False) or getattr(e, "ends_lookup", False):
        return e
    args = [_rewritten(a) for a in e.args]
    if any(a is not b for a, b in zip(args, e.args, strict=True)):
        e = e.func(*args)
    rewrite = REWRITES.get(type(e))
    return e if rewrite is None else rewrite(e)


def stable(body: Expr) -> Expr:
    """Give `body` in forms that differentiate to readable formulas, do not overflow and lose no digits.

    Max and Min become `maximum` and `minimum`, 1/(1 + exp(-u)) becomes `sigmoid`, log(1 + exp(u)) becomes
    `softplus`, and log(sigmoid(u)) becomes -softplus(-u); `REWRITES` has the others. A DiracDelta, the derivative of a
    jump, becomes 0.

    >>> from sympy import Max, Symbol, exp
    >>> x = Symbol("x", real=True)
    >>> stable(Max(x, 0)), stable(1 / (1 + exp(-x)))
    (relu(x), sigmoid(x))
    """
    return _rewritten(body)


def entered(body: Expr) -> Expr:
    """Give `stable(body)` for what a user has written: 1 - tanh(u)**2 becomes sech(u)**2 too.

    The derivative of tanh is left as it is, 1 - A∘A, which costs next to nothing where A is known.
    """
    body = stable(body)
    if not body.has(tanh):
        return body
    return body.replace(lambda e: e.is_Add and _sech(e) is not None, lambda e: _sech(e))


def _sech(e: Expr) -> Expr | None:
    # a·sech² of a − a·tanh²
    for square in e.args:
        c, rest = square.as_coeff_Mul()
        if rest.is_Pow and rest.exp == 2 and isinstance(rest.base, tanh) and -c in e.args:
            return e - square + c - c * sech(rest.base.args[0]) ** 2
    return None
