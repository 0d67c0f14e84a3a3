"""Which samples each step takes: all of them, shuffled pieces, or the batches that a user's own iterable gives.

In: the data, and how many samples a step takes. Out: for each epoch, the arrays of one step after the other, how many
samples they are, and which. An array mapped from a file is read a few batches at a time and never as a whole.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeAlias

import numpy as np
from sympy import MatrixSymbol
from sympy.matrices.exceptions import ShapeError

from symnet.backends import Kernel, binding, fitted
from symnet.expressions import Name
from symnet.training.cutting import checked_count, sample_axes

CHUNK = 1 << 24  # bytes of batches that are gathered at once
AT_ONCE = 1 << 11  # samples of a file that are read before its pages are given back: each may bring 64 KiB of them
Arrays: TypeAlias = dict[str, Any]
Piece: TypeAlias = tuple[list[Any], int, Any]  # arrays in the order of `names`, number of samples, their places


class Batches(Protocol):
    """`names`: the data that change from step to step; `samples`: how many there are, where that is known; `draws`:
    whether an epoch may take random numbers."""

    names: tuple[str, ...]
    draws: bool
    samples: int | None
    steps: int | None

    def first(self) -> Arrays:
        """Give arrays that show all shapes: all data, or where these are too large the first batch."""

    def bind(self, kernel: Kernel, others: Arrays) -> Arrays:
        """Check what a kernel takes of all values, and give its arguments by name; the batches get its dtype."""

    def of_epoch(self, generator: np.random.Generator | None, skip: int = 0) -> Iterator[Piece]:
        """Give the batches of an epoch but the first `skip`; in their own order where there is no generator."""


def is_mapped(array: Any) -> bool:
    """Tell whether an array is mapped from a file, as `numpy.load(…, mmap_mode="r")` gives it."""
    return _file_of(array) is not None


def _file_of(array: Any) -> mmap.mmap | None:
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    return array


def as_data(name: str, value: Any) -> Any:
    """Give data as an array of numbers; what is mapped from a file stays there. Raises `TypeError` for other data."""
    if is_mapped(value) and np.asarray(value).dtype.kind in "biuf":
        return np.asarray(value)
    return binding.as_array(name, value)


def taken(array: Any, chosen: Any, axis: int) -> Any:
    """Give some samples of an array, as an array of their own in which each sample stands in one piece."""
    rows = array if axis == 0 else array.T
    found = np.take(rows, chosen, axis=0) if rows.flags.c_contiguous else rows[chosen]
    return found if axis == 0 else found.T


def _wanted(kernel: Kernel, arrays: Arrays) -> Arrays:
    known = {*kernel.arguments, *kernel.program.names.sizes}
    return {n: a for n, a in arrays.items() if n in known}


class Whole:
    """All samples at every step."""

    names: tuple[str, ...] = ()
    draws = False
    steps: int | None = 1

    def __init__(self, arrays: Arrays, symbols: Mapping[str, Name]) -> None:
        self.arrays = arrays
        self.axes = sample_axes([symbols[n] for n in arrays], cut=False)
        lengths = {np.shape(arrays[n])[axis] for n, axis in self.axes.items() if np.ndim(arrays[n]) == 2}
        self.samples = lengths.pop() if len(lengths) == 1 else None

    def first(self) -> Arrays:
        """Give all data."""
        return self.arrays

    def bind(self, kernel: Kernel, others: Arrays) -> Arrays:
        """Check all values, and give the arguments of a kernel by name."""
        return dict(zip(kernel.arguments, kernel.bind({**_wanted(kernel, self.arrays), **others}), strict=True))

    def of_epoch(self, generator: np.random.Generator | None, skip: int = 0) -> Iterator[Piece]:
        """Give the one batch: nothing changes."""
        if not skip:
            yield [], self.samples or 1, None


class Pieces:
    """Pieces of arrays, shuffled anew in each epoch. `pool`: the places of the samples that take part, None for all.

    Raises `ValueError` for a batch size that is none, `ShapeError` where these have other lengths.
    """

    draws = True

    def __init__(self, arrays: Arrays, symbols: Mapping[str, Name], size: int, pool: Any = None) -> None:
        self.axes = sample_axes([symbols[n] for n in arrays], cut=True)
        self.names = tuple(self.axes)
        self.arrays = arrays
        lengths = {n: arrays[n].shape[axis] for n, axis in self.axes.items() if arrays[n].ndim == 2}
        self.total = next(iter(lengths.values()), 0)
        for name, length in lengths.items():
            if length != self.total:
                raise ShapeError(f"{name} holds {length} samples, but {next(iter(lengths))} holds {self.total}")
        self.pool = pool
        self.samples: int | None = self.total if pool is None else len(pool)
        self.size = min(checked_count("batch_size", size), self.samples)  # more than there are: all of them
        self.steps: int | None = -(-self.samples // self.size)
        self.mapped = [n for n in self.names if is_mapped(arrays[n])]
        self.dtype: Any = None

    def first(self) -> Arrays:
        """Give all data, or a batch where some are mapped from a file."""
        if not self.mapped:
            return self.arrays
        some = np.arange(self.size) if self.pool is None else self.pool[: self.size]
        return {n: taken(a, some, self.axes[n]) if n in self.axes else a for n, a in self.arrays.items()}

    def bind(self, kernel: Kernel, others: Arrays) -> Arrays:
        """Check all values (of a mapped array, one batch), and give the arguments of a kernel by name."""
        self.arrays = _wanted(kernel, self.arrays)
        self.names = tuple(n for n in self.names if n in self.arrays)
        bound = dict(zip(kernel.arguments, kernel.bind({**self.first(), **others}), strict=True))
        self.dtype = kernel.dtype
        if not self.mapped:
            self.arrays = {n: _by_sample(bound[n], self.axes.get(n)) for n in self.arrays}
        self.check_stated = partial(_check_stated, kernel, _without(bound, self.names), self.mapped)
        return bound

    def of_epoch(self, generator: np.random.Generator | None, skip: int = 0) -> Iterator[Piece]:
        """Give the batches of an epoch but the first `skip`, gathered a few at a time."""
        order = self.order(generator)
        assert self.samples is not None
        width = sum(a.dtype.itemsize * a.size // self.total for a in map(self.arrays.get, self.names) if a is not None)
        length = max(1, CHUNK // max(1, width * self.size)) * self.size
        for start in range(skip * self.size, len(order), length):
            chosen = order[start : start + length]
            chunk = [(self._gathered(name, chosen), self.axes[name]) for name in self.names]
            if self.mapped:
                self.check_stated(dict(zip(self.names, (a for a, _ in chunk), strict=True)))
                chunk = [(a.astype(self.dtype, copy=False), axis) for a, axis in chunk]
            for k in range(0, len(chosen), self.size):
                places = chosen[k : k + self.size]
                yield [a[k : k + self.size] if axis == 0 else a[:, k : k + self.size] for a, axis in chunk], \
                    len(places), places  # fmt: skip

    def order(self, generator: np.random.Generator | None) -> Any:
        """Give the places of the samples in the order in which an epoch takes them."""
        assert self.samples is not None
        order = np.arange(self.samples) if generator is None else generator.permutation(self.samples)
        return order if self.pool is None else self.pool[order]

    def _gathered(self, name: str, chosen: Any) -> Any:
        array, axis = self.arrays[name], self.axes[name]
        if name not in self.mapped:
            return taken(array, chosen, axis)
        parts = []
        for k in range(0, len(chosen), AT_ONCE):
            parts.append(taken(array, chosen[k : k + AT_ONCE], axis))
            _release(array)
        found = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=axis)
        binding.check_finite(name, found)
        return found


def _check_stated(
    kernel: Kernel, always: Arrays, names: Sequence[str], batch: Arrays, sizes: Mapping[str, int] | None = None
) -> None:
    # what comes in a batch, beside what is the same in all of them; the sizes where they are known by then
    if not kernel.stated.names:
        return
    arrays = {**always, **batch}
    if sizes is None:
        fixed = {n: a for n, a in always.items() if n in kernel.program.names.sizes}
        matrices = [s for s in kernel.symbols.values() if isinstance(s, MatrixSymbol)]
        sizes = binding.bind_sizes(matrices, arrays, fixed)
    kernel.stated.check({**arrays, **sizes}, names)


def _without(arrays: Arrays, names: Sequence[str]) -> Arrays:
    return {n: a for n, a in arrays.items() if n not in names}


def _by_sample(array: Any, axis: int | None) -> Any:
    # the samples one behind another in memory: they are gathered ten times as fast
    return array if axis is None else np.asfortranarray(array) if axis == 1 else np.ascontiguousarray(array)


def _release(array: Any) -> None:
    # what has been read of a file need not stay in this process's memory; the file itself is untouched
    file = _file_of(array)
    if file is not None and not array.flags.writeable and hasattr(file, "madvise"):
        file.madvise(mmap.MADV_DONTNEED)


class Stream:
    """The batches of a user's own: an object that gives dictionaries from symbols or names to arrays, anew each epoch.

    `called`: what it is in messages. Raises `TypeError` where it cannot be gone through twice or gives something else,
    `KeyError` for other names than those of its first batch, `ValueError` where it gives none, or fewer than before.
    """

    samples: int | None = None
    steps: int | None = None
    draws = True  # the user's own, from a generator that may be the loop's

    def __init__(self, batches: Any, called: str = "data") -> None:
        self.called = called
        if not hasattr(batches, "__iter__") or isinstance(batches, (str, bytes)):
            raise TypeError(
                f"{called} must be a dictionary from symbols to arrays, or an iterable of such dictionaries, not "
                f"{type(batches).__name__}"
            )
        if hasattr(batches, "shape") or (
            isinstance(batches, (tuple, list)) and any(hasattr(b, "shape") for b in batches)
        ):
            raise TypeError(f"{called}: arrays need the names of their symbols; write a dictionary {{X: x, Y: y}}")
        if iter(batches) is batches:
            raise TypeError(
                f"{called}: a {type(batches).__name__} is used up after one epoch; give a list of batches, or an "
                "object whose __iter__ begins anew"
            )
        self.batches = batches
        first = next(iter(batches), None)
        if first is None:
            raise ValueError(f"{called}: the iterable gives no batch at all")
        self.arrays = {n: as_data(n, v) for n, v in self._dictionary(first, 0).items()}
        self.names = tuple(self.arrays)
        if hasattr(batches, "__len__"):
            self.steps = len(batches)
        self.symbols: dict[str, Name] = {}
        self.sizes: dict[str, int] = {}
        self.axes: dict[str, int] = {}

    def first(self) -> Arrays:
        """Give the first batch."""
        return self.arrays

    def bind(self, kernel: Kernel, others: Arrays) -> Arrays:
        """Check the first batch and the other values, and give the arguments of a kernel by name."""
        first = _wanted(kernel, self.arrays)
        self.names = tuple(first)
        bound = dict(zip(kernel.arguments, kernel.bind({**first, **others}), strict=True))
        self.symbols = {n: kernel.symbols[n] for n in self.names}
        self.axes = sample_axes(self.symbols.values(), cut=False)
        self.dtype = kernel.dtype
        self.check_stated = partial(_check_stated, kernel, _without(bound, self.names), self.names)
        rest = [s for n, s in kernel.symbols.items() if n not in self.names and getattr(s, "is_Matrix", False)]
        fixed = {n: a for n, a in bound.items() if n in kernel.program.names.sizes}
        self.sizes = binding.bind_sizes(rest, bound, fixed)
        return bound

    def of_epoch(self, generator: np.random.Generator | None, skip: int = 0) -> Iterator[Piece]:
        """Give the batches but the first `skip`, each checked as it comes."""
        number = 0
        for number, batch in enumerate(islice(self.batches, skip, None), skip + 1):
            arrays = self._checked(self._dictionary(batch, number - 1), number)
            name, axis = next(iter(self.axes.items()), (None, 0))
            yield [arrays[n] for n in self.names], 1 if name is None else arrays[name].shape[axis], number - 1
        if not number and not skip:
            raise ValueError(f"{self.called}: the iterable gave no batch; it must begin anew in each epoch")
        if max(number, skip) < (self.steps or 0):
            raise ValueError(
                f"{self.called}: the iterable ended after {max(number, skip)} batches, and {self.steps} were to come, "
                "as its len says or as it gave before; it must give as many in each epoch"
            )
        self.steps = self.steps or number

    def _checked(self, batch: Arrays, number: int) -> Arrays:
        if batch.keys() != self.arrays.keys():
            first = ", ".join(self.arrays)
            raise KeyError(f"{self.called}: batch {number} holds {', '.join(batch)}, the first one {first}")
        arrays = {n: fitted(self.symbols[n], binding.as_array(n, batch[n])) for n in self.names}
        for name, array in arrays.items():
            binding.check_finite(name, array)
        sizes = binding.bind_sizes(self.symbols.values(), arrays, self.sizes)
        self.check_stated(arrays, sizes)  # in the digits that they come with
        return {name: array.astype(self.dtype, copy=False) for name, array in arrays.items()}

    def _dictionary(self, batch: Any, number: int) -> Arrays:
        if not isinstance(batch, Mapping):
            raise TypeError(
                f"{self.called}: each batch must be a dictionary from symbols or names to arrays, but batch "
                f"{number + 1} is {type(batch).__name__}"
            )
        return binding.named(batch)


def batches_of(data: Any, arrays: Arrays, symbols: Mapping[str, Name], size: int | None, pool: Any = None) -> Batches:
    """Give the batches of data; `arrays` are those of a dictionary, `pool` the places of the samples that take part."""
    if isinstance(data, Stream):
        if size is not None:
            raise ValueError("batch_size: the iterable given as data cuts the batches itself; leave batch_size away")
        return data
    if pool is not None and (size is None or not any(map(is_mapped, arrays.values()))):
        axes = sample_axes([symbols[n] for n in arrays], cut=True)
        arrays = {n: taken(a, pool, axes[n]) if n in axes else a for n, a in arrays.items()}
        pool = None
    if size is None:
        return Whole(arrays, symbols)
    pieces = Pieces(arrays, symbols, size, pool)
    return pieces if pieces.steps != 1 or pieces.mapped else Whole(arrays, symbols)
