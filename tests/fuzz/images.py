"""Kinds of node for the fuzzer that have images as columns: convolutions and pooling, in plain NumPy, window by window.

Nothing of symnet is asked: a window is an index into an image, its value a sum over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .tree import Tree


class Windows:
    """A random image whose windows are of a wanted number: `image`, `kernel`, and `text` of the other arguments."""

    def __init__(self, g: Any, out: tuple[int, int], pads: bool = True) -> None:
        self.out, self.channels = out, g.pick(1, 1, 2)
        self.kernel = (g.pick(1, 2), g.pick(1, 2, 3))
        self.stride, self.dilation = (g.pick(1, 1, 2), g.pick(1, 2)), (g.pick(1, 1, 2), g.pick(1, 1, 2))
        self.padding, size = [], []
        for axis in range(2):
            reach = (out[axis] - 1) * self.stride[axis] + (self.kernel[axis] - 1) * self.dilation[axis] + 1
            border = g.pick(0, 1) if pads and reach > 2 else 0
            self.padding.append(border)
            size.append(reach - 2 * border)
        self.size = tuple(size)
        self.image = (self.channels, *self.size)
        self.rows = int(np.prod(self.image))
        self.text = f"stride={self.stride}, padding={tuple(self.padding)}, dilation={self.dilation}"

    def taps(self, y: int, x: int) -> Iterator[tuple[int, int, int]]:
        """Give (number of the pixel in the kernel, row, column) of each pixel that a window has."""
        for k in range(self.kernel[0] * self.kernel[1]):
            a, b = divmod(k, self.kernel[1])
            r = y * self.stride[0] + a * self.dilation[0] - self.padding[0]
            c = x * self.stride[1] + b * self.dilation[1] - self.padding[1]
            if 0 <= r < self.size[0] and 0 <= c < self.size[1]:
                yield k, r, c

    def pixels(self, X: Any) -> Any:
        """Give images as channels × rows × columns × samples."""
        return X.reshape(*self.image, -1)

    def correlate(self, p: Any, K: Any, X: Any) -> Any:
        """Give the convolution."""
        P, W = self.pixels(X), K.reshape(len(K), self.channels, -1)
        found = np.zeros((len(K), *self.out, P.shape[3]), np.result_type(K, X))
        for y, x in np.ndindex(*self.out):
            for k, r, c in self.taps(y, x):
                found[:, y, x] += W[:, :, k] @ P[:, r, c]
        return found.reshape(-1, P.shape[3])

    def largest(self, p: Any, X: Any) -> Any:
        """Give the largest pixels; how near the second is, is noted."""
        P = self.pixels(X)
        found = np.zeros((self.channels, *self.out, P.shape[3]), X.dtype)
        for y, x in np.ndindex(*self.out):
            seen = np.array([P[:, r, c] for _, r, c in self.taps(y, x)])
            order = np.argsort(-seen.real, axis=0, kind="stable")
            best = np.take_along_axis(seen, order, 0)
            if len(seen) > 1:
                p.near(best[0] - best[1])
            found[:, y, x] = best[0]
        return found.reshape(-1, P.shape[3])

    def means(self, p: Any, X: Any) -> Any:
        """Give the means, padding being zeros."""
        P = self.pixels(X)
        found = np.zeros((self.channels, *self.out, P.shape[3]), X.dtype)
        for y, x in np.ndindex(*self.out):
            for _, r, c in self.taps(y, x):
                found[:, y, x] += P[:, r, c] / (self.kernel[0] * self.kernel[1])
        return found.reshape(-1, P.shape[3])

    def sines(self, p: Any, X: Any) -> Any:
        """Give what the sines of the windows add up to at each pixel."""
        P = self.pixels(X)
        times = np.zeros(self.size)
        for y, x in np.ndindex(*self.out):
            for _, r, c in self.taps(y, x):
                times[r, c] += 1
        return (np.sin(P) * times[None, :, :, None]).reshape(X.shape)


def _split(g: Any, rows: int) -> tuple[int, tuple[int, int]]:
    # channels, and windows down and across
    return g.pick((rows, (1, 1)), (1, (rows, 1)), (1, (1, rows)))  # type: ignore[no-any-return]


def convolutions(node: Callable[..., Tree]) -> dict[str, Callable[[Any, Any], Tree | None]]:
    """Give the rows, by kind; `node` makes a tree."""

    def conv2d(g: Any, s: Any) -> Tree | None:
        if not isinstance(s[0], int):
            return None
        outputs, out = _split(g, s[0])
        w = Windows(g, out)
        K = g.matrix(outputs, w.channels * w.kernel[0] * w.kernel[1])
        text = f"sn.conv2d({{0}}, {{1}}, {w.image}, {w.text}, kernel={w.kernel})"
        return node("conv2d", s, text, w.correlate, K, g.matrix(w.rows, s[1]))

    def biased(g: Any, s: Any) -> Tree | None:
        if not isinstance(s[0], int):
            return None
        w = Windows(g, (1, 1))
        K, b = g.matrix(s[0], w.channels * w.kernel[0] * w.kernel[1]), g.matrix(s[0], 1)
        text = f"sn.tanh(sn.conv2d({{0}}, {{1}}, {w.image}, {w.text}, kernel={w.kernel}, bias={{2}}))"
        value = lambda p, K, X, b: np.tanh(w.correlate(p, K, X) + b)
        return node("conv2d with bias", s, text, value, K, g.matrix(w.rows, s[1]), b)

    def pooled(kind: str, call: str, value: str) -> Callable[[Any, Any], Tree | None]:
        def make(g: Any, s: Any) -> Tree | None:
            if not isinstance(s[0], int):
                return None
            w = Windows(g, (s[0], 1) if g.pick(True, False) else (1, s[0]), pads=False)
            w.dilation = (1, 1)
            w.size = tuple((o - 1) * d + k for o, d, k in zip(w.out, w.stride, w.kernel, strict=True))
            w.channels, w.image, w.rows = 1, (1, *w.size), w.size[0] * w.size[1]
            text = f"sn.{call}({{0}}, {w.kernel}, stride={w.stride}, shape={w.image})"
            return node(kind, s, text, getattr(w, value), g.matrix(w.rows, s[1]))

        return make

    def folded(g: Any, s: Any) -> Tree | None:
        if not isinstance(s[0], int):
            return None
        w = Windows(g, (s[0], 1), pads=False)
        w.channels, w.kernel, w.stride, w.dilation = 1, (1, 1), (1, 1), (1, 1)
        w.kernel = (g.pick(1, min(2, s[0])), 1)
        w.out, w.size = (s[0] - w.kernel[0] + 1, 1), (s[0], 1)
        w.image = (1, *w.size)
        text = f"sn.fold(sn.sin(sn.unfold({{0}}, {w.kernel}, {w.image})), {w.kernel}, {w.image})"
        return node("folded", s, text, w.sines, g.matrix(*s))

    def conv1d(g: Any, s: Any) -> Tree | None:
        if not isinstance(s[0], int):
            return None
        outputs, out = g.pick((s[0], 1), (1, s[0]))
        w = Windows(g, (1, out))
        w.kernel, w.stride, w.dilation = (1, w.kernel[1]), (1, w.stride[1]), (1, w.dilation[1])
        w.padding, w.size = [0, w.padding[1]], (1, w.size[1])
        w.image = (w.channels, *w.size)
        text = f"sn.conv1d({{0}}, {{1}}, ({w.channels}, {w.size[1]}), {w.stride[1]}, {w.padding[1]}, {w.dilation[1]})"
        K = g.matrix(outputs, w.channels * w.kernel[1])
        return node("conv1d", s, text, w.correlate, K, g.matrix(w.channels * w.size[1], s[1]))

    return {
        "conv2d": conv2d,
        "conv2d with bias": biased,
        "conv1d": conv1d,
        "max_pool2d": pooled("max_pool2d", "max_pool2d", "largest"),
        "avg_pool2d": pooled("avg_pool2d", "avg_pool2d", "means"),
        "folded": folded,
    }
