"""What diagnose is given: arrays at one point, an update step, samples in rows, any loss; and what it must refuse."""

import itertools
import random
import time
from dataclasses import replace

import numpy as np
import pytest
from by_hand_bugs import NETS, RATE, bugs_of, pairs_of, spoiled
from losses import LOSSES
from losses import values_of as losses_values

import symnet as sn
from symnet.diagnosis import search
from symnet.diagnosis.search import Search

ARCHITECTURES = ["3-4-2 sigmoid", "4-8-3 tanh"]
NET = NETS["4-8-3 tanh"]
LOSS, VALUES = NET.loss(), NET.values()
RIGHT = NET.gradients(VALUES)
DATA = {k: VALUES[k] for k in "XY"}
BEFORE = {k: VALUES[k] for k in NET.parameters}


def names_first(found, bug, wrong):
    said = (bug.flag, str(found))
    assert {w.name for w in found.wrong} == wrong, said
    assert len(found.explanations[0]) == 1 and found.faults[0].kind == bug.kind, said
    assert {w.name for w in found.faults[0].parameters} == wrong, said
    if bug.factor is not None:
        assert found.faults[0].factor == pytest.approx(bug.factor), said


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_arrays_at_one_point_are_enough(name):
    net = NETS[name]
    loss, values = net.loss(), net.values()
    for bug in bugs_of(net):
        rate = RATE if bug.flag == "rate applied" else None
        found = sn.diagnose(loss, values, net.gradients(values, [bug.flag]), learning_rate=rate)
        names_first(found, bug, spoiled(net, [bug.flag]))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_one_update_step_is_enough(name):
    net = NETS[name]
    loss, values = net.loss(), net.values()
    before = {k: values[k] for k in net.parameters}
    data = {k: v for k, v in values.items() if k not in before}
    assert sn.diagnose_update(loss, before, net.stepped(values), RATE, data).ok
    for bug in bugs_of(net)[::2]:  # all of them are named in test_diagnose
        if "not summed" not in bug.flag:  # such a step changes the shape of the bias
            found = sn.diagnose_update(loss, before, net.stepped(values, [bug.flag]), RATE, data)
            told = replace(bug, kind="step") if bug.flag.startswith("no bias") else bug  # it does not move
            names_first(found, told, spoiled(net, [bug.flag]))


def test_updated_weights_in_every_layer_with_an_unknown_rate():
    for name in ("3-4-4-4-2 sigmoid", "4-5-5-5-3 tanh"):
        net = NETS[name]
        found = sn.diagnose(net.loss(), net.values(), lambda v, net=net: net.gradients(v, ["updated weights"]))
        assert found.faults[0].kind == "updated-weights" and f"{RATE}" in found.faults[0].words


def test_samples_may_be_rows():
    X, Y = sn.matrix("X", "n", 4), sn.matrix("Y", "n", 3)
    hidden = sn.tanh(sn.affine(sn.matrix("W1", 4, 8), X, sn.matrix("b1", 1, 8), axis=1))
    scores = sn.affine(sn.matrix("W2", 8, 3), hidden, sn.matrix("b2", 1, 3), axis=1)
    loss = sn.cross_entropy(scores, Y, axis=1)

    def turned(arrays):
        return {name: array.T for name, array in arrays.items()}

    for bug in bugs_of(NET)[::3]:  # that they are named does not hang on rows
        found = sn.diagnose(loss, turned(VALUES), lambda v, bug=bug: turned(NET.gradients(turned(v), [bug.flag])))
        names_first(found, bug, spoiled(NET, [bug.flag]))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_mistake_and_updated_weights_of_unknown_rate(name):
    net = NETS[name]
    flags = ["twice", "target minus output", "odd factor 1", "own output 2"]
    for flag in flags:
        found = sn.diagnose(net.loss(), net.values(), lambda v, f=flag: net.gradients(v, [f, "updated weights 2"]))
        kind = next(bug.kind for bug in bugs_of(net) if bug.flag == flag)
        assert sorted(f.kind for f in found.faults) == sorted([kind, "updated-weights"]), (flag, str(found))


def test_a_negative_constant_is_two_mistakes():
    found = sn.diagnose(LOSS, VALUES, {k: -0.37 * g for k, g in RIGHT.items()})
    assert [(f.kind, f.factor) for f in found.faults] == [("sign", -1.0), ("constant-factor", pytest.approx(0.37))]


def test_a_gradient_of_0_is_called_that():
    found = sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": 0 * RIGHT["W1"]})
    assert [fault.kind for fault in found.faults] == ["missing-term"] and "W₁ is all zeros" in str(found)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LOSSES)
def test_any_loss_can_be_diagnosed(name):
    loss, symbols = LOSSES[name]
    kernel = sn.derive(loss, symbols).compile()
    values = losses_values(kernel, seed=7)
    gradients = kernel(values)[1]
    right = {s.name: np.array(gradients[s]) for s in symbols}
    assert sn.diagnose(loss, values, right).ok
    first = symbols[0].name
    for changed in (-right[first], right[first] + np.random.default_rng(0).normal(size=right[first].shape)):
        found = sn.diagnose(loss, values, {**right, first: changed})
        assert found.ok is bool(np.array_equal(changed, right[first]))
        assert str(found) and found._repr_html_()


# -- functions


def test_a_function_may_update_its_values_in_place():
    def careless(values):
        found = NET.gradients(values, ["no slope 1"])
        for name in found:
            values[name] -= RATE * found[name]
        return found

    values = {k: v.copy() for k, v in VALUES.items()}
    found = sn.diagnose(LOSS, values, careless)
    assert found.faults[0].kind == "missing-activation-derivative"
    assert all(np.array_equal(values[k], VALUES[k]) for k in VALUES)


def raises(values):
    raise ZeroDivisionError("in layer 2")


def forgetful():
    calls = []

    def gradients(values):
        calls.append(1)
        found = NET.gradients(values)
        if len(calls) > 1:
            del found["W2"]
        return found

    return gradients


# -- wrong input


def with_one(name, value):
    array = RIGHT[name].copy()
    array[0, 0] = value
    return {**RIGHT, name: array}


def update(before=BEFORE, after=None, rate=RATE, data=DATA):
    return sn.diagnose_update(LOSS, before, NET.stepped(VALUES) if after is None else after, rate, data)


def without(name, arrays):
    return {k: v for k, v in arrays.items() if k != name}


AFTER = NET.stepped(VALUES)
MISTAKES = [
    (lambda: sn.diagnose(LOSS, VALUES, [1.0]), TypeError, ["dictionary", "list"]),
    (lambda: sn.diagnose(LOSS, VALUES, {3: RIGHT["W1"]}), TypeError, ["3", "no symbol"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "w1": 1.0}), KeyError, ["w1", "W1"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "n": 1.0}), KeyError, ["n is no symbol"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, sn.matrix("W1", 8, 4): 1.0}), ValueError, ["W1", "twice"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": 0.5}), ValueError, ["W1", "()", "(8, 4)"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "b1": RIGHT["b1"].T}), ValueError, ["b1", "(1, 8)", "transpose"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": None}), TypeError, ["W1", "None", "array"]),
    (lambda: sn.diagnose(LOSS, VALUES, with_one("W1", np.nan)), ValueError, ["W1", "NaN"]),
    (lambda: sn.diagnose(LOSS, VALUES, with_one("W1", np.inf)), ValueError, ["W1", "infinite"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": RIGHT["W1"] + 1j}), TypeError, ["W1", "complex"]),
    (lambda: sn.diagnose(LOSS, without("X", VALUES), RIGHT), KeyError, ["X"]),
    (lambda: sn.diagnose(LOSS, without("W2", VALUES), without("W2", RIGHT)), KeyError, ["W2"]),
    (lambda: sn.diagnose(LOSS, {**VALUES, "X": VALUES["X"] * np.nan}, RIGHT), ValueError, ["X", "NaN"]),
    (lambda: sn.diagnose(LOSS, VALUES, RIGHT, learning_rate=0), ValueError, ["learning rate", "0"]),
    (lambda: sn.diagnose(LOSS, VALUES, raises), RuntimeError, ["ZeroDivisionError", "in layer 2"]),
    (lambda: sn.diagnose(LOSS, VALUES, lambda v: None), TypeError, ["dictionary", "NoneType"]),
    (lambda: sn.diagnose(LOSS, VALUES, lambda v: {}), ValueError, ["no gradient"]),
    (lambda: sn.diagnose(LOSS, VALUES, forgetful()), KeyError, ["W2"]),
    (lambda: sn.diagnose(LOSS, VALUES, lambda v: {**RIGHT, "W2": RIGHT["W2"].T}), ValueError, ["W2", "transpose"]),
    (lambda: update(rate=0), ValueError, ["learning rate", "0"]),
    (lambda: update(rate=-0.1), ValueError, ["learning rate", "-0.1"]),
    (lambda: update(rate=np.nan), ValueError, ["learning rate", "nan"]),
    (lambda: update(rate=np.inf), ValueError, ["learning rate", "inf"]),
    (lambda: update(rate="fast"), ValueError, ["learning rate", "fast"]),
    (lambda: update(rate=None), ValueError, ["learning rate", "None"]),
    (lambda: update(after=without("W2", AFTER)), KeyError, ["W2", "before the step only"]),
    (lambda: update(before=without("W2", BEFORE)), KeyError, ["W2", "after the step only"]),
    (lambda: update(without("W2", BEFORE), without("W2", AFTER)), KeyError, ["W2"]),
    (lambda: update(after={**AFTER, "W2": AFTER["W2"].T}), ValueError, ["W2", "transpose"]),
    (lambda: update(after={**AFTER, "W2": AFTER["W2"] * np.nan}), ValueError, ["W2", "NaN"]),
    (lambda: update(after={**AFTER, "W2": [[1.0], [1.0, 2.0]]}), TypeError, ["W2", "length"]),
    (lambda: update({**BEFORE, "Q": 1.0}, {**AFTER, "Q": 1.0}), KeyError, ["Q"]),
    (lambda: update({}, {}), ValueError, ["before and after", "no weight"]),
    (lambda: update(data=without("X", DATA)), KeyError, ["X"]),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_wrong_input_is_told_clearly(number):
    build, error, words = MISTAKES[number]
    with pytest.raises(error) as raised:
        build()
    for word in words:
        assert word in str(raised.value), raised.value


# -- pairs, counted by what they compute


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_nine_of_ten_pairs_are_named(name):
    """A pair counts as named where it gives the very numbers of the one mistake that is named instead."""
    net = NETS[name]
    loss, points = net.loss(), [net.values(seed) for seed in range(3)]

    def numbers(flags):
        found = [net.gradients(values, flags) for values in points]
        return np.concatenate([g[p].ravel() for g in found for p in net.parameters])

    def same(a, b):
        return a.shape == b.shape and np.abs(a - b).max() <= 1e-9 * np.abs(b).max()

    singles = [(bug.kind, numbers([bug.flag])) for bug in bugs_of(net)]
    chosen = random.Random(2).sample(pairs_of(net), 25)
    literal = identical = 0
    for pair in chosen:
        flags = [bug.flag for bug in pair]
        found = sn.diagnose(loss, points[0], lambda v, flags=flags: net.gradients(v, flags))
        kinds = sorted(f.kind for f in found.explanations[0]) if found.explanations else []
        if kinds == sorted(bug.kind for bug in pair):
            literal += 1
        elif not kinds:
            identical += same(numbers(flags), numbers([]))
        elif len(kinds) == 1:
            identical += any(kind == kinds[0] and same(numbers(flags), single) for kind, single in singles)
    assert literal >= 0.8 * len(chosen) and literal + identical >= 0.9 * len(chosen), (literal, identical)


# -- names and machines make no difference


def test_names_carry_no_meaning():
    other = {"W1": "barbara", "b1": "Wbar2", "W2": "Abar1", "b2": "b", "X": "Y1", "Y": "X"}
    W1, b1, X = sn.matrix("barbara", 8, 4), sn.vector("Wbar2", 8), sn.matrix("Y1", 4, "n")
    W2, b2, Y = sn.matrix("Abar1", 3, 8), sn.vector("b", 3), sn.matrix("X", 3, "n")
    hidden = sn.let("Wbar", sn.tanh(sn.affine(W1, X, b1)))
    loss = sn.cross_entropy(sn.affine(W2, hidden, b2), Y)

    def renamed(arrays):
        return {other[name]: array for name, array in arrays.items()}

    for bug in bugs_of(NET)[::3]:

        def mine(values, bug=bug):
            return renamed(NET.gradients({name: values[new] for name, new in other.items()}, [bug.flag]))

        found = sn.diagnose(loss, renamed(VALUES), mine)
        names_first(found, bug, {other[w] for w in spoiled(NET, [bug.flag])})


@pytest.mark.parametrize("axis", [0, 1])
def test_a_bias_that_is_not_summed_is_shown_without_its_ones(axis):
    n, turn = 5, -1 if axis else 1
    W, X, b, Y = (
        sn.matrix(*text, *size[::turn]) for text, *size in (("W", 2, 3), ("X", 3, "n"), ("b", 2, 1), ("Y", 2, "n"))
    )
    loss = sn.squared_error(sn.affine(W, X, b, axis=axis), Y, axis=axis) + sn.inner(b, b)
    rng = np.random.default_rng(0)
    values = {
        name: rng.normal(size=size[::turn])
        for name, size in (("W", (2, 3)), ("X", (3, n)), ("b", (2, 1)), ("Y", (2, n)))
    }
    product = values["X"] @ values["W"] if axis else values["W"] @ values["X"]
    D = (product + values["b"] - values["Y"]) / n
    right = values["X"].T @ D if axis else D @ values["X"].T
    fault = sn.diagnose(loss, values, {W: right, b: D + 2 * values["b"] / n}).faults[0]
    assert fault.kind == "bias-gradient" and fault.yours == "∂L/∂b = Z̅₁ + 2⋅b", fault
    assert fault.right == ("∂L/∂b = 1ᵀ⋅Z̅₁ + 2⋅b" if axis else "∂L/∂b = Z̅₁⋅1 + 2⋅b")


def test_an_answer_does_not_depend_on_the_clock(monkeypatch):
    flags = ["twice", "no slope 1"]
    noise = {**RIGHT, "W1": np.random.default_rng(0).normal(size=(8, 4))}
    pair, unknown = (str(sn.diagnose(LOSS, VALUES, g)) for g in (NET.gradients(VALUES, flags), noise))
    clock = itertools.count(step=10**6)
    for name in ("monotonic", "perf_counter", "process_time", "time"):
        monkeypatch.setattr(time, name, lambda: float(next(clock)))
    assert str(sn.diagnose(LOSS, VALUES, NET.gradients(VALUES, flags))) == pair
    assert str(sn.diagnose(LOSS, VALUES, noise)) == unknown


@pytest.mark.parametrize("budget", [0, 100, 1000])
def test_a_search_keeps_to_its_number_of_evaluations(budget, monkeypatch):
    searches, run = [], Search.run

    def watched(self):
        searches.append(self)
        return run(self)

    monkeypatch.setattr(Search, "run", watched)
    monkeypatch.setattr(search, "EVALUATIONS_FOR_PAIRS", budget)
    noise = {**RIGHT, "W1": np.random.default_rng(0).normal(size=(8, 4))}
    assert sn.diagnose(LOSS, VALUES, noise).faults[0].kind == "unknown"
    one_step = 500  # what is begun is finished: a constant and a rate at each equation
    assert budget <= searches[0].evaluations() - searches[0].before_pairs <= budget + one_step


@pytest.mark.parametrize("shift", [20.0, 33.0, 36.5, 80.0])  # 1 − A loses some digits, most of them, all of them
def test_what_saturates_by_hand_is_not_called_wrong(shift):
    x, y, w, b = sn.matrix("x", 3, "n"), sn.matrix("y", 1, "n"), sn.matrix("w", 1, 3), sn.matrix("b", 1, 1)
    loss, draw = sn.squared_error(sn.sigmoid(sn.affine(w, x, b)), y), np.random.default_rng(0)
    values = {"x": draw.normal(size=(3, 4)), "w": draw.normal(size=(1, 3)), "b": np.full((1, 1), shift)}
    values["y"] = draw.uniform(size=(1, 4))

    def gradients(v):
        A = 1 / (1 + np.exp(-(v["w"] @ v["x"] + v["b"])))
        D = (A - v["y"]) * A * (1 - A) / 4
        return {"w": D @ v["x"].T, "b": D.sum(axis=1, keepdims=True)}

    right = gradients(values)
    assert sn.diagnose(loss, values, right).ok
    assert not sn.diagnose(loss, values, right | {"b": right["b"] + 1e-9}).ok
    if right["b"].any():  # twice 0 is 0
        assert not sn.diagnose(loss, values, lambda v: {n: 2 * g for n, g in gradients(v).items()}).ok


CALLED = {  # a function of other arguments: what is said of it
    "nothing": (lambda: 1, r"takes \(\); write def f\(values\)"),
    "each by name": (lambda W, X, Y: W, r"takes \(W, X, Y\); hand over lambda values: f\(\*\*values\)"),
    "some by name": (lambda X, W: W, r"takes \(X, W\); hand over lambda values: f\(values\['X'\], values\['W'\]\)"),
    "others": (lambda W, rate: W, r"takes \(W, rate\); hand over lambda values: f\(values\['W'\], …\)"),
}


@pytest.mark.parametrize("name", CALLED)
def test_a_function_that_takes_other_arguments_is_told_how_to_be_handed_over(name):
    function, said = CALLED[name]
    W, X, Y = sn.matrix("W", 1, 2), sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
    values = {"W": np.ones((1, 2)), "X": np.ones((2, 3)), "Y": np.zeros((1, 3))}
    with pytest.raises(TypeError, match=said):
        sn.diagnose(sn.squared_error(W * X, Y), values, function)
