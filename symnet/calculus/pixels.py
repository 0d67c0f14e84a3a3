"""Rows of the matrices of linear maps for images: windows unfolded and folded, pools and what goes back through them.

In: a node that is linear in its first argument, as in `linear`. Out: its matrix. What happens to one image happens to
all: with images as columns the matrix is I ⊗ F, where the columns of F are what the node makes of the unit images. The
largest pixels lie elsewhere in each image, so that each has an F of its own on the diagonal. Source: V. Dumoulin,
F. Visin, "A guide to convolution arithmetic for deep learning" (2016), 4.1, where F is written out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sympy import Identity, OneMatrix, S, Tuple

from symnet.calculus.linear import MATRICES, matrix_in
from symnet.expressions import (
    AvgPool, AvgUnpool, Fold, MaxPick, MaxUnpool, Unfold, as_channels, as_images, commutation, composed,
    hadamard, kronecker, matmul, unpacked,
)  # fmt: skip

Form: TypeAlias = tuple[int, tuple[int, int]]  # channels, and the size of each
Forms: TypeAlias = Callable[[Any], tuple[Form, Form]]  # of what a node is given and of what it gives, by its geometry


def _image(g: Any) -> Form:
    return g.image[0], g.image[1:]


def _pooled(g: Any) -> Form:
    return g.image[0], g.out


def _windows(g: Any) -> Form:
    return g.image[0] * g.kernel[0] * g.kernel[1], g.out


def _entries(form: Form) -> Any:
    return S(form[0] * form[1][0] * form[1][1])


def _reordered(shape: Any, form: Form, back: bool = False) -> Any:
    # the entries of a matrix, column by column, in the order that they have with images as columns; or back
    pixels, entries = _entries(form), shape[0] * shape[1]
    if shape[0] == pixels:
        return Identity(entries)
    images = (pixels, entries / pixels)
    first, last = (images, shape) if back else (shape, images)
    return composed(commutation(last[1], last[0]), commutation(*first))


def _with_images(node: Any, known: Any, forms: tuple[Form, Form], matrix: Callable[[Any], Any]) -> Any:
    A, (before, after) = node.args[0], forms
    samples = A.shape[0] * A.shape[1] / _entries(before)
    there, back = _reordered(A.shape, before), _reordered(node.shape, after, back=True)
    return composed(back, matrix(samples), there, matrix_in(A, known))


def _alike(forms: Forms) -> Callable[[Any, Any], Any]:
    def row(node: Any, known: Any) -> Any:
        _, packed, *wide = node.args
        before, after = of = forms(unpacked(packed))
        units: Any = Identity(_entries(before))
        units = as_channels(units, Tuple(*before[1])) if isinstance(node, Fold) else units
        one = node.func(units, packed, *[S.Zero for _ in wide])
        one = as_images(one, Tuple(*after[1])) if isinstance(node, Unfold) else one
        return _with_images(node, known, of, lambda samples: kronecker(Identity(samples), one))

    return row


def _each_its_own(forms: Forms) -> Callable[[Any, Any], Any]:
    def row(node: Any, known: Any) -> Any:
        _, A, packed = node.args
        before, after = of = forms(g := unpacked(packed))
        size, rows = _entries(before), _entries(after)
        images = A if A.shape[0] == g.pixels else as_images(A, Tuple(*g.image[1:]))

        def matrix(samples: Any) -> Any:
            copies = matmul(images, kronecker(Identity(samples), OneMatrix(1, size)))
            found = node.func(kronecker(OneMatrix(1, samples), Identity(size)), copies, packed)
            on_diagonal = kronecker(Identity(samples), OneMatrix(rows, size))
            return found if samples == 1 else hadamard(on_diagonal, kronecker(OneMatrix(samples, 1), found))

        return _with_images(node, known, of, matrix)

    return row


MATRICES.update({
    Unfold: _alike(lambda g: (_image(g), _windows(g))),
    Fold: _alike(lambda g: (_windows(g), _image(g))),
    AvgPool: _alike(lambda g: (_image(g), _pooled(g))),
    AvgUnpool: _alike(lambda g: (_pooled(g), _image(g))),
    MaxPick: _each_its_own(lambda g: (_image(g), _pooled(g))),
    MaxUnpool: _each_its_own(lambda g: (_pooled(g), _image(g))),
})  # fmt: skip
