"""Functions that kernels call, for JAX: without a write into an array, right in every order of its fusions.

In and out: as the functions of the same names in `windows` and `matrix_functions`. What those modules have beside these
runs everywhere as it stands. Here NumPy is called for what `jax.numpy` has as well, so these functions run, and are
tested, in NumPy too; `adjugate` and `determinant` give JAX a derivative.
"""

from __future__ import annotations

from typing import Any

from numpy import (
    absolute, arange, concatenate, cumprod, diag, eye, finfo, flip, maximum, minimum, ones_like, pad, stack, where,
    zeros,
)  # fmt: skip
from numpy.linalg import det, svd

from symnet.backends.windows import taps


def padded(A: Any, image: Any, padding: Any, value: float = 0.0) -> Any:
    """Give images as channels × rows × columns × samples, with a border."""
    (channels, rows, cols), (top, bottom, left, right) = image, padding
    A = A.reshape(channels, rows, cols, -1)
    return pad(A, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value) if any(padding) else A


def spaced(A: Any, step: int, axis: int) -> Any:
    """Give an array with zeros between its entries along an axis, so that they stand `step` places apart."""
    if step == 1:
        return A
    shape = A.shape
    apart = stack([A, *[zeros(shape, A.dtype)] * (step - 1)], axis=axis + 1)
    whole = apart.reshape(*shape[:axis], shape[axis] * step, *shape[axis + 1 :])
    return whole[(*[slice(None)] * axis, slice(0, shape[axis] * step - step + 1))]


def added(parts: Any, shape: Any, dtype: Any, kernel: Any, stride: Any, dilation: Any) -> Any:
    """Give padded images whose pixels are the sums of parts, one for each pixel of a kernel: the adjoint of `taps`."""
    P = zeros(shape, dtype)
    for k, part in enumerate(parts):
        part = spaced(spaced(part, stride[0], 1), stride[1], 2)
        top, left = k // kernel[1] * dilation[0], k % kernel[1] * dilation[1]
        below, right = shape[1] - top - part.shape[1], shape[2] - left - part.shape[2]
        P = P + pad(part, ((0, 0), (top, below), (left, right), (0, 0)))
    return P


def unfold(
    A: Any, image: Any, kernel: Any, stride: Any = (1, 1), padding: Any = (0, 0, 0, 0), dilation: Any = (1, 1)
) -> Any:
    """Give the windows of images, one a column."""
    P = padded(A, image, padding)
    return stack(taps(P, kernel, stride, dilation), axis=1).reshape(P.shape[0] * kernel[0] * kernel[1], -1)


def first_largest(
    A: Any, image: Any, kernel: Any, stride: Any = (1, 1), padding: Any = (0, 0, 0, 0), dilation: Any = (1, 1)
) -> Any:
    """Give the largest pixel of each window, and which pixel of the kernel it is."""
    largest, *others = taps(padded(A, image, padding, -float("inf")), kernel, stride, dilation)
    place = zeros(largest.shape, "int16")
    for k, tap in enumerate(others, 1):
        place, largest = where(tap > largest, k, place), maximum(largest, tap)  # which passes NaN on
    return largest.reshape(image[0] if len(A) == image[0] else image[0] * place[0, :, :, 0].size, -1), place


def placed(G: Any, rows: int, cols: int, at: slice, along: slice) -> Any:
    """Give zeros with G in some rows and columns."""
    borders = []
    for axis, (size, span) in enumerate(((rows, at), (cols, along))):
        places = range(size)[span]
        G = spaced(flip(G, axis) if places.step < 0 else G, abs(places.step), axis)
        borders.append((min(places), size - 1 - max(places)))
    return pad(G, borders)


def hardmax(A: Any, axis: int) -> Any:
    """Give equal shares to the largest entries along an axis: to all within a few roundings, and surely to one.

    XLA may compute A once for its maximum and once more, rounded otherwise, for what is compared with it. A place is
    found in one pass, so it is never lost.
    """
    top, place = A.max(axis=axis, keepdims=True), A.argmax(axis=axis, keepdims=True)
    numbers = finfo(A.dtype)
    least = top - 8 * numbers.eps * minimum(absolute(top), numbers.max)
    own = arange(A.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1)) == place
    among = where((A < least) & ~own, 0, 1).astype(A.dtype)
    return among / among.sum(axis=axis, keepdims=True)


def others(A: Any) -> Any:
    """Give for each entry the product of all others of its row."""
    one = ones_like(A[:, :1])
    before = cumprod(concatenate((one, A[:, :-1]), axis=1), axis=1)
    return before * flip(cumprod(flip(concatenate((A[:, 1:], one), axis=1), 1), axis=1), 1)


def adjugate(A: Any) -> Any:
    """Give the transposed matrix of cofactors, with its derivative: also where singular values are equal, or 0."""
    from jax import custom_jvp

    def parts(A: Any) -> tuple[Any, Any, Any, Any]:
        U, s, Vt = svd(A, full_matrices=False)
        return U, s, Vt, Vt.T * (det(U) * det(Vt))

    @custom_jvp
    def value(A: Any) -> Any:
        U, s, _, turned = parts(A)
        return (turned * others(s[None])) @ U.T

    @value.defjvp
    def along(at: Any, direction: Any) -> Any:
        # of a diagonal matrix: on the diagonal Σ fₖₖ·(all but i and k), beside it −fᵢⱼ·(all but i and j)
        U, s, Vt, turned = parts(*at)
        one = eye(len(s), dtype=s.dtype)
        pairs = others(where(one > 0, 1, s)) * (1 - one)
        F = U.T @ direction[0] @ Vt.T
        return value(*at), turned @ (diag(pairs @ diag(F)) - pairs * F) @ U.T

    return value(A)


def determinant(A: Any) -> Any:
    """Give the determinant, with its derivative: also where the matrix has no inverse."""
    from jax import custom_jvp

    value = custom_jvp(det)
    value.defjvp(lambda at, direction: (value(*at), (adjugate(*at).T * direction[0]).sum()))
    return value(A)
