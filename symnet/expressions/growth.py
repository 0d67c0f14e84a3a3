"""Products, roots and logarithms in which something huge meets something tiny: exp(t)·softplus(-t), sqrt(cosh(t)).

In: scalar expressions. Out: the same values with each factor as exp(g)·r, where r is neither huge nor tiny, and the
exponents summed before the one exponential is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from sympy import Abs, Add, Expr, Mul, S, cosh, csch, erfc, exp, pi, sech, sinh, sqrt
from sympy.codegen.cfunctions import expm1

from symnet.expressions.curves import normal_cdf, normal_pdf
from symnet.expressions.machine import bose, lognormcdf, planck, shrunk_expm1, shrunk_softplus
from symnet.expressions.scalars import maximum, minimum, relu, sigmoid, softplus

# f(u) is exp(g)·r: (g, r) for each f
GROWTH: dict[type, Callable[[Expr], tuple[Expr, Expr]]] = {
    exp: lambda u: (u, S.One),
    sigmoid: lambda u: (-relu(-u), sigmoid(Abs(u))),
    softplus: lambda u: (-relu(-u), shrunk_softplus(u)),
    cosh: lambda u: (Abs(u), 1 / (2 * sigmoid(2 * Abs(u)))),
    sech: lambda u: (-Abs(u), 2 * sigmoid(2 * Abs(u))),
    sinh: lambda u: (Abs(u), shrunk_expm1(2 * u) / 2),
    csch: lambda u: (-Abs(u), 2 / shrunk_expm1(2 * u)),
    expm1: lambda u: (relu(u), shrunk_expm1(u)),
    bose: lambda u: (-relu(u), 1 / shrunk_expm1(u)),
    planck: lambda x: (relu(x) - exp(x), exp(-relu(-x)) + planck(x) * exp(-relu(x))),
    normal_cdf: lambda u: (lognormcdf(u), S.One),
    normal_pdf: lambda u: (-(u**2) / 2, 1 / sqrt(2 * pi)),
    erfc: lambda u: (lognormcdf(-sqrt(2) * u), S(2)),
}
HUGE = (exp, cosh, sinh, expm1)
TINY = (exp, sigmoid, softplus, sech, csch, bose, planck, normal_cdf, normal_pdf, erfc)
RISING = (sigmoid, softplus, normal_cdf)  # tiny only below 0
MOST = 6  # terms of a sum that are multiplied out


def _base(f: Expr) -> tuple[Expr, Expr]:
    return (f.base, f.exp) if f.is_Pow and not isinstance(f, exp) else (f, S.One)


def _within(base: Expr) -> Expr | None:
    # what is as huge or tiny as a product, a power of a power or an absolute value; None for anything else
    if isinstance(base, Abs):
        return base.args[0]
    return base if base.is_Mul or base.is_Pow and not isinstance(base, exp) else None


def _may_be(f: Expr, kinds: tuple[type, ...], others: tuple[type, ...]) -> bool:
    # whether a factor may be as large (or small) as an exponential; a sum is as large as one of its terms
    base, power = _base(f)
    if not power.is_number:
        return False
    if power.is_negative:
        kinds, others = others, kinds
    if base.is_Add and kinds is HUGE:
        return any(_may_be(g, kinds, others) for t in base.args for g in Mul.make_args(t))
    if (inside := _within(base)) is not None:
        return any(_may_be(g, kinds, others) for g in Mul.make_args(inside))
    if isinstance(base, exp):
        u = base.args[0]
        if kinds is HUGE and _is_below(u):
            return False
        return bool(u.free_symbols) and not _is_at_least_0(-u if kinds is HUGE else u)
    return isinstance(base, kinds) and not (isinstance(base, RISING) and _is_at_least_0(base.args[0]))


def _is_at_least_0(u: Expr) -> bool:
    # wherever it is a number: SymPy doubts it for 1/|x|, which may be infinite
    if u.is_Add or u.is_Mul:
        return all(map(_is_at_least_0, u.args)) or bool(u.is_extended_nonnegative)
    if u.is_Pow and not isinstance(u, exp):
        return u.exp.is_even or u.exp.is_integer is False or _is_at_least_0(u.base)
    return isinstance(u, (Abs, exp)) or bool(u.is_extended_nonnegative)


def _is_below(u: Expr) -> bool:
    # whether u is v - max(v, …) or min(v, …) - v
    return any(
        (isinstance(-t, (maximum, relu)) and u - t in _compared(-t, maximum))
        or (isinstance(t, minimum) and t - u in _compared(t, minimum))
        for t in Add.make_args(u)
    )


def _compared(top: Expr, of_two: type[Expr]) -> set[Expr]:
    if isinstance(top, of_two):
        return _compared(top.args[0], of_two) | _compared(top.args[1], of_two)
    return {S.Zero, top.args[0]} if isinstance(top, relu) and of_two is maximum else {top}


def _largest(values: list[Expr]) -> Expr:
    # of multiples of one u the outermost two will do
    kinds: dict[Expr, list[Expr]] = {}
    for v in values:
        c, u = v.as_coeff_Mul()
        kinds.setdefault(u if c else S.Zero, []).append(c)
    if len(kinds) == 2 and S.Zero in kinds:
        u = next(u for u in kinds if u != 0)
        kinds = {u: [*kinds[u], S.Zero]}
    ends = [c * u for u, found in kinds.items() for c in {min(found), max(found)}]
    return reduce(maximum, sorted(ends, key=lambda v: v.sort_key()))


def may_be_huge(f: Expr) -> bool:
    """Tell whether a factor, or one of a product, may be beyond all numbers."""
    return any(_may_be(g, HUGE, TINY) for g in Mul.make_args(f))


def may_be_tiny(f: Expr) -> bool:
    """Tell whether a factor, or one of a product, may be 0 where its logarithm is not -∞."""
    return any(_may_be(g, TINY, HUGE) for g in Mul.make_args(f))


def _of_factor(f: Expr) -> tuple[Expr, Expr]:
    base, power = _base(f)
    if base.is_Add and may_be_huge(base):
        parts = [grown(t) for t in base.args]
        top = _largest([g for g, _ in parts])
        g, rest = top, Add(*[exp(g - top) * r for g, r in parts])
    elif (inside := _within(base)) is not None:
        g, rest = grown(inside)
        rest = Abs(rest) if isinstance(base, Abs) else rest
    elif type(base) in GROWTH:
        g, rest = GROWTH[type(base)](base.args[0])
    else:
        return S.Zero, f
    return power * g, rest**power


def grown(e: Expr) -> tuple[Expr, Expr]:
    """Give (g, r) where e is exp(g)·r."""
    parts = [_of_factor(f) for f in Mul.make_args(e)]
    return Add(*[g for g, _ in parts]), Mul(*[r for _, r in parts])


def multiplied_out(e: Expr) -> list[Expr] | None:
    """Give the terms of a product with a sum in which what is huge meets what is tiny outside; None for any other."""
    for f in e.args:
        if not f.is_Add or len(f.args) > MOST:
            continue
        others = [g for g in e.args if g is not f]
        inside = [g for t in f.args for g in Mul.make_args(t)]
        for some, rest in ((others, inside), (inside, others)):
            if any(map(may_be_huge, some)) and any(map(may_be_tiny, rest)):
                return [Mul(*others, t) for t in f.args]
    return None


def balanced(e: Expr) -> Expr:
    """Give a product, root or reciprocal by one exponential where what is huge in it may meet what is tiny."""
    factors = Mul.make_args(e)
    huge, tiny = [f for f in factors if may_be_huge(f)], [f for f in factors if may_be_tiny(f)]
    if e.is_Pow:
        base, power = _base(e)
        ends_early = isinstance(base, sigmoid)  # as it is computed: its reciprocal would be finite everywhere
        risky = may_be_huge(base) or may_be_tiny(base) and (ends_early or not power.is_Integer)
        if not risky or power.is_Integer and power > 0 or isinstance(e, exp) or not power.is_number:
            return e
    elif not any(f is not g for f in huge for g in tiny):
        return e
    g, rest = grown(e)
    return exp(g) * rest
