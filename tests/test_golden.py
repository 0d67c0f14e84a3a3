"""The examples reproduce values that symnet did not produce; where they come from stands in golden.json."""

import importlib.util
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy

import symnet as sn
from symnet.explicit import entries, explicit

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden.json").read_text())


def example(name):
    spec = importlib.util.spec_from_file_location(name, HERE.parent / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


functional = example("functional_net")
answer = example("mathematica_answer")


def close(actual, desired):
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(desired, float), rtol=1e-12, atol=1e-15)


def net_of(W1, W2):
    """Give the nested lists of a network with these weights; the number of inputs is that of the first columns."""
    return [[[0.0]] * len(W1[0]), [[0.0, *row] for row in W1], [[0.0, *row] for row in W2]]


def weights(net):
    return [[neuron[1:] for neuron in layer] for layer in net[1:]]


NETS = list(GOLDEN["forward"]["nets"])
RELU = GOLDEN["relu"]["runs"]
READING = {
    "A_row_trace": {},
    "A_row_take1": {"take": "entry"},
    "A_col_take1": {"take": "entry", "columns": True},
    "A_lit_col": {"literal": True},
}


@pytest.mark.parametrize("name", NETS)
def test_forward(name):
    golden = GOLDEN["forward"]["nets"][name]
    for case in golden["cases"]:
        net = functional.compute(net_of(golden["W1"], golden["W2"]), case["x"])
        close([neuron[0] for neuron in net[1]], case["hidden"])
        close([neuron[0] for neuron in net[2]], case["output"])
        assert [neuron[0] for neuron in net[0]] == case["x"]


@pytest.mark.parametrize("name", NETS)
def test_backpropagation_of_one_sample(name):
    golden = GOLDEN["sigmoid_backprop"]["nets"][name]
    for case in golden["cases"]:
        net = net_of(golden["W1"], golden["W2"])
        loss, found = functional.gradients(net, case["x"], case["t"])
        close(loss, case["loss"])
        close(found["W1"], case["gW1"])
        close(found["W2"], case["gW2"])
        W1, W2 = weights(functional.propagate(net, case["x"], case["t"], GOLDEN["sigmoid_backprop"]["rate"]))
        close(W1, case["steps"]["fixed"]["W1"])
        close(W2, case["steps"]["fixed"]["W2"])


@pytest.mark.parametrize("name", [run for run in GOLDEN["sigmoid_online"]["runs"] if run.endswith("fixed")])
def test_online_training(name):
    run = GOLDEN["sigmoid_online"]["runs"][name]
    net = net_of(run["W1_start"], run["W2_start"])
    samples = list(zip(run["samples_x"], run["samples_t"], strict=True))
    losses = []
    for step in range(run["steps"]):
        x, t = samples[step % len(samples)]
        losses.append(functional.gradients(net, x, t)[0])
        net = functional.propagate(net, x, t, GOLDEN["sigmoid_online"]["rate"])
    close(losses, run["losses"][: run["steps"]])
    close(weights(net)[0], run["W1_final"])
    close(weights(net)[1], run["W2_final"])


@pytest.mark.parametrize("name", RELU)
def test_relu_runs(name):
    run = RELU[name]
    X, Y = run["X"], run["Y"]
    _, losses, first, final = answer.descend(X, Y, run["W"], run["rate"], run["steps"], **READING[name])
    close(losses, run["losses"])
    for k in range(2):
        close(first[k], run["grad0"][k])
        close(final[k], run["W_final"][k])


def test_every_relu_run_has_its_reading():
    assert set(RELU) == set(READING)


@pytest.mark.parametrize("name", GOLDEN["relu_kink"]["cases"])
def test_relu_has_slope_0_at_its_kink(name):
    case = GOLDEN["relu_kink"]["cases"][name]
    _, losses, first, _ = answer.descend(case["X"], case["Y"], case["W"], steps=0)
    close(losses[0], case["loss"])
    for k in range(2):
        close(first[k], case["grad_c0_0"][k])


def test_gradient_formula_in_exact_rationals():
    run, exact = RELU["A_row_trace"], GOLDEN["relu"]["A_row_trace_exact"]
    X, Y, Ws = answer.symbols([2, 3, 1])
    loss = answer.loss_of(X, Y, Ws)
    point = {}
    for symbol, array in zip([X, Y, *Ws], [run["X"], run["Y"], *run["W"]], strict=True):
        for s, value in zip(entries(symbol, {"n": 4}), np.ravel(array), strict=True):
            point[s] = sympy.Rational(Fraction(str(value)))
    assert explicit(loss, {"n": 4}).xreplace(point) == sympy.Rational(exact["loss_rational"])
    for W, wanted in zip(Ws, exact["grad0_rational"], strict=True):
        found = explicit(sn.gradient(loss, W), {"n": 4}).xreplace(point)
        assert found == sympy.Matrix(wanted).applyfunc(sympy.Rational)
