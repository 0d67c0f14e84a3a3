"""More nets as people write their gradients, each with the mistakes that are made in it, and numbers that are coarse."""

from functools import partial

import numpy as np
import pytest
import sympy as sp
from mistaken import numbers, sigmoid

import symnet as sn


def down(A):
    return A.sum(axis=0, keepdims=True)


def rows(name, columns):
    return sn.matrix(name, "n", columns)


X, w, W, V = rows("X", 3), sn.vector("w", 3), sn.matrix("W", 3, 4), sn.matrix("V", 4, 2)


def logistic(v, bug=""):
    Y, n, p = v["Y"], len(v["X"]), sigmoid(v["X"] @ v["w"] + v["b"])
    slope = 1.0 if "no slope" in bug else p * (1 - p)
    ones, zeros = -Y / p, (1 - Y) / (1 - p)
    d = {"sign": ones - zeros, "ones": ones, "zeros": zeros, "turned": (p - (1 - Y)) / slope}.get(bug, ones + zeros)
    if bug == "softmax":
        d, slope = ones, 1.0
    return {"w": v["X"].T @ (d * slope) / n, "b": (d * slope).mean()}


def tanh_net(v, bug=""):
    A, n = np.tanh(v["X"] @ v["W"]), len(v["X"])
    d = (A @ v["V"] - v["T"]) / n
    means = A.mean(axis=0)[:, None] * d.sum(axis=0)
    G = {"mean": means, "sum": n * means, "once more": means / n}.get(bug, A.T @ d)
    return {"W": v["X"].T @ (d @ v["V"].T * (1 - A * A)), "V": G}


def dropped(v, bug=""):
    A, n, share = np.tanh(v["X"] @ v["W"]), len(v["X"]), 0.75
    d = (A * v["M"] / share @ v["V"] - v["T"]) / n
    c = {"twice": share**-2, "multiplied": share, "other share": 4.0, "none": 1.0}.get(bug, 1 / share)
    return {"W": v["X"].T @ (d @ v["V"].T * v["M"] * c * (1 - A * A)), "V": (A * v["M"] / share).T @ d}


def layer_norm(v, bug=""):
    Z, n = v["X"] @ v["W"], len(v["X"])
    s = np.sqrt(Z.var(axis=1, keepdims=True) + 1e-5)
    H = (Z - Z.mean(axis=1, keepdims=True)) / s
    d = (H - v["Y"]) / n
    first = d.mean(axis=0 if bug else 1, keepdims=True)
    second = (d * H).mean(axis=0 if bug == "both" else 1, keepdims=True)
    return {"W": v["X"].T @ ((d - first - H * second) / s)}


def attention(v, bug=""):
    S = v["Q"] @ v["K"].T / np.sqrt(3)
    P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
    d = P @ v["U"] - v["T"]
    D = d @ v["U"].T
    D = D if bug == "no softmax" else P * (D - (P * D).sum(axis=1, keepdims=True))
    D = D / {"d twice": 3.0, "d never": 1.0}.get(bug, np.sqrt(3))
    return {"Q": D @ v["K"], "K": D.T @ v["Q"], "U": P.T @ d}


def recurrent(v, bug=""):
    H, n = [np.zeros((4, v["x0"].shape[1]))], v["x0"].shape[1]
    for t in range(3):
        H.append(np.tanh(v["W"] @ v[f"x{t}"] + v["U"] @ H[-1] + v["b"]))
    back, found = (H[3] - v["Y"]) / n, {"W": 0, "U": 0, "b": 0}
    for t in (2, 1, 0):
        d = back * (1 - H[t + 1] ** 2)
        parts = {"W": d @ v[f"x{t}"].T, "U": d @ H[t].T, "b": d.sum(axis=1, keepdims=True)}
        if bug == "last bias" and t < 2:
            parts["b"] = 0
        found = {k: g + (0 if bug == "overwritten" else found[k]) for k, g in parts.items()}
        back = v["U"].T @ d
    return {k: g / 3 for k, g in found.items()} if bug == "divided" else found


def pooled(v, bug=""):
    n = v["I"].shape[1]
    Z = (v["G"] @ v["I"]).T.reshape(n, 2, 2, 2, 2).swapaxes(2, 3).reshape(n, 2, 2, 4)  # windows of 2×2
    d = (Z.max(axis=3).reshape(n, 4).T - v["P"]).T.reshape(n, 2, 2, 1) / n
    largest = (Z == Z.max(axis=3, keepdims=True)) * 1.0
    back = d * {"evenly": 0.25 * np.ones_like(Z), "all": np.ones_like(Z)}.get(bug, largest)
    return {"G": back.reshape(n, 2, 2, 2, 2).swapaxes(2, 3).reshape(n, 16).T @ v["I"].T}


def after_three_steps():
    cell = sn.rnn(2, 4)
    state = cell.start("n")
    for t in range(3):
        state = cell(state, sn.matrix(f"x{t}", 2, "n"))
    return sn.squared_error(state, sn.matrix("Y", 4, "n"))


def balanced(seed, n):
    return np.random.default_rng(seed).permutation(np.arange(n) % 2)[:, None] * 1.0


Q, K, U, T = sn.matrix("Q", 4, 3), sn.matrix("K", 5, 3), sn.matrix("U", 5, 2), sn.matrix("T", 4, 2)
MASK = (np.random.default_rng(3).random((7, 4)) < 0.6) * 1.0
NETS = {
    logistic: (sn.binary_cross_entropy(sn.affine(w, X, sp.Symbol("b"), axis=1), rows("Y", 1), axis=1), numbers(1, X=(6, 3), w=(3, 1)) | {"b": 0.2, "Y": balanced(1, 6)}),
    tanh_net: (sn.squared_error(sn.tanh(X * W) * V, rows("T", 2), axis=1), numbers(2, X=(7, 3), W=(3, 4), V=(4, 2), T=(7, 2))),
    dropped: (sn.squared_error(sn.dropout(sn.tanh(X * W), rows("M", 4), sp.Rational(3, 4)) * V, rows("T", 2), axis=1), numbers(3, X=(7, 3), W=(3, 4), V=(4, 2), T=(7, 2)) | {"M": MASK}),
    layer_norm: (sn.squared_error(sn.layer_norm(X * W, 1), rows("Y", 4), axis=1), numbers(4, X=(5, 3), W=(3, 4), Y=(5, 4))),
    attention: (sn.norm(sn.attention(Q, K, U) - T) ** 2 / 2, numbers(5, Q=(4, 3), K=(5, 3), U=(5, 2), T=(4, 2))),
    recurrent: (after_three_steps(), numbers(6, x0=(2, 5), x1=(2, 5), x2=(2, 5), Y=(4, 5), W=(4, 2), U=(4, 4), b=(4, 1))),
    pooled: (sn.squared_error(sn.max_pool2d(sn.matrix("G", 16, 3) * sn.matrix("I", 3, "n"), 2, shape=(1, 4, 4)), sn.matrix("P", 4, "n")), numbers(7, G=(16, 3), I=(3, 5), P=(4, 5))),
}  # fmt: skip
WRITTEN = [
    (logistic, "no slope", "softmax-cross-entropy", "the factor σ'(Z₁) is missing"),
    (logistic, "sign", "softmax-cross-entropy", "the sign of the term (1 − Y)/"),
    (logistic, "ones", "softmax-cross-entropy", "the term (1 − Y)/(1 − sigmoid(Z₁)) in the derivative"),
    (logistic, "zeros", "softmax-cross-entropy", "the term −Y/sigmoid(Z₁) in the derivative"),
    (logistic, "softmax", "softmax-cross-entropy", "is that of softmax"),
    (tanh_net, "mean", "missing-batch-sum", "the mean of A₁ over the samples is multiplied by that of Z̅₂"),
    (tanh_net, "sum", "missing-batch-sum", "the sum of A₁ over the samples is multiplied by that of Z̅₂"),
    (tanh_net, "once more", "missing-batch-sum", "once more divided"),
    (dropped, "twice", "extra-factor", "the factor 4/3 is there twice"),
    (dropped, "multiplied", "wrong-operand", "multiplied by 3/4 where it is to be divided by it"),
    (dropped, "other share", "wrong-operand", "divided by 1/4, which is 1 − 3/4, not by 3/4"),
    (dropped, "none", "missing-factor", "the factor 4/3 is missing"),
    (layer_norm, "both", "wrong-sum", "is taken along the other axis"),
    (layer_norm, "first", "wrong-sum", "is taken along the other axis"),
    (attention, "no softmax", "missing-activation-derivative", "softmax' is missing"),
    (attention, "d twice", "extra-factor", "the factor sqrt(3)/3 is there twice"),
    (attention, "d never", "missing-factor", "the factor sqrt(3)/3 is missing"),
    (recurrent, "overwritten", "missing-term", "overwrites what was there"),
    (recurrent, "last bias", "missing-term", "only that of the last step is there"),
    (recurrent, "divided", "constant-factor", "divided by the number 3 of steps or uses"),
    (pooled, "evenly", "wrong-operand", "spread evenly over each window"),
    (pooled, "all", "wrong-operand", "every pixel of a window"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "bug", "kind", "words"), WRITTEN)
def test_a_mistake_is_named_first(written, bug, kind, words):
    loss, values = NETS[written]
    found = sn.diagnose(loss, values, partial(written, bug=bug))
    assert len(found.explanations[0]) == 1 and found.faults[0].kind == kind, str(found)
    assert words in found.faults[0].words, str(found)


@pytest.mark.parametrize("written", NETS)
def test_the_right_ones_are_right(written):
    loss, values = NETS[written]
    assert sn.diagnose(loss, values, written).ok


def test_labels_of_two_sorts_as_many_of_both_do_not_hide_that_they_are_turned():
    loss, values = NETS[logistic]
    found = sn.diagnose(loss, values, partial(logistic, bug="turned"))
    assert {p.name for p in found.wrong} == {"w", "b"} and "1 − Y stands where Y belongs" in str(found), str(found)


# -- gradients by differences of losses, as coarse as they are


def differences(v, dtype, step, one_side=False):
    """Give the gradient of the mean square of X·w − Y by differences."""
    v = {name: a.astype(dtype) for name, a in v.items()}

    def loss(w):
        return np.mean((v["X"] @ w - v["Y"]) ** 2, dtype=dtype)

    found = np.zeros((3, 1), dtype)
    for i in range(3):
        move = np.zeros((3, 1), dtype)
        move[i] = step
        below = v["w"] if one_side else v["w"] - move
        found[i] = (loss(v["w"] + move) - loss(below)) / dtype(step if one_side else 2 * step)
    return {"w": found}


COARSE = [
    (np.float32, 1e-4, False, "so coarse are differences of losses"),
    (np.float64, 1e-2, True, "so coarse are differences of losses"),
    (np.float32, 1e-6, False, "all your numbers are multiples of"),
    (np.float64, 1e-5, False, ""),
]


@pytest.mark.parametrize(("dtype", "step", "one_side", "words"), COARSE)
def test_coarse_differences_are_known_as_such(dtype, step, one_side, words):
    loss, values = sn.mse(X * w, rows("Y", 1), axis=1), numbers(8, X=(6, 3), w=(3, 1), Y=(6, 1))
    found = sn.diagnose(loss, values, partial(differences, dtype=dtype, step=step, one_side=one_side))
    assert found.ok != bool(words) and words in str(found), str(found)
