"""Arrays that hold nothing but a shape, and tell a ledger what is done with them: how costs are counted.

In: calls of NumPy, as the code of kernels has them. Out: the number of operations of each, and arrays of the shapes
that come of it; sizes may be symbols. A multiplication with its addition in a product of matrices is one operation, and
so is any other arithmetic, comparison or function of one entry. What only moves entries is none. An array knows its
type of numbers, and whose memory it shares where it is a view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from sympy import Expr, Integer

Sizes: TypeAlias = tuple[Any, ...]


class Ledger:
    """What has been counted. `operations`: of all that was done so far since the last entry; `entries`: one for each
    value that `close` was given, the operations it took and its shape; `dtype`: of arrays that are told no other."""

    def __init__(self, dtype: Any = float) -> None:
        self.operations: Any = 0
        self.entries: list[tuple[Any, Sizes]] = []
        self.dtype = np.dtype(dtype)

    def array(self, *shape: Any, dtype: Any = None) -> Counted:
        """Give an array of a shape."""
        return Counted(self, shape, self.dtype if dtype is None else np.dtype(dtype))

    def count(self, operations: Any) -> None:
        """Add operations to the entry that is open."""
        self.operations = self.operations + operations

    def close(self, value: Any) -> Any:
        """End an entry with the value that it is about, and give the value."""
        self.entries.append((self.operations, getattr(value, "shape", ())))
        self.operations = 0
        return value

    def functions(self) -> dict[str, Any]:
        """Give, by the names that kernels use, functions that take sizes which are symbols, and make new arrays."""
        functions: dict[str, Any] = {
            name: self._entrywise(f) for name, f in vars(np).items() if isinstance(f, np.ufunc) and f.nout == 1
        }
        told = lambda dtype: dtype if isinstance(dtype, (type, np.dtype)) else None
        square = lambda n, M=None, *_, dtype=None, **__: self.array(n, n if M is None else M, dtype=told(dtype))
        filled = lambda shape, *_, dtype=None, **__: self.array(*shape, dtype=told(dtype))
        return functions | {
            "eye": square, "tri": square, "zeros": filled, "ones": filled, "full": filled,
            "arange": lambda n, **_: self.array(n, dtype=int),
            "array": lambda rows, **_: self.array(len(rows), len(rows[0])),
            "vectorize": lambda f, **_: self._entrywise(np.positive), "float": lambda x: x,
            "polygamma": lambda order, x: self._entrywise(np.positive)(x),  # which is no ufunc of SciPy's
        }  # fmt: skip

    def _entrywise(self, f: np.ufunc) -> Callable[..., Any]:
        def function(*arguments: Any) -> Any:
            if any(isinstance(a, Counted) for a in arguments):
                return self.applied(f, arguments)
            symbolic = any(isinstance(a, Expr) and not a.is_number for a in arguments)
            return self.array() if symbolic else f(*[float(a) for a in arguments])

        return function

    def applied(self, ufunc: Any, arguments: Sequence[Any]) -> Counted:
        """Count what a function of NumPy does entry by entry, or a product of matrices, and give its value."""
        shapes = [np.shape(a) if not isinstance(a, Counted) else a.shape for a in arguments]
        if ufunc is np.matmul:
            return self._product(*shapes)
        shape = broadcast(*shapes)
        self.count(prod(shape))
        orders = {a.order for a in arguments if isinstance(a, Counted) and a.shape == shape}
        return Counted(self, shape, self._dtype(ufunc, arguments), order="F" if orders == {"F"} else "C")

    def _dtype(self, ufunc: Any, arguments: Sequence[Any]) -> Any:
        # a number of Python takes the type of the arrays beside it; a size that is a symbol is one
        kinds = [
            a.dtype if hasattr(a, "dtype") else type(a) if type(a) in (bool, int, float) else float for a in arguments
        ]
        if not isinstance(ufunc, np.ufunc):  # a choice
            return np.result_type(*[k for k in kinds[1:] if isinstance(k, np.dtype)] or [self.dtype])
        return ufunc.resolve_dtypes((*kinds, *[None] * ufunc.nout))[-1]

    def _product(self, a: Sizes, b: Sizes) -> Counted:
        inner = a[-1]
        self.count(prod(a[:-1]) * inner * prod(b[1:]))
        return self.array(*a[:-1], *b[1:])


def broadcast(*shapes: Sizes) -> Sizes:
    """Give the shape that shapes broadcast to; where two sizes are not known to be equal, they are by then checked."""
    longest = max(map(len, shapes), default=0)
    padded = [(1,) * (longest - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(next((size for size in sizes if size != 1), 1) for sizes in zip(*padded, strict=True))


class Counted(NDArrayOperatorsMixin):
    """An array of which only the shape is known, and its type of numbers. `root`: the array whose memory it is;
    `order`: "C" where its rows lie one after another, "F" where its columns do, "" where neither."""

    def __init__(self, ledger: Ledger, shape: Sizes, dtype: Any, root: Counted | None = None, order: str = "C") -> None:
        self.ledger, self.shape, self.dtype = ledger, shape, dtype
        self.root: Counted = self if root is None else root
        self.order = "C" if len(shape) < 2 or (order == "F" and 1 in shape) else order

    def _view(self, *shape: Any, order: str = "C") -> Counted:
        return Counted(self.ledger, shape, self.dtype, self.root, order)

    @property
    def size(self) -> Any:
        """The number of entries."""
        return prod(self.shape)

    @property
    def bytes(self) -> Any:
        """What the entries take; a single number takes no array."""
        return self.size * self.dtype.itemsize if self.shape else 0

    @property
    def T(self) -> Counted:
        """The transpose."""
        return self._view(*self.shape[::-1], order={"C": "F", "F": "C"}.get(self.order, ""))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **_options: Any) -> Any:
        return self.ledger.applied(ufunc, inputs) if method == "__call__" else NotImplemented

    def __array_function__(self, function: Any, _types: Any, arguments: Any, options: Any) -> Any:
        row = _FUNCTIONS.get(function)
        return row(*arguments, **options) if row else self._as_numpy_does(function, arguments, options)

    def _as_numpy_does(self, function: Any, arguments: Any, options: Any) -> Any:
        # any other function of NumPy: an operation for each entry of what is larger, unless it only moves entries
        found = results(self.ledger, f"numpy.{function.__name__}", function, arguments, options)
        if function not in _MOVING:
            self.ledger.count(longest([a.size for a in (*counted_in(arguments), *found)]))
        return found[0] if len(found) == 1 else found

    def _reduced(self, axis: int | None = None, keepdims: bool = False) -> Counted:
        self.ledger.count(self.size)
        if axis is None:
            return self.ledger.array()
        kept = [1] if keepdims else []
        return self.ledger.array(*self.shape[:axis], *kept, *self.shape[axis + 1 :])

    sum = max = min = prod = _reduced

    def cumsum(self, axis: int | None = None) -> Counted:  # noqa: ARG002
        """Give sums, or products, of the entries before."""
        self.ledger.count(self.size)
        return self.ledger.array(*self.shape)

    cumprod = cumsum

    def astype(self, dtype: Any) -> Counted:
        """Give an array of another type of numbers."""
        return self.ledger.array(*self.shape, dtype=dtype)

    def reshape(self, *shape: Any) -> Counted:
        """Give an array of another shape; a size of -1 is what is left."""
        known = prod(n for n in shape if n != -1)
        new = [self.size / Integer(1) / known if n == -1 else n for n in shape]
        return self._view(*new) if self.order == "C" else self.ledger.array(*new, dtype=self.dtype)

    def transpose(self, *axes: int) -> Counted:
        """Give an array with its axes in another order."""
        return self._view(*[self.shape[k] for k in axes], order="")

    def ravel(self) -> Counted:
        """Give an array of one axis."""
        return self.reshape(self.size)

    def diagonal(self) -> Counted:
        """Give the diagonal."""
        return self._view(self.shape[0])

    def __getitem__(self, index: Any) -> Counted:
        parts = index if isinstance(index, tuple) else (index,)
        shape, rest = [], list(self.shape)
        for part in parts:
            if part is None:
                shape.append(1)
            elif isinstance(part, slice):
                shape.append(_length(part, rest.pop(0)))
            elif isinstance(part, Counted):
                shape += part.shape
                rest.pop(0)
            elif rest:
                rest.pop(0)
        if any(isinstance(part, Counted) for part in parts):
            return self.ledger.array(*shape, *rest, dtype=self.dtype)
        return self._view(*shape, *rest, order="" if (*shape, *rest) != self.shape else self.order)


def counted_in(arguments: Any) -> list[Counted]:
    """Give the arrays among arguments, those in lists and tuples too."""
    if isinstance(arguments, (tuple, list)):
        return [a for one in arguments for a in counted_in(one)]
    return [arguments] if isinstance(arguments, Counted) else []


def longest(numbers: Sequence[Any]) -> Any:
    """Give the largest of some numbers, sizes that are symbols taken as large."""
    return max(numbers, key=lambda n: n.subs(dict.fromkeys(n.free_symbols, 10**6)) if isinstance(n, Expr) else n)


def results(
    ledger: Ledger, name: str, f: Callable[..., Any], arguments: Sequence[Any], options: Mapping[str, Any]
) -> tuple[Counted, ...]:
    """Give arrays of the shapes that a function gives: it is run, on numbers, to see them.

    Where sizes are symbols it is run for some numbers in their place, and the shapes are linear in the sizes. Raises
    `TypeError` where they are not.
    """
    free = sorted({s for a in counted_in(arguments) for n in a.shape for s in getattr(n, "free_symbols", ())}, key=str)
    steps = [frozenset[Any](), *[frozenset([s]) for s in free], frozenset(free)]
    found = [_shapes(f, arguments, options, {s: 2 + (s in step) for s in free}) for step in steps]

    def along(*sizes: int) -> Any:
        slopes = [size - sizes[0] for size in sizes[1 : 1 + len(free)]]
        if sizes[-1] != sizes[0] + sum(slopes):
            raise TypeError(f"{name} is counted where sizes are numbers; give {', '.join(map(str, free))} as sizes=")
        return sizes[0] + sum(slope * (s - 2) for slope, s in zip(slopes, free, strict=True))

    return tuple(
        ledger.array(*[along(*sizes) for sizes in zip(*[shape for shape, _ in one], strict=True)], dtype=one[0][1])
        for one in zip(*found, strict=True)
    )


def _shapes(f: Callable[..., Any], arguments: Any, options: Any, put: Mapping[Any, int]) -> list[tuple[Any, Any]]:
    def numbers(a: Any) -> Any:
        if isinstance(a, (tuple, list)):
            return type(a)(map(numbers, a))
        if isinstance(a, Expr):
            return int(a.xreplace(dict(put))) if a.is_integer else float(a.xreplace(dict(put)))
        if not isinstance(a, Counted):
            return a
        shape = [int(n.xreplace(dict(put))) if isinstance(n, Expr) else int(n) for n in a.shape]
        return np.eye(*shape, dtype=a.dtype) if len(shape) == 2 else np.zeros(shape, _index_or(a.dtype))

    with np.errstate(all="ignore"):
        found = f(*map(numbers, arguments), **options)
    return [(np.shape(one), getattr(one, "dtype", None)) for one in (found if isinstance(found, tuple) else (found,))]


def _index_or(dtype: Any) -> Any:
    return int if dtype.kind == "f" else dtype  # of one axis: places in windows


def _length(part: slice, size: Any) -> Any:
    if part.start is None and part.stop is None:
        return size
    if isinstance(size, (int, Integer)) or part.stop is None:
        return len(range(*part.indices(int(size))))
    return part.stop - (part.start or 0)


def _vdot(a: Any, b: Any) -> Any:
    ledger = a.ledger if isinstance(a, Counted) else b.ledger
    ledger.count(max(a.size, b.size, key=lambda n: n != 1))
    return ledger.array()


def _where(*arguments: Any) -> Any:
    ledger = next(a.ledger for a in arguments if isinstance(a, Counted))
    return ledger.applied(np.clip, arguments)  # a choice between two, an operation for each entry


def _solved(cost: Callable[[Any], Any], shape: Callable[[Any], Any]) -> Callable[[Counted], Any]:
    def function(A: Counted) -> Any:
        A.ledger.count(cost(A.shape[0] * Integer(1)))
        return shape(A)

    return function


def _solve(A: Any, B: Any) -> Any:
    n = A.shape[0] * Integer(1)
    ledger = A.ledger if isinstance(A, Counted) else B.ledger
    ledger.count(n**3 / 3 + n * prod(B.shape))
    return ledger.array(*B.shape)


_MOVING = {
    np.broadcast_to, np.concatenate, np.copy, np.diag, np.flip, np.hstack, np.repeat, np.roll, np.stack, np.take,
    np.tile, np.tril, np.triu, np.vstack,
}  # fmt: skip
# fmt: off
# of LAPACK the leading term: Golub and Van Loan, "Matrix Computations" (2013), sections 3.2 and 3.4
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.vdot:           _vdot,
    np.linalg.inv:     _solved(lambda n: n**3, lambda A: A.ledger.array(*A.shape)),
    np.linalg.det:     _solved(lambda n: n**3 / 3, lambda A: A.ledger.array()),
    np.linalg.slogdet: _solved(lambda n: n**3 / 3, lambda A: (A.ledger.array(), A.ledger.array())),
    np.linalg.solve:   _solve,
    np.linalg.cholesky: _solved(lambda n: n**3 / 6, lambda A: A.ledger.array(*A.shape)),
    np.where:          _where,
    np.trace:          _solved(lambda n: n, lambda A: A.ledger.array()),
    np.linalg.trace:   _solved(lambda n: n, lambda A: A.ledger.array()),
    np.diagflat:       lambda x: x.ledger.array(x.size, x.size),
    np.kron:           lambda A, B: _kron(A, B),
}
# fmt: on


def _kron(A: Any, B: Any) -> Any:
    A.ledger.count(A.size * B.size)
    return A.ledger.array(*[m * n for m, n in zip(A.shape, B.shape, strict=True)])
