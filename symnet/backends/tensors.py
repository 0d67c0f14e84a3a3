"""Weights as `.safetensors`, a format that many libraries read: names, shapes and numbers, and nothing that runs.

In: arrays by name, or the bytes of a file. Out: the other. The package `safetensors` does both; it is optional.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

ENDING = ".safetensors"


def _library(who: str) -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ModuleNotFoundError(
            f"{who}: a {ENDING} file needs safetensors, which is not installed: pip install 'symnet[safetensors]'; a "
            ".npz file needs nothing"
        ) from None
    return safetensors


def packed(who: str, arrays: Mapping[str, Any]) -> bytes:
    """Give the bytes of a file. Raises `TypeError` for numbers that the format does not have, `ValueError` for a name
    that it keeps for itself, `ModuleNotFoundError` where the package is not installed."""
    library = _library(who)
    held = {}
    for name, array in arrays.items():
        if name == "__metadata__":
            raise ValueError(f"{who}: a {ENDING} file keeps the name {name} for itself; choose another, or write .npz")
        if array.dtype.kind == "f" and array.dtype.itemsize > 8:
            raise TypeError(f"{who}: {name} is of type {array.dtype}, which {ENDING} does not have; write .npz")
        held[name] = np.array(array, array.dtype.newbyteorder("="), order="C")
    return bytes(library.numpy.save(held))


def unpacked(who: str, source: Any, content: bytes) -> dict[str, Any]:
    """Give the arrays in the bytes of a file. Raises `ValueError` where it is damaged, foreign or holds other things
    than real numbers, `ModuleNotFoundError` where the package is not installed."""
    library = _library(who)
    try:
        found = library.numpy.load(content)
    except KeyError as error:
        raise ValueError(f"{who}: {source} holds values of type {error.args[0]}, which NumPy does not have") from None
    except (library.SafetensorError, ArithmeticError, MemoryError, TypeError, ValueError) as error:
        raise ValueError(
            f"{who}: {source} is no {ENDING} file, is damaged or was not written to its end ({error})"
        ) from None
    if not found:
        raise ValueError(f"{who}: {source} holds no array")
    for name, array in found.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{who}: {name} in {source} holds values of type {array.dtype} and no real numbers")
    return {name: np.array(array)[()] for name, array in found.items()}
