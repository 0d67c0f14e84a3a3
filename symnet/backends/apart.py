"""What the machine has in lines of its own for convolutions and pooling, and a reader inside other lines.

In: a right-hand side of a program that is being lowered. Out: the same value, with names for the windows inside it, so
that none are unfolded twice, and with the largest pixels of windows found together with their places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sympy import Basic, Expr, Integer, MatMul, Transpose

from symnet.expressions import MatrixNode, MaxPick, MaxPool, MaxUnpool, Shape, Unfold, raw, transpose, wide_flag
from symnet.program import Builder, Equation, as_written

PICKS = (MaxPick, MaxUnpool)


class FirstLargest(Expr):
    """The largest pixel of each window of A and its place in the window, a pair: `FirstLargest(A, geometry)`."""


class LargestPixels(MatrixNode):
    """The first of such a pair: `LargestPixels(pair, rows, cols)`."""

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[1], args[2]


class PlacedPixels(MatrixNode):
    """`MaxPick` or `MaxUnpool` with a pair: `PlacedPixels(H, pair, geometry, unpool, wide, rows, cols)`."""

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[5], args[6]


def picked(equations: Iterable[Equation]) -> set[Any]:
    """Give (A, geometry) where the places of the largest pixels of A are needed."""
    return {node.args[1:] for e in equations for node in _inside(e.rhs) if isinstance(node, PICKS)}


def _inside(expr: Any) -> Iterator[Any]:
    yield expr
    for a in expr.args:
        if isinstance(a, Basic):
            yield from _inside(a)


def with_own_lines(target: Builder, rhs: Any, places: Collection[Any]) -> Any:
    """Give a right-hand side with names for the windows inside it, and for pairs of largest pixels and places."""
    if isinstance(rhs, MaxPool) and rhs.args in places:
        return LargestPixels(target.define(FirstLargest(*rhs.args)), *rhs.shape)
    if isinstance(rhs, PICKS):
        H, A, geometry = rhs.args
        kind = Integer(int(isinstance(rhs, MaxUnpool)))
        pair = target.define(FirstLargest(A, geometry))
        return PlacedPixels(H, pair, geometry, kind, wide_flag(A, geometry), *rhs.shape)
    rhs = _longer_first(rhs)
    parts = {node: target.define(node) for node in _inside(rhs) if isinstance(node, Unfold) and node is not rhs}
    return _with(rhs, parts) if parts else rhs


def _longer_first(rhs: Any) -> Any:
    # G·unfold(X)ᵀ is quicker as (unfold(X)·Gᵀ)ᵀ where G has fewer rows: BLAS likes long columns on the left
    factors = [a for a in rhs.args if a.is_Matrix] if isinstance(rhs, MatMul) else []
    if len(factors) != 2 or not (isinstance(factors[1], Transpose) and isinstance(factors[1].args[0], Unfold)):
        return rhs
    G, U = factors[0], factors[1].args[0]
    if not (G.shape[0].is_Integer and 1 < G.shape[0] < U.shape[0]):
        return rhs
    scalars = [a for a in rhs.args if not a.is_Matrix]
    return raw(Transpose, raw(MatMul, *scalars, U, transpose(G)))


def _with(expr: Any, parts: Any) -> Any:
    if expr in parts or not expr.args:
        return parts.get(expr, expr)
    return as_written(expr, *[_with(a, parts) if isinstance(a, Basic) else a for a in expr.args])
