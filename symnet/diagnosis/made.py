"""Matrices that only a mistake makes: one reshaped, one whose repeated index counts once.

In: a matrix and a shape. Out: a node with a name, so that it prints like any function. No kernel ever meets one; what
it does to an array stands beside its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import sympify
from sympy.core.symbol import Str

from symnet.expressions import MatrixNode, Shape


def _once(A: Any) -> Any:
    # of indices that repeat, as rows of ones and zeros or as columns of them, the last one alone
    kept = np.zeros_like(A)
    lines = A if np.all(A.sum(axis=1) == 1) else A.T
    seen = kept if lines is A else kept.T
    for index in {int(i) for i in lines.argmax(axis=1)}:
        seen[np.flatnonzero(lines[:, index])[-1], index] = 1
    return kept


_DONE: dict[str, Callable[..., Any]] = {
    "reshape": lambda A, shape: np.reshape(A, shape),
    "last_of_each_index": lambda A, shape: _once(A),
    "upper_triangle": lambda A, shape: np.triu(A),
    "lower_triangle": lambda A, shape: np.tril(A),
    "rows_reversed": lambda A, shape: A[::-1],
    "diagonal": lambda A, shape: A * np.eye(*A.shape),
}


class _Changed(MatrixNode):
    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[2], args[3]

    @property
    def title(self) -> str:  # type: ignore[override]
        return str(self.args[0].name)

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[1:2]

    @property
    def labels(self) -> tuple[str, ...]:
        return (f"{self.args[2]}×{self.args[3]}",) if self.title == "reshape" else ()


def changed(how: str, A: Any, shape: Shape | None = None) -> Any:
    """Give a matrix that was changed: `how` is a name of the table above."""
    rows, cols = A.shape if shape is None else shape
    return _Changed(Str(how), A, sympify(rows), sympify(cols))


def is_changed(node: Any) -> bool:
    """Tell whether a node is one of these."""
    return isinstance(node, _Changed)


def as_array(node: Any, value: Any, shape: tuple[int, ...]) -> Any:
    """Give the array of such a node: `value` is that of its operand, `shape` its own as numbers."""
    return _DONE[node.title](np.atleast_2d(value), shape)
