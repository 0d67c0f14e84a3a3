"""Where a least-squares or cross-entropy loss ends and the model begins.

In: the equations of a loss. Out: its terms, each with the matrix that it is a convex function of: the residuals of a
squared norm, the logits of a cross-entropy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Add, HadamardProduct, MatAdd, MatMul, MatrixSymbol, expand

from symnet.expressions import Elementwise, LogSoftmax, LogSumExp, Name, Total, softplus, split, symbols_of
from symnet.program import Builder


def dependents(builder: Builder, wrt: Sequence[Name]) -> set[Any]:
    """Give the symbols `wrt` and the names of all that depends on them."""
    found: set[Any] = set(wrt)
    for e in builder.equations:
        if not found.isdisjoint(symbols_of(e.rhs)):
            found.add(e.lhs)
    return found


def written_out(builder: Builder, depends: set[Any], scalar: Any) -> Any:
    """Give a scalar with the scalars put in that it is made of; sums of entries stay as they are."""
    while True:
        known = {
            s: rhs
            for s in scalar.free_symbols & depends
            if (rhs := builder.definition(s)) is not None and not isinstance(rhs, Total)
        }
        if not known:
            return scalar
        scalar = scalar.xreplace(known)


class Outer:
    """The outer function of the loss in `builder`, whose model has the symbol `w`."""

    def __init__(self, builder: Builder, w: Name) -> None:
        self.builder, self.w = builder, w
        self.depends = dependents(builder, [w])
        self.linear: set[Any] = set()  # what terms without curvature are linear in

    def split(self, loss: Name) -> list[tuple[Name, Any]]:
        """Give (matrix, term) for each term with curvature. Raises `ValueError` for a loss of another kind."""
        found: list[tuple[Name, Any]] = []
        for term in Add.make_args(expand(written_out(self.builder, self.depends, loss))):
            inside = term.free_symbols & self.depends
            if not inside:
                continue
            (s, *more) = inside
            sum_of = self.builder.definition(s)
            if more or not isinstance(sum_of, Total) or term.diff(s).has(s):
                raise self._refused(term)
            cuts = self._cuts(sum_of.args[0])
            if len(cuts) > 1:
                raise self._refused(term)
            found += [(cut, term) for cut in cuts]
        known = {cut for cut, _ in found}
        beyond = [name for name in self.linear if not self._is_linear(name, known)]
        if not found or beyond:
            raise self._refused(beyond[0] if beyond else loss)
        return found

    def _refused(self, part: Any) -> ValueError:
        return ValueError(
            f"gauss_newton: {self.builder.readable(part)} is no sum of squares and no cross-entropy; write the loss "
            "with sn.norm(…)**2, sn.squared_error, sn.cross_entropy or sn.binary_cross_entropy, or use sn.hessian"
        )

    def _dependent(self, A: Any) -> list[Any]:
        return [a for a in A.args if hasattr(a, "free_symbols") and not self.depends.isdisjoint(symbols_of(a))]

    def _cuts(self, A: Any) -> set[Name]:
        A = split(A)[1]
        if isinstance(A, MatrixSymbol):
            rhs = self.builder.definition(A)
            if rhs is None or isinstance(rhs, MatMul):
                self.linear.add(A)
                return set()
            found = self._cuts(rhs) if isinstance(rhs, (MatAdd, HadamardProduct, *CONVEX)) else None
            if not found:
                self.linear.add(A)
            return found or set()
        inside = self._dependent(A)
        if isinstance(A, HadamardProduct) and len(inside) == 2 and inside[0] == inside[1]:
            return symbols_of(inside[0]) & self.depends
        if isinstance(A, CONVEX) and len(inside) == 1 and (not isinstance(A, Elementwise) or _is_softplus(A)):
            return symbols_of(inside[0]) & self.depends
        if isinstance(A, (HadamardProduct, MatMul)) and len(inside) == 1:
            return self._cuts(inside[0])
        if isinstance(A, MatAdd):
            return set().union(*map(self._cuts, inside))
        self.linear |= {s for s in symbols_of(A) if s in self.depends}
        return set()

    def _is_linear(self, name: Any, cuts: set[Any]) -> bool:
        # whether a name is linear in what the curved terms are of, or in w itself
        if name == self.w or name in cuts:
            return True
        A = self.builder.definition(name)
        if not isinstance(A, (MatAdd, MatMul)) or isinstance(A, MatMul) and len(self._dependent(A)) > 1:
            return False
        return all(self._is_linear(s, cuts) for s in symbols_of(A) & self.depends)


CONVEX = (LogSoftmax, LogSumExp, Elementwise)


def _is_softplus(A: Elementwise) -> bool:
    functions = [part for part in A.body.atoms(softplus)]
    return len(functions) == 1 and A.body.as_independent(functions[0], as_Add=False)[1] == functions[0]
