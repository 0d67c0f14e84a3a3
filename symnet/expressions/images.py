"""Images as columns, and the linear maps of convolutions: windows unfolded and folded back.

A column holds an image of C channels, H rows and W columns, row by row: C·H·W entries. The same numbers in the same
order are also a matrix of C rows, the channels, with a column for each pixel and sample; `Images` and `Channels` change
from one to the other. Every window of an image is a column of `Unfold`, so that a convolution is a matrix product; see
K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing" (2006).
A node is data, shape and notation; where an operand comes as images of channels it is taken as channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sympy import Add, Expr, Integer, OneMatrix, S, Tuple, ZeroMatrix

from symnet.expressions.algebra import scaled
from symnet.expressions.interned import MatrixNode
from symnet.expressions.operands import split
from symnet.expressions.sizes import Shape


class Geometry(NamedTuple):
    """An image and the windows on it. `padding`: zeros above, below, left and right."""

    image: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    @property
    def extents(self) -> tuple[int, int]:
        """How many rows and columns a window reaches over."""
        (a, b), (d, e) = self.kernel, self.dilation
        return (a - 1) * d + 1, (b - 1) * e + 1

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns of an image with its padding."""
        (_, rows, cols), (top, bottom, left, right) = self.image, self.padding
        return rows + top + bottom, cols + left + right

    @property
    def out(self) -> tuple[int, int]:
        """How many windows there are, down and across."""
        down, across = ((p - e) // s + 1 for p, e, s in zip(self.padded, self.extents, self.stride, strict=True))
        return down, across

    @property
    def pixels(self) -> int:
        """Entries of an image."""
        channels, rows, cols = self.image
        return channels * rows * cols

    def window(self, p: int) -> Iterator[tuple[int, int, int, int]]:
        """Give (row, column) in the kernel and (row, column) in the image of each pixel that window p has."""
        y, x = divmod(p, self.out[1])
        for a in range(self.kernel[0]):
            for b in range(self.kernel[1]):
                row = y * self.stride[0] + a * self.dilation[0] - self.padding[0]
                col = x * self.stride[1] + b * self.dilation[1] - self.padding[2]
                if 0 <= row < self.image[1] and 0 <= col < self.image[2]:
                    yield a, b, row, col

    def packed(self) -> Tuple:
        """Give the geometry as an argument of a node."""
        return Tuple(*[Tuple(*part) for part in self])


def pixel_at(A: Any, channels: int, pixels: int, c: int, p: int, s: int) -> Any:
    """Give an entry of an explicit matrix of images, or of channels."""
    return A[c * pixels + p, s] if A.rows == channels * pixels else A[c, p * (A.cols // pixels) + s]


def place_of(i: int, j: int, rows: int, cols: int, channels: int, pixels: int) -> tuple[int, int, int]:
    """Give channel, pixel and sample of the entry i, j."""
    if rows == channels * pixels:
        return i // pixels, i % pixels, j
    return i, *divmod(j, cols // pixels)


class Images(MatrixNode):
    """Channels as images, a column each: `Images(Z, Tuple(H, W))` of C×H·W·n is C·H·W×n."""

    title = "images"
    is_rearranged = True  # entries of the operand in other places: it needs no line of its own

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        Z, (rows, cols) = args
        return Z.shape[0] * rows * cols, S(Z.shape[1]) / (rows * cols)

    @property
    def labels(self) -> tuple[str, ...]:
        return ("×".join(map(str, self.args[1])),)

    def with_operands(self, *operands: Any) -> Any:
        return as_images(operands[0], self.args[1])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (Z,), pixels = operands, int(self.args[1][0] * self.args[1][1])
        return Z[i // pixels, (i % pixels) * (Z.cols // pixels) + j]


class Channels(MatrixNode):
    """Images as channels, a row each: `Channels(A, Tuple(H, W))` of C·H·W×n is C×H·W·n."""

    title = "channels"
    is_rearranged = True  # entries of the operand in other places: it needs no line of its own

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        A, (rows, cols) = args
        return S(A.shape[0]) / (rows * cols), A.shape[1] * rows * cols

    @property
    def labels(self) -> tuple[str, ...]:
        return ("×".join(map(str, self.args[1])),)

    def with_operands(self, *operands: Any) -> Any:
        return as_channels(operands[0], self.args[1])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (A,), pixels = operands, int(self.args[1][0] * self.args[1][1])
        p, s = divmod(j, A.cols)
        return A[i * pixels + p, s]


def linear(node: type, A: Any, *data: Any) -> Any:
    """Give a linear node, the coefficient in front."""
    c, rest = split(A)
    if isinstance(rest, ZeroMatrix) or isinstance(rest, OneMatrix) and node in (Images, Channels):
        return scaled(c, type(rest)(*node(rest, *data).shape))
    return scaled(c, node(rest, *data))


def as_images(Z: Any, size: Tuple) -> Any:
    """Give channels as images of a size."""
    c, rest = split(Z)
    inside = isinstance(rest, Channels) and rest.args[1] == size
    return scaled(c, rest.args[0]) if inside else linear(Images, Z, size)


def as_channels(A: Any, size: Tuple) -> Any:
    """Give images of a size as channels."""
    c, rest = split(A)
    inside = isinstance(rest, Images) and rest.args[1] == size
    return scaled(c, rest.args[0]) if inside else linear(Channels, A, size)


def as_known(A: Any, g: Geometry) -> Any:
    """Give channels where A is channels as images of a geometry, else A."""
    c, rest = split(A)
    known = isinstance(rest, Images) and rest.args[1] == Tuple(*g.image[1:])
    return scaled(c, rest.args[0]) if known else A


def inside_images(matrices: list[Any]) -> Any:
    """Give the size of images where some matrices are channels as images, all of one size, else None."""
    sizes = {A.args[1] for A in matrices if isinstance(A, Images)}
    return sizes.pop() if len(sizes) == 1 else None


class Windowed:
    """What nodes with a geometry share; it is their first argument that is no matrix."""

    args: tuple[Any, ...]

    @property
    def geometry(self) -> Geometry:
        """The image and the windows on it."""
        packed = next(a for a in self.args if isinstance(a, Tuple))
        return unpacked(packed)

    @property
    def labels(self) -> tuple[str, ...]:
        g = self.geometry
        return ("×".join(map(str, g.image)), "×".join(map(str, g.kernel)), *strides_of(g, (1, 1)))

    @property
    def image(self) -> tuple[int, int, int]:
        """Channels, rows and columns of the images that it gives."""
        return self.geometry.image[0], *self.geometry.out


def strides_of(g: Geometry, usual: tuple[int, int]) -> tuple[str, ...]:
    """Give what is written of a geometry where it is not as usual: stride, padding, dilation."""
    top, bottom, left, right = g.padding
    even = (top, left) if (top, left) == (bottom, right) else g.padding
    parts = (("stride", g.stride, usual), ("padding", even, (0, 0)), ("dilation", g.dilation, (1, 1)))
    return tuple(f"{name}={'×'.join(map(str, dict.fromkeys(v) if len(set(v)) == 1 else v))}"
                 for name, v, plain in parts if tuple(v) != plain)  # fmt: skip


def is_channels(A: Any, g: Geometry) -> bool:
    """Tell whether a matrix has the channels of images as its rows, not their pixels."""
    return bool(A.shape[0] == g.image[0] != g.pixels)


def unpacked(packed: Any) -> Geometry:
    """Give the geometry that is packed in an argument of a node."""
    return Geometry(*[tuple(map(int, part)) for part in packed])  # type: ignore[arg-type]


def wide_flag(A: Any, packed: Any) -> Integer:
    """Give 1 where a matrix has channels as its rows, 0 where it has images as columns."""
    return Integer(int(is_channels(A, unpacked(packed))))


class Unfold(Windowed, MatrixNode):
    """The windows of images, one a column: C·kh·kw × positions·n, all samples of a position beside each other."""

    title = "unfold"
    is_rearranged = True  # entries of the operand in other places: it needs no line of its own

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        A, g = args[0], unpacked(args[1])
        samples = S(A.shape[0]) * A.shape[1] / g.pixels
        return S(g.image[0] * g.kernel[0] * g.kernel[1]), samples * g.out[0] * g.out[1]

    def with_operands(self, *operands: Any) -> Any:
        return linear(Unfold, as_known(operands[0], self.geometry), self.args[1])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (A,), g = operands, self.geometry
        size, pixels = g.kernel[0] * g.kernel[1], g.image[1] * g.image[2]
        n = A.rows * A.cols // g.pixels
        a, b = divmod(i % size, g.kernel[1])
        found = [(r, c) for x, y, r, c in g.window(j // n) if (x, y) == (a, b)]
        return (
            pixel_at(A, g.image[0], pixels, i // size, found[0][0] * g.image[2] + found[0][1], j % n)
            if found
            else S.Zero
        )


class Fold(Windowed, MatrixNode):
    """The adjoint of `Unfold`: what windows have at a pixel, summed. `Fold(G, geometry, 1)` gives channels."""

    title = "fold"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        (G, _, wide), g = args, unpacked(args[1])
        pixels, samples = g.image[1] * g.image[2], S(G.shape[1]) / (g.out[0] * g.out[1])
        return (S(g.image[0]), samples * pixels) if wide else (S(g.pixels), samples)

    @property
    def image(self) -> tuple[int, int, int]:
        return self.geometry.image

    def with_operands(self, *operands: Any) -> Any:
        return linear(Fold, *operands, *self.args[1:])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (G,), g = operands, self.geometry
        positions, pixels = g.out[0] * g.out[1], g.image[1] * g.image[2]
        n = G.cols // positions
        rows, cols = (g.image[0], pixels * n) if self.args[2] else (g.pixels, n)
        c, p, s = place_of(i, j, rows, cols, g.image[0], pixels)
        size = g.kernel[0] * g.kernel[1]
        at = [
            (a * g.kernel[1] + b, q) for q in range(positions) for a, b, r, x in g.window(q) if r * g.image[2] + x == p
        ]
        return Add(*[G[c * size + tap, q * n + s] for tap, q in at])
