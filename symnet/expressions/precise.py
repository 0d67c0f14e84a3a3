"""Scalar formulas as a machine should compute them: nothing small is left over where two large numbers cancel.

In: scalar expressions, derivatives too. Out: the same values by sigmoid(-u) for 1 - sigmoid(u), by log1p and expm1, and
by functions that no formula shows. What people read is not touched; see `stability` for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from sympy import (
    Abs, Add, Expr, Mul, Pow, S, cosh, coth, csch, erf, erfc, exp, expand_mul, expand_multinomial, floor, log,
    pi, sech, sign, sinh, sqrt, tanh,
)  # fmt: skip
from sympy.codegen.cfunctions import expm1, log1p
from sympy.core.cache import cacheit

from symnet.expressions.curves import clip, huber, normal_cdf, normal_pdf, xlogy
from symnet.expressions.growth import MOST, balanced, grown, may_be_huge, may_be_tiny, multiplied_out
from symnet.expressions.machine import (
    bose, capped_exp, cloglog, log1mexp, logcosh, logmeanexp, lognormcdf, logsoftplus, mills, part, planck, rate, whole,
)  # fmt: skip
from symnet.expressions.scalars import logaddexp, relu, sigmoid, softplus


def by_exponential(f: sigmoid) -> Expr:
    """Give sigmoid(u) so that it shares its exponential, and the quotient, with sigmoid(-u)."""
    u = f.args[0]
    return part(E := capped_exp(u), whole(E)) if u.could_extract_minus_sign() else whole(capped_exp(-u))


PRECISE = (exp, log, sigmoid, softplus, logaddexp, tanh, cosh, sinh, sech, normal_cdf, normal_pdf, erf, erfc)


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
    if isinstance(f, cosh):
        return 2 * sinh(u / 2) ** 2
    if isinstance(f, normal_cdf):
        return -normal_cdf(-u)
    if isinstance(f, (erf, erfc)):
        return -2 * normal_cdf(-sqrt(2) * u) if isinstance(f, erf) else -erf(u)
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
    if isinstance(f, erf):
        yield S.One, 2 * normal_cdf(sqrt(2) * f.args[0])
    if isinstance(f, erfc):  # SymPy's erfc(-x) is 2 - erfc(x)
        yield S(-2), -2 * normal_cdf(sqrt(2) * f.args[0])
    if isinstance(f, normal_cdf):
        yield -S.Half, erf(f.args[0] / sqrt(2)) / 2
    if isinstance(f, bose):
        yield S.One, -bose(-f.args[0])
    if isinstance(f, sigmoid):
        yield -S.Half, tanh(f.args[0] / 2) / 2
        yield -sigmoid(-f.args[0]), tanh(f.args[0] / 2)
    if isinstance(f, softplus):
        yield -f.args[0], softplus(-f.args[0])
        yield -softplus(-f.args[0]), f.args[0]
        yield -log(2), logmeanexp(f.args[0])
        if not isinstance(-f.args[0], Abs):
            size = Abs(f.args[0])
            yield -f.args[0] * sigmoid(f.args[0]), softplus(-size) + size * sigmoid(-size)
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
                wanted = Add.make_args((k * w).expand(deep=False))
                if terms.issuperset(wanted):
                    return _sum_of(e - term - Add(*wanted) + k * joined)
    return e


def _over_one(e: Expr) -> Expr:
    # a/(1 + f) - a·f/(1 + f)² is a/(1 + f)²
    below = [(t, f.base, f.exp) for t in e.args for f in Mul.make_args(t) if f.is_Pow and _is_below(f)]
    for (s, D, j), (t, other, k) in combinations(below, 2) if len(e.args) <= MOST else ():
        if D == other:
            lowest = min(j, k)
            lifted = [(u / D**p, expand_multinomial(D ** (p - lowest), deep=False)) for u, p in ((s, j), (t, k))]
            above = Add(*[expand_mul(a * lift, deep=False) for a, lift in lifted])
            if not above.is_Add:
                whole = e - s - t + above * D**lowest
                return _over_one(whole) if whole.is_Add else whole
    return e


def _is_below(f: Expr) -> bool:
    return bool(isinstance(f.base, (Add, sigmoid)) and f.exp.is_Integer and f.exp.is_negative)


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
    elif isinstance(x, sinh):  # which is odd
        u = -x.args[0] if c.is_negative else x.args[0]
        return log(Abs(c)) + u + log1mexp(-2 * u) - log(2)
    elif isinstance(x, expm1) and c.is_negative:
        u = x.args[0]
        return log(-c) + (cloglog((-u).args[0]) if isinstance(-u, exp) else log1mexp(u))
    elif isinstance(x, expm1):
        found = x.args[0] + log1mexp(-x.args[0])
    elif isinstance(x, bose):
        return -_log_of(expm1(x.args[0]) / c)
    elif isinstance(x, sigmoid):
        found = -softplus(-x.args[0])
    elif isinstance(x, softplus):
        found = logsoftplus(x.args[0])
    elif isinstance(x, normal_cdf):
        found = lognormcdf(x.args[0])
    elif isinstance(x, erfc):
        found = log(2) + lognormcdf(-sqrt(2) * x.args[0])
    elif (x.is_Mul or x.is_Pow) and all(map(_positive, Mul.make_args(x))):
        bases = [(f.base, f.exp) if _is_power(f) else (f, S.One) for f in Mul.make_args(x)]
        found = Add(*[k * _log_of(base) for base, k in bases])
    elif x.is_Pow and x.exp.is_Integer and c.is_positive:  # t**100 may be beyond all numbers
        found = x.exp * _log_of(Abs(x.base) if x.exp.is_even else x.base)
    elif x.is_Add and c == 1 and S.One in x.args:
        return _log1p(x - 1)
    elif may_be_huge(x) or may_be_tiny(x):
        g, rest = grown(x)
        return g + log(c * rest)
    elif x.is_Add and c == 1 and (beside := _sum(x - 1)) != x - 1:
        return log1p(beside)  # 2 - exp(u) is 1 - expm1(u)
    return e if found is None or not c.is_positive else log(c) + found


def _is_power(f: Expr) -> bool:
    return bool(f.is_Pow) and not isinstance(f, exp)


def _positive(f: Expr) -> bool:
    base = f.base if _is_power(f) else f
    return isinstance(base, (exp, sigmoid, sech, cosh)) or bool((base.is_Add or base.is_number) and base.is_positive)


def _log_of(x: Expr) -> Expr:
    return _log(f) if isinstance(f := log(x), log) else f


def _log1p(w: Expr) -> Expr:
    if may_be_huge(w) and not isinstance(w, cosh):
        g, rest = grown(w)
        return relu(g) + log1p(expm1(-relu(g)) + exp(-relu(-g)) * rest)
    return logcosh(w.args[0] / 2) * 2 + log(2) if isinstance(w, cosh) else log1p(w)


# -- products and powers


def _power(e: Expr) -> Expr:
    base, power = e.args
    if power.is_number and power.is_negative:
        for kind, inverse in ((cosh, sech), (sinh, csch), (expm1, bose)):
            if isinstance(base, kind):
                return balanced(inverse(base.args[0]) ** -power)
        c, rest = base.as_coeff_Mul()
        if isinstance(rest, expm1) and power.is_Integer:
            return c**power * bose(rest.args[0]) ** -power
    return balanced(e)


def _product(e: Expr) -> Expr:
    powers = [f for f in e.args if isinstance(f, exp)]
    if len(powers) > 1:
        return _product_of(Mul(exp(Add(*[f.args[0] for f in powers])), *[f for f in e.args if f not in powers]))
    factors = dict(f.as_base_exp() if f.is_Pow and not isinstance(f, exp) else (f, S.One) for f in e.args)
    for f, k in list(factors.items()):
        u = f.args[0] if f.args else f
        if k.is_positive and (found := _slope_of_log(e, f, factors)) is not None:
            return _product_of(found)
        if isinstance(f, sinh) and k.is_positive and factors.get(sech(u), S.Zero).is_positive:
            return _product_of(e / (f * sech(u)) * tanh(u))
        if isinstance(f, cosh) and k.is_positive and factors.get(csch(u), S.Zero).is_positive:
            return _product_of(e / (f * csch(u)) * coth(u))
        if isinstance(f, sinh) and k.is_positive and factors.get(1 + cosh(u), S.Zero) == -1:
            return _product_of(e / f * (1 + cosh(u)) * tanh(u / 2))
        if isinstance(f, log) and k is S.One and not factors.get(u, S.One).is_number:
            return _product_of(e / (f * u ** factors[u])) * xlogy(u ** factors[u], u)
        if isinstance(f, bose) and k.is_Integer and k > 0 and (found := _of_bose(e, u, k, factors)) is not None:
            return _product_of(found)
    if (terms := multiplied_out(e)) is not None:
        return _sum_of(Add(*[_product_of(t) for t in terms]))
    return balanced(e)


def _of_bose(e: Expr, u: Expr, k: Expr, factors: dict[Expr, Expr]) -> Expr | None:
    # exp(u)·bose(u) is -bose(-u), exp(x)·bose(exp(x)) is planck(x)
    for f in factors:
        if not isinstance(f, exp):
            continue
        E = f.args[0]
        if (m := min(k, _times(u, E))) > 0:
            return e / (f * bose(u) ** m) * exp(E - m * u) * (-bose(-u)) ** m
        for v in (u, -u):
            if isinstance(v, exp) and (m := min(k, _times(v.args[0], E))) > 0:
                x = v.args[0]
                instead = planck(x) if v == u else -v - planck(x)
                return e / (f * bose(u) ** m) * exp(E - m * x) * instead**m
    return None


def _times(u: Expr, E: Expr) -> Expr:
    # how often u is in E, term by term
    inside = E.as_coefficients_dict()
    return min(floor(inside.get(t, S.Zero) / c) for t, c in u.as_coefficients_dict().items())


_SLOPES = {sigmoid: (softplus, logsoftplus, rate), normal_pdf: (normal_cdf, lognormcdf, mills)}


def _slope_of_log(e: Expr, f: Expr, factors: dict[Expr, Expr]) -> Expr | None:
    # a sigmoid beside a softplus below the line, φ beside Φ: the quotient is finite
    if type(f) not in _SLOPES:
        return _by_cdf(e, f, factors) if isinstance(f, exp) else None
    u, (below, log_of, quotient) = f.args[0], _SLOPES[type(f)]
    for v in (u, -u) if isinstance(f, normal_pdf) else (u,):
        if factors.get(below(v), S.Zero).is_negative:
            return e / f * below(v) * quotient(v)
        for g in factors:
            k = g.args[0].coeff(log_of(v)) if isinstance(g, exp) else S.Zero
            if k.is_negative:
                return e / (f * g) * exp(g.args[0] + log_of(v)) * quotient(v)
    return None


def _by_cdf(e: Expr, f: Expr, factors: dict[Expr, Expr]) -> Expr | None:
    # exp(-v²/2)/Φ(v) is √(2π)·φ(v)/Φ(v), exp(-u²)/erfc(u) the half of it at v = -√2·u
    for g, k in factors.items():
        if isinstance(g, normal_cdf) and k.is_negative and f.args[0] + g.args[0] ** 2 / 2 == 0:
            return e / f * g * sqrt(2 * pi) * mills(g.args[0])
        if isinstance(g, erfc) and k.is_negative and f.args[0] + g.args[0] ** 2 == 0:
            return e / f * g * sqrt(pi / 2) * mills(-sqrt(2) * g.args[0])
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


def _sign(e: Expr) -> Expr:
    c, x = e.args[0].as_coeff_Mul()
    return sign(c) * sign(x.args[0]) if isinstance(x, (sinh, expm1)) else e


RULES: dict[type, Callable[[Expr], Expr]] = {
    huber: _huber, sign: _sign, Add: _sum, log: _log, logaddexp: _logaddexp, Pow: _power, Mul: _product,
}  # fmt: skip


@cacheit
def precise(body: Expr, rounds: int = 8) -> Expr:
    """Give a scalar formula in a form that loses no digits; `rounds`: how often a part may become another kind of node.

    >>> from sympy import Symbol, log
    >>> x = Symbol("x", real=True)
    >>> precise(1 - sigmoid(x)), precise(log(1 + x**2))
    (sigmoid(-x), log1p(x**2))
    """
    if not body.args or getattr(body, "is_Matrix", False) or getattr(body, "ends_lookup", False):
        return body
    body = _over_one(body) if body.is_Add else body
    args = [precise(a, rounds) if isinstance(a, Expr) else a for a in body.args]
    if any(x is not y for x, y in zip(args, body.args, strict=True)):
        kind, body = type(body), body.func(*args)
        if type(body) is not kind and rounds:  # 1/(-x) is -1/x by now
            return precise(body, rounds - 1)
    rule = RULES.get(type(body))
    return body if rule is None else rule(body)
