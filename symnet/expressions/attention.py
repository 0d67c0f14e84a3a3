"""Attention of tokens to tokens, and the masks that it takes.

In: queries, keys and values, one token a row, as papers write them. Out: a matrix expression, one row for each query.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Integer, MatMul, MatrixExpr, sqrt
from sympy.matrices.exceptions import ShapeError

from symnet.expressions.algebra import scaled, transpose
from symnet.expressions.axes import as_axis
from symnet.expressions.entering import is_array
from symnet.expressions.masked import Earlier, MaskedSoftmax
from symnet.expressions.nodes import Softmax
from symnet.expressions.operands import as_matrix, raw
from symnet.expressions.sizes import Size, as_size, same_shape, same_size, shape_text
from symnet.expressions.table import brief


def attention(Q: MatrixExpr, K: MatrixExpr, V: MatrixExpr, mask: Any = None) -> MatrixExpr:
    """Give softmax(Q·Kᵀ/√d, axis=1)·V, the scaled dot-product attention: for each query a mean of the values.

    Q: (queries, d); K: (keys, d); V: (keys, size): tokens are rows. mask: (queries, keys), a positive number where a
    query may look at a key and 0 where not, such as `sn.causal_mask(n)`, or data; a query that may look at nothing gets
    zeros. None: every query looks at every key. Raises `ShapeError` where sizes do not fit. For the logarithm of masked
    weights see `masked_softmax`. See A. Vaswani and others, "Attention is all you need" (2017), equation 1.

    >>> import symnet as sn
    >>> Q, K, V = sn.matrix("Q", "n", 4), sn.matrix("K", "n", 4), sn.matrix("V", "n", 3)
    >>> print(sn.formula(sn.attention(Q, K, V)))
    softmax(Q⋅Kᵀ/2, axis=1)⋅V
    >>> print(sn.formula(sn.attention(Q, K, V, sn.causal_mask("n"))))
    softmax(Q⋅Kᵀ/2, tril(1⋅1ᵀ), axis=1)⋅V
    """
    Q, K, V = as_matrix("attention: Q", Q), as_matrix("attention: K", K), as_matrix("attention: V", V)
    if not same_size(Q.shape[1], K.shape[1]):
        raise ShapeError(f"attention: queries and keys are rows of one length, but {brief(Q)} is {shape_text(Q.shape)} "
                         f"and {brief(K)} is {shape_text(K.shape)}{_turned(Q, K)}")  # fmt: skip
    if not same_size(K.shape[0], V.shape[0]):
        raise ShapeError(f"attention: there is one value for each key, but {brief(K)} is {shape_text(K.shape)}, with "
                         f"{K.shape[0]} rows, and {brief(V)} is {shape_text(V.shape)}{_turned(K, V)}")  # fmt: skip
    scores = scaled(1 / sqrt(Q.shape[1]), raw(MatMul, Q, transpose(K)))
    weights = Softmax(scores, Integer(1)) if mask is None else _masked("attention", scores, mask, 1)
    return raw(MatMul, weights, V)


def _turned(A: Any, B: Any) -> str:
    return f"; tokens are rows: write {brief(B)}.T" if A.shape[1] == B.shape[0] or A.shape[0] == B.shape[1] else ""


def masked_softmax(Z: MatrixExpr, mask: Any, axis: int = 0) -> MatrixExpr:
    """Give the softmax along an axis over the entries where a mask is positive; where it is 0 the result is 0.

    Z: a matrix expression; mask: a matrix of its shape, data; axis: 0 down the columns, 1 along the rows. Entries that
    are masked are left out, as if they were −∞; where all are, the result is 0. Raises `ShapeError` for a mask of
    another shape, `ValueError` for another axis. Its logarithm is −∞ where the mask is 0, and NaN once that is
    multiplied by a target of 0; with a mask of 0 and 1 write `sn.log_softmax(Z - 1e9*(1 - M), axis=0)`.

    >>> import symnet as sn
    >>> Z, M = sn.matrix("Z", 3, 1), sn.matrix("M", 3, 1)
    >>> values = {Z: [[1], [1000], [1]], M: [[1], [0], [1]]}
    >>> sn.evaluate(sn.masked_softmax(Z, M), values).tolist()
    [[0.5], [0.0], [0.5]]
    >>> sn.evaluate(sn.log_softmax(Z - 1e9*(1 - M), axis=0), values).round(4)[[0, 2]].tolist()
    [[-0.6931], [-0.6931]]
    """
    return _masked("masked_softmax", as_matrix("masked_softmax", Z), mask, as_axis(axis))


def _masked(who: str, Z: Any, mask: Any, axis: int) -> MatrixExpr:
    if is_array(mask) and (numbers := np.asarray(mask)).dtype.kind in "if" and (numbers < 0).any():
        raise ValueError(f"{who}: the mask has {numbers[numbers < 0][0]:g} in it, as what is added to scores has; here "
                         "it is 1 where a query may look and 0 where not: write mask >= 0")  # fmt: skip
    M = as_matrix(f"{who}: the mask", mask)
    if not same_shape(Z.shape, M.shape):
        raise ShapeError(f"{who}: the mask {brief(M)} is {shape_text(M.shape)}, but what it is for is "
                         f"{shape_text(Z.shape)}; it needs a number for each entry")  # fmt: skip
    return MaskedSoftmax(Z, M, Integer(axis))


def causal_mask(queries: Size, keys: Size | None = None) -> MatrixExpr:
    """Give the mask with which each token looks at itself and at those before it: 1 on and below the diagonal, 0 above.

    queries, keys: how many there are, numbers or names of sizes; as many keys as queries where nothing is said. Raises
    `ValueError` for what is no size.

    >>> import symnet as sn
    >>> sn.evaluate(sn.causal_mask(3), {}).tolist()
    [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
    """
    rows = as_size(queries, "causal_mask")
    return Earlier(rows, rows if keys is None else as_size(keys, "causal_mask"))
