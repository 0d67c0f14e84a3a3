"""Activations: what a network applies entry by entry, each under the name that papers and frameworks give it.

In: a matrix or scalar expression. Out: an expression of its shape. All are one formula of the scalar functions that
symnet knows; their slopes at corners are said in each.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Integer, S, pi, sqrt

from symnet.expressions import curves, scalars
from symnet.expressions.algebra import elementwise
from symnet.expressions.ranges import POSITIVE, as_number

_SELU = sympy.Float(1.0507009873554805), sympy.Float(1.6732632423543772)


def gelu(A: Any, approximate: str = "none") -> Any:
    """Give A∘Φ(A) entry by entry, the Gaussian error linear unit; Φ is the distribution function of the normal one.

    A: a matrix or scalar expression; the result has its shape. approximate: "none", or "tanh" for
    A∘(1 + tanh(√(2/π)·(A + 0.044715·A³)))/2, which some published nets were trained with. Raises `ValueError` for
    another word. See D. Hendrycks, K. Gimpel, "Gaussian error linear units" (2016).

    >>> import symnet as sn
    >>> sn.evaluate(sn.gelu(sn.matrix("A", 1, 3)), {"A": [[-1.0, 0.0, 2.0]]}).round(4).tolist()
    [[-0.1587, 0.0, 1.9545]]
    >>> A = sn.matrix("A", 2, 3)
    >>> print(sn.formula(sn.gradient(sn.sum(sn.gelu(A)), A)))
    A∘φ(A) + Φ(A)
    """
    if not isinstance(approximate, str) or approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate must be "none" or "tanh", not {approximate!r}')
    if approximate == "none":
        return elementwise(lambda x: x * curves.normal_cdf(x), A)
    inside = elementwise(lambda x: sqrt(2 / pi) * (x + sympy.Float("0.044715") * x**3), A)
    return elementwise(lambda x, u: x * (1 + sympy.tanh(u)) / 2, A, inside)


def elu(A: Any, alpha: Any = 1) -> Any:
    """Give A where it is positive and alpha·(exp(A) - 1) elsewhere, entry by entry; the derivative at 0 is alpha.

    A: a matrix or scalar expression; the result has its shape. alpha: a number, or a Symbol that is trained.

    >>> import symnet as sn
    >>> sn.evaluate(sn.elu(sn.matrix("A", 1, 2)), {"A": [[-1.0, 2.0]]}).round(4).tolist()
    [[-0.6321, 2.0]]
    """
    a = as_number("elu", "alpha", alpha)
    return elementwise(curves.elu, A) if a == 1 else elementwise(lambda x, a: curves.elu(x, a), A, a)


def celu(A: Any, alpha: Any = 1) -> Any:
    """Give max(A, 0) + min(0, alpha·(exp(A/alpha) - 1)) entry by entry, whose derivative at 0 is 1 for every alpha.

    A: a matrix or scalar expression; the result has its shape. alpha: a positive number or Symbol. Raises `ValueError`
    for others.

    >>> import symnet as sn
    >>> sn.evaluate(sn.celu(sn.matrix("A", 1, 2), alpha=2), {"A": [[-1.0, 2.0]]}).round(4).tolist()
    [[-0.7869, 2.0]]
    """
    a = as_number("celu", "alpha", alpha, POSITIVE)
    return elementwise(lambda x, a: a * curves.elu(x / a), A, a)


def selu(A: Any) -> Any:
    """Give 1.0507·elu(A, 1.6733) entry by entry, with which activations keep mean 0 and variance 1.

    A: a matrix or scalar expression; the result has its shape. The derivative at 0 is that from below. See G. Klambauer
    and others, "Self-normalizing neural networks" (2017), equation 2.

    >>> import symnet as sn
    >>> sn.evaluate(sn.selu(sn.matrix("A", 1, 2)), {"A": [[-1.0, 2.0]]}).round(4).tolist()
    [[-1.1113, 2.1014]]
    """
    scale, alpha = _SELU
    return elementwise(lambda x: scale * curves.elu(x, alpha), A)


def mish(A: Any) -> Any:
    """Give A∘tanh(softplus(A)) entry by entry.

    A: a matrix or scalar expression; the result has its shape. See D. Misra, "Mish: a self regularized non-monotonic
    activation function" (2020).

    >>> import symnet as sn
    >>> sn.evaluate(sn.mish(sn.matrix("A", 1, 2)), {"A": [[-1.0, 2.0]]}).round(4).tolist()
    [[-0.3034, 1.944]]
    """
    return elementwise(lambda x: x * sympy.tanh(scalars.softplus(x)), A)


def clip(A: Any, low: Any, high: Any) -> Any:
    """Give A entry by entry, but no less than `low` and no more than `high`, as `numpy.clip`.

    A: a matrix or scalar expression; the result has its shape. low, high: numbers or Symbols. The derivative is 1
    between them and 0 elsewhere, at `low` and `high` too. Raises `ValueError` where `low` is above `high`.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 1, 3)
    >>> sn.evaluate(sn.clip(A, -1, 1), {A: [[-2.0, 0.5, 3.0]]}).tolist()
    [[-1.0, 0.5, 1.0]]
    >>> print(sn.formula(sn.gradient(sn.sum(sn.clip(A, -1, 1)), A)))
    [1 > A]∘[A + 1 > 0]
    """
    return _clipped("clip", A, low, high)


def _clipped(who: str, A: Any, low: Any, high: Any) -> Any:
    a, b = as_number(who, "the lower end", low), as_number(who, "the upper end", high)
    if (b - a).is_negative:
        raise ValueError(f"{who}: the lower end {low} is above the upper end {high}")
    return elementwise(lambda x, a, b: curves.clip(x, a, b), A, a, b)


def hardtanh(A: Any, low: Any = -1, high: Any = 1) -> Any:
    """Give clip(A, low, high) entry by entry; the derivative is 1 between the two and 0 elsewhere.

    A, low, high: as in `clip`.

    >>> import symnet as sn
    >>> sn.evaluate(sn.hardtanh(sn.matrix("A", 1, 3)), {"A": [[-2.0, 0.5, 3.0]]}).tolist()
    [[-1.0, 0.5, 1.0]]
    """
    return _clipped("hardtanh", A, low, high)


def relu6(A: Any) -> Any:
    """Give clip(A, 0, 6) entry by entry; the derivative at 0 and at 6 is 0.

    A: a matrix or scalar expression; the result has its shape.

    >>> import symnet as sn
    >>> sn.evaluate(sn.relu6(sn.matrix("A", 1, 3)), {"A": [[-2.0, 0.5, 9.0]]}).tolist()
    [[0.0, 0.5, 6.0]]
    """
    return _clipped("relu6", A, 0, 6)


def hardsigmoid(A: Any) -> Any:
    """Give relu6(A + 3)/6 entry by entry, a sigmoid of three straight pieces with the corners -3 and 3.

    A: a matrix or scalar expression; the result has its shape.

    >>> import symnet as sn
    >>> sn.evaluate(sn.hardsigmoid(sn.matrix("A", 1, 3)), {"A": [[-4.0, 0.0, 1.5]]}).tolist()
    [[0.0, 0.5, 0.75]]
    """
    return elementwise(_hardsigmoid, A)


def _hardsigmoid(x: Any) -> Expr:
    return curves.clip(x + 3, S.Zero, Integer(6)) / 6


def hardswish(A: Any) -> Any:
    """Give A∘hardsigmoid(A) entry by entry.

    A: a matrix or scalar expression; the result has its shape. See A. Howard and others, "Searching for MobileNetV3"
    (2019).

    >>> import symnet as sn
    >>> sn.evaluate(sn.hardswish(sn.matrix("A", 1, 3)), {"A": [[-1.5, 1.5, 4.0]]}).tolist()
    [[-0.375, 1.125, 4.0]]
    """
    return elementwise(lambda x: x * _hardsigmoid(x), A)


def softsign(A: Any) -> Any:
    """Give A/(1 + |A|) entry by entry.

    A: a matrix or scalar expression; the result has its shape.

    >>> import symnet as sn
    >>> sn.evaluate(sn.softsign(sn.matrix("A", 1, 2)), {"A": [[-1.0, 3.0]]}).tolist()
    [[-0.5, 0.75]]
    """
    return elementwise(curves.softsign, A)


def log_sigmoid(A: Any) -> Any:
    """Give log(sigmoid(A)) = -softplus(-A) entry by entry, without overflow.

    A: a matrix or scalar expression; the result has its shape.

    >>> import symnet as sn
    >>> sn.evaluate(sn.log_sigmoid(sn.matrix("A", 1, 2)), {"A": [[-1000.0, 0.0]]}).round(4).tolist()
    [[-1000.0, -0.6931]]
    """
    return elementwise(lambda x: -scalars.softplus(-x), A)
