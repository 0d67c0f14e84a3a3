"""Symbols with declared facts: how each is written, which arrays it takes, and along which directions it moves.

`add_rows` enters them into the table of leaves. Of a direction `MOVES` has the one that keeps the facts, and the weights
that the entries of a gradient in free entries have in the slope along it; None for what does not move along a line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .tree import MOVES

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]


def _entries(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return np.round(rng.normal(size=shape) * 0.6, 3)


def _positive_definite(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    a = _entries(rng, shape)
    return np.round(a @ a.T + np.eye(len(a)), 3)


def _one_hot(axis: int) -> Draw:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        found = np.eye(shape[axis])[:, rng.integers(shape[axis], size=shape[1 - axis])]
        return found if axis == 0 else found.T

    return draw


def _mirrored(v: Any) -> tuple[Any, Any]:
    return np.triu(v) + np.triu(v, 1).T, np.triu(v)


def _on_the_diagonal(v: Any) -> tuple[Any, Any]:
    return np.diag(np.diag(v)), np.diag(np.diag(v))


FACTS: dict[str, tuple[str, bool, Draw, Any]] = {  # how it is written, whether square, arrays, moves
    "symmetric": ("symmetric=True", True, lambda rng, s: (a := _entries(rng, s)) + a.T, _mirrored),
    "diagonal": ("diagonal=True", True, lambda rng, s: np.diag(np.diag(_entries(rng, s))), _on_the_diagonal),
    "positive definite": ("positive_definite=True", True, _positive_definite, _mirrored),
    "orthogonal": ("orthogonal=True", True, lambda rng, s: np.linalg.qr(rng.normal(size=s))[0], None),
    "positive": ("positive=True", False, lambda rng, s: np.round(rng.uniform(0.2, 1.5, size=s), 3), lambda v: (v, v)),
    "one-hot columns": ('one_hot="columns"', False, _one_hot(0), None),
    "one-hot rows": ('one_hot="rows"', False, _one_hot(1), None),
}


def add_rows(leaves: dict[str, Any]) -> None:
    """Add a row for each fact."""
    for kind, (text, square, draw, moves) in FACTS.items():
        leaves[kind] = _row(kind, text, square, draw)
        MOVES[kind] = moves


def _row(kind: str, text: str, square: bool, draw: Draw) -> Callable[[Any, Any], Any]:
    def make(g: Any, s: Any) -> Any:
        if square and s[0] != s[1]:
            return None
        there = [symbol for symbol in g.symbols.values() if symbol.shape == s and symbol.kind == kind]
        if there and g.random.random() < 0.6:
            return g.random.choice(there)
        name = g.fresh("D")
        return g._symbol(kind, name, s, f'sn.matrix("{name}", {s[0]}, {s[1]}, {text})', draw)

    return make
