"""Arrays against what the losses take that they are the targets of: sums of 1 for each sample, and which entries.

In: what a program states of its targets, and arrays by name. Out: nothing, or a `ValueError` that names the target, the
first sample or entry that is none, and what to write. What rounding makes of a number is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Expr, Float

from symnet.backends.fitting import computable, spacing, told_apart
from symnet.expressions import ROUNDED, Entries, one_hot_of
from symnet.program import Labels, Target

CLASSES = 30  # whole numbers below this one are taken for class numbers, larger ones for measurements


def check_distributions(targets: Iterable[Target], arrays: Mapping[str, Any]) -> None:
    """Raise `ValueError` where the targets of a cross-entropy do not sum to 1 for each sample.

    Those of which an array or a number is not there are passed over. Sums may be off by what their type rounds.
    """
    for target in targets:
        if target.names <= arrays.keys():
            _check_sums(target, arrays)


@lru_cache(maxsize=256)
def _number(c: Expr, values: tuple[tuple[Any, float], ...]) -> float:
    return float(c.xreplace({s: Float(value) for s, value in values}))


def _check_sums(target: Target, arrays: Mapping[str, Any]) -> None:
    sums = [arrays[A.name].sum(axis=axis, dtype=float) for _, A, axis in target.terms]
    constant, *shares = _numbers(target, arrays)
    whole = constant + sum(c * part for c, part in zip(shares, sums, strict=True))
    off = np.abs(whole - 1)
    if not off.size or off.max() <= _slack(target, shares, arrays):
        return
    k, what = int(off.argmax()), target.line
    names, others = [target.called(A, axis) for _, A, axis in target.terms], ""
    name = names[0]
    if len(sums) > 1:
        name = _mixture(target, shares)
        others = ", of which " + ", ".join(f"{name} to {part[k]:.6g}" for name, part in zip(names, sums, strict=True))
    raise ValueError(
        f"{name}: the targets of cross_entropy must sum to 1 in each {what}, but {what} {k} sums to "
        f"{told_apart(whole[k], 1)[0]}{others}; for other targets write "
        "-sn.sum(sn.hadamard(Y, sn.log_softmax(Z)))/n"
    )


def _numbers(target: Target, arrays: Mapping[str, Any]) -> list[float]:
    # the constant and the coefficients
    number = lambda c: _number(c, tuple([(s, float(arrays[s.name])) for s in c.free_symbols]))
    return [number(c) for c in (target.constant, *[c for c, _, _ in target.terms])]


def _slack(target: Target, shares: Iterable[float], arrays: Mapping[str, Any]) -> float:
    rounded = max([ROUNDED, *(2 * spacing(a) for name in target.names if hasattr(a := arrays[name], "dtype"))])
    return rounded * max(1.0, *map(abs, shares))


def _mixture(target: Target, shares: Iterable[float]) -> str:
    names = [target.called(A, axis) for _, A, axis in target.terms]
    terms = [name if c == 1 else f"{c:.6g}*{name}" for c, name in zip(shares, names, strict=True)]
    return " + ".join(terms).replace("+ -", "- ")


# -- which entries


def check_labels(targets: Iterable[Labels], arrays: Mapping[str, Any]) -> None:
    """Raise `ValueError` where labels of another kind are the targets of a loss: whole numbers that it does not
    take, or what is no distribution.

    Those of which an array or a number is not there are passed over, and measurements: formulas hold for any numbers.
    """
    for target in targets:
        if target.names <= arrays.keys() and not (target.alone and _as_wanted(target, arrays[target.alone])):
            _check_entries(target, arrays)


def _as_wanted(target: Labels, A: Any) -> bool:
    # what nearly all are, in the fewest steps
    wanted = target.entries
    if wanted.between:
        within = A.min(initial=wanted.most) >= wanted.least and A.max(initial=wanted.least) <= wanted.most
    else:
        within = ((A == wanted.least) | (A == wanted.most)).all()
    return bool(within) and not wanted.hot


def _check_entries(target: Labels, arrays: Mapping[str, Any]) -> None:
    constant, *shares = _numbers(target, arrays)
    (_, first, along), *_ = target.terms
    plain = target.alone is not None
    turn = lambda A, axis: A if axis == along else A.T
    parts = [turn(computable(arrays[A.name]), axis) for _, A, axis in target.terms]
    if not target.entries.judges(*parts):
        return
    whole = parts[0] if plain else constant + sum(c * A for c, A in zip(shares, parts, strict=True))
    wanted, name = target.entries, first.name if plain else _mixture(target, shares)
    if (off := wanted.off(whole, _slack(target, shares, arrays))).any():
        i, j = map(int, np.unravel_index(int(off.argmax()), off.shape))
        name += f" + {constant:.6g}".replace("+ -", "- ") if constant else ""
        way = _way(wanted, name, whole, along) if plain else ""
        way += f"; for others write {wanted.otherwise}" if wanted.otherwise else ""
        raise ValueError(
            f"{name}: the {wanted.what} of {target.loss} must be {wanted.words}, but {whole[i, j]:.6g} stands at "
            f"[{i}, {j}]{way}"
        )
    if wanted.hot and (off := abs(whole.sum(axis=along, dtype=float) - 1)).max() > _slack(target, shares, arrays):
        k, line = int(off.argmax()), "row" if along else "column"
        raise ValueError(
            f"{name}: the {wanted.what} of {target.loss} must sum to 1 in each {line}, but {line} {k} sums to "
            f"{told_apart(whole.sum(axis=along, dtype=float)[k], 1)[0]}"
        )


def _way(wanted: Entries, name: str, A: Any, along: int) -> str:
    # two values that are others, class numbers, numbers of a larger range
    low, high = float(A.min()), float(A.max())
    whole = np.isfinite(A).all() and np.array_equal(A, np.round(A))
    low, high = (0.0, 1.0) if whole and low == high == 0 else (low, high)
    if low < high and ((A == low) | (A == high)).all() and whole:
        unit = name if not low else f"({name} {'-' if low > 0 else '+'} {abs(low):.17g})"
        unit += f"/{high - low:.17g}" if high - low != 1 else ""
        spread = f"{wanted.most - wanted.least}*{unit} - {-wanted.least}".removeprefix("1*").removesuffix(" - 0")
        return f"; write {spread} for labels {low:.17g} and {high:.17g}"
    if whole and 0 <= low and high < CLASSES and 1 in A.shape:
        return f"; class numbers are for sn.cross_entropy, as {one_hot_of(name, f'{high + 1:.0f}', along)}"
    return (
        f"; write {name}/{high:.6g} for numbers from 0 to {high:.6g}" if whole and wanted.between and low >= 0 else ""
    )
