"""Mistakes of one kind each, written as people write them, and what the data hide."""

from math import erf, pi, sqrt

import numpy as np
import pytest
import sympy as sp
from mistaken import numbers, sigmoid

import symnet as sn


def row(A):
    return A.sum(axis=1, keepdims=True)


X, W1, W2, Y = sn.matrix("X", 3, "n"), sn.matrix("W1", 4, 3), sn.matrix("W2", 2, 4), sn.matrix("Y", 2, "n")
w, b, y = sn.matrix("w", 1, 3), sp.Symbol("b", real=True), sn.matrix("y", 1, "n")
lam, mu = sp.Symbol("lam", positive=True), sp.Symbol("mu", positive=True)


# -- slopes: (activation, the slope that was written, what is said)


def big_phi(z):
    return np.vectorize(erf)(z / sqrt(2)) / 2 + 0.5


def small_phi(z):
    return np.exp(-z * z / 2) / sqrt(2 * pi)


SLOPES = [
    (sn.sigmoid, lambda z, a: 1 - a, "the factor A₁ of sigmoid' is missing"),
    (sn.sigmoid, lambda z, a: a, "the factor 1 − A₁ of sigmoid' is missing"),
    (sn.sigmoid, lambda z, a: a * (1 + a), "the sign of the term −A₁"),
    (sn.sigmoid, lambda z, a: a * (1 - a) ** 2, "is there twice"),
    (sn.tanh, lambda z, a: 1 - a, "the square of A₁ in tanh' is missing"),
    (sn.tanh, lambda z, a: 1 + a * a, "the sign of the term"),
    (sn.gelu, lambda z, a: big_phi(z), "the term Z₁∘φ(Z₁) of"),
    (sn.gelu, lambda z, a: big_phi(z) + small_phi(z), "the factor Z₁ of"),
    (sn.gelu, lambda z, a: big_phi(z) - z * small_phi(z), "the sign of the term"),
    (sn.silu, lambda z, a: sigmoid(z) + z * sigmoid(z), "the factor 1 − sigmoid(Z₁) of"),
    (sn.elu, lambda z, a: np.exp(z), "the formula of the negative side"),
    (sn.elu, lambda z, a: np.where(z > 0, np.exp(z), 1), "the formulas of the two sides"),
    (sn.elu, lambda z, a: np.where(z > 0, 1, a), "A₁ stands where A₁ + 1 belongs on the negative side"),
    (sn.elu, lambda z, a: np.where(z > 0, z, np.exp(z)), "Z₁ stands where 1 belongs on the positive side"),
    (sn.elu, lambda z, a: np.where(z > 0, 1, np.exp(-z)), "exp(−Z₁) stands where exp(Z₁) belongs on the negative side"),
    (sn.elu, lambda z, a: np.where(z > 0, 1, 1 - np.exp(z)), "1 − exp(Z₁) stands where exp(Z₁) belongs"),
    (sn.softsign, lambda z, a: 1 / (1 + np.abs(z)), "the exponent"),
]
VALUES = numbers(1, X=(3, 6), W1=(4, 3), W2=(2, 4), Y=(2, 6))


def net_with(activation, slope):
    value = sn.compile(activation(sn.matrix("Z", 4, "n")))

    def gradients(v):
        Z = v["W1"] @ v["X"]
        A = value({"Z": Z})
        E = (v["W2"] @ A - v["Y"]) / Z.shape[1]
        return {"W1": ((v["W2"].T @ E) * slope(Z, A)) @ v["X"].T, "W2": E @ A.T}

    return sn.squared_error(W2 * activation(W1 * X), Y), gradients


@pytest.mark.parametrize("number", range(len(SLOPES)))
def test_what_a_slope_lacks(number):
    activation, slope, said = SLOPES[number]
    loss, gradients = net_with(activation, slope)
    found = sn.diagnose(loss, VALUES, gradients)
    assert len(found.explanations[0]) == 1 and said in found.faults[0].words, str(found)
    assert {p.name for p in found.wrong} == {"W1"}


# -- losses and what regularises: each a function of values and of the mistake that is made


def linear(v, bug=""):
    n = v["X"].shape[1]
    r = v["w"] @ v["X"] + v["b"] - v["y"]
    d = {"n-1": 2 * r / (n - 1), "n twice": 2 * r / n**2, "sign": np.sign(r) / n, "square": r**2 / n}.get(
        bug, 2 * r / n
    )
    return {"w": d @ v["X"].T, "b": d.sum()}


def logistic(v, bug=""):
    d = (sigmoid(v["w"] @ v["X"]) - v["y"]) / v["X"].shape[1]
    two, one = 2 * v["lam"] * v["w"], v["mu"] * np.sign(v["w"])
    two = v["lam"] * np.sign(v["w"]) if bug == "sign for square" else two
    one = 2 * v["mu"] * v["w"] if bug == "square for absolute" else one
    return {"w": d @ v["X"].T + two + one}


def hinge(v, bug=""):
    z, n = v["w"] @ v["X"], v["X"].shape[1]
    active = {"perceptron": v["y"] * z < 0, "other side": v["y"] * z > 1}.get(bug, v["y"] * z < 1) * 1.0
    d = -active if bug == "no y" else -v["y"] if bug == "all active" else -active * v["y"]
    return {"w": d @ v["X"].T / n}


def huber(v, bug=""):
    r = v["w"] @ v["X"] - v["y"]
    inside = np.abs(r) <= 0.5
    outside = {"zero": 0.0, "sign": np.sign(r)}.get(bug, 0.5 * np.sign(r))
    return {"w": (r if bug == "square" else np.where(inside, r, outside)) @ v["X"].T / r.shape[1]}


def dropped(v, bug=""):
    A, n = np.tanh(v["W1"] @ v["X"]), v["X"].shape[1]
    E = (v["W2"] @ (A * v["M"] / v["k"]) - v["Y"]) / n
    factor = {
        "other mask": (1 - v["M"]) / v["k"], "twice": v["M"] / v["k"] ** 2, "multiplied": v["M"] * v["k"],
        "other share": v["M"] / (1 - v["k"]),
    }.get(bug, v["M"] / v["k"])  # fmt: skip
    handed_on = A * v["M"] / v["k"]
    a = {"slope at D": handed_on, "slope of D": np.tanh(handed_on)}.get(bug, A)
    return {"W1": ((v["W2"].T @ E) * factor * (1 - a * a)) @ v["X"].T, "W2": E @ handed_on.T}


def factors(v, bug=""):
    G = (v["U"] @ v["V"] - v["R"]) @ v["V"].T
    U = v["U"] if not bug else v["U"] - 0.05 * G
    E = (U if bug == "forward again" else v["U"]) @ v["V"] - v["R"]
    return {"U": G, "V": U.T @ E}


def layer_norm(v, bug=""):
    Z, n = v["W1"] @ v["X"], v["X"].shape[1]
    s = np.sqrt(Z.var(axis=0) + 1e-5)
    H = (Z - Z.mean(axis=0)) / s
    d = (H - v["T"]) / n
    means = [d.mean(axis=0), (d * H).mean(axis=0)] if bug != "sums" else [d.sum(axis=0), (d * H).sum(axis=0)]
    D = d - means[0] - H * means[1]
    return {"W1": {"no root": D, "variance": D / s**2}.get(bug, D / s) @ v["X"].T}


U, V, R, M, T = (sn.matrix(n, *s) for n, s in zip("UVRMT", [(4, 2), (2, 5), (4, 5), (4, "n"), (4, "n")], strict=True))
k = sp.Symbol("k", positive=True)
DRAW = np.random.default_rng(0)
SIGNS, ZERO_ONE = DRAW.choice([-1.0, 1.0], size=(1, 8)), (DRAW.random((1, 8)) < 0.5) * 1.0
SMALL = numbers(2, X=(3, 8), w=(1, 3))
NETS = {
    linear: (sn.mse(w * X + b, y), SMALL | {"b": 0.3, "y": np.random.default_rng(1).normal(size=(1, 8))}),
    logistic: (sn.binary_cross_entropy(w * X, y) + lam * sn.norm(w) ** 2 + mu * sn.norm1(w), SMALL | {"y": ZERO_ONE, "lam": 0.1, "mu": 0.25}),
    hinge: (sn.hinge(w * X, y), SMALL | {"y": SIGNS}),
    huber: (sn.huber(w * X, y, sp.S.Half), SMALL | {"y": np.random.default_rng(2).normal(size=(1, 8))}),
    dropped: (sn.squared_error(W2 * sn.dropout(sn.tanh(W1 * X), M, k), Y), VALUES | {"M": (np.random.default_rng(3).random((4, 6)) < 0.6) * 1.0, "k": 0.6}),
    factors: (sn.norm(U * V - R) ** 2 / 2, numbers(4, U=(4, 2), V=(2, 5), R=(4, 5))),
    layer_norm: (sn.squared_error(sn.layer_norm(W1 * X), T), numbers(5, X=(3, 6), W1=(4, 3), T=(4, 6))),
}  # fmt: skip
WRITTEN = [
    (linear, "n-1", "constant-factor", "divided by n − 1 = 7, not by n = 8"),
    (linear, "n twice", "constant-factor", "the mean is taken once too often"),
    (linear, "sign", "wrong-function", "sign(Z₁ − y)"),
    (linear, "square", "wrong-function", "(Z₁ − y)∘"),
    (logistic, "sign for square", "regularisation", "lam⋅sign(w) stands where 2lam⋅w belongs"),
    (logistic, "square for absolute", "regularisation", "2μ⋅w stands where μ⋅sign(w) belongs"),
    (hinge, "no y", "missing-factor", "the factor y of"),
    (hinge, "all active", "missing-factor", "the factor [1 > y∘Z₁] of"),
    (hinge, "perceptron", "missing-term", "the term 1 of"),
    (hinge, "other side", "wrong-function", "the sign of 1 − y∘Z₁ inside"),
    (huber, "square", "wrong-function", "stands where clip"),
    (huber, "zero", "wrong-function", "outside of the bounds"),
    (huber, "sign", "wrong-function", "outside of the bounds"),
    (dropped, "other mask", "wrong-operand", "1 − M stands where M belongs"),
    (dropped, "slope at D", "derivative-at-wrong-argument", "the slope is taken at T₁/k, not at A₁"),
    (dropped, "slope of D", "derivative-at-wrong-argument", "the slope is taken at T₁/k, not at Z₁"),
    (dropped, "twice", "extra-factor", "divided by k twice"),
    (dropped, "multiplied", "wrong-operand", "multiplied by k"),
    (dropped, "other share", "wrong-operand", "1 − k stands where k belongs"),
    (factors, "early", "updated-weights", "U was updated already when"),
    (factors, "forward again", "updated-weights", "and the forward pass done again"),
    (layer_norm, "no root", "missing-factor", "the deviation of Z₁ is not divided by"),
    (layer_norm, "variance", "extra-factor", "the variance of Z₁"),
    (layer_norm, "sums", "wrong-sum", "is a sum, not a mean"),
]


@pytest.mark.parametrize("number", range(len(WRITTEN)), ids=[f"{f.__name__}-{bug}" for f, bug, _, _ in WRITTEN])
def test_a_mistake_is_named_first(number):
    written, bug, kind, words = WRITTEN[number]
    loss, values = NETS[written]
    found = sn.diagnose(loss, values, lambda v: written(v, bug))
    assert len(found.explanations[0]) == 1 and found.faults[0].kind == kind, str(found)
    assert words in found.faults[0].words, str(found)


@pytest.mark.parametrize("written", NETS, ids=lambda f: f.__name__)
def test_the_right_ones_are_right(written):
    loss, values = NETS[written]
    assert sn.diagnose(loss, values, written).ok


def test_an_early_update_of_a_step():
    loss, values = NETS[factors]
    right = factors(values)
    U = values["U"] - 0.05 * right["U"]
    before, data = {n: values[n] for n in "UV"}, {"R": values["R"]}
    after = {"U": U, "V": values["V"] - 0.05 * factors({**values, "U": U})["V"]}
    found = sn.diagnose_update(loss, before, after, 0.05, data)
    assert found.faults[0].kind == "updated-weights" and found.faults[0].equation == "∂L/∂V"
    late = {n: values[n] - 0.05 * right[n] for n in "UV"}
    assert sn.diagnose_update(loss, before, late, 0.05, data).ok


# -- what these data hide

ONLY = "for these data only: "
ONE = {"y": np.ones((1, 8))}
POSITIVE = {n: np.abs(a) + 0.1 for n, a in VALUES.items() if n in ("X", "W1")}


def relu_net(v, bug=""):
    Z, n = v["W1"] @ v["X"], v["X"].shape[1]
    A = np.maximum(Z, 0)
    E = (v["W2"] @ A - v["Y"]) / n
    return {"W1": ((v["W2"].T @ E) * (1 if bug else Z > 0)) @ v["X"].T, "W2": E @ A.T}


RELU = sn.squared_error(W2 * sn.relu(W1 * X), Y)
MASKED = {**NETS[dropped][1], "M": np.ones((4, 6))}
S, Q = sn.matrix("S", 3, 3), sn.matrix("Q", 3, "n")


def mirrored(v, bug=""):
    A = np.tanh(v["X"])
    E = (v["S"] @ A - v["Q"]) / v["X"].shape[1]
    return {"X": ((v["S"] if bug else v["S"].T) @ E) * (1 - A * A)}


SYMMETRIC = numbers(6, X=(3, 5), Q=(3, 5)) | {"S": np.array([[2.0, 1, 0], [1, 3, 1], [0, 1, 1]])}
HIDDEN = {
    "labels of 1": (NETS[hinge][0], NETS[hinge][1] | ONE, hinge, "no y", "y is 1 everywhere"),
    "no unit off": (RELU, VALUES | POSITIVE, relu_net, "no slope", "[Z₁ > 0] is 1 everywhere"),
    "a mask of ones": (NETS[dropped][0], MASKED, dropped, "", "M is 1 everywhere"),
    "one sample": (RELU, {n: a[:, :1] if n in "XY" else a for n, a in VALUES.items()}, relu_net, "", "n is 1"),
    "symmetric": (sn.squared_error(S * sn.tanh(X), Q), SYMMETRIC, mirrored, "not turned", "S is symmetric"),
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_numbers_that_are_right_for_these_data_only(name):
    loss, values, written, bug, why = HIDDEN[name]
    found = sn.diagnose(loss, values, written(values, bug))
    assert found.ok and any(fact.startswith(ONLY + why) for fact in found.facts), str(found)


@pytest.mark.parametrize("name", ["labels of 1", "no unit off"])
def test_a_function_is_tried_at_others(name):
    loss, values, written, bug, _ = HIDDEN[name]
    found = sn.diagnose(loss, values, lambda v: written(v, bug))
    assert not found.ok and "missing" in found.faults[0].words, str(found)
    assert any(fact.startswith(ONLY + "at the values that you gave") for fact in found.facts), str(found)
    assert sn.diagnose(loss, values, written).facts == ()


def test_labels_whose_samples_are_all_inactive():
    loss, values = NETS[hinge]
    far = values | {"w": 100 * values["w"]}
    far["y"] = np.sign(far["w"] @ far["X"])
    assert not sn.diagnose(loss, far, lambda v: hinge(v, "no y")).ok
    assert sn.diagnose(loss, far, hinge).ok


def test_a_tie_is_said_and_not_offered_as_a_second_bug():
    loss, gradients = net_with(sn.sigmoid, lambda z, a: 1)
    values = VALUES | POSITIVE  # relu' of a pre-activation that is positive is 1
    found = sn.diagnose(loss, values, gradients(values))
    assert len(found.explanations) == 1 and found.faults[0].kind == "missing-activation-derivative", str(found)
    (tie,) = [fact for fact in found.facts if fact.startswith(ONLY)]
    assert "relu" in tie and "since [Z₁ > 0] is 1 everywhere" in tie
    plain = sn.diagnose(loss, VALUES, gradients(VALUES))
    assert not any(fact.startswith(ONLY) for fact in plain.facts), str(plain)


def test_targets_that_are_shares_stay_shares():
    Z = sn.matrix("W", 2, 3) * X
    values = numbers(7, X=(3, 5), W=(2, 3)) | {"Y": np.array([[0.2, 0.3, 0.5, 0.9, 0.4], [0.8, 0.7, 0.5, 0.1, 0.6]])}

    def gradients(v):
        E = np.exp(v["W"] @ v["X"])
        return {"W": (v["Y"] - E / E.sum(axis=0)) @ v["X"].T / 5}

    assert sn.diagnose(sn.cross_entropy(Z, Y), values, gradients).faults[0].kind == "sign"


# -- what is handed over


def test_a_function_that_gives_the_same_for_all_weights():
    loss, values = NETS[linear]
    once = linear(values)
    found = sn.diagnose(loss, values, lambda v: once)
    assert found.ok and "gives the same for all weights" in found.facts[0]
    assert not sn.diagnose(loss, values, lambda v: {"w": -once["w"], "b": once["b"]}).ok


@pytest.mark.parametrize("elsewhere", [lambda: np.nan, lambda: 1 // 0], ids=["NaN", "raises"])
def test_a_function_that_is_defined_at_your_values_alone(elsewhere):
    loss, values = NETS[linear]

    def gradients(v):
        here = v["w"][0, 0] == values["w"][0, 0]
        return {name: g * (1 if here else elsewhere()) for name, g in linear(v).items()}

    assert sn.diagnose(loss, values, gradients).ok


STEP = {"U": NETS[factors][1]["U"], "V": NETS[factors][1]["V"]}
HANDED = [
    ((None, STEP), {}, TypeError, "before must be a dictionary"),
    ((STEP, [STEP["U"]]), {}, TypeError, "after must be a dictionary"),
    (({}, {}), {}, ValueError, "no weight is given"),
    ((STEP, {**STEP, "U": STEP["U"] * np.nan}), {}, ValueError, "U after the step has NaN"),
    ((STEP, STEP), {"velocity": 3}, TypeError, "velocity must be a dictionary"),
    ((STEP, STEP), {"velocity": {**STEP, "U": STEP["U"].T}}, ValueError, "it is the transpose"),
    ((STEP, STEP), {"velocity": {**STEP, "Q": 1.0}}, KeyError, "Q is no parameter of the step, which has U, V"),
]


@pytest.mark.parametrize("number", range(len(HANDED)))
def test_a_step_that_is_handed_over_wrongly(number):
    (before, after), more, error, said = HANDED[number]
    with pytest.raises(error, match=said):
        sn.diagnose_update(NETS[factors][0], before, after, 0.1, {"R": NETS[factors][1]["R"]}, **more)
