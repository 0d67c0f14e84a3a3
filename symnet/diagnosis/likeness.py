"""What an expression has in common with its like at other layers or steps.

In: a `Setting` and its forward values. Out: for an expression a number, the same for what is alike, and for two values
how many steps lie between them. The same edit at several layers or steps is one mistake.
"""

from __future__ import annotations

from typing import Any

from sympy import MatrixSymbol, Symbol, Transpose

from symnet.diagnosis.edits import Setting
from symnet.diagnosis.unrolled import chains
from symnet.expressions import Elementwise


class Likeness:
    """Numbers for expressions. `exact`: parameters, and the chains of an unrolled net, tell expressions apart."""

    def __init__(self, setting: Setting, values: list[Any]) -> None:
        self.setting = setting
        self.chains = chains(setting)
        self._numbers: dict[Any, int] = {}
        self._sorts: tuple[dict[Any, int], dict[Any, int]] = ({}, {})
        self._places: dict[Any, tuple[int, int]] = {}
        counts: dict[int, int] = {}
        for v in values:
            kind = self.sort(v, False)
            self._places[v] = kind, counts.setdefault(kind, 0)
            counts[kind] += 1
        self._places |= {s: (-1, place) for s, (_, place) in self.chains.items()}

    def sort(self, expr: Any, exact: bool) -> int:
        """Give the number of an expression's sort."""
        known = self._sorts[exact]
        if expr not in known:
            known[expr] = self.number(self._sort(expr, exact))
        return known[expr]

    def number(self, key: Any) -> int:
        """Give the number that stands for a key."""
        return self._numbers.setdefault(key, len(self._numbers))

    def _sort(self, expr: Any, exact: bool) -> Any:
        s = self.setting
        if exact and expr in self.chains:
            return ("chain", str(self.chains[expr][0]))
        if isinstance(expr, (MatrixSymbol, Symbol)):
            if expr in s.gradients:
                return str(expr) if exact else ("parameter", 1 in s.shape(expr))
            if expr in s.partials:
                return ("gradient", self.sort(s.partials[expr], exact))
            return s.roles[expr][0] if expr in s.roles else "input"
        if not expr.args:
            return str(type(expr)) if getattr(expr, "is_Matrix", False) else expr
        if isinstance(expr, Elementwise):
            return (expr.args[0], *[self.sort(a, exact) for a in expr.args[1:]])
        return (type(expr), *[self.sort(a, exact) for a in expr.args])

    def place(self, expr: Any) -> int | None:
        """Give the step of an unrolled net that a value belongs to, None where there is none."""
        found = self.chains.get(bare(expr))
        return None if found is None else found[1]

    def distance(self, old: Any, new: Any) -> int | None:
        """Give how many steps of the net lie between two values."""
        (kind, place), (other, there) = (self._places.get(bare(e), (None, 0)) for e in (old, new))
        return there - place if kind is not None and kind == other else None


def bare(expr: Any) -> Any:
    """Give what is transposed, and anything else as it is."""
    return expr.args[0] if isinstance(expr, Transpose) else expr
