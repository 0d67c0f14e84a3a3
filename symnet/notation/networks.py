"""How what networks use is read: exp below 0, x·log y, (X − mean) ⊘ √(var + ε).

In: a reading and a node. Out: a box. These are rows of `FORMULAS`.
"""

from __future__ import annotations

from typing import Any

from sympy import HadamardProduct, MatAdd, MatMul, OneMatrix, S, exp, log

from symnet.expressions import (
    AxisVar, Earlier, Means, OverDeviation, OverRoot, Reduction, RootMeanSquared, Standardised, Total, exp_below, raw,
    xlogy,
)  # fmt: skip
from symnet.notation.reading import FORMULAS, Reading
from symnet.notation.spelling import ATOM, HADAMARD
from symnet.notation.style import Box


def _exp_below(r: Reading[Any], e: Any) -> Box[Any]:
    (x,) = e.args
    below = r.style.bracket(r.write(x), "<=", r.style.number(S.Zero))
    return r.style.hadamard([r.write(exp(x), ATOM), below], True), HADAMARD


def _over(r: Reading[Any], e: Any, above: Any, squares: Any, epsilon: Any) -> Box[Any]:
    # (above) ⊘ √(squares + ε), with a matrix of one line for each line of what stands above
    if not r.style.broadcasts:
        return r.call(e, e.title, e.operands)
    terms = [(False, squares), *([] if epsilon == 0 else [(False, r.write(epsilon))])]
    root = r.style.root(r.style.signed_sum(terms), e)
    return r.fraction(r.box(above), (root, ATOM), True)


def _variance(r: Reading[Any], X: Any, axis: Any) -> Any:
    node = AxisVar(X, axis, S.Zero)
    return r.call(node, node.title, [X], [] if axis == 0 else [f"axis={axis}"])[0]


def _standardised(r: Reading[Any], e: Any) -> Box[Any]:
    X, axis, epsilon = e.args
    centred = raw(MatAdd, X, raw(MatMul, S.NegativeOne, Means(X, axis)))
    return _over(r, e, centred, _variance(r, X, axis), epsilon)


def _over_deviation(r: Reading[Any], e: Any) -> Box[Any]:
    above, X, axis, epsilon = e.args
    return _over(r, e, above, _variance(r, X, axis), epsilon)


def _mean_of_squares(r: Reading[Any], X: Any, axis: Any) -> Any:
    return r.write(Means(raw(HadamardProduct, X, X), axis))


def _total(r: Reading[Any], e: Any) -> Box[Any]:
    # the largest of all entries, the only one of its column, is no sum to a reader
    alone = isinstance(e.args[0], Reduction) and e.args[0].shape == (1, 1) and r.style.broadcasts
    return r.box(e.args[0]) if alone else Reading.total(r, e)


FORMULAS.update({
    Total: _total,
    Standardised: _standardised,
    OverDeviation: _over_deviation,
    RootMeanSquared: lambda r, e: _over(r, e, e.args[0], _mean_of_squares(r, *e.args[:2]), e.args[2]),
    OverRoot: lambda r, e: _over(r, e, e.args[0], _mean_of_squares(r, *e.args[1:3]), e.args[3]),
    Earlier: lambda r, e: r.call(e, "tril", [OneMatrix(*e.shape)]),
    exp_below: _exp_below,
    xlogy: lambda r, e: r.box(e.args[0] * log(e.args[1])),
})  # fmt: skip
