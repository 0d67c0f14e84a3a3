"""Windows of images in NumPy: unfolded, folded back, pooled, by strided views.

In: matrices of images, or of channels; see `symnet.expressions.images`. Out: matrices. Nothing runs over pixels or
samples in Python: there is one step for each pixel of a kernel at most. The functions need NumPy alone; the source of
a kernel has those that it calls at its top, as they stand here. Those that JAX cannot run stand in `functional` again.
"""

from numpy import copyto, full, iscomplexobj, maximum, where, zeros
from numpy.lib.stride_tricks import as_strided


def padded(A, image, padding, value=0.0):
    """Give images as channels × rows × columns × samples, with a border."""
    (channels, rows, cols), (top, bottom, left, right) = image, padding
    A = A.reshape(channels, rows, cols, -1)
    if not any(padding):
        return A
    P = full((channels, rows + top + bottom, cols + left + right, A.shape[3]), value, A.dtype)
    P[:, top : top + rows, left : left + cols] = A
    return P


def taps(P, kernel, stride, dilation):
    """Give views of padded images, one for each pixel of a kernel: what the windows have there."""
    (kh, kw), (sh, sw), (dh, dw) = kernel, stride, dilation
    down, across = P.shape[1] - (kh - 1) * dh, P.shape[2] - (kw - 1) * dw
    return [P[:, a * dh : a * dh + down : sh, b * dw : b * dw + across : sw] for a in range(kh) for b in range(kw)]


def added(parts, shape, dtype, kernel, stride, dilation):
    """Give padded images whose pixels are the sums of parts, one for each pixel of a kernel: the adjoint of `taps`."""
    P = zeros(shape, dtype)
    for tap, part in zip(taps(P, kernel, stride, dilation), parts, strict=True):
        tap += part
    return P


def unfold(A, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1)):
    """Give the windows of images, one a column."""
    (kh, kw), (sh, sw), (dh, dw), P = kernel, stride, dilation, padded(A, image, padding)
    (depth, rows, cols, n), (c, r, x, s) = P.shape, P.strides
    shape = (depth, kh, kw, (rows - (kh - 1) * dh - 1) // sh + 1, (cols - (kw - 1) * dw - 1) // sw + 1, n)
    W = as_strided(P, shape, (c, r * dh, x * dw, r * sh, x * sw, s), writeable=False)
    return W.reshape(depth * kh * kw, -1)


def fold(U, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), channels=False):
    """Give images whose pixels are the sums of what windows have there; as channels, where wanted."""
    (depth, rows, cols), (top, bottom, left, right) = image, padding
    down, across = rows + top + bottom, cols + left + right
    high = (down - (kernel[0] - 1) * dilation[0] - 1) // stride[0] + 1
    wide = (across - (kernel[1] - 1) * dilation[1] - 1) // stride[1] + 1
    U = U.reshape(depth, kernel[0] * kernel[1], high, wide, -1)
    parts = (U[:, k] for k in range(kernel[0] * kernel[1]))
    P = added(parts, (depth, down, across, U.shape[4]), U.dtype, kernel, stride, dilation)
    return P[:, top : top + rows, left : left + cols].reshape(depth if channels else depth * rows * cols, -1)


def max_pool(A, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1)):
    """Give the largest pixel of each window."""
    return first_largest(A, image, kernel, stride, padding, dilation)[0]


def first_largest(A, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1)):
    """Give the largest pixel of each window, and which pixel of the kernel it is."""
    first, *others = taps(padded(A, image, padding, -float("inf")), kernel, stride, dilation)
    largest, place = first.copy(), zeros(first.shape, "int16")
    for k, tap in enumerate(others, 1):
        better = tap.real > largest.real
        copyto(place, k, where=better)
        if iscomplexobj(tap):
            copyto(largest, tap, where=better)
        else:
            maximum(largest, tap, out=largest)  # which passes NaN on
    return largest.reshape(image[0] if len(A) == image[0] else image[0] * place[0, :, :, 0].size, -1), place


def max_pick(H, place, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1)):
    """Give the pixel of each window that `place` says."""
    found = zeros(place.shape, H.dtype)
    for k, tap in enumerate(taps(padded(H, image, padding), kernel, stride, dilation)):
        found = where(place == k, tap, found)
    return found.reshape(image[0] if len(H) == image[0] else image[0] * place[0, :, :, 0].size, -1)


def max_unpool(G, place, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), channels=False):
    """Give images with G at the pixels that `place` says; as channels, where wanted."""
    (depth, rows, cols), (top, bottom, left, right) = image, padding
    shape, G = (depth, rows + top + bottom, cols + left + right, place.shape[3]), G.reshape(place.shape)
    parts = (where(place == k, G, 0) for k in range(kernel[0] * kernel[1]))
    P = added(parts, shape, G.dtype, kernel, stride, dilation)
    return P[:, top : top + rows, left : left + cols].reshape(depth if channels else depth * rows * cols, -1)


def avg_pool(A, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0)):
    """Give the mean of each window."""
    first, *others = taps(padded(A, image, padding), kernel, stride, (1, 1))
    total = first.copy()
    for tap in others:
        total += tap
    rows = image[0] if len(A) == image[0] else image[0] * total[0, :, :, 0].size
    return (total / (kernel[0] * kernel[1])).reshape(rows, -1)


def avg_unpool(G, image, kernel, stride=(1, 1), padding=(0, 0, 0, 0), channels=False):
    """Give images to whose pixels each window has given an equal share; as channels, where wanted."""
    (depth, rows, cols), (top, bottom, left, right) = image, padding
    down, across = rows + top + bottom, cols + left + right
    shares = G.reshape(depth, (down - kernel[0]) // stride[0] + 1, (across - kernel[1]) // stride[1] + 1, -1)
    shares = shares / (kernel[0] * kernel[1])
    parts = (shares for _ in range(kernel[0] * kernel[1]))
    P = added(parts, (depth, down, across, shares.shape[3]), G.dtype, kernel, stride, (1, 1))
    return P[:, top : top + rows, left : left + cols].reshape(depth if channels else depth * rows * cols, -1)


FUNCTIONS = {
    f.__name__: f
    for f in (padded, taps, added, unfold, fold, first_largest, max_pool, max_pick, max_unpool, avg_pool, avg_unpool)
}
