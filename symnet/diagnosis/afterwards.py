"""What is done to weights once a step was taken: bounds, lengths, sums, means, digits.

In: the weights as the step gives them, and the user's. Out: what was done to them, in words; an empty text where it is
not known. A number that was fitted, such as a bound, has to be met by two weights at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from symnet.diagnosis.rounded import of_decimals

_ALIKE = 1e-6
_SEEN = 1e-3  # of the largest weight: less may be another step as well
_LINES = ((None, "each array"), (0, "each column"), (1, "each row"))


def done_afterwards(mine: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    """Say what was done to the right weights; the same was done to all that are not right."""
    off = [n for n in right if not _alike(mine[n], right[n])]
    if not off:
        return ""
    a, b = ([np.atleast_2d(np.asarray(w[n], float)) for n in off] for w in (mine, right))
    of = "the weights" if len(off) == len(right) else f"the weights {', '.join(off)}"
    is_seen = np.abs(_flat(a) - _flat(b)).max() > _SEEN * np.abs(_flat(b)).max()
    words = is_seen and (_clipped(a, b) or _of_lines(a, b)) or _of_digits(a, b)
    return f"once the step is taken, {words.format(of=of)}" if words else ""


def are_multiples(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether all numbers of one are those of the other times one factor."""
    a, b = (_flat([np.asarray(w[n], float) for n in one]) for w in (one, other))
    square = float(b @ b)
    return square > 0 and _alike(a, a @ b / square * b)


def _alike(a: Any, b: Any, scale: float | None = None) -> bool:
    scale = float(np.abs(b).max(initial=0.0)) if scale is None else scale
    return bool(np.allclose(a, b, _ALIKE, _ALIKE * scale))


def _flat(arrays: list[Any]) -> Any:
    return np.concatenate([np.ravel(a) for a in arrays])


def _clipped(mine: list[Any], right: list[Any]) -> str:
    a, b = _flat(mine), _flat(right)
    high, low = float(a.max()), float(a.min())
    scale = max(abs(high), abs(low))
    for top, bottom, words in (
        (scale, -scale, f"{{of}} are kept between −{scale:.6g} and {scale:.6g}"),
        (high, -np.inf, f"{{of}} are kept below {high:.6g}"),
        (np.inf, low, f"{{of}} are kept above {low:.6g}"),
        (high, low, f"{{of}} are kept between {low:.6g} and {high:.6g}"),
    ):
        outside = (b > top) | (b < bottom)
        if 2 <= outside.sum() < outside.size and _alike(a, np.clip(b, bottom, top)):
            return words
    return ""


def _of_lines(mine: list[Any], right: list[Any]) -> str:
    for axis, what in _LINES:
        factors = [_factors(a, b, axis) for a, b in zip(mine, right, strict=True)]
        if all(f is not None for f in factors):
            lengths = [np.linalg.norm(a, axis=axis) if axis is not None else np.linalg.norm(a) for a in mine]
            if words := _scaled(_flat(factors), _flat(lengths), mine, axis, what):
                return words
        for change, words in _MOVES:
            if axis is not None and all(_alike(a, change(b, axis)) for a, b in zip(mine, right, strict=True)):
                return f"{what} of {{of}} {words}"
    return ""


def _factors(mine: Any, right: Any, axis: int | None) -> Any:
    # of each line; None where one is no multiple of the other
    square = np.sum(right * right, axis=axis, keepdims=True)
    with np.errstate(all="ignore"):
        factors = np.sum(mine * right, axis=axis, keepdims=True) / square
    return factors if np.isfinite(factors).all() and _alike(mine, factors * right) else None


def _scaled(factors: Any, lengths: Any, mine: list[Any], axis: int | None, what: str) -> str:
    changed = np.abs(factors - 1) > _ALIKE
    if changed.sum() < 2 and (axis is not None or mine[0].size < 4):
        return ""
    length, one = lengths[changed][0], f"{what} of {{of}}"
    if (
        np.all(factors > 0)
        and np.allclose(lengths[changed], length, _ALIKE)
        and (len(factors) > 1 or _is_usual(length))
    ):
        how = "given the length" if changed.all() else "shortened to the length"
        return f"{one} is {how} {length:.6g}"
    if np.allclose(factors, factors[0], _ALIKE):
        return f"{{of}} are multiplied by {factors[0]:.6g}, as by a decay"
    for parts, by in (
        (_flat([a.sum(axis=axis) for a in mine]), "its sum"),
        (_flat([np.abs(a).max(axis=axis) for a in mine]), "its largest entry"),
    ):
        if np.allclose(parts, 1.0, _ALIKE):
            return f"{one} is divided by {by}"
    return ""


def _is_usual(length: float) -> bool:
    return abs(length - float(f"{length:.2g}")) <= _ALIKE * length


_MOVES: tuple[tuple[Callable[[Any, int], Any], str], ...] = (
    (lambda a, axis: a - a.mean(axis=axis, keepdims=True), "has its mean taken from it"),
    (
        lambda a, axis: (a - a.mean(axis=axis, keepdims=True)) / np.maximum(a.std(axis=axis, keepdims=True), 1e-300),
        "is standardised: mean 0, standard deviation 1",
    ),
)


def _of_digits(mine: list[Any], right: list[Any]) -> str:
    # each entry is the nearest one of few that there are
    a, b = _flat(mine), _flat(right)
    if half := _half_of_few(mine, right):
        return of_decimals(half).replace("your numbers", "{of}").replace(": to these they are compared", "")
    for how, words in _kept(a):
        if np.array_equal(a, how(b)):
            return words
    by, at_zero = _shrunk(a, b), (a == 0) & (b != 0)
    if by > 0 and at_zero.any() and _alike(a, np.sign(b) * np.maximum(np.abs(b) - by, 0)):
        return f"{{of}} are drawn towards 0 by {by:.6g}, to 0 at most: the soft threshold of an L1 decay"
    return ""


def _half_of_few(mine: list[Any], right: list[Any]) -> float:
    for decimals in range(1, 9):
        if all(np.array_equal(np.round(a, decimals), a) for a in mine):
            half = 0.5 * 10.0**-decimals
            near = all(np.abs(a - b).max() <= half * (1 + 1e-6) for a, b in zip(mine, right, strict=True))
            return half if near else 0.0
    return 0.0


def _kept(mine: Any) -> Iterator[tuple[Callable[[Any], Any], str]]:
    yield lambda b: b.astype(np.float16).astype(float), "{of} keep the digits of a float16"
    for bits in range(1, 9):
        unit = 2.0**-bits
        if np.array_equal(mine, np.round(mine / unit) * unit):
            yield lambda b, unit=unit: np.round(b / unit) * unit, f"{{of}} are rounded to multiples of {unit:.6g}"  # type: ignore[misc]
            return


def _shrunk(mine: Any, right: Any) -> float:
    return float(np.median(np.abs(right)[mine != 0] - np.abs(mine)[mine != 0])) if np.any(mine) else 0.0
