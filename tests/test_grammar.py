"""Mistakes of the grammar's kinds, made in nets of eight kinds: named, never explained away, never invented."""

import random

import numpy as np
import pytest
from mistaken import NETS, Mistaken, numbers

import symnet as sn

MADE = {name: Mistaken(name) for name in NETS}
KINDS = {
    "missing-factor", "extra-factor", "missing-term", "extra-term", "wrong-operand", "wrong-function", "wrong-product",
    "wrong-sum", "reshaped",
}  # fmt: skip


def differs(found, right):
    """Tell whether gradients are finite and other ones, by more than a check would let pass."""
    finite = all(np.isfinite(g).all() for g in found.values())
    return finite and any(not np.allclose(g, right[k], 1e-5, 1e-9) for k, g in found.items())


def mistakes(name, count, together=1, seed=0):
    """Give functions with mistakes chosen at random that run and that change something."""
    net, draw, found = MADE[name], random.Random(seed), []
    edits = net.edits()
    for _ in range(50 * count):
        chosen = [draw.choice(edits) for _ in range(together)]
        if len({e.site for e in chosen}) == together:
            function = net.function(chosen)
            try:
                gradients = function(net.values)
            except (ValueError, TypeError, AttributeError):
                continue
            if differs(gradients, net.right_gradients()):
                found.append((chosen, function))
        if len(found) == count:
            break
    return found


def test_the_grammar_has_every_kind():
    assert {e.kind for net in MADE.values() for e in net.edits()} >= KINDS


@pytest.mark.parametrize("name", NETS)
def test_single_mistakes_are_explained(name):
    net = MADE[name]
    for (edit,), function in mistakes(name, 6):
        found = sn.diagnose(net.loss, net.values, function)
        said = (edit.kind, str(edit.site), str(found))
        assert not found.ok and len(found.explanations[0]) == 1 and found.faults[0].kind != "unknown", said
        assert found.faults[0].words and found.faults[0].right != found.faults[0].yours, said


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", NETS)
def test_noise_is_not_explained(name):
    net = MADE[name]
    right, draw = net.right_gradients(), np.random.default_rng(0)
    noise = {k: draw.normal(size=np.shape(g)) for k, g in right.items()}
    found = sn.diagnose(net.loss, net.values, noise)
    assert [f.kind for f in found.faults] == ["unknown"], str(found)
    assert any("first equation" in fact for fact in found.facts)


@pytest.mark.parametrize("name", NETS)
def test_right_gradients_are_right(name):
    net = MADE[name]
    assert sn.diagnose(net.loss, net.values, net.function([])).ok
    assert sn.diagnose(net.loss, net.values, net.right_gradients()).ok


# -- numbers that are fitted


def test_a_few_numbers_are_not_explained_by_as_many_constants():
    w, b, x, y = (sn.matrix(name, 1, 1) for name in "wbxy")
    loss = sn.squared_error(sn.tanh(w * x + b), y)
    values = {"w": 0.8, "b": -0.2, "x": 1.5, "y": 0.3}
    gradients = {
        k: 1.2345 * float(np.squeeze(g))
        for k, g in zip("wb", sn.derive(loss, [w, b]).compile()(values)[1].values(), strict=True)
    }
    gradients["b"] *= 0.777
    assert sn.diagnose(loss, values, gradients).faults[0].kind == "unknown"


def test_a_decay_that_the_loss_has_not_is_found_with_its_number():
    net = MADE["perceptron"]

    def decayed(values):
        found = net.function([])(values)
        return found | {k: found[k] + 0.125 * values[k] for k in ("W1", "W2")}

    fault = sn.diagnose(net.loss, net.values, decayed).faults[0]
    assert fault.kind == "extra-term" and "0.125" in fault.words


# -- the forward pass


def net_of(values, forget=False, activation=np.tanh, slope=lambda a: 1 - a**2, mean=True):
    A = activation(values["W1"] @ values["X"] + (0 if forget else values["b1"]))
    E = values["W2"] @ A + values["b2"] - values["Y"]
    n = values["X"].shape[1]
    D = E / n
    back = values["W2"].T @ D * slope(A)
    gradients = {"W1": back @ values["X"].T, "b1": back.sum(1), "W2": D @ A.T, "b2": D.sum(1)}
    return (E**2).sum() / 2 / (n if mean else 1), gradients


X, Y, W1, b1 = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("W1", 4, 3), sn.vector("b1", 4)
W2, b2 = sn.matrix("W2", 2, 4), sn.vector("b2", 2)
LOSS = sn.squared_error(sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2), Y)
VALUES = numbers(9, X=(3, 6), Y=(2, 6), W1=(4, 3), b1=(4, 1), W2=(2, 4), b2=(2, 1))
FORWARD = {
    "bias": ({"forget": True}, "Z₁", "b₁"),
    "no activation": ({"activation": lambda z: z, "slope": np.ones_like}, "A₁", "activation"),
    "another one": ({"activation": lambda z: 1 / (1 + np.exp(-z)), "slope": lambda a: a * (1 - a)}, "A₁", "sigmoid"),
}


@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize("with_loss", [True, False])
def test_another_forward_pass_is_named(name, with_loss):
    how, equation, word = FORWARD[name]
    found = sn.diagnose(LOSS, VALUES, lambda v: net_of(v, **how) if with_loss else net_of(v, **how)[1])
    fault = found.faults[0]
    assert fault.kind == "forward" and fault.equation == equation and word in fault.words, str(found)
    assert any("your loss is" in fact for fact in found.facts) is with_loss


def test_another_loss_with_right_gradients_is_told():
    assert sn.diagnose(LOSS, VALUES, net_of).ok
    found = sn.diagnose(LOSS, VALUES, lambda v: net_of(v, mean=False))
    assert not found.ok and not found.wrong and found.faults[0].kind == "forward" and "n" in found.faults[0].words


def test_values_of_the_forward_pass_may_be_given():
    A1 = np.tanh(VALUES["W1"] @ VALUES["X"] + VALUES["b1"])
    right = net_of(VALUES)[1]
    assert sn.diagnose(LOSS, VALUES, right | {"A1": A1}).ok
    found = sn.diagnose(LOSS, VALUES, net_of(VALUES, forget=True)[1] | {"A1": np.tanh(VALUES["W1"] @ VALUES["X"])})
    assert found.faults[0].kind == "forward" and any("first value that differs" in fact for fact in found.facts)
    with pytest.raises(KeyError, match="A9"):
        sn.diagnose(LOSS, VALUES, right | {"A9": A1})


# -- steps

RATE = 0.1
BEFORE = {k: VALUES[k] for k in ("W1", "b1", "W2", "b2")}
RIGHT = {k: g.reshape(BEFORE[k].shape) for k, g in net_of(VALUES)[1].items()}
VELOCITY = {k: 0.1 * np.cos(np.arange(a.size)).reshape(a.shape) for k, a in BEFORE.items()}
STEPS = {
    "the weights": (lambda k: -RATE * BEFORE[k], "weights"),
    "decay": (lambda k: -RATE * RIGHT[k] - 0.02 * BEFORE[k], "decay of 0.2"),
    "momentum times rate": (lambda k: -RATE * RIGHT[k] + RATE * 0.9 * VELOCITY[k], "rate as well"),
    "no momentum": (lambda k: -RATE * RIGHT[k], "not used"),
    "momentum turned": (lambda k: -RATE * RIGHT[k] - 0.9 * VELOCITY[k], "wrong sign"),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_other_parts_is_named(name):
    moved, words = STEPS[name]
    after = {k: BEFORE[k] + moved(k) for k in BEFORE}
    known = {"velocity": VELOCITY, "momentum": 0.9} if "moment" in name else {}
    found = sn.diagnose_update(LOSS, BEFORE, after, RATE, {k: VALUES[k] for k in "XY"}, **known)
    assert found.faults[0].kind == "step" and words in found.faults[0].words, str(found)


@pytest.mark.parametrize("known", [{"momentum": 0.9}, {}])
def test_a_right_momentum_step_is_right(known):
    after = {k: BEFORE[k] - RATE * RIGHT[k] + 0.9 * VELOCITY[k] for k in BEFORE}
    assert sn.diagnose_update(LOSS, BEFORE, after, RATE, {k: VALUES[k] for k in "XY"}, velocity=VELOCITY, **known).ok


@pytest.mark.parametrize("optimizer", [sn.Adam(rate=RATE), sn.RMSProp(rate=RATE), sn.Momentum(rate=RATE)], ids=repr)
@pytest.mark.parametrize("told", [True, False])
def test_a_right_step_of_an_optimizer_is_right(optimizer, told):
    run = sn.train(LOSS, {k: VALUES[k] for k in "XY"}, BEFORE, optimizer, steps=1)
    after = {k: np.asarray(run.parameters[k]) for k in BEFORE}
    known = {"optimizer": optimizer} if told else {}
    assert sn.diagnose_update(LOSS, BEFORE, after, RATE, {k: VALUES[k] for k in "XY"}, **known).ok


def test_one_row_a_sample_is_summed():
    w, Xr, y = sn.vector("w", 3), sn.matrix("X", "n", 3), sn.matrix("y", "n", 1)
    values = numbers(3, w=(3, 1), X=(7, 3), y=(7, 1))
    loss = sn.squared_error(Xr * w, y, axis=1)
    rows = values["X"] * (values["X"] @ values["w"] - values["y"]) / 7
    fault = sn.diagnose(loss, values, {"w": rows}).faults[0]
    assert fault.kind == "wrong-sum" and "sum over the samples" in fault.words
