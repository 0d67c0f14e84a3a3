"""Sums of products: like terms joined, common factors and numbers before and behind a bracket, signs inside.

In: products of matrices with their coefficients. Out: one SymPy expression, of the form that SymPy gives to what a user
types. It is multiplied out only where that makes the whole shorter, and never a bracket with an identity in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import gcd, lcm
from typing import Any, TypeAlias

from sympy import (
    Add, Basic, Expr, Float, HadamardProduct, Identity, Integer, Inverse, MatAdd, MatMul, MatPow, MatrixSymbol, Mul,
    OneMatrix, Rational, S, Symbol, Transpose, ZeroMatrix, default_sort_key,
    expand_mul,
)  # fmt: skip
from sympy.matrices.expressions.hadamard import canonicalize
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions import Node, are_inverse, is_one, is_subtracted, raw, scaled, shared, split

Factors: TypeAlias = tuple[Any, ...]
Terms: TypeAlias = dict[Factors, Expr]  # a sum of products: the factors of each and its coefficient

MANY = 24  # terms beyond which nothing is multiplied out
_JOINED = (MatAdd, ZeroMatrix, MatrixBase)  # what SymPy joins with others in a sum
_SOLID = 9  # what is neither a sum nor a product counts as so many letters


def factors_of(A: Any) -> Factors:
    """Give the matrices of a product, powers as repeated factors; a nested product is one of them."""
    if isinstance(A, MatMul) and not isinstance(A, Node):
        return tuple(f for a in A.args if a.is_Matrix for f in factors_of(a))
    if isinstance(A, MatPow) and not isinstance(A, Inverse) and A.args[1].is_Integer:
        base, n = A.args
        return factors_of(base) * int(n) if n > 0 else (Inverse(base),) * int(-n)
    return (A,)


def terms_of(A: Any) -> list[tuple[Expr, Factors]]:
    """Give the terms of a sum, each a coefficient and factors."""
    found: list[tuple[Expr, Factors]] = []
    for part in _summands(A):
        c, rest = split(part)
        if isinstance(rest, MatAdd) and c.is_number:
            found += [(c * d, factors) for d, factors in terms_of(rest)]
        elif not isinstance(rest, ZeroMatrix):
            found.append(simple(c, factors_of(rest)))
    return found or [(S.Zero, (A,))]


def _summands(A: Any) -> tuple[Any, ...]:
    return A.args if isinstance(A, MatAdd) else (A,)


def simple(c: Expr, factors: Factors) -> tuple[Expr, Factors]:
    """Give a product, identities and inverses that cancel gone, ones joined, numbers of brackets before it."""
    kept: list[Any] = []
    size: Any = None
    for f in factors:
        size = f.shape[0] if size is None else size
        if isinstance(f, MatAdd):
            inner, f = _bracket_of(f)
            c = c * inner
        if is_one(f) and (f,) != factors:
            continue
        if kept and (_are_inverse(kept[-1], f) or _are_inverse(f, kept[-1])):
            kept.pop()
        elif kept and isinstance(f, OneMatrix) and isinstance(kept[-1], OneMatrix):
            c, f = c * f.shape[0], OneMatrix(kept.pop().shape[0], f.shape[1])
            kept.append(f)
        else:
            kept.append(f)
    return c, tuple(kept) or (Identity(size),)


@lru_cache(maxsize=1024)  # brackets in brackets: each once, not once for each way that leads to it
def _bracket_of(A: Any) -> tuple[Expr, Any]:
    c, terms = _content(collected(terms_of(A)))
    return c, _sum(terms)


def _are_inverse(A: Any, B: Any) -> bool:
    return isinstance(A, Inverse) and A.args[0] == B or are_inverse(A, B)


def collected(terms: Iterable[tuple[Expr, Factors]]) -> Terms:
    """Give a sum with like terms joined."""
    joined: Terms = {}
    for c, factors in terms:
        joined[factors] = joined.get(factors, S.Zero) + c
    if any(part is S.ComplexInfinity or part is S.NaN for c in joined.values() for part in Mul.make_args(c)):
        raise ValueError("there is no closed form: a part of the loss divides by what is 0 whatever the values are, as "
                         "the slope of ‖A − A‖ does; leave that part out")  # fmt: skip
    live = {f: _exact(c) for f, c in joined.items() if c != 0}
    return live or {(ZeroMatrix(*_shape(next(iter(joined)))),): S.One}


def _exact(c: Any) -> Any:
    # SymPy's 1.0 is not 1, and is no factor that can be taken out of a sum either; brackets go where terms fall away
    if c.is_Add and len(c.args) < MANY:
        whole = Add(*[expand_mul(t, deep=False) for t in c.args])
        c = whole if len(Add.make_args(whole)) < len(c.args) else c
    return Integer(int(c)) if c.is_Float and c in (Float(1), Float(-1)) else c


def _shape(factors: Factors) -> tuple[Any, Any]:
    return factors[0].shape[0], factors[-1].shape[1]


def written(terms: Terms) -> Any:
    """Give a sum of products as one expression: as it is, or multiplied out and gathered anew where that is shorter."""
    best = _gathered(terms)
    whole = _multiplied_out(terms)
    if whole is not None:
        best = min(best, _by_scalars(whole), _gathered(whole, left=True), _gathered(whole), key=_length)
    return _sum(best)


def _multiplied_out(terms: Terms) -> Terms | None:
    whole = None
    while (more := _once_multiplied_out(terms if whole is None else whole)) is not None:
        whole = more
    return whole


def _once_multiplied_out(terms: Terms) -> Terms | None:
    found: list[tuple[Expr, Factors]] = []
    changed = False
    for factors, c in terms.items():
        parts: list[tuple[Expr, Factors]] = [(c, ())]
        for f in factors:
            inner = terms_of(f) if isinstance(f, MatAdd) and not _has_identity(f) else [(S.One, (f,))]
            changed = changed or len(inner) > 1
            if len(parts) * len(inner) + len(found) > MANY:
                return None
            parts = [(a * b, before + after) for a, before in parts for b, after in inner]
        found += [simple(*part) for part in parts]
    return collected(found) if changed else None


def _has_identity(A: MatAdd) -> bool:
    return any(isinstance(split(a)[1], Identity) for a in A.args)


# -- common factors


def _gathered(terms: Terms, left: bool = False) -> Terms:
    # Common factors are taken out, those first that are worth most, or those on the left; a bracket never gets an
    # identity by it.
    while len(terms) > 1:
        groups = [g for at_left in (True, False) for g in _groups(terms, at_left)]
        if not groups:
            break
        _, at_left, number, group = max(groups, key=lambda g: (left and g[1], g[0]))
        inner = {(f[number:] if at_left else f[: len(f) - number]): terms[f] for f in group}
        common = group[0][:number] if at_left else group[0][len(group[0]) - number :]
        c, bracket = _bracket(inner)
        where = next(iter(group))
        joined = (*common, *bracket) if at_left else (*bracket, *common)
        new = [(c, joined) if f == where else (d, f) for f, d in terms.items() if f == where or f not in group]
        terms = collected(simple(*t) for t in new)
    return terms


def _by_scalars(terms: Terms) -> Terms:
    # what has λ before it is gathered by itself
    parts: dict[Any, Terms] = {}
    for f, c in terms.items():
        for summand in Add.make_args(c):
            number, scalar = summand.as_coeff_Mul()
            parts.setdefault(scalar, {})[f] = number
    found: list[tuple[Expr, Factors]] = []
    for scalar, part in parts.items():
        if scalar is S.One or len(part) == 1:
            found += [(c * scalar, f) for f, c in _gathered(part).items()]
        else:
            c, bracket = _bracket(part)
            found.append((c * scalar, bracket))
    return collected(found)


def _groups(terms: Terms, left: bool) -> list[tuple[int, bool, int, list[Factors]]]:
    # products with the same factors at one end, and what it is worth to take those out
    ends: dict[Any, list[Factors]] = {}
    for factors in terms:
        if len(factors) > 1:
            ends.setdefault(factors[0 if left else -1], []).append(factors)
    found = []
    for group in ends.values():
        if len(group) > 1:
            lines = group if left else [f[::-1] for f in group]
            number = 1
            while all(len(f) > number + 1 and f[number] == lines[0][number] for f in lines):
                number += 1
            worth = (len(group) - 1) * sum(_letters(f) + 1 for f in lines[0][:number])
            found.append((worth, left, number, group))
    return found


def _bracket(terms: Terms) -> tuple[Expr, Factors]:
    c, inner = _content(_gathered(terms))
    if len(inner) > 2 and not all(d.is_number for d in inner.values()):
        inner = min(inner, _by_scalars(inner), key=_length)
    if len(inner) == 1:
        ((factors, d),) = inner.items()
        return c * d, factors
    first = min(inner, key=lambda f: tuple(map(default_sort_key, f)))
    if is_subtracted(inner[first]):  # so that one bracket is written in one way wherever it stands
        c, inner = -c, {f: -d for f, d in inner.items()}
    return c, (_sum(inner),)


def _content(terms: Terms) -> tuple[Expr, Terms]:
    """Give the number and the scalars that all terms have in common, and the terms without them."""
    if len(terms) < 2:
        return S.One, terms
    pairs = [c.as_coeff_Mul() for c in terms.values()]
    powers = [Mul(s).as_powers_dict() for _, s in pairs]
    common: Expr = S.One
    for base in powers[0]:
        exponents = [p.get(base, S.Zero) for p in powers]
        if base is S.One or base.is_Piecewise or not all(e.is_number for e in exponents):
            continue
        if all(e > 0 for e in exponents):
            common *= base ** min(exponents)
        elif all(e < 0 for e in exponents):
            common *= base ** max(exponents)
    number = _common_number([r for r, _ in pairs], common is S.One)
    c = number * common  # of 2·(1 − s) SymPy makes 2 − 2s, by which 1 − s cannot be divided
    return c, ({f: _exact(d / common / number) for f, d in terms.items()} if c != 1 else terms)


def _common_number(numbers: Sequence[Any], alone: bool) -> Any:
    if not all(r.is_Rational for r in numbers):
        same = len({abs(r) for r in numbers}) == 1
        return _exact(abs(numbers[0])) if same else S.One
    sign = S.NegativeOne if all(r < 0 for r in numbers) else S.One
    common = Rational(gcd(*[int(r.p) for r in numbers]), lcm(*[int(r.q) for r in numbers]))
    before, after = (sum(abs(r) != common_part for r in numbers) for common_part in (S.One, common))
    return sign * common if common != 1 and after + alone < before or after == 0 else sign


# -- as SymPy has it when a user types it


def as_typed(cls: type, *args: Any) -> Any:
    """Give a sum or product as SymPy has it when a user types it."""
    if len(args) == 1:
        return args[0]
    # SymPy would look for like terms once more for each term, and through all that stands in them
    if cls is MatAdd:
        summands = [t for a in args for t in (_summands(a) if not isinstance(a, Node) else (a,))]
        rests = [split(t)[1] for t in summands]
        if len(set(rests)) == len(rests) and not any(isinstance(A, _JOINED) for A in rests):
            return raw(MatAdd, *sorted(summands, key=default_sort_key))
    elif len(args) == 2 and args[0].is_Rational and isinstance(args[1], MatAdd) and not isinstance(args[1], Node):
        if not any(isinstance(split(t)[1], _JOINED) for t in args[1].args):
            return raw(MatAdd, *[scaled(args[0], t) for t in args[1].args])
    return shared(raw(cls, *args).doit(deep=False))


def _sum(terms: Terms) -> Any:
    c, inner = _content(terms)
    if c not in (1, -1):
        inner_sum = _typed_sum(inner)
        if not c.is_Rational:
            return raw(MatMul, c, inner_sum)
        parts = [term(c * d, factors_of(A)) for d, A in map(split, _summands(inner_sum))]
        return raw(MatAdd, *parts) if len(parts) > 1 else parts[0]
    return _typed_sum(terms)


def _typed_sum(terms: Terms) -> Any:
    return as_typed(MatAdd, *[term(d, factors) for factors, d in terms.items()])


def term(c: Expr, factors: Factors) -> Any:
    """Give one product as SymPy has it when a user types it."""
    c, factors = sign_inside(c, factors)
    first, *others = factors
    if c.is_Integer and c != 1 and others and isinstance(first, MatAdd):  # 2*(A + B)*C is typed from the left
        c, factors = S.One, (as_typed(MatAdd, *as_typed(MatMul, c, first).args), *others)
    return as_typed(MatMul, *(() if c == 1 else (c,)), *factors)


def sign_inside(c: Expr, factors: Factors) -> tuple[Expr, Factors]:
    """Give a product with its minus in a bracket, where one can take it: −A·(Y − P) is A·(P − Y)."""
    if is_subtracted(c):
        for i, f in enumerate(factors):
            if isinstance(f, HadamardProduct):
                d, entries = sign_inside(S.NegativeOne, f.args)
                if d is S.One:
                    return -c, (*factors[:i], shared(canonicalize(raw(HadamardProduct, *entries))), *factors[i + 1 :])
            signs = [is_subtracted(split(t)[0]) for t in f.args] if isinstance(f, MatAdd) else []
            if any(signs) and not all(signs):
                minus = as_typed(MatAdd, *[scaled(S.NegativeOne, t) for t in f.args])
                return -c, (*factors[:i], minus, *factors[i + 1 :])
    return c, factors


# -- how long it is to read


def _length(terms: Terms) -> int:
    return sum(3 + _of_number(c) + sum(_letters(f) + 1 for f in factors) for factors, c in terms.items())


def _of_number(c: Any) -> int:
    return 0 if c in (1, -1) else 2 + _of_scalar(c)


def _of_scalar(c: Any) -> int:
    if not c.args:
        return len(str(c))
    return _SOLID if isinstance(c, Node) else sum(1 + _of_scalar(a) for a in c.args)


def _letters(A: Basic) -> int:
    if isinstance(A, (MatrixSymbol, Symbol)):
        return len(A.name)
    if isinstance(A, (Identity, OneMatrix)):
        return 1
    if isinstance(A, Transpose):
        return 2 + _letters(A.args[0])
    if isinstance(A, MatAdd):
        return 2 + _length(dict((f, c) for c, f in terms_of(A)))
    if isinstance(A, MatMul) and not isinstance(A, Node):
        return _length({factors_of(A): split(A)[0]})
    return _SOLID
