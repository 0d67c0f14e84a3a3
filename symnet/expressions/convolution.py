"""Convolutions as matrix products, and pooling: what users write nets for images with.

In: images as columns of C·H·W, kernels as rows of C·kh·kw. Out: SymPy expressions, images as columns again. As in other
libraries of networks a convolution is a correlation: the kernel is not turned round. The sizes of images are numbers;
the number of samples may be a symbol.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
from sympy import Basic, Expr, HadamardPower, HadamardProduct, Integer, MatAdd, MatMul, MatrixExpr, OneMatrix, Tuple
from sympy.matrices.exceptions import ShapeError

from symnet.expressions.algebra import scaled, transpose
from symnet.expressions.entering import given
from symnet.expressions.images import Fold, Geometry, Images, Unfold
from symnet.expressions.interned import Node
from symnet.expressions.nodes import Elementwise, Let
from symnet.expressions.operands import as_matrix, raw, split
from symnet.expressions.ranges import as_entries
from symnet.expressions.pooling import AvgPool, MaxPool
from symnet.expressions.sizes import same_size, shape_text
from symnet.expressions.table import brief

Pair = Any  # a whole number, or two of them: for rows and for columns
_AXES = ("channels", "rows", "columns")
_NAMES = ("C", "H", "W")


def conv2d(
    K: MatrixExpr, X: MatrixExpr, shape: Any = None, stride: Pair = 1, padding: Any = 0, dilation: Pair = 1,
    *, kernel: Pair = None, bias: Any = None,
) -> MatrixExpr:  # fmt: skip
    """Give the convolution of images with kernels, K·unfold(X): images of C' channels, one a column.

    K: (C', C·kh·kw), a kernel a row, channel by channel and row by row; X: (C·H·W, samples). shape: (C, H, W) of the
    images; it may be left out where X is itself a convolution or a pooling, with functions entry by entry. kernel:
    (kh, kw), where it is no square. stride, padding, dilation: numbers or pairs; padding also "same" or "valid". bias:
    (C', 1), one for each channel, or a scalar.

    Gives (C'·H'·W', samples), where H' is (H + 2·padding - dilation·(kh - 1) - 1)//stride + 1. Raises `ShapeError`
    where sizes do not match or a kernel is larger than the image, `ValueError` for sizes that are no whole numbers.

    >>> import symnet as sn
    >>> K, X = sn.matrix("K", 4, 9), sn.matrix("X", 36, "n")
    >>> sn.conv2d(K, X, shape=(1, 6, 6)).shape
    (64, n)
    >>> sn.show(sn.gradient(sn.norm(sn.conv2d(K, X, shape=(1, 6, 6)))**2/2, K))
    K⋅unfold(X)⋅unfold(X)ᵀ
    """
    K, X = as_matrix("conv2d", K), as_matrix("conv2d", X)
    image = _image("conv2d", X, shape, 3, K)
    size = _kernel_of("conv2d", K, image[0], kernel)
    g = _geometry("conv2d", image, size, stride, padding, dilation, kernel_name=f"the kernel of {brief(K)}")
    return _convolved("conv2d", K, X, g, bias)


def conv1d(
    K: MatrixExpr, X: MatrixExpr, shape: Any = None, stride: int = 1, padding: Any = 0, dilation: int = 1,
    *, bias: Any = None,
) -> MatrixExpr:  # fmt: skip
    """Give the convolution of sequences with kernels, K·unfold(X): sequences of C' channels, one a column.

    K: (C', C·k), a kernel a row; X: (C·length, samples). shape: (C, length); stride, padding, dilation, bias: as in
    `conv2d`, of one axis. Gives (C'·length', samples); raises what `conv2d` raises.

    >>> import symnet as sn
    >>> sn.conv1d(sn.matrix("K", 4, 6), sn.matrix("X", 20, "n"), shape=(2, 10), padding="same").shape
    (40, n)
    """
    K, X = as_matrix("conv1d", K), as_matrix("conv1d", X)
    image = _image("conv1d", X, shape, 2, K)
    cols = given(K.shape[1])
    if not (cols.is_Integer and cols % image[0] == 0):
        raise ShapeError(f"conv1d: {brief(K)} is {shape_text(K.shape)}, but its columns must be {image[0]}·k, the "
                         f"channels times the length of the kernel: {K.shape[0]}×{3 * image[0]} for k = 3")  # fmt: skip
    values = (("stride", stride), ("padding", padding), ("dilation", dilation))
    steps, border, apart = (_of_rows("conv1d", name, value) for name, value in values)
    size = (1, int(cols) // image[0])
    g = _geometry("conv1d", image, size, steps, border, apart, kernel_name=f"the kernel of {brief(K)}")
    return _convolved("conv1d", K, X, g, bias)


def max_pool2d(
    X: MatrixExpr, kernel: Pair, stride: Pair = None, padding: Any = 0, dilation: Pair = 1, *, shape: Any = None
) -> MatrixExpr:
    """Give the largest pixel of each window, channel by channel: images again, one a column.

    X: (C·H·W, samples); kernel: rows and columns of a window; stride: that of the kernel where it is not given. Padding
    is never the largest. shape: (C, H, W), as in `conv2d`. Where several pixels are the largest the gradient goes to
    the first of them, row by row, as in PyTorch. Gives (C·H'·W', samples); raises what `conv2d` raises.

    >>> import symnet as sn
    >>> X = sn.matrix("X", 16, 1)
    >>> sn.evaluate(sn.max_pool2d(X, 2, shape=(1, 4, 4)), {X: [[k] for k in range(16)]}).ravel().tolist()
    [5.0, 7.0, 13.0, 15.0]
    """
    X, g = _pooling("max_pool2d", X, kernel, stride, padding, dilation, shape)
    if any(not any(True for _ in g.window(p)) for p in range(g.out[0] * g.out[1])):
        raise ShapeError(f"max_pool2d: with padding {padding} a window of {_by(g.kernel)} lies outside the image; give "
                         f"a padding of {min(g.kernel) // 2} or less")  # fmt: skip
    return MaxPool(X, g.packed())


def avg_pool2d(X: MatrixExpr, kernel: Pair, stride: Pair = None, padding: Any = 0, *, shape: Any = None) -> MatrixExpr:
    """Give the mean of each window, channel by channel: images again, one a column.

    X, kernel, stride, padding, shape: as in `max_pool2d`; padding counts as zeros, so every window is divided by the
    size of the kernel. Gives (C·H'·W', samples); raises what `conv2d` raises.

    >>> import symnet as sn
    >>> X = sn.matrix("X", 16, 1)
    >>> sn.evaluate(sn.avg_pool2d(X, 2, shape=(1, 4, 4)), {X: [[k] for k in range(16)]}).ravel().tolist()
    [2.5, 4.5, 10.5, 12.5]
    """
    X, g = _pooling("avg_pool2d", X, kernel, stride, padding, 1, shape)
    return AvgPool(X, g.packed())


def unfold(
    X: MatrixExpr, kernel: Pair, shape: Any = None, stride: Pair = 1, padding: Any = 0, dilation: Pair = 1
) -> MatrixExpr:
    """Give the windows of images, one a column (im2col), so that K·unfold(X) is a convolution.

    X: (C·H·W, samples); kernel: (kh, kw); shape, stride, padding, dilation: as in `conv2d`. Gives
    (C·kh·kw, H'·W'·samples): row by row the windows, all samples of one beside each other. Raises what `conv2d` raises.

    >>> import symnet as sn
    >>> X = sn.matrix("X", 9, 1)
    >>> sn.evaluate(sn.unfold(X, 2, shape=(1, 3, 3)), {X: [[k] for k in range(9)]}).astype(int).tolist()
    [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]
    """
    X = as_matrix("unfold", X)
    g = _geometry(
        "unfold", _image("unfold", X, shape, 3), _pair("unfold", "kernel", kernel, 1), stride, padding, dilation
    )
    return Unfold(X, g.packed())


def fold(U: MatrixExpr, kernel: Pair, shape: Any, stride: Pair = 1, padding: Any = 0, dilation: Pair = 1) -> MatrixExpr:
    """Give the adjoint of `unfold` (col2im): images whose pixels are the sums of what the windows have there.

    U: (C·kh·kw, H'·W'·samples); shape: (C, H, W) of the images; kernel, stride, padding, dilation: as in `unfold`.
    Gives (C·H·W, samples). Raises what `conv2d` raises.

    >>> import symnet as sn
    >>> ones = sn.matrix("U", 4, 4)
    >>> sn.evaluate(sn.fold(ones, 2, shape=(1, 3, 3)), {ones: [[1] * 4] * 4}).reshape(3, 3).astype(int).tolist()
    [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    """
    U = as_matrix("fold", U)
    image = _sizes("fold", U, shape, 3)
    g = _geometry("fold", image, _pair("fold", "kernel", kernel, 1), stride, padding, dilation)
    rows, positions = g.image[0] * g.kernel[0] * g.kernel[1], g.out[0] * g.out[1]
    samples = given(U.shape[1]) / positions
    if not same_size(U.shape[0], Integer(rows)) or samples.is_integer is False:
        raise ShapeError(f"fold: {brief(U)} is {shape_text(U.shape)}, but windows of {_by(g.kernel)} on images of "
                         f"{_by(g.image)} are {rows}×{positions}·n; give that many rows and columns")  # fmt: skip
    return Fold(U, g.packed(), Integer(0))


# -- what the arguments mean


def _by(sizes: Any) -> str:
    return "×".join(map(str, sizes))


def _convolved(who: str, K: Any, X: Any, g: Geometry, bias: Any) -> Any:
    Z = raw(MatMul, K, Unfold(X, g.packed()))
    if bias is not None:
        Z = raw(MatAdd, Z, _spread_bias(who, K, as_entries(who, "the bias", bias), Z.shape[1]))
    return Images(Z, Tuple(*g.out))


def _spread_bias(who: str, K: Any, b: Any, cols: Any) -> Any:
    channels = K.shape[0]
    if not b.is_Matrix:
        return scaled(b, OneMatrix(channels, cols))
    turned = same_size(b.shape[0], Integer(1)) and not same_size(channels, Integer(1))
    b = transpose(b) if turned else b
    if not (same_size(b.shape[0], channels) and same_size(b.shape[1], Integer(1))):
        raise ShapeError(f"{who}: the bias {brief(b)} is {shape_text(b.shape)} but must be {channels}×1, a column with "
                         f"one entry for each row of {brief(K)}, which are the channels")  # fmt: skip
    return raw(MatMul, b, OneMatrix(1, cols))


def _pooling(who: str, X: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, shape: Any) -> Any:
    X = as_matrix(who, X)
    if isinstance(kernel, (tuple, list)) and len(kernel) == 3:
        raise ValueError(f"{who}: the kernel is a number or a pair, not {kernel}; write {who}({brief(X)}, 2, "
                         f"shape={tuple(kernel)})")  # fmt: skip
    size = _pair(who, "kernel", kernel, 1)
    g = _geometry(who, _image(who, X, shape, 3), size, size if stride is None else stride, padding, dilation)
    return X, g


def _image(who: str, X: Any, shape: Any, axes: int, kernels: Any = None) -> tuple[int, int, int]:
    # of the columns of X
    image = _sizes(who, X, shape, axes)
    pixels = image[0] * image[1] * image[2]
    if same_size(X.shape[0], Integer(pixels)):
        return image
    text = "·".join(_NAMES if axes == 3 else ("C", "length"))
    told = image if axes == 3 else (image[0], image[2])
    way = f"give shape=({', '.join(_NAMES[:axes] if axes == 3 else ('C', 'length'))}) with {text} = {X.shape[0]}"
    if kernels is not None and same_size(kernels.shape[0], Integer(pixels)) and not given(kernels.shape[1]).is_Integer:
        way = f"the kernels come first: {who}({brief(X)}, {brief(kernels)}, …)"
    elif same_size(X.shape[1], Integer(pixels)):
        way = f"samples are columns here, write {brief(X)}.T" if not X.is_Atom else f"samples are columns: write {X}.T"
    elif not given(X.shape[0]).is_Integer:
        way = f"its rows must be that number: write {pixels} for {X.shape[0]}; the number of columns may be a symbol"
    raise ShapeError(f"{who}: {brief(X)} is {shape_text(X.shape)}, but images of {_by(told)} are columns of {pixels} "
                     f"entries; {way}")  # fmt: skip


def _sizes(who: str, X: Any, shape: Any, axes: int) -> tuple[int, int, int]:
    wanted = ("C", "H", "W") if axes == 3 else ("C", "length")
    example = (3, 32, 32)[:axes]
    if shape is None:
        found = image_of(X)
        if found is None:
            raise ValueError(f"{who}: the sizes of the images in {brief(X)} are not known; give "
                             f"shape=({', '.join(wanted)}), such as shape={example}")  # fmt: skip
        return found
    if isinstance(shape, (str, bytes)) or not hasattr(shape, "__iter__") or len(tuple(shape)) != axes:
        raise ValueError(f"{who}: shape={shape!r}: give {axes} numbers, shape=({', '.join(wanted)}), such as {example}")
    names = _AXES if axes == 3 else ("channels", "entries")
    sizes = [_whole(who, f"shape: the number of {name}", v, 1) for name, v in zip(names, shape, strict=True)]
    return (sizes[0], sizes[1], sizes[2]) if axes == 3 else (sizes[0], 1, sizes[1])


def image_of(X: Any) -> tuple[int, int, int] | None:
    """Give (channels, rows, columns) of the images that the columns of an expression are, where it tells them."""
    waiting, seen = [X], 0
    while waiting and seen < 1000:
        A, seen = split(waiting.pop())[1], seen + 1
        if isinstance(A, Images):
            channels, (rows, cols) = A.args[0].shape[0], map(int, A.args[1])
            return (int(channels), rows, cols) if given(channels).is_Integer else None
        if hasattr(A, "image"):
            image: tuple[int, int, int] = A.image
            return image
        if isinstance(A, (Elementwise, Let, MatAdd, HadamardProduct, HadamardPower)):
            waiting += [a for a in reversed(A.args) if getattr(a, "is_Matrix", False)]
    return None


def _kernel_of(who: str, K: Any, channels: int, kernel: Any) -> tuple[int, int]:
    cols = given(K.shape[1])
    if kernel is not None:
        size = _pair(who, "kernel", kernel, 1)
        wanted = channels * size[0] * size[1]
        if not same_size(cols, Integer(wanted)):
            raise ShapeError(f"{who}: {brief(K)} is {shape_text(K.shape)}, but kernels of {channels}×{_by(size)} are "
                             f"rows of {wanted} entries: give it the shape {K.shape[0]}×{wanted}")  # fmt: skip
        return size
    if cols.is_Integer and cols % channels == 0:
        taps = int(cols) // channels
        side = isqrt(taps)
        if side * side == taps:
            return side, side
        raise ShapeError(f"{who}: {brief(K)} is {shape_text(K.shape)}, and kernels of {taps} pixels in each of "
                         f"{channels} channels are no squares; give kernel=(kh, kw) with kh·kw = {taps}")  # fmt: skip
    raise ShapeError(f"{who}: {brief(K)} is {shape_text(K.shape)}, but its columns must be {channels}·kh·kw, the "
                     f"channels of the images times the pixels of a kernel: for kernels of 3×3 give it the shape "
                     f"{K.shape[0]}×{9 * channels}")  # fmt: skip


def _geometry(
    who: str, image: tuple[int, int, int], kernel: tuple[int, int], stride: Any, padding: Any, dilation: Any,
    kernel_name: str = "the kernel",
) -> Geometry:  # fmt: skip
    steps, apart = _pair(who, "stride", stride, 1), _pair(who, "dilation", dilation, 1)
    g = Geometry(image, kernel, steps, (0, 0, 0, 0), apart)
    g = g._replace(padding=_padding(who, padding, g))
    for have, need in zip(g.padded, g.extents, strict=True):
        if need > have:
            reach = f", which reaches over {_by(g.extents)} with dilation {_by(apart)}," if apart != (1, 1) else ""
            around = f" with padding, {_by(g.padded)}" if any(g.padding) else ""
            raise ShapeError(f"{who}: {kernel_name} is {_by(kernel)}{reach} and larger than the image of "
                             f"{_by(image[1:])}{around}; give a smaller kernel or more padding")  # fmt: skip
    return g


def _padding(who: str, padding: Any, g: Geometry) -> tuple[int, int, int, int]:
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"{who}: padding={padding!r}; give 'same', 'valid', a number or a pair of numbers")
        if padding == "valid":
            return 0, 0, 0, 0
        if g.stride != (1, 1):
            raise ValueError(f"{who}: padding='same' keeps the size of the images, so it needs stride=1; with "
                             f"stride={_by(g.stride)} give the padding in numbers")  # fmt: skip
        rows, cols = (e - 1 for e in g.extents)
        return rows // 2, rows - rows // 2, cols // 2, cols - cols // 2
    rows, cols = _pair(who, "padding", padding, 0)
    return rows, rows, cols, cols


def _pair(who: str, name: str, value: Any, least: int) -> tuple[int, int]:
    if isinstance(value, (tuple, list, np.ndarray, Tuple)) and np.ndim(value) == 1:
        if len(value) == 2:
            return _whole(who, name, value[0], least), _whole(who, name, value[1], least)
        raise ValueError(f"{who}: {name}={value}: give one number, or two, for rows and for columns")
    number = _whole(who, name, value, least)
    return number, number


def _of_rows(who: str, name: str, value: Any) -> Any:
    # what conv1d is given is for columns: there is one row
    if isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)) and len(value) == 1:
        value = value[0]
    return (0, _whole(who, name, value, 0)) if name == "padding" else (1, _whole(who, name, value, 1))


def _whole(who: str, name: str, value: Any, least: int) -> int:
    if isinstance(value, Basic) and not isinstance(value, Integer) and isinstance(value, Expr):
        if value.free_symbols:
            raise ValueError(f"{who}: {name} is {value}, a symbol; the sizes of images and kernels must be numbers, "
                             "only the number of samples may be a symbol: write a number such as 3")  # fmt: skip
    if isinstance(value, str):
        raise ValueError(f"{who}: {name} is {value!r}; the sizes of images and kernels must be numbers, only the "
                         "number of samples may be a symbol: write a number such as 3")  # fmt: skip
    good = isinstance(value, (int, np.integer, Integer)) and not isinstance(value, (bool, Node))
    if not good or int(value) < least:
        what = "a positive whole number" if least else "a whole number, 0 or more"
        raise ValueError(f"{who}: {name} must be {what}, not {value!r}")
    return int(value)


__all__ = ["avg_pool2d", "conv1d", "conv2d", "fold", "max_pool2d", "unfold"]
