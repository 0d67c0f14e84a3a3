"""Gradients that are kept within bounds: entries that are clipped, arrays that are shortened to a length.

In: right gradients and the user's. Out: the bound in words, an empty text where there is none. Two numbers at least
have to meet at the same bound, or the bound has to be one that people write and no simple fraction explains as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symnet.diagnosis.constants import flat
from symnet.diagnosis.given import Point

_ALIKE = 1e-6


def bounded(points: Sequence[Point]) -> str:
    """Say within which bounds the user's gradients are kept, the same at all points."""
    said = {_clipped(p) or _shortened(p) for p in points if any(map(p.is_wrong, p.right))}
    return said.pop() if len(said) == 1 else ""


def _clipped(point: Point) -> str:
    mine, right = (flat(g, point.right) for g in (point.mine, point.right))
    high, low = mine.max(initial=0.0), mine.min(initial=0.0)
    scale = max(abs(high), abs(low))
    if not scale:  # nothing but zeros is kept within no bounds
        return ""
    for both, top, bottom, words in (
        (False, scale, -scale, f"its entries are kept between −{scale:.6g} and {scale:.6g}"),
        (False, high, -np.inf, f"its entries are kept below {high:.6g}"),
        (False, np.inf, low, f"its entries are kept above {low:.6g}"),
        (True, high, low, f"its entries are kept between {low:.6g} and {high:.6g}"),
    ):
        outside = (right > top) | (right < bottom)
        if 2 * (1 + both) <= outside.sum() < outside.size and np.allclose(
            mine, np.clip(right, bottom, top), _ALIKE, _ALIKE * scale
        ):
            return f"the gradient is clipped: {words}"
    return ""


def _shortened(point: Point) -> str:
    factors = [_factor(point.mine[w], g) for w, g in point.right.items()]
    lengths = [float(np.linalg.norm(point.mine[w])) for w in point.right]
    shorter = [length for f, length in zip(factors, lengths, strict=True) if f < 1 - _ALIKE]
    if not np.max(factors) <= 1 + _ALIKE or not shorter or _is_fraction(float(np.min(factors))):  # NaN is no factor
        return ""
    length, together = max(shorter), float(np.linalg.norm(lengths))
    if np.allclose(shorter, length, _ALIKE) and (len(shorter) > 1 or _is_usual(length)):
        return f"the gradient is clipped: each array is shortened to the length {length:.6g}"
    if np.allclose(factors, factors[0], _ALIKE) and _is_usual(together):
        return f"the gradient is clipped: all of it together is shortened to the length {together:.6g}"
    return ""


def _factor(mine: Any, right: Any) -> float:
    # NaN where one is no multiple of the other
    square = float(np.sum(right * right))
    factor = float(np.sum(mine * right)) / square if square else 0.0
    is_one = np.allclose(mine, factor * right, _ALIKE, _ALIKE * np.abs(right).max(initial=0.0))
    return factor if is_one and factor > 0 else np.nan


def _is_usual(length: float) -> bool:
    return abs(length - float(f"{length:.1g}")) <= _ALIKE * length


def _is_fraction(factor: float) -> bool:
    parts = factor * np.arange(1, 201)
    return bool(np.any(np.abs(parts - np.round(parts)) <= _ALIKE * parts))
