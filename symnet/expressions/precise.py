"""Scalar formulas as a machine should compute them: nothing small is left over where two large numbers cancel.

In: scalar expressions, derivatives too. Out: the same values by sigmoid(-u) for 1 - sigmoid(u), by log1p and expm1, and
by functions of this module that no formula shows. What people read is not touched; see `stability` for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sympy import Add, Expr, Mul, Pow, S, cosh, coth, csch, exp, log, sech, sinh, tanh
from sympy.codegen.cfunctions import expm1, log1p

from symnet.expressions.curves import clip, huber, xlogy
from symnet.expressions.scalars import MachineFunction, logaddexp, sigmoid, softplus


class bose(MachineFunction):
    """1/(exp(x) - 1), which is 0 for large x."""

    literal = staticmethod(lambda x: 1 / (exp(x) - 1))


class capped_exp(MachineFunction):
    """exp(x), which stays finite, for `part` and `whole`."""

    literal = staticmethod(exp)


class part(MachineFunction):
    """x/(1 + x): sigmoid(u) where x is exp(u), and no product that comes before the quotient."""

    literal = staticmethod(lambda x: x / (1 + x))


class whole(MachineFunction):
    """1/(1 + x): sigmoid(-u) where x is exp(u)."""

    literal = staticmethod(lambda x: 1 / (1 + x))


def by_exponential(f: sigmoid) -> Expr:
    """Give sigmoid(u) so that it shares its exponential with sigmoid(-u)."""
    u = f.args[0]
    return part(capped_exp(u)) if u.could_extract_minus_sign() else whole(capped_exp(-u))


class log1mexp(MachineFunction):
    """log(1 - exp(x)) for negative x."""

    literal = staticmethod(lambda x: log(1 - exp(x)))


class logcosh(MachineFunction):
    """log(cosh(x))."""

    literal = staticmethod(lambda x: log(cosh(x)))


class logmeanexp(MachineFunction):
    """log((1 + exp(x))/2), which is 0 at 0."""

    literal = staticmethod(lambda x: log((1 + exp(x)) / 2))


class logsoftplus(MachineFunction):
    """log(log(1 + exp(x))), which is x far below 0."""

    literal = staticmethod(lambda x: log(softplus(x)))


class rate(MachineFunction):
    """sigmoid(x)/softplus(x), the slope of log(softplus(x)), which is 1 far below 0."""

    literal = staticmethod(lambda x: sigmoid(x) / softplus(x))


PRECISE = (exp, log, sigmoid, softplus, logaddexp, tanh, cosh, sinh, sech)


# -- sums: (what is left of k·f, given that the sum has k·f and other terms of a certain kind)


def _beside_minus_one(f: Expr) -> Expr | None:
    # f - 1
    u = f.args[0] if f.args else f
    if isinstance(f, exp):
        return expm1(u)
    if isinstance(f, sigmoid):
        return -sigmoid(-u)
    if isinstance(f, tanh):
        return -2 * sigmoid(-2 * u)
    if f.is_Pow and f.exp == 2 and isinstance(f.base, sigmoid):
        return -sigmoid(-f.base.args[0]) * (1 + f.base)
    if f.is_Pow and f.exp == 2 and isinstance(f.base, tanh):
        return -(sech(f.base.args[0]) ** 2)
    return None


def _pairs(f: Expr) -> Iterator[tuple[Expr, Expr]]:
    # (w, f + w) for what may stand beside f so that the sum is small
    beside = _beside_minus_one(f)
    if beside is not None:
        yield S.NegativeOne, beside
    if isinstance(f, tanh):
        yield S.One, 2 * sigmoid(2 * f.args[0])
    if isinstance(f, sigmoid):
        yield -S.Half, tanh(f.args[0] / 2) / 2
        yield -sigmoid(-f.args[0]), tanh(f.args[0] / 2)
    if isinstance(f, softplus):
        yield -f.args[0], softplus(-f.args[0])
        yield -softplus(-f.args[0]), f.args[0]
        yield -log(2), logmeanexp(f.args[0])
    if isinstance(f, logaddexp):
        u, v = f.args
        yield -u, softplus(v - u)
        yield -v, softplus(u - v)


def _beside(f: Expr) -> Iterator[tuple[Expr, tuple[Expr, Expr]]]:
    # of a power one factor is enough
    base = f if isinstance(f, exp) else f.as_base_exp()[0]
    for g in (f,) if base == f else (f, base):
        for pair in _pairs(g):
            yield g, pair


def _sum(e: Expr) -> Expr:
    terms = set(e.args)
    for term in e.args:
        for f in Mul.make_args(term):
            for g, (w, joined) in _beside(f):
                k = term / g
                wanted = Add.make_args((k * w).expand())
                if terms.issuperset(wanted):
                    return _sum_of(e - term - Add(*wanted) + k * joined)
    return e


def _sum_of(e: Expr) -> Expr:
    return _sum(e) if e.is_Add else e


# -- logarithms


def _log(e: Expr) -> Expr:
    c, x = e.args[0].as_coeff_Mul()
    found = None
    if isinstance(x, cosh):
        found = logcosh(x.args[0])
    elif isinstance(x, sech):
        found = -logcosh(x.args[0])
    elif isinstance(x, sinh):
        found = x.args[0] + log1mexp(-2 * x.args[0]) - log(2)
    elif isinstance(x, expm1) and c.is_negative:
        return log(-c) + log1mexp(x.args[0])
    elif isinstance(x, expm1):
        found = x.args[0] + log1mexp(-x.args[0])
    elif isinstance(x, sigmoid):
        found = -softplus(-x.args[0])
    elif isinstance(x, softplus):
        found = logsoftplus(x.args[0])
    elif (x.is_Mul or x.is_Pow) and all(map(_positive, Mul.make_args(x))):
        found = Add(*[f.exp * _log(log(f.base)) if _is_power(f) else _log(log(f)) for f in Mul.make_args(x)])
    elif x.is_Add and c == 1 and S.One in x.args:
        return _log1p(x - 1)
    elif x.is_Add and c == 1 and (beside := _sum(x - 1)) != x - 1:
        return log1p(beside)  # 2 - exp(u) is 1 - expm1(u)
    return e if found is None or not c.is_positive else log(c) + found


def _is_power(f: Expr) -> bool:
    return bool(f.is_Pow) and not isinstance(f, exp)


def _positive(f: Expr) -> bool:
    return isinstance(f.base if _is_power(f) else f, (exp, sigmoid, sech, cosh))


def _log1p(w: Expr) -> Expr:
    return logcosh(w.args[0] / 2) * 2 + log(2) if isinstance(w, cosh) else log1p(w)


# -- products and powers


def _power(e: Expr) -> Expr:
    base, power = e.args
    if power.is_Rational and not power.is_Integer and isinstance(base, (softplus, sigmoid)):  # the base may be 0 alone
        u = base.args[0]
        return exp(power * logsoftplus(u)) if isinstance(base, softplus) else exp(-power * softplus(-u))
    if power.is_number and power.is_negative:
        for kind, inverse in ((cosh, sech), (sinh, csch), (expm1, bose)):
            if isinstance(base, kind):
                return inverse(base.args[0]) ** -power
        c, rest = base.as_coeff_Mul()
        if isinstance(rest, expm1) and power.is_Integer:
            return c**power * bose(rest.args[0]) ** -power
    return e


def _product(e: Expr) -> Expr:
    factors = dict(f.as_base_exp() if f.is_Pow and not isinstance(f, exp) else (f, S.One) for f in e.args)
    for f, k in list(factors.items()):
        u = f.args[0] if f.args else f
        if isinstance(f, sigmoid) and k.is_positive and (found := _of_softplus(e, f, factors)) is not None:
            return _product_of(found)
        if isinstance(f, sinh) and k.is_positive and factors.get(sech(u), S.Zero).is_positive:
            return _product_of(e / (f * sech(u)) * tanh(u))
        if isinstance(f, cosh) and k.is_positive and factors.get(csch(u), S.Zero).is_positive:
            return _product_of(e / (f * csch(u)) * coth(u))
        if isinstance(f, sinh) and k.is_positive and factors.get(1 + cosh(u), S.Zero) == -1:
            return _product_of(e / f * (1 + cosh(u)) * tanh(u / 2))
        if isinstance(f, log) and k is S.One and not factors.get(u, S.One).is_number:
            return _product_of(e / (f * u ** factors[u])) * xlogy(u ** factors[u], u)
        if isinstance(f, exp) and factors.get(bose(u), S.Zero).is_positive:
            return _product_of(-e / (f * bose(u)) * bose(-u))
    return e


def _of_softplus(e: Expr, f: sigmoid, factors: dict[Expr, Expr]) -> Expr | None:
    # a sigmoid beside a softplus below the line, whose quotient is finite
    u = f.args[0]
    if factors.get(softplus(u), S.Zero).is_negative:
        return e / f * softplus(u) * rate(u)
    for g in factors:
        k = g.args[0].coeff(logsoftplus(u)) if isinstance(g, exp) else S.Zero
        if k.is_negative:
            return e / (f * g) * exp(g.args[0] + logsoftplus(u)) * rate(u)
    return None


def _product_of(e: Expr) -> Expr:
    return _product(e) if e.is_Mul else e


def _logaddexp(e: Expr) -> Expr:
    u, v = e.args
    if v.is_number:
        return _sum_of(v + softplus(u - v))
    if u.is_number:
        return _sum_of(u + softplus(v - u))
    return (u + v) / 2 + log(2) + logcosh((u - v) / 2) if (u + v).is_number else e


def _huber(e: Expr) -> Expr:  # the clipped difference is its slope too
    x, d = e.args
    c = clip(x, -d, d)
    return c * (x - c / 2)


RULES: dict[type, Callable[[Expr], Expr]] = {
    huber: _huber, Add: _sum, log: _log, logaddexp: _logaddexp, Pow: _power, Mul: _product,
}  # fmt: skip


def precise(body: Expr) -> Expr:
    """Give a scalar formula in a form that loses no digits.

    >>> from sympy import Symbol, log
    >>> x = Symbol("x", real=True)
    >>> precise(1 - sigmoid(x)), precise(log(1 + x**2))
    (sigmoid(-x), log1p(x**2))
    """
    if not body.args or getattr(body, "is_Matrix", False) or getattr(body, "ends_lookup", False):
        return body
    args = [precise(a) if isinstance(a, Expr) else a for a in body.args]
    if any(x is not y for x, y in zip(args, body.args, strict=True)):
        body = body.func(*args)
    rule = RULES.get(type(body))
    return body if rule is None else rule(body)
