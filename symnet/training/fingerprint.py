"""The data of a run in a few numbers, by which a run that goes on tells whether they are the ones it was begun with.

In: data, as `train` takes them. Out: for each array its sizes, type and a sum of its values; of batches that come, how
many. Of arrays with millions of entries some are looked at, so that nothing large is read from a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any
from zlib import crc32

import numpy as np

from symnet.backends import binding
from symnet.training.batches import as_data

ALL = 1 << 22  # entries up to which all are looked at
PIECES, LENGTH = 256, 64  # of larger arrays: so many pieces, spread evenly, each of so many entries


def fingerprint(data: Any) -> Any:
    """Give sizes, type and a sum of values by name; of an iterable its length, or None."""
    if not isinstance(data, Mapping):
        return len(data) if isinstance(data, Sized) else None
    return {name: _of(as_data(name, value)) for name, value in binding.named(data).items()}


def _of(array: Any) -> list[Any]:
    kind = np.dtype(float) if array.dtype.kind in "biu" else array.dtype.newbyteorder("=")
    entries = np.ascontiguousarray(array if array.size <= ALL else _some(array), kind) + kind.type(0)  # −0 is 0
    return [[n for n in array.shape if n != 1], kind.name, crc32(entries.tobytes())]


def _some(array: Any) -> Any:
    starts = np.linspace(0, array.size - LENGTH, PIECES).astype(int)
    return array[np.unravel_index((starts[:, None] + np.arange(LENGTH)).ravel(), array.shape)]


def checked_print(told: Any) -> Any:
    """Give a fingerprint as it was in a file. Raises `ValueError` or `TypeError` for what is none."""
    if told is None or type(told) is int:
        return told
    return {str(name): [[int(n) for n in shape], str(kind), int(total)] for name, (shape, kind, total) in told.items()}


def differences(before: Any, now: Any, called: str) -> list[str]:
    """Give in words what is other than it was; nothing where that is not known."""
    if before is None or now is None:
        return []
    if isinstance(before, int) or isinstance(now, int):
        told = [f"{k} batches" if isinstance(k, int) else "arrays" for k in (now, before)]
        return [f"{called} is {told[0]} and was {told[1]}"] if before != now else []
    whose = "" if called == "data" else f" of the {called} data"
    gone = (now.keys() - before, "new"), (before.keys() - now, "missing")
    found = [f"{name}{whose} is {word}" for names, word in gone for name in sorted(names)]
    for name in sorted(now.keys() & before):
        (shape, kind, _), (old_shape, old_kind, _) = now[name], before[name]
        if shape != old_shape:
            found.append(f"{name}{whose} has the shape {_shown(shape)} and had {_shown(old_shape)}")
        elif now[name] != before[name]:
            how = "other values" if kind == old_kind else f"the type {kind} and had {old_kind}"
            found.append(f"{name}{whose} has {how}")
    return found


def _shown(shape: list[int]) -> str:
    return "×".join(map(str, shape)) or "of a number"
