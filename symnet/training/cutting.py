"""Along which axis the data hold samples, and whether a part of these can be taken at all.

In: symbols and arrays. Out: the axis of each, or an error that names what has no part for some of the samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from symnet.expressions import Name, axes_of, shape_text


def checked_count(name: str, value: Any) -> int:
    """Give a count. Raises `ValueError` where it is no positive whole number."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a positive whole number, not {value!r}")
    return int(value)


def sample_axes(symbols: Iterable[Name], cut: bool) -> dict[str, int]:
    """Give, by name, the axis along which data hold their samples: that of the size which most of them share.

    cut: whether pieces are to be cut along it; raises `ValueError` where it is then not clear which size that is.
    """
    counts: dict[str, dict[str, int]] = {}
    for size, symbol, axis in axes_of(symbols):
        counts.setdefault(size.name, {})[symbol.name] = axis
    shared = max(map(len, counts.values()), default=0)
    best = [size for size, found in counts.items() if len(found) == shared]
    if len(best) == 1:
        return counts[best[0]]
    if cut and not best:
        raise ValueError("batch_size: the data have no symbolic size to cut; declare one, such as matrix('X', 3, 'n')")
    if cut:
        raise ValueError(
            f"batch_size: the data share more than one size, {', '.join(best)}; use numbers for the others"
        )
    return {}


def check_cut(arrays: Mapping[str, Any], symbols: Mapping[str, Name], size: Any, share: Any) -> None:
    """Raise `ValueError` where a part of the samples is asked for, `size` of them or a share, and cannot be taken.

    Data hold samples along one axis, and no weight has a part for each of them.
    """
    if size is None and share is None:
        return
    axes = sample_axes([symbols[n] for n in arrays], cut=True)
    name, axis = next(iter(axes.items()))
    samples, there = symbols[name].shape[axis], np.shape(arrays[name])
    if share is None and (len(there) < 2 or checked_count("batch_size", size) >= there[axis]):
        return
    what = "batch_size" if share is None else "validation"
    way = f"leave {what} away" + (", or give other data as validation" if share is not None else "")
    for other, symbol in symbols.items():
        shape: Any = getattr(symbol, "shape", ())
        held = [k for k, length in enumerate(shape) if samples in length.free_symbols]
        if held and other not in arrays:
            raise ValueError(
                f"{what}: {other} is {shape_text(shape)}, with a part for each of the {samples} samples, of which only "
                f"some are taken; {way}, or declare {other} with another size"
            )
        if len(held) > 1 or any(shape[k] != samples for k in held):
            raise ValueError(
                f"{what}: {other} is {shape_text(shape)}, which cannot be cut into samples: they stand along one axis "
                f"of {samples}; {way}"
            )
