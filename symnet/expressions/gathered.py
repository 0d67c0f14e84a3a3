"""Entries that SymPy has written out, gathered to the products that they come from: Σᵢⱼ xᵢ·Aᵢⱼ·xⱼ is xᵀ·A·x.

In: a sum of products of entries, or SymPy's `Sum` over them. Out: the same as products of matrices, or None where it is
none. Nothing is guessed: a product is taken when its entries, multiplied out here, are the ones that stand in the sum.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import permutations, product
from math import prod
from typing import Any, NamedTuple

from sympy import Abs, Add, Expr, MatMul, Mul, Pow, S, Sum, Symbol, Trace
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.entering import given
from symnet.expressions.algebra import total, transpose
from symnet.expressions.nodes import Unit
from symnet.expressions.operands import OPERANDS, of_scalar, raw
from symnet.expressions.sizes import same_size

FACTORS = 5  # entries in a product, at most
MOST = 100_000  # terms when a sum is multiplied out
FEWEST = 2  # terms of a sum from which it is looked at


class _Chain(NamedTuple):
    links: tuple[tuple[Any, bool], ...]  # matrices, each with whether it is transposed; inner sizes agree
    ends: tuple[Any, Any] | None  # the row of the first and the column of the last; None: a trace


class _Entry(NamedTuple):
    A: Any
    i: Any
    j: Any


@lru_cache(maxsize=256)
def gathered(expr: Any) -> Any:
    """Give a sum of entries with products of matrices in the place of those that are written out, else None."""
    if isinstance(expr, Sum):
        return _of_indices(expr)
    if len(expr.args) < FEWEST or not _has_entries(expr):
        return None
    groups: dict[Any, Counter[Any]] = defaultdict(Counter)
    rest: list[Any] = []
    monomials = _monomials(expr)
    if monomials is None:
        return None
    for c, entries in monomials:
        number, scalar = c.as_coeff_Mul()
        if 0 < len(entries) <= FACTORS and all(e.i.is_Integer and e.j.is_Integer for e in entries):
            groups[scalar, _key(e.A for e in entries)][_key(entries)] += number
        else:
            rest.append(_term(c, entries))
    found = {key: _of_group(key, group) for key, group in groups.items() if len(group) >= FEWEST}
    if not any(new is not None for new in found.values()):
        return None
    for (scalar, matrices), group in groups.items():
        new = found.get((scalar, matrices))
        single = [_term(scalar * c, [e for e, times in m for _ in range(times)]) for m, c in group.items()]
        rest += single if new is None else [new]
    return Add(*rest)


def _has_entries(expr: Any) -> bool:
    # SymPy's `has` goes into matrices as well, and once for each way that leads to a part: 2ⁿ ways in a net of n steps
    seen, ahead = set(), [expr]
    while ahead:
        part = ahead.pop()
        if isinstance(part, MatrixElement):
            return True
        if isinstance(part, (Add, Mul, Pow, Abs)) and part not in seen:
            seen.add(part)
            ahead += part.args
    return False


def _term(c: Any, entries: list[_Entry]) -> Any:
    return Mul(c, *[MatrixElement(*e) for e in entries])


def _monomials(expr: Any) -> list[tuple[Any, list[_Entry]]] | None:
    # (scalar, entries) of each term, products of sums of entries multiplied out; None where there are too many
    if isinstance(expr, Add):
        parts = [_monomials(a) for a in expr.args]
        return None if None in parts else [m for part in parts for m in part or ()]
    found: list[tuple[Any, list[_Entry]]] = [(S.One, [])]
    for factor in Mul.make_args(expr):
        base, times = factor.args if isinstance(factor, Pow) else (factor, S.One)
        repeated = bool(times.is_Integer and 0 < times <= FACTORS)
        base = base.args[0] if isinstance(base, Abs) and times.is_even else base  # SymPy's norms have |x|²
        if repeated and isinstance(base, MatrixElement):
            found = [(c, [*entries, *[_Entry(*base.args)] * int(times)]) for c, entries in found]
        elif repeated and isinstance(base, Add) and _has_entries(base):
            inner = _monomials(base)
            for _ in range(int(times)):
                if inner is None or len(found) * len(inner) > MOST:
                    return None
                found = [(c * d, [*left, *right]) for c, left in found for d, right in inner]
        else:
            found = [(c * factor, entries) for c, entries in found]
    return found


def _key(entries: Any) -> Any:
    return frozenset(Counter(entries).items())


def _of_sum(node: Any) -> tuple[Any, ...]:
    whole = gathered(node)
    if whole is not None:
        return (whole,)
    return of_scalar(node)


OPERANDS[Add] = _of_sum


# -- sums that are written out, entry by entry


def _of_group(key: Any, group: dict[Any, Any]) -> Any:
    # all terms have the same matrices, and coefficients that differ in numbers only
    scalar, met = key
    matrices = [A for A, times in met for _ in range(times)]
    if any(not given(size).is_Integer for A in matrices for size in A.shape):
        return None
    missing = {monomial: c for monomial, c in group.items() if c != 0}
    candidates: dict[Any, Any] = {}  # transposed, a product has the same entries
    for chain in _chains(matrices, group):
        terms = _multiplied_out(chain, len(missing))
        if terms is not None and terms.keys() <= missing.keys():
            candidates.setdefault(frozenset(terms.items()), (terms, _value(chain)))
    shared = Counter(monomial for terms, _ in candidates.values() for monomial in terms)
    whole: Any = S.Zero
    for terms, value in candidates.values():
        own = min(terms, key=lambda m: shared[m])  # where no other product has a part, its factor is seen
        c = missing.get(own, S.Zero) / terms[own]
        missing = {m: d for m in missing if (d := missing[m] - c * terms.get(m, 0)) != 0}
        whole += scalar * c * value
    return None if missing else whole


def _chains(matrices: list[Any], group: Any) -> Iterator[_Chain]:
    for order in dict.fromkeys(permutations(matrices)):
        for turned in product((False, True), repeat=len(order)):
            shapes = [A.shape[::-1] if turn else A.shape for A, turn in zip(order, turned, strict=True)]
            if any(a[1] != b[0] for a, b in zip(shapes, shapes[1:], strict=False)):
                continue
            links = tuple(zip(order, turned, strict=True))
            if shapes[0][0] == shapes[-1][1]:
                yield _Chain(links, None)
            for ends in _ends(order, turned, group):
                yield _Chain(links, ends)


def _ends(order: Any, turned: Any, group: Any) -> Iterator[tuple[Any, Any]]:
    # the indices that are the same in every term
    entries = [e for monomial in group for e, _ in monomial]
    rows = {e.j if turned[0] else e.i for e in entries if e.A == order[0]}
    columns = {e.i if turned[-1] else e.j for e in entries if e.A == order[-1]}
    if len(rows) == len(columns) == 1:
        yield rows.pop(), columns.pop()


def _multiplied_out(chain: _Chain, most: int) -> Counter[Any] | None:
    shapes = [A.shape[::-1] if turn else A.shape for A, turn in chain.links]
    inner = [range(int(rows)) for rows, _ in shapes[1:]]
    first = [int(chain.ends[0])] if chain.ends else range(int(shapes[0][0]))
    if prod(map(len, (first, *inner))) > 24 * most:
        return None
    terms: Counter[Any] = Counter()
    for path in product(first, *inner):
        places = (*path, int(chain.ends[1]) if chain.ends else path[0])
        steps = zip(chain.links, places, places[1:], strict=False)
        terms[_key(_Entry(A, *((S(q), S(p)) if turn else (S(p), S(q)))) for (A, turn), p, q in steps)] += 1
    return terms


def _value(chain: _Chain) -> Any:
    factors = [transpose(A) if turn else A for A, turn in chain.links]
    return picked(factors, *chain.ends) if chain.ends else Trace(_product(factors))


def _product(factors: list[Any]) -> Any:
    return factors[0] if len(factors) == 1 else MatMul(*factors)


def picked(factors: list[Any], row: Any, column: Any) -> Expr:
    """Give an entry of a product of matrices: a row of the first and a column of the last."""
    rows, cols = factors[0].shape[0], factors[-1].shape[1]
    left = [] if same_size(rows, S.One) else [transpose(Unit(rows, row))]
    right = [] if same_size(cols, S.One) else [Unit(cols, column)]
    return total(raw(MatMul, *left, *factors, *right) if len([*left, *factors, *right]) > 1 else factors[0])


# -- sums over indices, of any size


def _of_indices(expr: Sum) -> Any:
    bound = {index: (low, high) for index, low, high in expr.limits}
    found = []
    for scalars, entries in _monomials(expr.function) or [(expr, [])]:
        if scalars.has(*bound) or not _ranges_are_whole(entries, bound):
            return None
        whole = _linked(entries, set(bound))
        if whole is None:
            return None
        found.append(scalars * whole)
    return Add(*found)


def _ranges_are_whole(entries: list[_Entry], bound: dict[Any, Any]) -> bool:
    places = [(index, size) for e in entries for index, size in zip((e.i, e.j), e.A.shape, strict=True)]
    met = Counter(index for index, _ in places if index in bound)
    whole = all(
        bound[index][0] == 0 and same_size(bound[index][1] + 1, size) for index, size in places if index in bound
    )
    loose = any(isinstance(s, Symbol) for index, _ in places if index not in bound for s in index.free_symbols)
    return whole and not loose and all(met[index] == 2 for index in bound)


def _linked(entries: list[_Entry], bound: set[Any]) -> Any:
    # follow each index to the other entry that has it; what starts at a fixed index is a product, the rest are traces
    whole: Any = S.One
    waiting = list(entries)
    while waiting:
        first = next((e for e in waiting if e.i not in bound or e.j not in bound), waiting[0])
        waiting.remove(first)
        turned = first.i in bound and first.j not in bound
        start, at = (first.j, first.i) if turned else (first.i, first.j)
        factors = [transpose(first.A) if turned else first.A]
        while at in bound and at != start:
            step = next((e for e in waiting if at in (e.i, e.j)), None)
            if step is None:
                return None
            waiting.remove(step)
            factors.append(step.A if step.i == at else transpose(step.A))
            at = step.j if step.i == at else step.i
        whole *= Trace(_product(factors)) if at in bound else picked(factors, start, at)
    return whole
