"""Data that are not all there, or in another order; gradients of zeros, in one matrix, or none at all."""

import numpy as np
import pytest
from mistaken import numbers
from sympy import OneMatrix, Symbol

import symnet as sn

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 3, "n")
NET = sn.mlp(X, [5, 3])
VALUES = numbers(3, X=(3, 7), Y=(3, 7), W1=(5, 3), b1=(5, 1), W2=(3, 5), b2=(3, 1))
HOT = {**VALUES, "Y": np.eye(3)[[0, 2, 1, 1, 0, 2, 0]].T}
LOSSES = {
    "squares": (sn.squared_error(NET, Y), VALUES),
    "classes": (sn.cross_entropy(NET, Y), HOT),
    "decay": (sn.squared_error(NET, Y) + sn.norm(NET.parameters[0]) ** 2 / 20, VALUES),
    "sum": (sn.squared_error(NET, Y) * Symbol("n"), VALUES),
}
PARTS = {
    "first": ([0, 1, 2], "the first 3"),
    "last": ([3, 4, 5, 6], "the last 4"),
    "all but one": ([0, 1, 3, 4, 5, 6], "all but 2 "),
    "some": ([1, 4, 6], "1, 4, 6 "),
}


def found(loss, values, other, of_function=False):
    gradient = sn.derive(loss, NET.parameters).compile(dtype=float)

    def gradients(v):
        return {w.name: g for w, g in gradient(other(v))[1].items()}

    return sn.diagnose(loss, values, gradients if of_function else gradients(values))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_samples_is_told(part, loss):
    of, words = PARTS[part]
    of_function = (list(PARTS).index(part) + list(LOSSES).index(loss)) % 2 == 0  # by a function, or its arrays
    said = found(*LOSSES[loss], lambda v: {**v, "X": v["X"][:, of], "Y": v["Y"][:, of]}, of_function)
    assert said.faults[0].kind == "wrong-sum" and words in said.faults[0].words, str(said)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("loss", ["squares", "classes", "decay"])
@pytest.mark.parametrize("of_function", [False, True])
def test_samples_in_another_order_are_told(loss, of_function):
    order = [2, 0, 3, 1, 6, 4, 5]
    said = found(*LOSSES[loss], lambda v: {**v, "Y": v["Y"][:, order]}, of_function)
    assert said.faults[0].kind == "wrong-operand" and "another order than" in said.faults[0].words, str(said)
    said = found(*LOSSES[loss], lambda v: {**v, "X": v["X"][:, order]}, of_function)
    assert "another order than" in said.faults[0].words, str(said)


@pytest.mark.parametrize("of_function", [False, True])
def test_classes_in_another_order_are_told(of_function):
    said = found(*LOSSES["classes"], lambda v: {**v, "Y": v["Y"][[1, 0, 2]]}, of_function)
    assert "0 as 1, 1 as 0" in said.faults[0].words, str(said)


def test_other_numbers_are_no_part_and_no_order():
    draw = np.random.default_rng(5)
    for loss, values in LOSSES.values():
        gradients = {w.name: draw.normal(size=VALUES[w.name].shape) for w in NET.parameters}
        assert sn.diagnose(loss, values, gradients).faults[0].kind == "unknown"


@pytest.mark.parametrize("of_function", [False, True])
@pytest.mark.parametrize(
    ("zero", "words"),
    [
        (("W1",), "your gradient of W₁ is all zeros: the array made for it"),
        (("b2",), "the bias has no path"),
        (("W1", "b1"), "nothing comes back: Z̅₁ is 0 here"),
        (("W1", "W2"), "your gradients of W₁, W₂ are all zeros"),
        (("W1", "b1", "W2", "b2"), "nothing comes back: Z̅₂ is 0 here"),
    ],
)
def test_gradients_of_zeros_have_words_of_their_own(zero, words, of_function):
    loss, values = LOSSES["squares"]
    gradient = sn.derive(loss, NET.parameters).compile(dtype=float)

    def gradients(v):
        return {w.name: g * (w.name not in zero) for w, g in gradient(v)[1].items()}

    said = sn.diagnose(loss, values, gradients if of_function else gradients(values))
    assert {w.name for w in said.wrong} == set(zero) and words in said.faults[0].words, str(said)
    assert len(said.explanations) == 1


def test_an_edit_that_gives_zeros_is_named_as_what_it_is():
    W, b, X = sn.matrix("W", 3, 2), sn.matrix("b", 3, 1), sn.matrix("X", 2, "n")
    loss = sn.sum(sn.relu(1 - sn.hadamard(sn.matrix("Y", 3, "n"), sn.affine(W, X, b)))) / X.shape[1]
    draw = np.random.default_rng(2)
    values = {"W": draw.normal(size=(3, 2)), "b": draw.normal(size=(3, 1)), "X": draw.normal(size=(2, 5))}
    values["Y"] = np.eye(3)[:, draw.integers(3, size=5)]
    right = sn.derive(loss, [W, b]).compile()(values)[1]
    said = sn.diagnose(loss, values, {"W": right[W], "b": np.full((3, 1), right[b].sum())})  # which sums to 0
    assert said.faults[0].kind == "wrong-sum" and "zeros" not in said.faults[0].words, str(said)


SCALAR_BIAS = {"column": (3, 1), "one axis": (3,), "row": (1, 3)}


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("form", SCALAR_BIAS)
def test_a_scalar_bias_in_one_matrix_with_its_weights(form, last):
    c, is_row = Symbol("c"), form == "row"
    A = sn.matrix("A", 2, "n") if is_row else sn.matrix("A", "n", 2)
    w, t = (sn.matrix("w", 1, 2), sn.matrix("t", 1, "n")) if is_row else (sn.vector("w", 2), sn.vector("t", "n"))
    net = (w * A if is_row else A * w) + c * OneMatrix(*t.shape)
    data = numbers(4, A=(2, 5), t=(1, 5), w=(1, 2))
    data = data if is_row else {n: a.T for n, a in data.items()}
    loss, values = sn.norm(net - t) ** 2 / 2, {**data, "c": 0.3}
    right = {s.name: g for s, g in sn.derive(loss, [w, c]).compile()(values)[1].items()}
    parts = [np.ravel(right["c"]), np.ravel(right["w"])]
    stack = np.concatenate(parts[::-1] if last else parts).reshape(SCALAR_BIAS[form])
    assert sn.diagnose(loss, values, {"theta": stack}).ok
    assert sn.diagnose(loss, values, {"theta": 2 * stack}).faults[0].kind == "constant-factor"
    assert sn.diagnose(loss, values, {"w": stack}).ok
    if form != "one axis":
        old = [np.ravel(0.3), np.ravel(data["w"])]
        old = np.concatenate(old[::-1] if last else old).reshape(SCALAR_BIAS[form])
        rest = {n: data[n] for n in "At"}
        assert sn.diagnose_update(loss, {"theta": old}, {"theta": old - 0.1 * stack}, 0.1, rest).ok
        assert not sn.diagnose_update(loss, {"theta": old}, {"theta": old + 0.1 * stack}, 0.1, rest).ok


@pytest.mark.parametrize("of_function", [False, True])
@pytest.mark.parametrize(("value", "words"), [(None, "W1 is None: give an array"), (X, "W1 is an expression")])
def test_what_is_no_array_is_refused_in_words(value, words, of_function):
    loss, values = LOSSES["squares"]
    given = {**{w.name: np.zeros(w.shape) for w in NET.parameters}, "W1": value}
    with pytest.raises(TypeError, match=words):
        sn.diagnose(loss, values, (lambda v: given) if of_function else given)
