"""Update steps, right and wrong: every optimizer's own, given or recognised, and what people write in their place."""

import numpy as np
import pytest
from mistaken import numbers

import symnet as sn

X, Y, W1, b1 = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("W1", 4, 3), sn.vector("b1", 4)
W2, b2 = sn.matrix("W2", 2, 4), sn.vector("b2", 2)
LOSS = sn.squared_error(sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2), Y)
VALUES = numbers(11, X=(3, 6), Y=(2, 6), W1=(4, 3), b1=(4, 1), W2=(2, 4), b2=(2, 1))
NAMES, DATA, RATE, BETA, DECAY = ("W1", "b1", "W2", "b2"), {k: VALUES[k] for k in "XY"}, 0.13, 0.9, 0.05
W = {k: VALUES[k] for k in NAMES}
VELOCITY = {k: 0.1 * np.cos(1 + np.arange(a.size)).reshape(a.shape) for k, a in W.items()}


def gradients(v, back=None, slope=True):
    A = np.tanh(v["W1"] @ VALUES["X"] + v["b1"])
    D = (v["W2"] @ A + v["b2"] - VALUES["Y"]) / 6
    B = (v["W2"] if back is None else back).T @ D * (1 - A**2 if slope else 1)
    return {"W1": B @ VALUES["X"].T, "b1": B.sum(1, keepdims=True), "W2": D @ A.T, "b2": D.sum(1, keepdims=True)}


G = gradients(W)
EARLY, BARE = gradients(W, back=W["W2"] - RATE * G["W2"]), gradients(W, slope=False)
AHEAD = gradients({k: W[k] + BETA * VELOCITY[k] for k in NAMES})


def said(move, **known):
    return sn.diagnose_update(LOSS, W, {k: W[k] + move(k) for k in NAMES}, RATE, DATA, **known)


def adam(g, first=1.0, second=1.0, root=np.sqrt):
    return -RATE * first * g / (root(second * g**2) + 1e-8)


def over_root(g, weight=1.0):
    return -RATE * g / (np.sqrt(weight) * abs(g) + 1e-8)


OPTIMIZERS = [
    kind(rate=RATE) for kind in (
        sn.GradientDescent, sn.Momentum, sn.Nesterov, sn.AdaGrad, sn.RMSProp, sn.Adam, sn.AdamW, sn.SignSGD,
    )
]  # fmt: skip
KNOWN = {"velocity": VELOCITY, "momentum": BETA}
STATE = {"velocity": VELOCITY, "optimizer": sn.Momentum(RATE, BETA)}
RIGHT = {
    "another rho": (lambda k: over_root(G[k], 0.01), {}, "rho = 0.99"),
    "another decay": (lambda k: adam(G[k]) - RATE * DECAY * W[k], {}, "lambda = 0.05"),
    "nesterov": (lambda k: BETA**2 * VELOCITY[k] - (1 + BETA) * RATE * G[k], KNOWN, "Nesterov"),
    "nesterov, unknown": (lambda k: BETA**2 * VELOCITY[k] - 1.9 * RATE * G[k], {"velocity": VELOCITY}, "of 0.9"),
    "ahead": (lambda k: BETA * VELOCITY[k] - RATE * AHEAD[k], KNOWN, "ahead"),
    "ahead, unknown": (lambda k: BETA * VELOCITY[k] - RATE * AHEAD[k], {"velocity": VELOCITY}, "of 0.9"),
    "state": (lambda k: -RATE * (BETA * VELOCITY[k] + G[k]), STATE, ""),
    "signs": (lambda k: over_root(G[k]), {"optimizer": sn.Adam(RATE)}, "signs"),
}
WRONG = {
    "no correction": (lambda k: adam(G[k], 0.1, 0.001), sn.Adam(RATE), "start of the states"),
    "no correction, unknown": (lambda k: adam(G[k], 0.1, 0.001), None, "start of the states"),
    "one correction": (lambda k: adam(G[k], 1, 0.001), sn.Adam(RATE), "β₂^(t)"),
    "no root": (lambda k: adam(G[k], root=lambda s: s), sn.Adam(RATE), "square root"),
    "ascent": (lambda k: -adam(G[k]), sn.Adam(RATE), "up the gradient"),
    "ascent, unknown": (lambda k: -adam(G[k]), None, "up the gradient"),
    "the rate of the optimizer": (lambda k: 2 * adam(G[k]), sn.Adam(), "factor 2"),
    "coupled": (lambda k: adam(G[k] + DECAY * W[k]), sn.AdamW(RATE, decay=DECAY), "added to the gradient"),
    "no decay": (lambda k: adam(G[k]), sn.AdamW(RATE, decay=DECAY), "decay"),
    "decay without rate": (lambda k: adam(G[k]) - DECAY * W[k], sn.AdamW(RATE, decay=DECAY), "not the rate"),
    "a decay too much": (lambda k: adam(G[k]) - RATE * DECAY * W[k], sn.Adam(RATE), "0.0065 times θ"),
    "no 1 − rho": (lambda k: over_root(G[k]), sn.RMSProp(RATE), "1 − ρ is missing"),
    "rho turned": (lambda k: over_root(G[k], 0.9), sn.RMSProp(RATE), "1 − ρ stands"),
    "descent for adagrad": (lambda k: -RATE * G[k], sn.AdaGrad(RATE), "one of GradientDescent"),
    "decay": (lambda k: -RATE * (G[k] + DECAY * W[k]), None, "decay of 0.05"),
    "decay turned": (lambda k: -RATE * (G[k] - DECAY * W[k]), None, "wrong sign"),
    "decay of weights": (lambda k: -RATE * (G[k] + DECAY * W[k] * (k[0] == "W")), None, "in W1, W2 only"),
    "in their place": (lambda k: -RATE * G[k] - W[k], None, "in the place of the weights"),
    "one stays": (lambda k: -RATE * G[k] * (k != "W2"), None, "W2 does not move"),
    "all stay": (lambda k: 0.0, None, "no weight moves"),
    "clipped": (lambda k: -RATE * np.clip(G[k], -0.1, 0.1), None, "clipped"),
    "rate times velocity": (lambda k: -RATE * G[k] + RATE * BETA * VELOCITY[k], VELOCITY, "the rate as well"),
    "plain for nesterov": (lambda k: -RATE * (BETA * VELOCITY[k] + G[k]), sn.Nesterov(RATE), "one of Momentum"),
    "whole velocity": (lambda k: -RATE * G[k] + VELOCITY[k], KNOWN, "momentum, is missing"),
    "old velocity": (lambda k: -RATE * VELOCITY[k], sn.Momentum(RATE), "step before is used"),
    "added velocity": (lambda k: -RATE * G[k] + BETA * VELOCITY[k], STATE, "−rate first"),
}  # fmt: skip
AFTER_TWO = {k: W[k] - RATE * G[k] for k in NAMES}
AFTER_TWO = {k: AFTER_TWO[k] - RATE * gradients(AFTER_TWO)[k] for k in NAMES}
LENGTH = np.sqrt(sum((g**2).sum() for g in G.values()))
RIGHT |= {
    "sum": (lambda k: -RATE * (BETA * VELOCITY[k] + G[k]), KNOWN, "a sum of gradients and a momentum of 0.9"),
    "sum, unknown": (lambda k: -RATE * (0.7 * VELOCITY[k] + G[k]), {"velocity": VELOCITY}, "momentum of 0.7"),
    "mean": (lambda k: -RATE * (BETA * VELOCITY[k] + 0.1 * G[k]), KNOWN, "a running mean"),
    "mean, unknown": (lambda k: -RATE * (0.7 * VELOCITY[k] + 0.3 * G[k]), {"velocity": VELOCITY}, "a running mean"),
}
WRONG |= {
    "idle velocity": (lambda k: -RATE * G[k], VELOCITY, "no momentum"),
    "damped": (lambda k: -0.1 * RATE * G[k], sn.Momentum(RATE, BETA), "factor 1 − β"),
    "damped with a velocity": (lambda k: -RATE * (BETA * VELOCITY[k] + 0.1 * G[k]), STATE, "factor 1 − β"),
    "two steps": (lambda k: AFTER_TWO[k] - W[k], None, "2 steps"),
    "whole numbers": (lambda k: np.trunc(W[k] - RATE * G[k]) - W[k], None, "fractions are cut off"),
    "clipped below": (lambda k: -RATE * np.minimum(G[k], 0.05), None, "kept below 0.05"),
    "clipped with a velocity": (lambda k: -RATE * (BETA * VELOCITY[k] + np.clip(G[k], -0.1, 0.1)), STATE, "clipped"),
    "of length 1": (lambda k: -RATE * G[k] / np.linalg.norm(G[k]) / 9, None, "each array is shortened"),
    "all of length 0.2": (lambda k: -RATE * G[k] * 0.2 / LENGTH, None, "together is shortened to the length 0.2"),
}


def corrected(g, kept=(0.9, 0.999), by=(0.1, 0.001), epsilon=1e-8):
    return -RATE * (1 - kept[0]) * g / by[0] / (np.sqrt((1 - kept[1]) * g**2 / by[1]) + epsilon)


def over_one(g, number, root=1.0):
    return -RATE * g / (np.sqrt(root * number) + 1e-8)


LARGE = {"epsilon": 1e-2}
WRONG |= {
    "multiplied corrections": (lambda k: corrected(G[k], by=(10, 1000)), sn.Adam(RATE), "multiply, they must divide"),
    "one multiplied": (lambda k: corrected(G[k], by=(10, 0.001)), sn.Adam(RATE), "a product stands"),
    "multiplied, unknown": (lambda k: corrected(G[k], by=(10, 1000)), None, "multiply, they must divide"),
    "1 + β": (lambda k: corrected(G[k], by=(1.9, 1.999)), sn.Adam(RATE), "1 + where 1 − belongs"),
    "1 + β₁": (lambda k: corrected(G[k], by=(1.9, 0.001)), sn.Adam(RATE), "β₁^(t) + 1 stands where"),
    "from 2": (lambda k: corrected(G[k], by=(0.19, 1 - 0.999**2)), sn.Adam(RATE), "counted from 2"),
    "exchanged in states": (lambda k: corrected(G[k], (0.999, 0.9)), sn.Adam(RATE), "exchanged in the states"),
    "exchanged after": (lambda k: corrected(G[k], by=(0.001, 0.1)), sn.Adam(RATE), "where the start of the states"),
    "no epsilon": (lambda k: corrected(G[k], epsilon=0), sn.Adam(RATE, **LARGE), "term ε is missing"),
    "another epsilon": (lambda k: corrected(G[k], epsilon=1e-3), sn.Adam(RATE), "ε is 0.001, not 1e-08"),
    "added epsilon": (lambda k: -RATE * (np.sign(G[k]) + 1e-2), sn.RMSProp(RATE, rho=0.0, **LARGE), "to the quotient"),
    "no square": (lambda k: -RATE * G[k] / (np.sqrt(0.1 * abs(G[k])) + 1e-8), sn.RMSProp(RATE), "absolute values"),
    "mean of squares": (lambda k: over_one(G[k], (G[k] ** 2).mean(), 0.1), sn.RMSProp(RATE), "one number, the mean"),
    "of length": (lambda k: over_one(G[k], (G[k] ** 2).sum()), sn.AdaGrad(RATE), "one number, the sum"),
    "decay after": (
        lambda k: (W[k] + adam(G[k])) * (1 - RATE * DECAY) - W[k], sn.AdamW(RATE, decay=DECAY), "from the new value",
    ),
}  # fmt: skip
AT = {c: gradients({k: W[k] + c * VELOCITY[k] for k in NAMES}) for c in (-BETA, BETA, 1.0)}
IN_STATE = gradients({k: W[k] - RATE * VELOCITY[k] for k in NAMES})
NESTEROV = {"velocity": VELOCITY, "optimizer": sn.Nesterov(RATE, BETA)}
WRONG |= {
    "behind": (lambda k: BETA * VELOCITY[k] - RATE * AT[-BETA][k], KNOWN, "taken at W − 0.9⋅v, not ahead"),
    "at all of it": (lambda k: BETA * VELOCITY[k] - RATE * AT[1.0][k], KNOWN, "taken at W + v, not ahead"),
    "ahead, no more": (lambda k: -RATE * AT[BETA][k], KNOWN, "there is no momentum"),
    "ahead, twice": (lambda k: 2 * BETA * VELOCITY[k] - RATE * AT[BETA][k], KNOWN, "added twice"),
    "ahead, up": (lambda k: BETA * VELOCITY[k] + RATE * AT[BETA][k], KNOWN, "up the gradient"),
    "twice": (lambda k: 2 * BETA * VELOCITY[k] - RATE * G[k], KNOWN, "added twice"),
    "at all of a state": (lambda k: -RATE * (BETA * VELOCITY[k] + IN_STATE[k]), NESTEROV, "taken at W + v, not ahead"),
    "L1": (lambda k: -RATE * (G[k] + DECAY * np.sign(W[k])), None, "an L1 decay of 0.05"),
    "L1 of weights": (lambda k: -RATE * (G[k] + DECAY * np.sign(W[k]) * (k[0] == "W")), None, "in W1, W2 only"),
    "L1 turned": (lambda k: -RATE * (G[k] - DECAY * np.sign(W[k])), None, "L1 decay of 0.05 with the wrong sign"),
    "L1, L2": (lambda k: -RATE * (G[k] + DECAY * (np.sign(W[k]) + W[k])), None, "L1 decay of 0.05"),
    "L1, a velocity": (lambda k: BETA * VELOCITY[k] - RATE * (G[k] + DECAY * np.sign(W[k])), KNOWN, "an L1 decay of 0.05"),
    "L1, Adam": (lambda k: adam(G[k]) - RATE * DECAY * np.sign(W[k]), sn.Adam(RATE), "an L1 decay of 0.05"),
}  # fmt: skip
DONE = {
    "between": (lambda w: np.clip(w, -0.5, 0.5), "kept between −0.5 and 0.5"),
    "from 0": (lambda w: np.maximum(w, 0), "kept above 0"),
    "columns shortened": (lambda w: w * np.minimum(1, 0.9 / np.linalg.norm(w, axis=0)), "each column of the weights"),
    "rows of length 1": (lambda w: w / np.linalg.norm(w, axis=1, keepdims=True), "each row of the weights"),
    "arrays of length 2": (lambda w: 2 * w / np.linalg.norm(w), "W2 is given the length 2"),
    "of sum 1": (lambda w: w / w.sum(axis=0), "divided by its sum"),
    "of mean 0": (lambda w: w - w.mean(axis=0), "has its mean taken"),
    "standardised": (lambda w: (w - w.mean(axis=0)) / w.std(axis=0), "standardised"),
    "smaller": (lambda w: 0.97 * w, "multiplied by 0.97"),
    "3 decimals": (lambda w: np.round(w, 3), "rounded to 3 decimals"),
    "float16": (lambda w: w.astype(np.float16).astype(float), "float16"),
    "quarters": (lambda w: np.round(4 * w) / 4, "multiples of 0.25"),
    "threshold": (lambda w: np.sign(w) * np.maximum(abs(w) - 0.4, 0), "towards 0 by 0.4"),
}
STEPS = {
    "descent": (lambda k: -RATE * G[k], {}),
    "momentum": (lambda k: BETA * VELOCITY[k] - RATE * G[k], KNOWN),
    "adam": (lambda k: adam(G[k]), {"optimizer": sn.Adam(RATE)}),
    "rmsprop": (lambda k: over_root(G[k], 0.1), {"optimizer": sn.RMSProp(RATE)}),
}
OF_GRADIENTS = {
    "without the rate": (lambda k: -G[k], {}, "constant-factor"),
    "early, with momentum": (lambda k: -RATE * EARLY[k] + BETA * VELOCITY[k], KNOWN, "updated-weights"),
    "early, with a state": (lambda k: -RATE * (EARLY[k] + BETA * VELOCITY[k]), STATE, "updated-weights"),
    "no slope": (lambda k: -RATE * (BARE[k] + BETA * VELOCITY[k]), STATE, "missing-activation-derivative"),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("told", [True, False])
def test_the_first_step_of_every_optimizer_is_right(optimizer, told):
    after = sn.train(LOSS, DATA, W, optimizer, steps=1).parameters
    known = {"optimizer": optimizer} if told else {}
    found = sn.diagnose_update(LOSS, W, {k: np.asarray(after[k]) for k in NAMES}, RATE, DATA, **known)
    assert found.ok, str(found)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_step_is_right(name):
    move, known, word = RIGHT[name]
    found = said(move, **known)
    assert found.ok and word in str(found), str(found)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_step_is_told(name):
    move, known, word = WRONG[name]
    if not isinstance(known, dict) or known is VELOCITY:
        known = {"velocity": VELOCITY} if known is VELOCITY else {} if known is None else {"optimizer": known}
    if "velocity" in name and not known.keys() & {"velocity"} or name == "plain for nesterov":
        known |= {"velocity": VELOCITY}
    found = said(move, **known)
    fault = found.faults[0]
    assert not found.ok and fault.kind == "step" and word in fault.words, str(found)
    assert str(found).startswith("the step of ") and "∂L/∂" not in str(found).splitlines()[0], str(found)


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_a_wrong_gradient_is_seen_through_a_velocity(name):
    move, known, kind = OF_GRADIENTS[name]
    found = said(move, **known)
    assert found.faults[0].kind == kind and str(found).startswith("∂L/∂"), str(found)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", DONE)
def test_what_is_done_to_weights_after_a_right_step_is_told(name, step):
    (move, known), (done, words) = STEPS[step], DONE[name]
    after = {k: done(W[k] + move(k)) if k[0] == "W" else W[k] + move(k) for k in NAMES}
    found = sn.diagnose_update(LOSS, W, after, RATE, DATA, **known)
    fault = found.faults[0]
    assert fault.kind == "step" and "once the step" in fault.words and words in fault.words, str(found)


def test_nothing_is_done_to_weights_of_another_step():
    draw = np.random.default_rng(2)
    for size in (1e-5, 0.1):
        moves = {k: size * draw.normal(size=W[k].shape) for k in NAMES}
        found = said(moves.get)
        assert "once the step" not in str(found), str(found)


def test_weights_before_and_after_are_exchanged():
    after = {k: W[k] - RATE * G[k] for k in NAMES}
    assert "exchanged" in sn.diagnose_update(LOSS, after, W, RATE, DATA).faults[0].words


@pytest.mark.parametrize(("power", "words"), [(0, "the step is without it"), (-1, "in place of multiplied")])
def test_a_rate_that_is_left_out(power, words):
    found = said(lambda k: -(RATE**power) * G[k])
    assert words in found.faults[0].words and "learning rate" in found.faults[0].words, str(found)


@pytest.mark.parametrize("bound", [0.1, 0.2])
def test_gradients_are_clipped_without_a_step(bound):
    values = VALUES | W
    found = sn.diagnose(LOSS, values, {k: np.clip(g, -bound, bound) for k, g in G.items()})
    assert found.faults[0].kind == "wrong-function" and f"−{bound} and {bound}" in found.faults[0].words, str(found)


def test_zeros_are_kept_within_no_bounds():
    # one unit is never active: right entries are 0 too
    loss = sn.squared_error(sn.affine(W2, sn.relu(sn.affine(W1, X, b1)), b2), Y)
    values = VALUES | W | {"b1": VALUES["b1"] - 9 * np.eye(4, 1)}
    found = sn.diagnose(loss, values, {k: 0 * a for k, a in W.items()})
    assert found.wrong and "clipped" not in str(found), str(found)


def test_one_array_that_is_shortened_explains_no_other():
    draw, bare = np.random.default_rng(1), G["W1"] / np.linalg.norm(G["W1"]) / 9
    noise = {k: draw.normal(size=G[k].shape) for k in NAMES}
    found = said(lambda k: -RATE * (bare if k == "W1" else noise[k]))
    assert "clipped" not in str(found), str(found)


def test_noise_is_not_explained():
    draw = np.random.default_rng(0)
    for optimizer in (None, sn.Adam(), sn.Momentum()):
        found = said(lambda k: draw.normal(size=W[k].shape), **({} if optimizer is None else {"optimizer": optimizer}))
        assert found.faults[0].kind == "unknown", str(found)


@pytest.mark.parametrize(
    ("known", "error", "words"),
    [
        ({"optimizer": sn.Adam}, TypeError, ["Adam", "is a class"]),
        ({"optimizer": "adam"}, TypeError, ["'adam'"]),
        ({"optimizer": sn.Adam(), "velocity": VELOCITY}, ValueError, ["velocity", "Adam keeps m, v"]),
        ({"optimizer": sn.Momentum(), "momentum": 0.5}, ValueError, ["momentum is 0.5", "Momentum("]),
        ({"momentum": "much"}, ValueError, ["momentum", "'much'"]),
        ({"velocity": {**VELOCITY, "W1": np.ones((2, 2))}}, ValueError, ["velocity", "W1", "(2, 2)"]),
    ],
    ids=["class", "text", "states", "two momenta", "no number", "shape"],
)
def test_what_does_not_go_together_is_refused(known, error, words):
    with pytest.raises(error) as raised:
        said(lambda k: -RATE * G[k], **known)
    for word in words:
        assert word in str(raised.value), raised.value


@pytest.mark.parametrize(("factor", "kind"), [(1.2, "sign"), (0.6, "constant-factor")])
def test_a_step_along_the_weights_is_not_told_by_what_is_done_afterwards(factor, kind):
    x, before = sn.vector("x", 3), np.array([[1.0], [2.0], [-0.5]])
    said = sn.diagnose_update(sn.norm(x) ** 2, {x: before}, {x: factor * before}, 0.1, {})  # right is 0.8
    assert said.faults[0].kind == kind, str(said)


TOLD = [{"optimizer": kind()} for kind in (sn.Adam, sn.RMSProp, sn.AdaGrad, sn.AdamW)]


@pytest.mark.parametrize("known", [*TOLD, {"velocity": True}], ids=str)
def test_a_plain_step_that_was_meant_otherwise_is_not_called_right_and_wrong_at_once(known):
    draw = np.random.default_rng(0)
    V, T, S = sn.matrix("V", 2, 3), sn.matrix("T", 3, "n"), sn.matrix("S", 2, "n")
    loss, data = sn.mse(V * T, S), {"T": draw.normal(size=(3, 6)), "S": draw.normal(size=(2, 6))}
    before = draw.normal(size=(2, 3))
    after = before - 0.1 * sn.derive(loss, V).compile()({**data, "V": before})[1][V]
    more = {"velocity": {V: draw.normal(size=(2, 3))}} if "velocity" in known else known
    found = sn.diagnose_update(loss, {V: before}, {V: after}, 0.1, data, **more)
    assert not found.ok and [f.kind for f in found.faults] == ["step"], str(found)
    assert not found.facts and "your numbers are right" not in str(found), str(found)
