"""Numbers of few digits: rounded as they were printed, or with their fractions cut off by an array of whole numbers.

In: right arrays and the user's. Out: by how much rounded ones may differ, and whether fractions were cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symnet.diagnosis.edits import Name
from symnet.diagnosis.given import Point

_FEWEST, _MOST = 3, 8  # decimals of what counts as rounded
CUT_OFF = "the fractions are cut off: the array that takes it holds whole numbers; make it with dtype=float"


def half_a_unit(mine: Sequence[Any], right: Sequence[Any]) -> float:
    """Give half a unit of the last decimal of rounded numbers, 0 where they are not or too few digits are left.

    The largest entry of each array has two digits at least.
    """
    for decimals in range(_MOST + 1):
        if all(np.array_equal(np.round(a, decimals), a) for a in mine):
            unit = 10.0**-decimals
            enough = all(np.abs(g).max(initial=0.0) >= 50 * unit for g in right)
            return 0.5 * unit * (1 + 1e-6) if decimals >= _FEWEST and enough else 0.0
    return 0.0


def as_rounded(point: Point) -> tuple[Point, list[str]]:
    """Give a point at which what rounding takes away counts as none, and what is said of it."""
    half = half_a_unit(list(point.mine.values()), list(point.right.values()))
    near = {w for w, g in point.mine.items() if half and np.abs(g - point.right[w]).max(initial=0.0) <= half}
    if all(map(point.agrees, point.right, point.right.values())) or not near:
        return point, []
    return replace(point, allowed={w: a + half * (w in near) for w, a in point.allowed.items()}), [of_decimals(half)]


def of_decimals(half: float) -> str:
    """Say that numbers are rounded."""
    return f"your numbers are rounded to {round(-np.log10(2 * half))} decimals: to these they are compared"


def is_cut_off(mine: Iterable[Any], right: Iterable[Any]) -> bool:
    """Tell whether arrays are the right ones but for the fractions of their entries."""
    pairs = list(zip(mine, right, strict=True))
    whole = all(np.array_equal(a, np.round(a)) for a, _ in pairs) and any(np.any(a) for a, _ in pairs)
    return whole and any(all(np.array_equal(a, cut(g)) for a, g in pairs) for cut in (np.trunc, np.floor, np.round))


def cut_off(points: Sequence[Point], wrong: Sequence[Name]) -> bool:
    """Tell whether the gradients of these parameters are right but for their fractions."""
    return is_cut_off([p.mine[w] for p in points for w in wrong], [p.right[w] for p in points for w in wrong])
