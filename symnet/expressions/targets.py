"""What the user states of the targets of a loss: that they sum to 1 for each sample, and which entries they have.

In: a symbol, or a mixture of symbols, ones and distributions such as softmax(V), such as (1 − ε)·Y + ε/k, named by
`let` or not; for what sums to 1 its shares add up to 1. Out: the same as a distribution, or as what a loss admits;
anything else as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Integer, MatAdd, MatrixSymbol, OneMatrix, S, Transpose, simplify
from sympy.core.symbol import Str
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.algebra import transpose
from symnet.expressions.nodes import Admitted, Distribution, Let
from symnet.expressions.operands import split

ROUNDED = 1e-4  # what a target may be off, in any type


@dataclass(frozen=True)
class Entries:
    """What stands in the targets of a loss: the two numbers `least` and `most`, or also what lies `between` them.

    `what`: how they are called; `hot`: whether they sum to 1 for each sample; `otherwise`: the same loss of others.
    """

    least: int
    most: int
    between: bool = False
    hot: bool = False
    what: str = "targets"
    otherwise: str = ""

    @property
    def words(self) -> str:
        """What every entry must be."""
        return f"between {self.least} and {self.most}" if self.between else f"{self.least} or {self.most}"

    def judges(self, *arrays: Any) -> bool:
        """Tell whether arrays are judged: labels, which are whole, and distributions; formulas hold for any numbers."""
        return (self.between and self.hot) or all(np.array_equal(A, np.round(A)) for A in arrays)

    def off(self, A: Any, slack: float) -> Any:
        """Tell which entries of an array are none of these, beyond what they may be off."""
        if self.between:
            return (A < self.least - slack) | (A > self.most + slack)
        return np.minimum(abs(A - self.least), abs(A - self.most)) > slack


ENTRIES_OF = {
    "hinge": Entries(-1, 1, otherwise="sn.sum(sn.relu(1 - sn.hadamard(Y, Z)))/n"),
    "binary_cross_entropy": Entries(
        0, 1, between=True, otherwise="(sn.sum(sn.softplus(Z)) - sn.sum(sn.hadamard(Y, Z)))/n"
    ),
    "focal": Entries(
        0,
        1,
        otherwise="sn.sum(sn.hadamard(Y, sn.power(sn.sigmoid(-Z), gamma), sn.softplus(-Z)) + "
        "sn.hadamard(1 - Y, sn.power(sn.sigmoid(Z), gamma), sn.softplus(Z)))/n",
    ),
    "categorical_hinge": Entries(0, 1, hot=True),
    "kl_divergence": Entries(0, 1, between=True, hot=True, what="distributions"),
}


def admitted(Y: Any, axis: int, loss: str) -> Any:
    """Give the targets of a loss as such where they are symbols, or mixtures of them; others as they are.

    Raises `ValueError` for a matrix of numbers that the loss does not take.
    """
    if isinstance(Y, MatrixBase) and all(v.is_number for v in Y.flat()):
        numbers = np.array(Y.tolist(), float)
        off = ENTRIES_OF[loss].off(numbers, ROUNDED)
        if off.any() and ENTRIES_OF[loss].judges(numbers):
            i, j = map(int, np.argwhere(off)[0])
            raise ValueError(f"{loss}: the {ENTRIES_OF[loss].what} must be {ENTRIES_OF[loss].words}, but the matrix "
                             f"given has {Y[i, j]} at [{i}, {j}]")  # fmt: skip
    parts = [A for _, A, _ in mixed(Y, axis, _named) if not isinstance(A, OneMatrix)]
    made = lambda A, along: Admitted(A, Integer(along), Str(loss))
    return _marked(made, Y, axis) if parts and all(isinstance(A, MatrixSymbol) for A in parts) else Y


def stated(Y: Any, axis: int) -> Any:
    """Give targets as stated to sum to 1 for each sample, where they do so if each of their symbols does."""
    parts = mixed(Y, axis, _named)
    if not any(isinstance(A, MatrixSymbol) for _, A, _ in parts):
        return Y
    made = lambda A, along: Distribution(A, Integer(along))
    return _marked(made, Y, axis) if simplify(sum(_share(*part) for part in parts) - 1) == 0 else Y


def mixed(A: Any, axis: int, named: Callable[[Any], Any]) -> list[tuple[Any, Any, int]]:
    """Give what a matrix is the sum of: a coefficient, a matrix and the axis along which that is summed, for each.

    named: gives what stands behind a name, or None.
    """
    c, A = split(A)
    while isinstance(A, Transpose):
        A, axis = A.args[0], 1 - axis
    inside = A if type(A) is MatAdd else named(A)
    if inside is None:
        return [(c, A, axis)]
    terms = inside.args if type(inside) is MatAdd else [inside]
    return [(c * k, B, along) for term in terms for k, B, along in mixed(term, axis, named)]


def _named(A: Any) -> Any:
    return A.args[1] if isinstance(A, Let) else None


def _share(c: Any, A: Any, axis: int) -> Any:
    # what a matrix sums to where its symbols sum to 1
    if isinstance(A, OneMatrix):
        return c * A.shape[axis]
    return c if isinstance(A, MatrixSymbol) or getattr(A, "sums_to_one", None) == axis else S.NaN


def _marked(made: Callable[[Any, int], Any], Y: Any, axis: int) -> Any:
    if isinstance(Y, Transpose):
        return transpose(_marked(made, Y.args[0], 1 - axis))
    return made(Y, axis)
