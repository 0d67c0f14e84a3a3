"""Pooling: the largest pixel or the mean of each window of an image, and the adjoints.

The windows are those of `images`. The gradient of a largest pixel goes to the first of the largest, row by row, as in
PyTorch; which one it is depends on the values but has no slope of its own.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, And, Expr, Max, Piecewise, S, Tuple, ZeroMatrix

from symnet.expressions.algebra import scaled
from symnet.expressions.images import (
    Geometry, Windowed, as_images, as_known, is_channels, linear, pixel_at, place_of, unpacked,
)  # fmt: skip
from symnet.expressions.interned import MatrixNode
from symnet.expressions.operands import split
from symnet.expressions.sizes import Shape


def _of_form(A: Any, g: Geometry, wide: bool, pixels: int) -> Shape:
    samples = S(A.shape[0]) * A.shape[1] / g.pixels
    return (S(g.image[0]), samples * pixels) if wide else (S(g.image[0] * pixels), samples)


class _Pooling(Windowed, MatrixNode):
    @staticmethod
    def shape_of(*args: Any) -> Shape:
        A, g = args[-2], unpacked(args[-1])
        return _of_form(A, g, is_channels(A, g), g.out[0] * g.out[1])

    def with_operands(self, *operands: Any) -> Any:
        (A,), g = operands, self.geometry
        inside = as_known(A, g)
        if inside is not A:
            return as_images(type(self)(inside, self.args[1]), Tuple(*g.out))
        return ZeroMatrix(*self.shape) if isinstance(A, ZeroMatrix) else type(self)(A, self.args[1])

    def seen(self, i: int, j: int, A: Any) -> list[Any]:
        """Give the pixels of A in the window of the entry i, j, in order."""
        g = self.geometry
        positions, pixels = g.out[0] * g.out[1], g.image[1] * g.image[2]
        n = A.rows * A.cols // g.pixels
        wide = A.rows == g.image[0] != g.pixels
        rows, cols = (g.image[0], n * positions) if wide else (g.image[0] * positions, n)
        c, p, s = place_of(i, j, rows, cols, g.image[0], positions)
        return [pixel_at(A, g.image[0], pixels, c, r * g.image[2] + x, s) for _, _, r, x in g.window(p)]


class MaxPool(_Pooling):
    """The largest pixel of each window; padding is never the largest."""

    title = "max_pool"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return Max(*self.seen(i, j, operands[0]))


class AvgPool(_Pooling):
    """The mean of each window, padding being zeros."""

    title = "avg_pool"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        g = self.geometry
        return Add(*self.seen(i, j, operands[0])) / (g.kernel[0] * g.kernel[1])


class MaxPick(_Pooling):
    """The pixels of H where the first largest pixel of A is, in each window: `MaxPick(H, A, geometry)`."""

    title = "max_pick"

    def with_operands(self, *operands: Any) -> Any:
        return _picking(MaxPick, operands[0], operands[1], self.args[2])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        H, A = operands
        seen = self.seen(i, j, A)
        return Add(*[h * _is_first_largest(k, seen) for k, h in enumerate(self.seen(i, j, H))])


def _is_first_largest(k: int, values: list[Any]) -> Any:
    conditions = [values[k] > v if m < k else values[k] >= v for m, v in enumerate(values) if m != k]
    return Piecewise((1, And(*conditions)), (0, True)) if conditions else S.One


def _picking(node: type, H: Any, A: Any, geometry: Any) -> Any:
    c, rest = split(H)
    whole = node(rest, A, geometry)
    return ZeroMatrix(*whole.shape) if isinstance(rest, ZeroMatrix) else scaled(c, whole)


class MaxUnpool(Windowed, MatrixNode):
    """The adjoint of `MaxPick`: G put back where the first largest pixels of A are, `MaxUnpool(G, A, geometry)`."""

    title = "max_unpool"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        shape: Shape = args[1].shape
        return shape

    @property
    def image(self) -> tuple[int, int, int]:
        return self.geometry.image

    def with_operands(self, *operands: Any) -> Any:
        return _picking(MaxUnpool, operands[0], operands[1], self.args[2])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (G, A), g = operands, self.geometry
        pixels, positions = g.image[1] * g.image[2], g.out[0] * g.out[1]
        c, p, s = place_of(i, j, A.rows, A.cols, g.image[0], pixels)
        found = S.Zero
        for q in range(positions):
            inside = [r * g.image[2] + x for _, _, r, x in g.window(q)]
            if p in inside:
                values = [pixel_at(A, g.image[0], pixels, c, other, s) for other in inside]
                found += pixel_at(G, g.image[0], positions, c, q, s) * _is_first_largest(inside.index(p), values)
        return found


class AvgUnpool(Windowed, MatrixNode):
    """The adjoint of `AvgPool`: `AvgUnpool(G, geometry, 1)` gives channels."""

    title = "avg_unpool"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        (G, _, wide), g = args, unpacked(args[1])
        pixels = g.image[1] * g.image[2]
        samples = S(G.shape[0]) * G.shape[1] / (g.image[0] * g.out[0] * g.out[1])
        return (S(g.image[0]), samples * pixels) if wide else (S(g.pixels), samples)

    @property
    def image(self) -> tuple[int, int, int]:
        return self.geometry.image

    def with_operands(self, *operands: Any) -> Any:
        return linear(AvgUnpool, *operands, *self.args[1:])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (G,), g = operands, self.geometry
        pixels, positions = g.image[1] * g.image[2], g.out[0] * g.out[1]
        n = G.rows * G.cols // (g.image[0] * positions)
        rows, cols = (g.image[0], pixels * n) if self.args[2] else (g.pixels, n)
        c, p, s = place_of(i, j, rows, cols, g.image[0], pixels)
        at = [q for q in range(positions) for _, _, r, x in g.window(q) if r * g.image[2] + x == p]
        return Add(*[pixel_at(G, g.image[0], positions, c, q, s) for q in at]) / (g.kernel[0] * g.kernel[1])
