"""Matrices that are kept as what they are made of: Kronecker products, diagonals, permutations, products and sums.

In: arrays. Out: a `StructuredMatrix`, which multiplies, solves and, if asked to, writes itself out. Nothing of its full
size is built unless `to_dense` is called. SciPy takes it as a LinearOperator.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from symnet.expressions import Shown

LARGEST = 4000  # rows up to which a system without structure is solved densely


class StructuredMatrix(Shown):
    """A matrix by its structure. `shape`, `dtype`, `T`, `@`, and the methods below; `numpy.asarray` writes it out.

    Made by kernels whose value is a Kronecker product or has one in it, such as the Hessian in a matrix.

    >>> import numpy as np, symnet as sn
    >>> A, B = sn.matrix("A", 2, 2), sn.matrix("B", 300, 300)
    >>> K = sn.compile(sn.kron(A, B))({A: [[2, 1], [0, 4]], B: np.eye(300)})
    >>> K
    <KroneckerProduct 600×600, float64; .to_dense() writes it out>
    >>> ones = np.ones(600)
    >>> [x[[0, 599]].tolist() for x in (K @ ones, K.solve(ones), K.matvec(ones), K.rmatvec(ones))]
    [[3.0, 4.0], [0.375, 0.25], [3.0, 4.0], [2.0, 5.0]]
    >>> K.T.to_dense().shape, K.matmat(np.eye(600)).shape
    ((600, 600), (600, 600))
    >>> K.times(np.eye(600)).shape, K.solved(np.eye(600)).shape  # of arrays with two axes, which are not checked
    ((600, 600), (600, 600))
    """

    ndim = 2
    shape: tuple[int, int]
    dtype: Any = np.dtype(float)
    is_typed = True  # whether it holds numbers; an identity takes the dtype of what it stands beside

    def _headline(self) -> str:
        rows, cols = self.shape
        return f" {rows}×{cols}, {self.dtype}; .to_dense() writes it out"

    def times(self, X: Any) -> Any:
        """Give the product with an array of as many rows as the matrix has columns."""
        raise NotImplementedError

    def solved(self, B: Any) -> Any:
        """Give X with self·X = B."""
        return np.linalg.solve(self._dense_to_solve(), B)

    @property
    def T(self) -> StructuredMatrix:
        """The transpose."""
        raise NotImplementedError

    def to_dense(self) -> Any:
        """Give the matrix as an array; of m·n rows and columns for a parameter of m rows and n columns."""
        return self.times(np.eye(self.shape[1], dtype=self.dtype))

    def matvec(self, x: Any) -> Any:
        """Give the product with a vector, of the shape of the vector. Raises `ValueError` for a wrong length."""
        return self._column(self.times, x, self.shape[1], "matvec")

    def rmatvec(self, x: Any) -> Any:
        """Give the product of the transpose with a vector."""
        return self._column(self.T.times, x, self.shape[0], "rmatvec")

    def matmat(self, X: Any) -> Any:
        """Give the product with an array of several columns."""
        return self @ X

    def solve(self, b: Any) -> Any:
        """Give x with self·x = b, of the shape of b.

        Kronecker products, diagonals and permutations are solved by their parts. Raises `ValueError` where the matrix
        is not square, or has no structure to be solved by and more than 4000 rows; `numpy.linalg.LinAlgError` where it
        is singular.
        """
        if self.shape[0] != self.shape[1]:
            raise ValueError(f"solve: the matrix must be square, and it is {self.shape[0]}×{self.shape[1]}")
        return self._column(self.solved, b, self.shape[0], "solve", several=True)

    def __matmul__(self, other: Any) -> Any:
        return self._column(self.times, other, self.shape[1], "@", several=True)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.to_dense(), dtype)

    def _typed_as(self, *parts: StructuredMatrix) -> None:
        typed = [M.dtype for M in parts if M.is_typed]
        self.is_typed, self.dtype = bool(typed), np.result_type(*typed) if typed else np.dtype(float)

    def _column(self, f: Any, x: Any, length: int, who: str, several: bool = False) -> Any:
        x = np.asarray(x)
        fits = x.ndim in (1, 2) and x.shape[0] == length and (several or x.size == length)
        if not fits:
            raise ValueError(f"{who}: the matrix is {self.shape[0]}×{self.shape[1]}, and an array of shape {x.shape} "
                             f"does not fit; its first axis must have {length} entries")  # fmt: skip
        return f(x.reshape(length, -1)).reshape(-1, *x.shape[1:])

    def _dense_to_solve(self) -> Any:
        if self.shape[0] > LARGEST:
            raise ValueError(
                f"solve: a sum or product of {self.shape[0]} rows without a structure to solve it by; give it to an "
                "iterative method, such as scipy.sparse.linalg.minres(H, b)"
            )
        return self.to_dense()


class Dense(StructuredMatrix):
    """An array."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def times(self, X: Any) -> Any:
        return self.array @ X

    @property
    def T(self) -> Dense:
        return Dense(self.array.T)

    def to_dense(self) -> Any:
        return self.array


class Eye(StructuredMatrix):
    """The identity."""

    is_typed = False

    def __init__(self, size: int) -> None:
        self.shape = (size, size)

    def times(self, X: Any) -> Any:
        return X

    def solved(self, B: Any) -> Any:
        return B

    @property
    def T(self) -> Eye:
        return self


class OnDiagonal(StructuredMatrix):
    """diag(d)."""

    def __init__(self, d: Any) -> None:
        self.d, self.shape, self.dtype = d.reshape(-1, 1), (d.size, d.size), d.dtype

    def times(self, X: Any) -> Any:
        return self.d * X

    def solved(self, B: Any) -> Any:
        if not np.all(self.d):
            raise np.linalg.LinAlgError("Singular matrix: a zero stands on its diagonal")
        return B / self.d

    @property
    def T(self) -> OnDiagonal:
        return self


class Permuted(StructuredMatrix):
    """K with K·vec A = vec Aᵀ, for A of m rows and n columns."""

    is_typed = False

    def __init__(self, m: int, n: int) -> None:
        self.m, self.n, self.shape = m, n, (m * n, m * n)

    def times(self, X: Any) -> Any:
        return X.reshape(self.n, self.m, -1).swapaxes(0, 1).reshape(X.shape)

    def solved(self, B: Any) -> Any:
        return self.T.times(B)

    @property
    def T(self) -> Permuted:
        return Permuted(self.n, self.m)


class KroneckerProduct(StructuredMatrix):
    """A ⊗ B."""

    def __init__(self, A: StructuredMatrix, B: StructuredMatrix) -> None:
        self.A, self.B = A, B
        self._typed_as(A, B)
        self.shape = (A.shape[0] * B.shape[0], A.shape[1] * B.shape[1])

    def times(self, X: Any) -> Any:
        return self._through(X, self.A.times, self.B.times, self.A.shape[1], self.B.shape[1])

    def solved(self, B: Any) -> Any:
        if self.A.shape[0] != self.A.shape[1]:
            raise np.linalg.LinAlgError("Singular matrix: a Kronecker product of matrices that are not square")
        return self._through(B, self.A.solved, self.B.solved, self.A.shape[0], self.B.shape[0])

    def _through(self, X: Any, left: Any, right: Any, n: int, q: int) -> Any:
        # vec(B·M·Aᵀ): B on each column of M, then A on each row
        k = X.shape[1]
        Y = X.reshape(n, q, k)
        if not isinstance(self.B, Eye):
            Y = right(Y.swapaxes(0, 1).reshape(q, n * k)).reshape(-1, n, k).swapaxes(0, 1)
        if not isinstance(self.A, Eye):
            Y = left(Y.reshape(n, -1))
        return Y.reshape(-1, k)

    @property
    def T(self) -> KroneckerProduct:
        return KroneckerProduct(self.A.T, self.B.T)

    def to_dense(self) -> Any:
        return np.kron(self.A.to_dense(), self.B.to_dense()).astype(self.dtype, copy=False)


class Product(StructuredMatrix):
    """A number times a product."""

    def __init__(self, c: Any, factors: Sequence[StructuredMatrix]) -> None:
        self.c, self.factors = c, tuple(factors)
        self._typed_as(*factors)
        self.shape = (factors[0].shape[0], factors[-1].shape[1])

    def times(self, X: Any) -> Any:
        return self.c * reduce(lambda Y, M: M.times(Y), reversed(self.factors), X)

    def solved(self, B: Any) -> Any:
        if any(M.shape[0] != M.shape[1] for M in self.factors):
            return super().solved(B)
        return reduce(lambda Y, M: M.solved(Y), self.factors, B / self.c)

    @property
    def T(self) -> Product:
        return Product(self.c, [M.T for M in reversed(self.factors)])


class Sum(StructuredMatrix):
    """A sum."""

    def __init__(self, terms: Sequence[StructuredMatrix]) -> None:
        self.terms, self.shape = tuple(terms), terms[0].shape
        self._typed_as(*terms)

    def times(self, X: Any) -> Any:
        return reduce(lambda a, b: a + b, [M.times(X) for M in self.terms])

    def solved(self, B: Any) -> Any:
        merged = _merged(self.terms)
        return super().solved(B) if merged is None else merged.solved(B)

    @property
    def T(self) -> Sum:
        return Sum([M.T for M in self.terms])


def _merged(terms: Sequence[StructuredMatrix]) -> KroneckerProduct | None:
    # A ⊗ I + c·I is (A + c·I) ⊗ I, and likewise I ⊗ B + c·I
    pairs = [_coefficient(M) for M in terms]
    kroneckers = [M for _, M in pairs if isinstance(M, KroneckerProduct)]
    for side, other in (("A", "B"), ("B", "A")):
        sizes = {getattr(M, other).shape for M in kroneckers}
        alike = len(sizes) == 1 and all(isinstance(getattr(M, other), Eye) for M in kroneckers)
        if alike and all(isinstance(M, (KroneckerProduct, Eye)) for _, M in pairs):
            n = getattr(kroneckers[0], side).shape[0]
            parts = [c * (getattr(M, side).to_dense() if M in kroneckers else np.eye(n)) for c, M in pairs]
            dtype = np.result_type(*[M.dtype for M in kroneckers])
            whole, rest = Dense(reduce(lambda a, b: a + b, parts).astype(dtype)), getattr(kroneckers[0], other)
            return KroneckerProduct(whole, rest) if side == "A" else KroneckerProduct(rest, whole)
    return None


def _coefficient(M: StructuredMatrix) -> tuple[Any, StructuredMatrix]:
    return (M.c, M.factors[0]) if isinstance(M, Product) and len(M.factors) == 1 else (1, M)
