"""The examples reproduce values that symnet did not produce; where they come from stands in golden.json."""

import importlib.util
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from sympy import Matrix, Rational

import symnet as sn
from symnet.checking.explicit import entries, explicit

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden.json").read_text(encoding="utf-8"))
FORWARD, BACKPROP, ONLINE = GOLDEN["forward"], GOLDEN["sigmoid_backprop"], GOLDEN["sigmoid_online"]
RELU, EXACT, KINKS = GOLDEN["relu"]["runs"], GOLDEN["relu"]["A_row_trace_exact"], GOLDEN["relu_kink"]["cases"]


def example(name):
    spec = importlib.util.spec_from_file_location(name, HERE.parent / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


functional = example("functional_net")
answer = example("mathematica_answer")


def close(found, golden):
    found, golden = np.asarray(found, float), np.asarray(golden, float)
    assert found.shape == golden.shape
    np.testing.assert_allclose(found, golden, rtol=1e-12, atol=1e-15)


def all_close(found, golden):
    for a, b in zip(found, golden, strict=True):
        close(a, b)


def network(W1, W2):
    return [[[0.0]] * len(W1[0]), [[0.0, *row] for row in W1], [[0.0, *row] for row in W2]]


def weights(net):
    return [[neuron[1:] for neuron in layer] for layer in net[1:]]


def values(layer):
    return [neuron[0] for neuron in layer]


def cases_of(part):
    return [
        pytest.param(net, case, id=f"{name}-{k}") for name, net in part["nets"].items() for k, case in enumerate(net["cases"])
    ]  # fmt: skip


@pytest.mark.parametrize(("net", "case"), cases_of(FORWARD))
def test_forward(net, case):
    computed = functional.compute(network(net["W1"], net["W2"]), case["x"])
    all_close([values(layer) for layer in computed], [case["x"], case["hidden"], case["output"]])


def test_compute_fills_the_values_in_and_leaves_the_rest():
    net = FORWARD["nets"]["2-3-1"]
    before = network(net["W1"], net["W2"])
    once = functional.compute(before, [1, 0])
    twice = functional.compute(once, [1, 0])
    assert before == network(net["W1"], net["W2"])
    for layer, golden in zip(once, FORWARD["network_structure"]["after"], strict=True):
        all_close(layer, golden)
    for layer, golden in zip(twice, FORWARD["network_structure"]["recompute_from_filled_network"], strict=True):
        all_close(layer, golden)


@pytest.mark.parametrize(("part", "layer"), [("single_layer", [[0, 0.1, 0.2], [0, -0.5, 0.6]]), ("single_neuron", [[0, 0.1, 0.2]])])  # fmt: skip
def test_one_layer(part, layer):
    computed = functional.compute([[[0.0], [0.0]], layer], [1.0, 2.0])
    all_close(computed[1], np.atleast_2d(FORWARD[part]["result"]))


@pytest.mark.parametrize(("net", "case"), cases_of(BACKPROP))
def test_backpropagation_of_one_sample(net, case):
    computed = functional.compute(network(net["W1"], net["W2"]), case["x"])
    loss, gradients = functional.loss_and_gradients(computed, case["t"])
    close(loss, case["loss"])
    all_close(gradients, [case["gW1"], case["gW2"]])
    moved = functional.propagate(computed, case["t"], BACKPROP["rate"])
    all_close(weights(moved), [case["steps"]["fixed"]["W1"], case["steps"]["fixed"]["W2"]])
    assert [values(layer) for layer in moved] == [values(layer) for layer in computed]


@pytest.mark.parametrize("name", [name for name, run in ONLINE["runs"].items() if run["rule"] == "fixed"])
def test_online_training(name):
    run = ONLINE["runs"][name]
    samples = itertools.cycle(zip(run["samples_x"], run["samples_t"], strict=True))
    net, losses = network(run["W1_start"], run["W2_start"]), []
    for x, t in itertools.islice(samples, run["steps"]):
        net = functional.compute(net, x)
        losses.append(functional.loss_and_gradients(net, t)[0])
        net = functional.propagate(net, t, ONLINE["rate"])
    close(losses, run["losses"])
    all_close(weights(net), [run["W1_final"], run["W2_final"]])


def test_every_reading_has_its_run():
    assert set(RELU) == {f"A_{reading}" for reading in answer.READINGS}


@pytest.mark.parametrize("reading", answer.READINGS)
def test_relu_runs(reading):
    run = RELU[f"A_{reading}"]
    _, losses, slopes, final = answer.descend(run["X"], run["Y"], run["W"], run["rate"], run["steps"], reading)
    close(losses, run["losses"])
    all_close(slopes[0], run["grad0"])
    all_close(final, run["W_final"])


@pytest.mark.parametrize(("reading", "part"), [("row_trace", "prediction0"), ("lit_col", "prediction0_col")])
def test_relu_predictions(reading, part):
    run = RELU[f"A_{reading}"]
    sizes = [len(run["X"][0]), *(len(W[0]) for W in run["W"])]
    _, (X, Y, *Ws) = answer.formula(sizes)
    error, _ = answer.READINGS[reading]
    point = {X: run["X"], Y: run["Y"], **dict(zip(Ws, run["W"], strict=True))}
    target = np.array(run["Y"]) if reading == "row_trace" else np.array(run["Y"]).T
    close(target - sn.evaluate(error(X, Y, Ws), point), run[part])


@pytest.mark.parametrize("name", KINKS)
def test_relu_has_slope_0_at_its_kink(name):
    case = KINKS[name]
    _, losses, slopes, _ = answer.descend(case["X"], case["Y"], case["W"], steps=0)
    close(losses, [case["loss"]])
    all_close(slopes[0], case["grad_c0_0"])


EXACTLY = {"A_row_trace": (RELU["A_row_trace"], EXACT["loss_rational"], EXACT["grad0_rational"])} | {
    name: (case, case["loss_rational"], case["grad_c0_0_rational"]) for name, case in KINKS.items()
}


@pytest.mark.parametrize("name", EXACTLY)
def test_gradient_formula_in_rationals(name):
    case, loss_rational, gradients = EXACTLY[name]
    loss, symbols = answer.formula([len(case["X"][0]), *(len(W[0]) for W in case["W"])])
    sizes, point = {"n": len(case["X"])}, {}
    for symbol, array in zip(symbols, [case["X"], case["Y"], *case["W"]], strict=True):
        point |= zip(entries(symbol, sizes), [Rational(str(v)) for v in np.ravel(array)], strict=True)
    assert explicit(loss, sizes).xreplace(point) == Rational(loss_rational)
    for W, golden in zip(symbols[2:], gradients, strict=True):
        assert explicit(sn.gradient(loss, W), sizes).xreplace(point) == Matrix(golden).applyfunc(Rational)
