"""Formulas with indices as formulas of whole matrices: Σᵢ (yᵢ − Σₖ Xᵢₖ·wₖ)² is ‖y − X·w‖².

In: SymPy's `Sum`, `Product` and `FunctionMatrix`, whose bodies are scalars of entries A[i, j + 1]. Out: the same with
products of matrices and functions of entries. A part of a body is a grid, a matrix whose axes have the names of
indices: functions work on its entries, a sum over an index that factors share is a product of matrices. Raises
`TypeError` for what is none of these, `ShapeError` where an index runs past the end of a matrix.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sympy import (
    Add, Dummy, Identity, ImmutableMatrix, KroneckerDelta, Lambda, Mul, OneMatrix, Pow, Product, S, Sum, Symbol, exp,
    log,
)  # fmt: skip
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.funcmatrix import FunctionMatrix
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.algebra import add, elementwise, hadamard, matmul, scaled, sums, total, transpose
from symnet.expressions.blocks import part
from symnet.expressions.entering import given
from symnet.expressions.gathered import gathered
from symnet.expressions.kronecker import diagonal, diagonal_matrix
from symnet.expressions.operands import OPERANDS
from symnet.expressions.reductions import prod
from symnet.expressions.sizes import same_size
from symnet.expressions.table import brief

MOST = 10_000  # entries of a matrix that is written out


class _Grid(NamedTuple):
    matrix: Any
    rows: Any  # the index along the rows, None where there is one row
    cols: Any

    @property
    def indices(self) -> set[Any]:
        return {self.rows, self.cols} - {None}


class _Range(NamedTuple):
    low: Any
    count: Any


_Ranges = dict[Any, _Range]


@lru_cache(maxsize=256)
def without_indices(node: Any) -> Any:
    """Give a `Sum`, a `Product` or a `FunctionMatrix` as a formula of whole matrices."""
    if isinstance(node, FunctionMatrix):
        return _of_function(node)
    node = node.func(_with_sums(node.function), *node.limits)
    if isinstance(node, Sum) and (whole := gathered(node)) is not None:
        return whole
    ranges = _ranges(node, {})
    if isinstance(node, Sum):
        found = _summed([node.function], list(ranges), ranges, node)
        return found if not isinstance(found, _Grid) else total(found.matrix)
    if len(ranges) > 2:
        raise _unread(node, node)
    (rows, cols) = [*ranges, None][:2]
    return prod(_aligned(_grid(node.function, ranges, node), rows, cols, ranges))


def _of_function(node: Any) -> Any:
    i, j = node.lamda.variables
    ranges = {i: _Range(S.Zero, given(node.shape[0])), j: _Range(S.Zero, given(node.shape[1]))}
    return _aligned(_grid(_with_sums(node.lamda.expr), ranges, node), i, j, ranges)


def _ranges(node: Any, known: _Ranges) -> _Ranges:
    found: _Ranges = {}
    for limit in node.limits:
        if len(limit) != 3:
            raise TypeError(f"{brief(node)}: say where {limit[0]} begins and ends, ({limit[0]}, 0, n - 1)")
        index, low, high = limit
        if (low.free_symbols | high.free_symbols) & {*found, *known, *node.variables}:
            raise TypeError(f"{brief(node)}: where {index} begins and ends depends on another index; multiply with a "
                            "matrix of zeros and ones, such as sn.causal_mask(n), and sum over all")  # fmt: skip
        if not low.is_Integer:
            raise TypeError(f"{brief(node)}: {index} begins at {low}, and an index begins at a whole number")
        found[index] = _Range(low, given(high - low + 1))
    return found


def _unread(node: Any, what: Any) -> TypeError:
    return TypeError(f"{brief(node)}: {brief(what)} is no formula of whole matrices that symnet finds; entries may be "
                     "added, multiplied and stand in functions, of two indices at a time; write it with A*B, "
                     "sn.hadamard(A, B), sn.sum(A, axis=0)")  # fmt: skip


# -- what SymPy has written out: (X*w)[i, 0] of sizes in numbers


def _with_sums(expr: Any) -> Any:
    # X[i, 0]*w[0, 0] + X[i, 1]*w[1, 0] as Σₖ X[i, k]*w[k, 0] where k runs through all
    if not expr.args or isinstance(expr, MatrixElement) or expr.is_Matrix or not expr.has(MatrixElement):
        return expr
    expr = expr.func(*map(_with_sums, expr.args)) if not isinstance(expr, Sum) else expr
    if not isinstance(expr, Add):
        return expr
    k = Dummy("k", integer=True)
    met: dict[Any, dict[int, Any]] = defaultdict(dict)
    for term in expr.args:
        for c, size, pattern in _patterns(term, k):
            met[pattern, size][c] = term
    terms = dict.fromkeys(expr.args)
    for (pattern, size), found in met.items():
        if len(found) == size > 1 and all(term in terms for term in found.values()):
            terms = {term: None for term in terms if term not in found.values()}
            terms[Sum(pattern, (k, 0, size - 1))] = None
    return Add(*terms)


def _patterns(term: Any, k: Any) -> Iterator[tuple[int, int, Any]]:
    # the term with k in the place of a number that stands in two places of its entries
    places = [
        (e, at)
        for e in term.atoms(MatrixElement)
        for at in (0, 1)
        if e.args[1 + at].is_Integer and given(e.args[0].shape[at]).is_Integer and e.args[0].shape[at] != 1
    ]
    for c in {e.args[1 + at] for e, at in places}:
        met = [(e, at) for e, at in places if e.args[1 + at] == c]
        sizes = {e.args[0].shape[at] for e, at in met}
        if len(sizes) == 1 and 0 <= c < min(sizes):
            new: dict[Any, Any] = {}
            for e, at in met:
                A, *ends = new.get(e, e).args
                ends[at] = k
                new[e] = MatrixElement(A, *ends)
            yield int(c), int(sizes.pop()), term.xreplace(new)


# -- grids


def _grid(expr: Any, ranges: _Ranges, node: Any) -> Any:
    # a grid, or the scalar itself where it has no index
    if not expr.free_symbols & ranges.keys():
        return expr
    if isinstance(expr, MatrixElement):
        return _of_entry(expr, ranges, node)
    if isinstance(expr, Sum):
        own = _ranges(expr, ranges)
        return _summed([expr.function], list(own), ranges | own, node)
    if isinstance(expr, (Add, Mul)):
        parts = [_grid(a, ranges, node) for a in expr.args]
        if isinstance(expr, Mul):
            return _product(parts, ranges, node)
        rows, cols = _axes(parts, node)
        return _Grid(add(*[_aligned(p, rows, cols, ranges) for p in parts]), rows, cols)
    if isinstance(expr, KroneckerDelta) and set(expr.args) <= ranges.keys():
        i, j = expr.args
        if ranges[i].low == ranges[j].low and same_size(ranges[i].count, ranges[j].count):
            return _Grid(Identity(ranges[i].count), i, j)
    if isinstance(expr, log):
        powers = [f for f in Mul.make_args(expr.args[0]) if isinstance(f, exp)]
        rest = Mul(*[f for f in Mul.make_args(expr.args[0]) if not isinstance(f, exp)])
        if powers and rest.free_symbols:  # log(exp(a)/b) overflows where a - log(b) does not
            c, b = (-1, 1 / rest) if isinstance(rest, Pow) and rest.exp == -1 else (1, rest)
            return _grid(Add(*[f.args[0] for f in powers], c * log(b)), ranges, node)
    if isinstance(expr, Pow) and expr.exp == 2:
        part = _grid(expr.base, ranges, node)
        return _product([part, part], ranges, node)
    return _of_scalars(expr, ranges, node)


def _of_scalars(expr: Any, ranges: _Ranges, node: Any) -> Any:
    # a function of several arguments, a power, a condition: entry by entry
    leaves: dict[Any, Any] = {}
    inner = [expr] if isinstance(expr, (Symbol, KroneckerDelta)) else list(expr.args)
    if len(inner) == 1 and inner[0] is not expr and inner[0].free_symbols & ranges.keys():
        leaves[inner[0]] = Dummy(real=True)
        inner = []
    while inner:
        leaf = inner.pop()
        if isinstance(leaf, (MatrixElement, Sum)):
            leaves.setdefault(leaf, Dummy(real=True))
        else:
            inner.extend(leaf.args)
    indexed = [leaf for leaf in leaves if leaf.free_symbols & ranges.keys()]
    body = expr.xreplace(leaves)
    if not indexed:
        return _written_out(expr, ranges, node)
    for index in body.free_symbols & ranges.keys():
        leaves[index] = Dummy(real=True)
    body = expr.xreplace(leaves)
    parts = {v: _written_out(leaf, ranges, node) if leaf in ranges else _grid(leaf, ranges, node)
             for leaf, v in leaves.items()}  # fmt: skip
    rows, cols = _axes(parts.values(), node)
    whole = [_aligned(p, rows, cols, ranges) if isinstance(p, _Grid) else p for p in parts.values()]
    return _Grid(elementwise(Lambda(tuple(parts), body), *whole), rows, cols)


def _of_entry(expr: Any, ranges: _Ranges, node: Any) -> Any:
    A, *places = expr.args
    if A.free_symbols & ranges.keys():
        raise _unread(node, expr)
    spans, indices = [], []
    for place, size in zip(places, A.shape, strict=True):
        index = next(iter(place.free_symbols & ranges.keys()), None)
        span = ranges.get(index, _Range(S.Zero, S.One))
        low, count = span.low, span.count
        step = place.coeff(index) if index is not None else S.One
        first = place.xreplace({index: low}) if index is not None else place
        if not (first.is_Integer and step.is_Integer and step > 0) or place.free_symbols - {index}:
            raise _unread(node, expr)
        if index is not None and place != (step * (index - low) + first).expand():
            raise _unread(node, expr)
        last = given(size) - first - step * (count - 1) - 1
        if first < 0 or (last.is_number and last < 0) or (index is not None and not last.is_number):
            ends = f"{first} to {first + step * (count - 1)}" if index is not None else f"{first}"
            raise ShapeError(f"{brief(node)}: in {brief(expr)} there are {size}, of the numbers 0 to {size - 1}, and "
                             f"{place} is {ends}")  # fmt: skip
        spans.append((first, count, step))
        indices.append(index)
    inner = part(A, *spans)
    if indices[0] is not None and indices[0] == indices[1]:
        return _Grid(diagonal(inner), indices[0], None)
    return _Grid(inner, *indices)


def _written_out(expr: Any, ranges: _Ranges, node: Any) -> _Grid:
    # a formula of the indices themselves
    indices = [index for index in ranges if index in expr.free_symbols]
    counts = [ranges[index].count for index in indices]
    if len(indices) > 2 or not all(count.is_Integer for count in counts) or Mul(*counts) > MOST:
        raise TypeError(f"{brief(node)}: {brief(expr)} has other values for every {' and '.join(map(str, indices))}: "
                        "give sizes as numbers, or a matrix symbol for these values")  # fmt: skip
    if len(indices) == 1:
        (i,), (n,) = indices, counts
        values = [[given(expr.subs(i, ranges[i].low + p))] for p in range(int(n))]
        return _Grid(ImmutableMatrix(values), i, None)
    i, j = indices
    cells = [[given(expr.subs({i: ranges[i].low + p, j: ranges[j].low + q})) for q in range(int(counts[1]))]
             for p in range(int(counts[0]))]  # fmt: skip
    return _Grid(ImmutableMatrix(cells), i, j)


def _axes(parts: Any, node: Any) -> tuple[Any, Any]:
    grids = [p for p in parts if isinstance(p, _Grid)]
    first = max(grids, key=lambda g: len(g.indices))
    met = dict.fromkeys(index for g in grids for index in (g.rows, g.cols) if index is not None)
    if len(met) > 2:
        raise _unread(node, node)
    if len(first.indices) == len(met):
        return first.rows, first.cols
    return (*met, None)[0], (*met, None)[1]


def _aligned(part: Any, rows: Any, cols: Any, ranges: _Ranges) -> Any:
    counts = [ranges[index].count if index is not None else S.One for index in (rows, cols)]
    if not isinstance(part, _Grid):
        return scaled(part, OneMatrix(*counts))
    A = part.matrix
    if (part.rows is not None and part.rows != rows) or (part.cols is not None and part.cols != cols):
        part = _Grid(transpose(A), part.cols, part.rows)
        A = part.matrix
    if part.rows != rows:
        A = matmul(OneMatrix(counts[0], 1), A)
    return matmul(A, OneMatrix(1, counts[1])) if part.cols != cols else A


# -- products and sums


def _product(parts: Sequence[Any], ranges: _Ranges, node: Any) -> Any:
    scalars = Mul(*[p for p in parts if not isinstance(p, _Grid)])
    grids = [p for p in parts if isinstance(p, _Grid)]
    if not grids:
        return scalars
    rows, cols = _axes(grids, node)
    columns = [_aligned(g, rows, None, ranges) for g in grids if g.indices == {rows}]
    lines = [_aligned(g, None, cols, ranges) for g in grids if g.indices == {cols}]
    if columns and lines:  # x·zᵀ, not (x·1ᵀ) ∘ (1·zᵀ)
        outer = _Grid(matmul(hadamard(*columns), hadamard(*lines)), rows, cols)
        grids = [outer, *[g for g in grids if len(g.indices) == 2]]
    return _Grid(scaled(scalars, hadamard(*[_aligned(g, rows, cols, ranges) for g in grids])), rows, cols)


def _summed(factors: list[Any], over: list[Any], ranges: _Ranges, node: Any) -> Any:
    # the sum over some indices of a product of factors that are not read yet
    whole = Mul(*factors)
    if isinstance(whole, Mul) and any(
        isinstance(f, Add) and len(f.free_symbols & ranges.keys()) > 2 for f in whole.args
    ):
        whole = whole.expand()
    if isinstance(whole, Add):
        terms = [_summed([term], over, ranges, node) for term in whole.args]
        grids = [t for t in terms if isinstance(t, _Grid)]
        if not grids:
            return Add(*terms)
        rows, cols = _axes(grids, node)
        return _Grid(add(*[_aligned(t, rows, cols, ranges) for t in terms]), rows, cols)
    parts = [_grid(f, ranges, node) for f in Mul.make_args(whole)]
    waiting = list(over)
    both = [p for p in parts if isinstance(p, _Grid) and p.indices == set(over)]
    if len(over) == 2 and len(both) >= 2 and all(p.indices <= set(over) for p in parts if isinstance(p, _Grid)):
        joined = _product(parts, ranges, node)
        return total(joined.matrix)
    while waiting:
        index = min(waiting, key=lambda k: len(_beside(k, parts)))
        waiting.remove(index)
        parts = _contracted(index, parts, ranges, node)
    return _product(parts, ranges, node)


def _beside(index: Any, parts: Sequence[Any]) -> set[Any]:
    return {i for p in parts if isinstance(p, _Grid) and index in p.indices for i in p.indices} - {index}


def _contracted(k: Any, parts: Sequence[Any], ranges: _Ranges, node: Any) -> list[Any]:
    met = [p for p in parts if isinstance(p, _Grid) and k in p.indices]
    rest = [p for p in parts if not (isinstance(p, _Grid) and k in p.indices)]
    if not met:
        return [ranges[k].count, *rest]
    others = sorted(_beside(k, parts), key=str)
    alone = [_aligned(p, k, None, ranges) for p in met if p.indices == {k}]
    if not others:
        return [total(hadamard(*alone)), *rest]
    if len(others) > 2:
        raise _unread(node, node)
    sides = [[p for p in met if i in p.indices] for i in others]
    left = hadamard(*[_aligned(p, others[0], k, ranges) for p in sides[0]])
    if len(others) == 1:
        return [_Grid(matmul(left, hadamard(*alone)) if alone else sums(left, 1), others[0], None), *rest]
    if any(len(p.indices) > 2 for p in met):
        raise _unread(node, node)
    right = hadamard(*[_aligned(p, k, others[1], ranges) for p in sides[1]])
    inner = [diagonal_matrix(hadamard(*alone))] if alone else []
    return [_Grid(matmul(left, *inner, right), *others), *rest]


def _of_indexed(node: Any) -> tuple[Any, ...]:
    return (without_indices(node),)


OPERANDS[Sum] = OPERANDS[Product] = OPERANDS[FunctionMatrix] = _of_indexed
