"""Functions of matrices that NumPy lacks, for kernels to call.

In: arrays of two axes. Out: arrays. They need `np` and each other only: the source of a kernel that
calls one has its text. None changes its arguments; dtypes are kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def adjugate(A: Any) -> Any:
    """Give the transposed matrix of cofactors, by singular values: also where the determinant is 0."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
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


def times(X: Any, Y: Any) -> Any:
    """Give the product of two matrices, each a list of its value and, where it has one, its derivative."""
    return [X[0] @ Y[0], *([X[0] @ Y[1] + X[1] @ Y[0]] if len(X) > 1 else [])]


def combined(*terms: Any) -> Any:
    """Give a sum of numbers times such matrices."""
    found = [terms[0][0] * part for part in terms[0][1]]
    for c, X in terms[1:]:
        found = [whole + c * part for whole, part in zip(found, X, strict=True)]
    return found


def pade(X: Any, one: Any, m: int) -> Any:
    """Give the odd and even part of the numerator of the [m/m] Padé approximant of the exponential."""
    b = [1.0]
    for j in range(m):
        b.append(b[-1] * (m - j) / ((2 * m - j) * (j + 1)))
    powers = [one, times(X, X)]
    while len(powers) <= min(m // 2, 4 if m < 13 else 3):
        powers.append(times(powers[-1], powers[1]))
    if m < 13:
        odd, even = (combined(*[(b[2 * k + j], powers[k]) for k in range(m // 2 + 1)]) for j in (1, 0))
    else:  # of degree 13, in powers up to the sixth
        odd, even = (
            combined((1, times(powers[3], combined(*[(b[2 * k + j], powers[k - 3]) for k in (4, 5, 6)]))),
                     *[(b[2 * k + j], powers[k]) for k in range(4)])
            for j in (1, 0)
        )  # fmt: skip
    return times(X, odd), even


def expm(A: Any, E: Any = None) -> Any:
    """Give the exponential of A, or its derivative along E.

    Scaling and squaring with Padé approximants: N. Higham, SIAM Journal on Matrix Analysis 26 (2005), table 2.3; for
    the derivative the bounds on the norm are those of A. Al-Mohy and N. Higham, the same, 30 (2009), table 6.1.
    """
    bounds = {3: 1.495e-2, 5: 2.539e-1, 7: 9.504e-1, 9: 2.097, 13: 5.371}
    bounds = bounds if E is None else {3: 1.08e-2, 5: 2.00e-1, 7: 7.83e-1, 9: 1.78, 13: 4.74}
    size = float(np.abs(A).sum(axis=0).max())
    if not np.isfinite(size):
        return np.full(A.shape, np.nan, A.dtype)
    m = next((degree for degree, bound in bounds.items() if size <= bound), 13)
    squarings = max(0, int(np.ceil(np.log2(size / bounds[13])))) if size > bounds[13] else 0
    X = [A * 0.5**squarings, *([] if E is None else [E * 0.5**squarings])]
    one = [np.eye(len(A), dtype=A.dtype), *([] if E is None else [np.zeros_like(A)])]
    odd, even = pade(X, one, m)
    above, below = combined((1, even), (1, odd)), combined((1, even), (-1, odd))
    R = [np.linalg.solve(below[0], above[0])]
    if E is not None:
        R.append(np.linalg.solve(below[0], above[1] - below[1] @ R[0]))
    for _ in range(squarings):
        R = times(R, R)
    return R[-1]


def whole_power(A: Any, k: Any, E: Any = None) -> Any:
    """Give A to a whole power, or its derivative along E. Raises `ValueError` for a power that is not whole."""
    number = int(k.real)
    if number != k.real:
        raise ValueError(f"the power of a matrix must be a whole number, and it is {k.real}; give 2.0, 3.0 or −1.0")
    X = [A] if E is None else [A, E]
    if number < 0:
        inverse = np.linalg.inv(A)
        X = [inverse] if E is None else [inverse, -inverse @ E @ inverse]
    R = [np.eye(len(A), dtype=A.dtype)] if E is None else [np.eye(len(A), dtype=A.dtype), np.zeros_like(A)]
    number = abs(number)
    while number:
        R = times(R, X) if number % 2 else R
        number //= 2
        X = times(X, X) if number else X
    return R[-1]


def leading(A: Any) -> Any:
    """Give u·vᵀ of the largest singular value."""
    U, _, Vt = np.linalg.svd(A, full_matrices=False)
    return U[:, :1] * Vt[:1]


def polar(A: Any) -> Any:
    """Give U·Vᵀ of the singular values that are not 0 to rounding."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return (U * (s > s[0] * max(A.shape) * np.finfo(s.dtype).eps)) @ Vt


def sylvester(H: Any, C: Any) -> Any:
    """Give X with H·X + X·H = C, the shortest one where there are several; H is symmetric."""
    values, Q = np.linalg.eigh((H + H.T) / 2)
    sums = values[:, None] + values
    none = np.abs(sums) <= len(H) * np.finfo(values.dtype).eps * np.abs(sums).max()
    return Q @ (np.where(none, 0, Q.T @ C @ Q) / np.where(none, 1, sums)) @ Q.T
