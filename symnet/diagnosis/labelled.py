"""Labels that are others: in the reverse order, moved by one, the likeliest class for probabilities, other signs.

In: a `Ground` and a place of an equation. Out: what may stand there instead of data, with its words and its price. What
the data are is read off the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sympy import Integer, Lambda, MatAdd, MatMul, OneMatrix, S, Transpose

from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.labels import is_of_shares, is_one_hot
from symnet.diagnosis.places import Place
from symnet.diagnosis.quantities import Ground
from symnet.expressions import Hardmax, bound_variables, elementwise, roll

_Found = Iterator[tuple[str, Any, Words, float, Any]]
(_X,) = bound_variables(1)


def label_edits(ground: Ground, lhs: Name, place: Place) -> _Found:
    """Give other labels in the place of labels."""
    Y, parent = place.node, place.parent
    is_factor = isinstance(parent, MatMul) and sum(a.is_Matrix for a in parent.args) > 1
    if Y not in ground.setting.targets or lhs in ground.setting.partials and (is_factor or type(parent) is Transpose):
        return
    shape = ground.setting.shape(Y)
    for axis, what in ((1, "columns"), (0, "rows")):
        if shape[axis] > 1:
            turned = Y[:, ::-1] if axis else Y[::-1, :]
            words = say("the " + what + " of {} stand in the reverse order: {}", Y, turned)
            yield "wrong-operand", turned, words, 1.7, ("labels", "reversed", axis)
            for shift in (1, -1) if shape[axis] > 2 else ():
                moved = roll(Y, shift, axis=axis)
                words = say("the " + what + " of {} are moved by one: {}", Y, moved)
                yield "wrong-operand", moved, words, 1.7, ("labels", "moved", axis, shift)
    values = np.asarray(ground.value(Y), float)
    for new, words in _of_their_kind(Y, values):
        yield "wrong-operand", new, words, 1.7, ("labels", new)
    if isinstance(parent, MatAdd) or isinstance(parent, MatMul) and not is_factor:
        words = say("{} stands where the labels {} belong", S.One, Y)
        yield "wrong-operand", OneMatrix(*Y.shape), words, 1.25, ("labels", "ones")


def _of_their_kind(Y: Any, values: Any) -> Iterator[tuple[Any, Words]]:
    stands = "{} stands where {} belongs"
    if is_of_shares(values) and not is_one_hot(values):
        axis = 0 if np.allclose(values.sum(axis=0), 1) else 1
        new = Hardmax(Y, Integer(axis))
        yield new, say("the likeliest class counts alone: " + stands, new, Y)
    found = set(np.unique(values))
    for these, body in (({0.0, 1.0}, 2 * _X - 1), ({-1.0, 1.0}, (_X + 1) / 2)):
        if found == these:
            new = elementwise(Lambda((_X,), body), Y)
            yield new, say(stands, new, Y)
