"""What is handed back beside right gradients: another loss, and values of the forward pass, by name."""

import numpy as np
import pytest
import sympy as sp
from mistaken import numbers

import symnet as sn

X, Y, W1, b1 = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("W1", 4, 3), sn.vector("b1", 4)
W2, b2 = sn.matrix("W2", 2, 4), sn.vector("b2", 2)
SCORES = sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2)
SQUARES = sn.squared_error(SCORES, Y) + sp.Rational(1, 20) * sn.norm(W1) ** 2 + sp.Rational(1, 20) * sn.norm(W2) ** 2
CLASSES = sn.cross_entropy(SCORES, Y)
VALUES = numbers(31, X=(3, 6), Y=(2, 6), W1=(4, 3), b1=(4, 1), W2=(2, 4), b2=(2, 1))
LABELS = VALUES | {"Y": np.eye(2)[:, [0, 1, 1, 0, 1, 1]]}

Z1 = VALUES["W1"] @ VALUES["X"] + VALUES["b1"]
A1 = np.tanh(Z1)
Z2 = VALUES["W2"] @ A1 + VALUES["b2"]
E, T, (Q1, Q2) = Z2 - VALUES["Y"], LABELS["Y"], [(VALUES[w] ** 2).sum() / 20 for w in ("W1", "W2")]
MEAN, P = (E**2).sum() / 12, np.exp(Z2) / np.exp(Z2).sum(0)
ENTROPY = -(T * np.log(P)).sum() / 6


def with_loss(loss, values, **more):
    gradients = sn.derive(loss, [W1, b1, W2, b2]).compile()(values)[1]
    return {w.name: g for w, g in gradients.items()} | more


OF_SQUARES = {
    "sum": (6 * MEAN + Q1 + Q2, "1/n is missing"),
    "minus": (-(MEAN + Q1 + Q2), "sign"),
    "root": (np.sqrt(MEAN + Q1 + Q2), "root"),
    "no squares": ((2 * abs(E).sum() / 12) + 2 * (Q1 + Q2), "absolute values"),
    "no terms of weights": (MEAN, "only the last of 3 terms"),
    "one term": (MEAN + Q2, "missing"),
    "twice the terms of weights": (MEAN + 2 * (Q1 + Q2), "twice"),
    "half a term": (MEAN + Q1 / 2 + Q2, "half"),
    "terms over n": (MEAN + (Q1 + Q2) / 6, "1/6"),
    "norms": (MEAN + (np.sqrt(20 * Q1) + np.sqrt(20 * Q2)) / 20, "the norm stands for its square"),
    "absolute weights": (MEAN + (abs(VALUES["W1"]).sum() + abs(VALUES["W2"]).sum()) / 20, "absolute values"),
}
OF_CLASSES = {
    "base 2": (ENTROPY / np.log(2), "base 2"),
    "base 10": (ENTROPY / np.log(10), "base 10"),
    "softmax twice": (-(T * np.log(np.exp(P) / np.exp(P).sum(0))).sum() / 6, "twice"),
    "no logarithm": (-(T * P).sum() / 6, "logarithm of softmax is missing"),
    "sigmoid": (-(T * np.log(1 / (1 + np.exp(-Z2)))).sum() / 6, "sigmoid stands"),
    "scores": (-(T * Z2).sum() / 6, "softmax and its logarithm are missing"),
}
VALUES_BY_NAME = {
    "no bias": ({"Z1": VALUES["W1"] @ VALUES["X"]}, "b₁"),
    "another activation": ({"Z1": Z1, "A1": np.maximum(Z1, 0)}, "activation is relu"),
    "no activation": ({"A1": Z1}, "activation of Z₁ is missing"),
    "on the output": ({"Z2": np.tanh(Z2)}, "tanh on Z₂"),
    "a sign": ({"A1": A1, "Z2": VALUES["W2"] @ A1 - VALUES["b2"]}, "sign"),
}


@pytest.mark.parametrize("name", [*OF_SQUARES, *OF_CLASSES])
def test_another_loss_beside_right_gradients(name):
    loss, values = (SQUARES, VALUES) if name in OF_SQUARES else (CLASSES, LABELS)
    mine, words = {**OF_SQUARES, **OF_CLASSES}[name]
    found = sn.diagnose(loss, values, (mine, with_loss(loss, values)))
    fault = found.faults[0]
    assert not found.ok and not found.wrong and fault.kind == "forward" and words in fault.words, str(found)
    assert "the gradients are those of the formula" in fault.words


@pytest.mark.parametrize("name", VALUES_BY_NAME)
def test_another_value_of_the_forward_pass(name):
    mine, words = VALUES_BY_NAME[name]
    found = sn.diagnose(SQUARES, VALUES, with_loss(SQUARES, VALUES, **mine))
    fault = found.faults[0]
    assert not found.ok and fault.kind == "forward" and words in fault.words, str(found)
    assert (
        fault.yours.split(" = ")[0] == fault.right.split(" = ")[0] == str(list(mine)[-1]).translate({49: "₁", 50: "₂"})
    )


def test_right_values_are_right():
    loss = MEAN + Q1 + Q2
    more = {"Z1": Z1, "A1": A1.astype(np.float32), "Z2": Z2.tolist(), "L": loss}
    assert sn.diagnose(SQUARES, VALUES, (loss, with_loss(SQUARES, VALUES, **more))).ok
    assert sn.diagnose(SQUARES, VALUES, (np.array([[loss]]), with_loss(SQUARES, VALUES))).ok


def test_noise_is_no_other_loss():
    draw = np.random.default_rng(0)
    for _ in range(20):
        found = sn.diagnose(SQUARES, VALUES, (float(draw.uniform(0, 9)), with_loss(SQUARES, VALUES)))
        assert "the loss that is reported is another one" in found.faults[0].words, str(found)
    found = sn.diagnose(SQUARES, VALUES, with_loss(SQUARES, VALUES, A1=draw.normal(size=A1.shape)))
    assert "the value that is handed back is another one" in found.faults[0].words, str(found)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((np.nan, {}), ["the loss has NaN in it"]),
        ((np.inf, {}), ["the loss has an infinite value in it"]),
        ((MEAN, {"A1": A1.T}), ["A1 has shape (6, 4)", "(4, 6)", "transpose"]),
        ((MEAN, {"A1": A1.ravel()}), ["A1 has shape (24,)", ".reshape(4, 6)"]),
        ((MEAN, {"A1": A1 * np.nan}), ["A1 has NaN in it, first at [0, 0]"]),
        ((MEAN, {"A2": A1}), ["A2", "A1, L, Z1, Z2"]),
    ],
    ids=["NaN", "infinite", "turned", "flat", "NaN inside", "unknown"],
)
def test_what_is_no_value_is_refused(given, words):
    loss, more = given
    with pytest.raises((ValueError, KeyError)) as raised:
        sn.diagnose(SQUARES, VALUES, (loss, with_loss(SQUARES, VALUES, **more)))
    for word in words:
        assert word in str(raised.value), raised.value
