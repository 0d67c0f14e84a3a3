"""Functions of matrices that NumPy lacks, for kernels to call.

In: arrays of two axes. Out: arrays. Each function stands on its own with `np`, since the source of a kernel that
calls it has its text. None changes its arguments; dtypes are kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def adjugate(A: Any) -> Any:
    """Give the transposed matrix of cofactors, by singular values: also where the determinant is 0."""
    U, s, Vt = np.linalg.svd(A)
    n = len(s)
    others = np.array([np.prod(np.delete(s, i)) for i in range(n)], A.dtype)
    turn = np.linalg.det(U) * np.linalg.det(Vt)
    return ((Vt.T * (turn.real * others)) @ U.T).astype(A.dtype)


def part(A: Any, rows: int, cols: int, text: str) -> Any:
    """Give a slice of a matrix whose size only the data tell. Raises `ValueError` where it is not all there."""
    if A.shape != (rows, cols) or 0 in A.shape:
        raise ValueError(f"{text}: the matrix is too small, of the {rows} rows and {cols} columns {A.shape} are there")
    return A


def placed(G: Any, rows: int, cols: int, at: slice, along: slice) -> Any:
    """Give zeros with G in some rows and columns."""
    whole = np.zeros((rows, cols), G.dtype)
    whole[at, along] = G
    return whole
