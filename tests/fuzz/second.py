"""The second derivative of a tree along a direction, of its own evaluator: slopes by complex steps, their differences.

A complex step gives the slope to the last digits, so that only one difference is left to take; it is taken with three
steps and carried to the limit (Romberg), and how far the last two limits differ says how many digits to believe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy

import symnet as sn

from .tree import STEP, Expected, Point, Tree

STEPS = (4e-3, 2e-3, 1e-3)
FACTS = {"symmetric": "symmetric", "positive definite": "symmetric", "diagonal": "diagonal"}


def curvature(
    tree: Tree, sizes: Mapping[str, int], values: Mapping[str, Any], wanted: Expected, names: Iterable[str]
) -> tuple[float, float]:
    """Give the second derivative along the directions of all names together, and the error to expect of it."""
    moves = {name: wanted.directions[name] for name in names}
    longest = max(float(np.max(np.abs(d), initial=1.0)) for d in moves.values())
    noise = sum(wanted.slope_noise[name] for name in moves) * 2.3e-16

    def slope(t: float) -> float:
        moved = {n: np.asarray(values[n]) + (t + 1j * STEP) * d for n, d in moves.items()}
        return float(np.imag(Point(sizes, {**values, **moved}).of(tree))) / STEP

    steps = [h / longest for h in STEPS]
    first = [(slope(h) - slope(-h)) / (2 * h) for h in steps]
    second = [(4 * b - a) / 3 for a, b in zip(first[:-1], first[1:], strict=True)]
    found = (16 * second[1] - second[0]) / 15
    return found, abs(found - second[1]) + 10 * noise / steps[-1]


def directions_of(symbols: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Give a symbol for the direction of each, with the facts that a direction of it has."""
    found: dict[str, Any] = {}
    for name, symbol in symbols.items():
        facts = {FACTS[kinds[name]]: True} if kinds[name] in FACTS else {}
        if getattr(symbol, "is_Matrix", False):
            found[name] = sn.matrix(f"V_{name}", *symbol.shape, **facts)
        else:
            found[name] = sympy.Symbol(f"v_{name}", real=True)
    return found
