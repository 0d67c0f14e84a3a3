"""Which samples each step takes: all of them, or shuffled pieces.

In: the data by name and a batch size. Out: for each epoch, the arrays of one step after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from symnet.derivation import Derivation
from symnet.expressions import axes_of


def checked_count(name: str, value: Any) -> int:
    """Give a count. Raises `ValueError` where it is no positive whole number."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a positive whole number, not {value!r}")
    return int(value)


class Batches:
    """All samples, or shuffled pieces of `batch_size`. Raises `ValueError` where it does not fit the data."""

    def __init__(self, derivation: Derivation, data: Mapping[str, Any], epochs: int, batch_size: int | None) -> None:
        self.epochs = epochs
        self.size = batch_size
        self.axes: dict[str, int] = {}
        if batch_size is None:
            return
        symbols = derivation.program.inputs
        counts: dict[str, dict[str, int]] = {}
        for size, symbol, axis in axes_of(symbols[n] for n in data):
            counts.setdefault(size.name, {})[symbol.name] = axis
        if not counts:
            raise ValueError(
                "batch_size: the data have no symbolic size to cut; declare one, such as matrix('X', 3, 'n')"
            )
        shared = max(len(found) for found in counts.values())
        best = [size for size, found in counts.items() if len(found) == shared]
        if len(best) > 1:
            raise ValueError(
                f"batch_size: the data share more than one size, {', '.join(best)}; use numbers for the others"
            )
        self.axes = counts[best[0]]
        self.samples = next(data[n].shape[axis] for n, axis in self.axes.items())
        if checked_count("batch_size", batch_size) > self.samples:
            raise ValueError(f"batch_size is {batch_size}, but there are only {self.samples} samples ({best[0]})")

    def of_epoch(self, values: dict[str, Any], generator: np.random.Generator) -> Iterator[tuple[dict[str, Any], int]]:
        """Give the data of each step of an epoch, and how many samples they are."""
        if self.size is None or self.size == self.samples:
            yield values, 1
            return
        order = generator.permutation(self.samples)
        for start in range(0, self.samples, self.size):
            chosen = order[start : start + self.size]
            batch = {n: np.take(values[n], chosen, axis=axis) for n, axis in self.axes.items()}
            yield {**values, **batch}, len(chosen)
