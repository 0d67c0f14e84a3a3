"""What a newcomer writes first: it works, or the error says what to write instead."""

import numpy as np
import pytest
from sympy import Symbol

import symnet as sn

X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
W, b = sn.matrix("W", 1, 2), sn.matrix("b", 1, 1)
LOSS = sn.squared_error(sn.affine(W, X, b), Y)
RNG = np.random.default_rng(0)
x = RNG.normal(size=(2, 6))
y = RNG.normal(size=(1, 6))


def refused(error, words, call):
    with pytest.raises(error) as raised:
        call()
    text = str(raised.value)
    for word in words:
        assert word in text, f"{word!r} is not in: {text}"


def quick(loss, data, parameters=None, **options):
    return sn.train(loss, data, parameters, **({"epochs": 2, "seed": 0, "progress": False} | options))


D = Symbol("d")
XD, WD, YD = sn.matrix("X", D, "n"), sn.matrix("W", 1, D), sn.matrix("Y", 1, "n")
R, U, V = sn.matrix("R", "n", "m"), sn.matrix("U", "n", 2), sn.matrix("V", 2, "m")
xr, wr, yr = sn.matrix("x", "n", 2), sn.vector("w", 2), sn.vector("y", "n")


@pytest.mark.parametrize(
    ("loss", "data", "words"),
    [
        (LOSS, {X: x}, ["Y has the size n of the samples and no data", "data", "parameters="]),
        (LOSS, {Y: y}, ["X has the size n of the samples and no data"]),
        (sn.squared_error(sn.mlp(X, [3, 1]).output, Y), {X: x}, ["Y", "n"]),
        (sn.squared_error(WD * XD, YD), {XD: x}, ["has the size", "no data"]),
        (sn.norm(R - U * V), {R: x.T}, ["U has the size n", "parameters="]),
        (sn.squared_error(xr * wr, yr, axis=1), {xr: x.T}, ["y has the size n of the samples and no data"]),
        (-sn.sum(yr.T * sn.tanh(xr * wr)), {xr: x.T}, ["y has the size n of the samples and no data"]),
    ],
)
def test_forgotten_data_is_not_trained(loss, data, words):
    refused(ValueError, words, lambda: quick(loss, data))


def test_what_grows_with_the_data_is_trained_where_it_is_asked_for():
    assert set(quick(LOSS, {X: x}, [W, b, Y]).parameters) == {W, b, Y}
    assert set(quick(LOSS, {X: x}, {Y: y}).parameters) == {W, b, Y}
    assert set(quick(sn.norm(R - U * V), {R: x.T}, [U, V]).parameters) == {U, V}
    refused(ValueError, ["Y has the size n"], lambda: quick(LOSS, {X: x}, {W: [[1, 1]]}))


def test_weights_of_a_symbolic_number_of_features_are_trained():
    assert quick(sn.squared_error(WD * XD, YD), {XD: x, YD: y}).parameters["W"].shape == (1, 2)


def test_parameters_are_found_by_name():
    run = quick(LOSS, {X: x, Y: y})
    assert run.parameters["W"] is run.parameters[W]
    assert "W" in run.parameters and W in run.parameters and "Q" not in run.parameters
    assert run.parameters.get("b") is run.parameters[b] and run.parameters.get("Q") is None
    refused(KeyError, ["Q", "W, b"], lambda: run.parameters["Q"])


def test_evaluate_takes_what_it_needs():
    run = quick(LOSS, {X: x, Y: y})
    H = sn.affine(W, X, b)
    wanted = run.parameters[W] @ x + run.parameters[b]
    np.testing.assert_allclose(sn.evaluate(H, {X: x} | run.parameters), wanted)
    np.testing.assert_allclose(sn.evaluate(W * X, {X: x, Y: y, "Q": 1} | run.parameters), run.parameters[W] @ x)
    np.testing.assert_allclose(run.evaluate(H, {X: x}), wanted)
    np.testing.assert_allclose(run.evaluate(H, {"X": x, "Y": y}), wanted)
    np.testing.assert_allclose(run.evaluate(W), run.parameters[W])
    np.testing.assert_allclose(run.evaluate(W * X, {X: x, W: [[1, 1]]}), x.sum(axis=0, keepdims=True))
    big = sn.matrix("Weights", 1, 2)
    refused(KeyError, ["Weights", "Wieghts", "did you mean"], lambda: sn.evaluate(big * X, {X: x, "Wieghts": [[1, 1]]}))
    refused(KeyError, ["no value is given for X"], lambda: run.evaluate(H))


def test_a_number_as_optimizer_is_the_learning_rate():
    start = {W: [[0.5, 0.5]], b: [[0.0]]}
    for rate in (0.05, np.float32(0.25), 1):
        runs = [quick(LOSS, {X: x, Y: y}, start, optimizer=o) for o in (rate, sn.GradientDescent(float(rate)))]
        np.testing.assert_array_equal(runs[0].parameters[W], runs[1].parameters[W])


@pytest.mark.parametrize(
    ("optimizer", "error", "words"),
    [
        (sn.Adam, TypeError, ["sn.Adam()", "class"]),
        ("adam", TypeError, ["'adam'", "sn.Adam()"]),
        (lambda step: 0.1, TypeError, ["sn.GradientDescent(function)"]),
        (sn.cosine_decay(0.1, 5), TypeError, ["sn.GradientDescent(function)"]),
        (True, TypeError, ["True"]),
        ([0.1], TypeError, ["0.05"]),
        (0, ValueError, ["learning rate", "0"]),
        (-0.5, ValueError, ["learning rate", "-0.5"]),
    ],
)
def test_what_is_no_optimizer_is_refused(optimizer, error, words):
    refused(error, words, lambda: quick(LOSS, {X: x, Y: y}, optimizer=optimizer))
