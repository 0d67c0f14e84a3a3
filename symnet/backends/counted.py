"""Arrays that hold nothing but a shape, and tell a ledger what is done with them: how costs are counted.

In: calls of NumPy, as the code of kernels has them. Out: the number of operations of each, and arrays of the shapes
that come of it; sizes may be symbols. A multiplication with its addition in a product of matrices is one operation, and
so is any other arithmetic, comparison or function of one entry. What only moves entries is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from sympy import Expr, Integer

Sizes: TypeAlias = tuple[Any, ...]


class Ledger:
    """What has been counted. `operations`: of all that was done so far since the last entry; `entries`: one for each
    value that `close` was given, the operations it took and its shape."""

    def __init__(self) -> None:
        self.operations: Any = 0
        self.entries: list[tuple[Any, Sizes]] = []

    def array(self, *shape: Any) -> Counted:
        """Give an array of a shape."""
        return Counted(self, shape)

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
        square = lambda n, M=None, *_, **__: self.array(n, n if M is None else M)
        filled = lambda shape, *_, **__: self.array(*shape)
        return functions | {
            "eye": square, "zeros": filled, "full": filled, "arange": lambda n, **_: self.array(n),
            "array": lambda rows, **_: self.array(len(rows), len(rows[0])),
            "vectorize": lambda f, **_: self._entrywise(np.positive), "float": lambda x: x,
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
        return self.array(*shape)

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
    """An array of which only the shape is known."""

    dtype = np.dtype(float)

    def __init__(self, ledger: Ledger, shape: Sizes) -> None:
        self.ledger, self.shape = ledger, shape

    @property
    def size(self) -> Any:
        """The number of entries."""
        return prod(self.shape)

    @property
    def T(self) -> Counted:
        """The transpose."""
        return self.ledger.array(*self.shape[::-1])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **_options: Any) -> Any:
        return self.ledger.applied(ufunc, inputs) if method == "__call__" else NotImplemented

    def __array_function__(self, function: Any, _types: Any, arguments: Any, options: Any) -> Any:
        row = _FUNCTIONS.get(function)
        return row(*arguments, **options) if row else self._as_numpy_does(function, arguments, options)

    def _as_numpy_does(self, function: Any, arguments: Any, options: Any) -> Any:
        # any other function of NumPy: its shape is that of its result, once for each entry of what is larger
        given = [a for a in arguments if isinstance(a, Counted)]
        if any(not isinstance(n, (int, Integer)) for a in given for n in a.shape):
            raise TypeError(f"numpy.{function.__name__} is counted where all sizes are numbers; give them as sizes=")
        found = function(
            *[np.ones(list(map(int, a.shape))) if isinstance(a, Counted) else a for a in arguments], **options
        )
        self.ledger.count(max([np.size(found), *(a.size for a in given)]))
        return self.ledger.array(*np.shape(found))

    def _reduced(self, axis: int | None = None, keepdims: bool = False) -> Counted:
        self.ledger.count(self.size)
        if axis is None:
            return self.ledger.array()
        kept = [1] if keepdims else []
        return self.ledger.array(*self.shape[:axis], *kept, *self.shape[axis + 1 :])

    sum = max = _reduced

    def astype(self, _dtype: Any) -> Counted:
        """Give an array of another type of numbers."""
        return self.ledger.array(*self.shape)

    def reshape(self, *shape: Any) -> Counted:
        """Give an array of another shape; a size of -1 is what is left."""
        known = prod(n for n in shape if n != -1)
        return self.ledger.array(*[self.size / Integer(1) / known if n == -1 else n for n in shape])

    def transpose(self, *axes: int) -> Counted:
        """Give an array with its axes in another order."""
        return self.ledger.array(*[self.shape[k] for k in axes])

    def ravel(self) -> Counted:
        """Give an array of one axis."""
        return self.ledger.array(self.size)

    def diagonal(self) -> Counted:
        """Give the diagonal."""
        return self.ledger.array(self.shape[0])

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
        return self.ledger.array(*shape, *rest)


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
