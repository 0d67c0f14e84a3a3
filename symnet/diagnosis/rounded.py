"""Numbers of few digits: rounded as they were printed, or with their fractions cut off by an array of whole numbers.

In: right arrays and the user's. Out: by how much rounded ones may differ, whether fractions were cut off, and whether
they are as coarse as differences of losses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symnet.diagnosis.edits import Name
from symnet.diagnosis.given import Point

NEAR = 0.02  # of the largest entry: as near are differences of losses in float32, or with a large step
_COUNTED = 200  # multiples of a number: what has more of them says little
_FEWEST, _MOST = 3, 8  # decimals of what counts as rounded
CUT_OFF = "the fractions are cut off: the array that takes it holds whole numbers; make it with dtype=float"

_DIFFERENCES = (
    "so coarse are differences of losses in float32, of one side, or with a large step; take float64, "
    "(L(w + h) − L(w − h))/(2h) and h = 1e-5"
)
_TOO_SMALL = "so are differences of losses in float32 with a step that is too small; take float64"


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


def coarse(mine: Sequence[Any], right: Sequence[Any]) -> list[str]:
    """Say where numbers are as coarse as differences of losses: all near the right ones, or all multiples of one."""
    pairs = zip(mine, right, strict=True)
    off = max(float(np.abs(a - g).max(initial=0.0)) / (float(np.abs(g).max(initial=0.0)) or 1.0) for a, g in pairs)
    if off < NEAR:
        return [f"all are near the right ones, to {off:.1g} of the largest entry: {_DIFFERENCES}"]
    unit = _common_unit(mine)
    return [f"all your numbers are multiples of {unit:.6g}: {_TOO_SMALL}"] if unit and not _common_unit(right) else []


def _common_unit(arrays: Sequence[Any]) -> float:
    # the number that all are multiples of, 0 where there is none
    entries = np.abs(np.concatenate([np.ravel(a) for a in arrays]))
    entries = entries[entries > 0]
    if len(np.unique(entries)) < 3:
        return 0.0
    for k in (1, 2, 3):
        unit = float(entries.min()) / k
        multiples = entries / unit
        if multiples.max() < _COUNTED and np.abs(multiples - np.round(multiples)).max() < 1e-3:
            return unit
    return 0.0
