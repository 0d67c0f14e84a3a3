"""Along which directions a declared symbol may move, and what its entries are in a proof.

In: a symbol and the facts that it is declared with. Out: directions that keep them, and which entries of a claimed
gradient, a derivative in free entries, make the slope along each; explicit entries that have them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import sympy
from sympy import S, Symbol

from symnet.backends import as_stated
from symnet.expressions import facts_of

FEW = ("orthogonal", "diagonal", "one_hot_columns", "one_hot_rows")  # two of these have single matrices only


def is_free(facts: Collection[str], index: Any) -> bool:
    """Tell whether an entry can move at all."""
    return "diagonal" not in facts or index[0] == index[1]


def kept(facts: Collection[str], direction: Any) -> tuple[Any, Any]:
    """Give a direction that keeps the facts, and the weight of each entry of a gradient in its slope.

    An entry and its mirror image are one: where the direction is one entry the weight is at that entry, else it is in
    the upper triangle.
    """
    if "diagonal" in facts:
        direction = np.diag(np.diag(direction))
        return direction, direction
    if "symmetric" not in facts:
        return direction, direction
    if np.count_nonzero(direction) == 1:
        return np.maximum(direction, direction.T), direction
    upper = np.triu(direction)
    return upper + np.triu(direction, 1).T, upper


def entry_of(symbol: Any, i: int, j: int) -> Any:
    """Give the scalar that stands for an entry of a symbol: zero, or a symbol of the entry and of its mirror image."""
    facts = facts_of(symbol)
    if not is_free(facts, (i, j)):
        return S.Zero
    if "symmetric" in facts:
        i, j = min(i, j), max(i, j)
    sign = {"positive": True} if "positive" in facts else {"real": True}
    return Symbol(f"{symbol.name}_{i + 1}_{j + 1}", **sign)


def entries_of(symbol: Any, rows: int, cols: int) -> Any:
    """Give the matrix of the scalars that stand for the entries of a symbol.

    An orthogonal one is Cayley's (I − K)(I + K)⁻¹ of a skew matrix K of symbols, or a reflection where it is symmetric.
    Where only single matrices have the facts together it is one of those.
    """
    facts = facts_of(symbol)
    if sum(fact in facts for fact in FEW) > 1:
        sample = as_stated(symbol, (-1.0) ** np.arange(rows * cols).reshape(rows, cols))
        return sympy.Matrix(rows, cols, [int(entry) for entry in sample.flat])
    if "orthogonal" not in facts:
        return sympy.Matrix(rows, cols, lambda i, j: entry_of(symbol, i, j))
    one = sympy.eye(rows)
    if "symmetric" in facts:
        v = sympy.Matrix(rows, 1, lambda i, _: Symbol(f"{symbol.name}_{i + 1}", real=True))
        return one - 2 * v * v.T / (v.T * v)[0, 0]
    K = sympy.Matrix(rows, rows, lambda i, j: entry_of(symbol, i, j) if i < j else S.Zero)
    return ((one - K + K.T) * (one + K - K.T).inv()).applyfunc(sympy.cancel)


def diagonals(symbol: Any, entries: Any) -> dict[Any, list[Any]]:
    """Give, by diagonal entry of a positive definite matrix, the others of its row, which it is to be larger than."""
    if "positive_definite" not in facts_of(symbol):
        return {}
    return {entries[i, i]: [entries[i, j] for j in range(entries.cols) if j != i] for i in range(entries.rows)}
