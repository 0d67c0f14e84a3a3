"""Numbers of 16 bits, which end at 65504: what takes and gives them is computed in float32.

In: a bare function, and arrays. Out: its values, in float16 where arrays came in it. A sum of a hundred thousand ones
is no number in float16, and their mean is 1; `numpy.mean` does likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

NARROW, WIDE = np.dtype(np.float16), np.dtype(np.float32)


def in_wide(function: Callable[..., Any], arrays: Sequence[Any]) -> Any:
    """Call a function with arrays of NumPy or JAX; those of float16 as float32, and its values as float16 again."""
    wide = [a.astype(WIDE) if getattr(a, "dtype", None) == NARROW else a for a in arrays]
    if all(a is b for a, b in zip(wide, arrays, strict=True)):
        return function(*arrays)
    return _narrowed(function(*wide))


def _narrowed(found: Any) -> Any:
    if isinstance(found, (list, tuple)):
        return type(found)(map(_narrowed, found))
    with np.errstate(over="ignore"):
        return found.astype(NARROW) if getattr(found, "dtype", None) == WIDE else found


class Widened:
    """The bare function of a kernel in float16, made of the one in float32; all else that it has is that one's."""

    def __init__(self, wide: Any) -> None:
        self.wide, self.__name__ = wide, wide.__name__

    def __call__(self, *arrays: Any) -> Any:
        return in_wide(self.wide, arrays)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "wide" not in vars(self):
            raise AttributeError(name)
        found = getattr(self.wide, name)
        return (lambda *arrays: in_wide(found, arrays)) if name in ("numbers", "memory") else found
