"""Labels that are others, and slopes of functions with two sides, as people write them."""

import numpy as np
import pytest

import symnet as sn


def likeliest(Y):
    return (Y == Y.max(axis=0)) * 1.0


LABELS = {
    "columns of Y stand in the reverse order": lambda Y: Y[:, ::-1],
    "rows of Y stand in the reverse order": lambda Y: Y[::-1],
    "columns of Y are moved by one": lambda Y: np.roll(Y, 1, axis=1),
    "rows of Y are moved by one": lambda Y: np.roll(Y, -1, axis=0),
    "1 stands where the labels Y belong": np.ones_like,
    "the likeliest class counts alone": likeliest,
    "2⋅Y − 1": lambda Y: 2 * Y - 1,
}


def classified(Y):
    W, X, T = sn.matrix("W", 3, 4), sn.matrix("X", 4, "n"), sn.matrix("Y", 3, "n")
    draw = np.random.default_rng(3)
    values = {"W": draw.normal(size=(3, 4)), "X": draw.normal(size=(4, 7)), "Y": Y}
    return sn.cross_entropy(W * X, T), values


def gradients(v, change):
    E = np.exp(v["W"] @ v["X"])
    return {"W": (E / E.sum(axis=0) - change(v["Y"])) @ v["X"].T / v["X"].shape[1]}


@pytest.mark.parametrize("said", LABELS)
def test_labels_that_are_others(said):
    shares = np.random.default_rng(4).uniform(0.1, 1.0, size=(3, 7))
    soft = said == "the likeliest class counts alone"
    loss, values = classified(shares / shares.sum(axis=0) if soft else np.eye(3)[:, [0, 1, 2, 1, 0, 2, 2]])
    assert sn.diagnose(loss, values, lambda v: gradients(v, lambda Y: Y)).ok
    found = sn.diagnose(loss, values, lambda v: gradients(v, LABELS[said]))
    assert found.faults[0].kind == "wrong-operand" and said in found.faults[0].words, str(found)


def test_labels_that_are_all_1_hide_that_they_are_not_read():
    W, X, Y = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
    draw = np.random.default_rng(5)
    values = {"W": draw.normal(size=(2, 3)), "X": draw.normal(size=(3, 5)), "Y": np.ones((2, 5))}
    for label in (1, values["Y"]):
        mine = {"W": (values["W"] @ values["X"] - label) @ values["X"].T / 5}
        assert sn.diagnose(sn.squared_error(W * X, Y), values, mine).ok


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
SLOPES = [
    (sn.elu, 1, 1, lambda z, a: a - 1, lambda z: 1, "A₁ − 1 stands where A₁ + 1 belongs"),
    (sn.elu, 1, 1, lambda z, a: a, lambda z: 1, "A₁ stands where A₁ + 1 belongs"),
    (sn.elu, 1, 1, lambda z, a: 1 - a, lambda z: 1, "A₁"),
    (sn.selu, SCALE, ALPHA, lambda z, a: ALPHA * np.exp(z), lambda z: 1, "of both sides"),
    (sn.selu, SCALE, ALPHA, lambda z, a: ALPHA * np.exp(z), lambda z: SCALE, "on the negative side"),
    (sn.selu, SCALE, ALPHA, lambda z, a: SCALE * np.exp(z), lambda z: SCALE, "on the negative side"),
    (sn.selu, SCALE, ALPHA, lambda z, a: SCALE * ALPHA * np.exp(z), lambda z: 1, "1.0507"),
    (sn.selu, SCALE, ALPHA, lambda z, a: a, lambda z: SCALE, "A₁ stands where A₁ + 1.758"),
]


@pytest.mark.parametrize(("function", "scale", "alpha", "below", "above", "said"), SLOPES)
def test_slopes_of_two_sides(function, scale, alpha, below, above, said):
    W1, W2, X, Y = sn.matrix("W1", 4, 3), sn.matrix("W2", 2, 4), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
    loss, draw = sn.squared_error(W2 * function(W1 * X), Y), np.random.default_rng(6)
    values = {"W1": (4, 3), "W2": (2, 4), "X": (3, 6), "Y": (2, 6)}
    values = {name: draw.normal(size=shape) for name, shape in values.items()}

    def mine(v, below, above):
        Z = v["W1"] @ v["X"]
        cut = np.minimum(Z, 0)
        A = scale * np.where(Z > 0, Z, alpha * (np.exp(cut) - 1))
        E = (v["W2"] @ A - v["Y"]) / 6
        slope = np.where(Z > 0, above(Z), below(cut, A))
        return {"W1": ((v["W2"].T @ E) * slope) @ v["X"].T, "W2": E @ A.T}

    right = lambda v: mine(v, lambda z, a: scale * alpha * np.exp(z), lambda z: scale)  # noqa: E731
    assert sn.diagnose(loss, values, right).ok
    found = sn.diagnose(loss, values, lambda v: mine(v, below, above))
    assert said in found.faults[0].words, str(found)


@pytest.mark.parametrize("dtype", [int, float])
@pytest.mark.parametrize("samples", [1, 5])
def test_a_column_of_as_many_numbers_as_classes_is_one_sample_or_five_labels(samples, dtype):
    X, Y, W = sn.matrix("X", 2, "n"), sn.matrix("Y", 5, "n"), sn.matrix("W", 5, 2)
    x, w = np.random.default_rng(3).normal(size=(2, samples)), np.random.default_rng(4).normal(size=(5, 2))
    column = np.array([[0], [1], [0], [0], [0]], dtype)
    y = column if samples == 1 else np.eye(5)[:, column.ravel().astype(int)]
    right = sn.derive(sn.cross_entropy(W * X, Y), W).compile()({X: x, Y: y, W: w}).gradients[W]
    found = sn.diagnose(sn.cross_entropy(W * X, Y), {X: x, Y: column, W: w}, {W: right})
    assert found.ok, str(found)
