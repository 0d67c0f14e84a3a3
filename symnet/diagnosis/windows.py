"""Mistakes of convolutions: kernels that are not flipped on the way back, borders cut on one side, one sample alone;
and of pooling: what comes back to the largest pixel is spread over all.

In: a `Ground` and a place of an equation, as for the other rules of the grammar. Out: what may stand there instead,
with its words and its price; and the numbers of convolutions, and of nodes that only such a mistake makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
from sympy import Integer, MatMul, MatrixSymbol, OneMatrix, Transpose

from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.numbers import ROWS
from symnet.diagnosis.places import WINDOWS, Place, put
from symnet.diagnosis.quantities import Ground
from symnet.expressions import AvgUnpool, Fold, MatrixNode, MaxUnpool, Unfold, raw, scaled, size_number

_Found = Iterator[tuple[str, Any, Words, float, Any]]


class _Flipped(MatrixNode):
    """Kernels turned round by a half turn, those of each channel: `_Flipped(K, pixels of a kernel)`."""

    title = "flipped"

    @property
    def labels(self) -> tuple[str, ...]:
        return ()


class _Sample(MatrixNode):
    """The columns of one sample, and zeros: `_Sample(Z, columns of a sample, 0 or -1)`."""

    title = "sample"

    @property
    def labels(self) -> tuple[str, ...]:
        return ("last" if self.args[2] == -1 else "first",)


def window_edits(ground: Ground, lhs: Name, place: Place) -> _Found:
    """Give what is done to windows by mistake."""
    node = place.node
    if isinstance(node, Fold):
        yield from _not_flipped(node)
        yield from _cut(node)
    if isinstance(node, MaxUnpool):
        yield from _spread_out(node)
    if isinstance(node, MatMul) and len([a for a in node.args if a.is_Matrix]) == 2:
        yield from _flipped_gradient(node)
        yield from _one_sample(ground, node)


def _not_flipped(node: Fold) -> _Found:
    g, product = node.geometry, node.args[0]
    for i, factor in enumerate(product.args if isinstance(product, MatMul) else ()):
        K = factor.args[0] if isinstance(factor, Transpose) else None
        if isinstance(K, MatrixSymbol):
            turned = raw(Transpose, _Flipped(K, Integer(g.kernel[0] * g.kernel[1])))
            new = type(node)(put(product, (i,), turned), *node.args[1:])
            words = say("the kernels of {} are not flipped on the way back", K)
            yield "wrong-operand", new, words, 1.0, ("not flipped",)


def _cut(node: Fold) -> _Found:
    g = node.geometry
    top, bottom, left, right = g.padding
    for padding, side in (((0, top + bottom, 0, left + right), "end"), ((top + bottom, 0, left + right, 0), "start")):
        if any(g.padding) and padding != g.padding:
            new = type(node)(node.args[0], g._replace(padding=padding).packed(), node.args[2])
            words = say(f"the border is cut off at the {side} of rows and columns only: {{}}", node)
            yield "wrong-operand", new, words, 1.3, ("cut", side)


def _spread_out(node: MaxUnpool) -> _Found:
    # every pixel of a window gets it, as a mean would hand it on, or all of it each
    g = node.geometry
    pixels = Integer(g.kernel[0] * g.kernel[1])
    evenly = AvgUnpool(node.args[0], node.args[2], Integer(node.shape[0] == g.image[0]))
    words = say("what comes back is spread evenly over each window, as by a mean; the largest pixel alone gets it")
    yield "wrong-operand", evenly, words, 1.3, ("spread", "evenly")
    words = say("every pixel of a window gets what comes back; the largest one alone gets it")
    yield "wrong-operand", scaled(pixels, evenly), words, 1.3, ("spread", "whole")


def _flipped_gradient(node: Any) -> _Found:
    last = node.args[-1]
    if isinstance(last, Transpose) and isinstance(last.args[0], Unfold):
        g = last.args[0].geometry
        words = say("the kernels of {} are flipped", node)
        yield "wrong-operand", _Flipped(node, Integer(g.kernel[0] * g.kernel[1])), words, 1.4, ("flipped",)


def _one_sample(ground: Ground, node: Any) -> _Found:
    *scalars, Z, last = node.args
    summed = isinstance(last, OneMatrix) and last.shape[1] == 1
    if not summed and not (isinstance(last, Transpose) and isinstance(last.args[0], Unfold)):
        return
    windows = (u for e in ground.setting.forward for u in e.rhs.atoms(Unfold) if u.shape[1] == Z.shape[1])
    for u in islice(windows, 1):
        positions = Integer(u.geometry.out[0] * u.geometry.out[1])
        for which, word in ((-1, "last"), (0, "first")):
            new = raw(MatMul, *scalars, _Sample(Z, positions, Integer(which)), last)
            words = say(f"there is no sum over the samples in {{}}: only the {word} counts", node)
            yield "wrong-sum", new, words, 1.3, ("sample", word)


# -- numbers


def _through(numbers: Any, expr: Any, values: Mapping[str, Any], known: dict[Any, Any]) -> Any:
    names = [MatrixSymbol(f"operand{i}", *a.shape) for i, a in enumerate(expr.operands)]
    given = [np.atleast_2d(numbers.value(a, values, known)) for a in expr.operands]
    if any(v.shape != tuple(size_number(s, numbers.sizes) for s in a.shape) for v, a in zip(given, names, strict=True)):
        raise ValueError("windows of an array of another shape")
    return numbers.written(
        type(expr)(*names, *expr.args[len(names) :]),
        {numbers.safe[name.name]: v for name, v in zip(names, given, strict=True)},
    )


def _flipped(numbers: Any, expr: Any, values: Mapping[str, Any], known: dict[Any, Any]) -> Any:
    A = numbers.value(expr.args[0], values, known)
    return A.reshape(len(A), -1, int(expr.args[1]))[:, :, ::-1].reshape(A.shape)


def _sample(numbers: Any, expr: Any, values: Mapping[str, Any], known: dict[Any, Any]) -> Any:
    A, which = numbers.value(expr.args[0], values, known), int(expr.args[2])
    kept = np.zeros_like(A).reshape(len(A), int(expr.args[1]), -1)
    kept[:, :, which] = A.reshape(kept.shape)[:, :, which]
    return kept.reshape(A.shape)


ROWS.update({**dict.fromkeys(WINDOWS, _through), _Flipped: _flipped, _Sample: _sample})
