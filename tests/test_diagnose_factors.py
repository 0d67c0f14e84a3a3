"""Factors and signs that data of these sizes cannot tell apart are named as such; nothing is said to be swapped
where there is no difference with data."""

import numpy as np
import pytest
import sympy as sp

import symnet as sn

DRAW = np.random.default_rng(3)
W, X, Y = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
Q, K, V = sn.matrix("Q", "m", "d"), sn.matrix("K", "n", "d"), sn.matrix("V", "n", 2)
SUM = sn.norm(W * X - Y) ** 2 / 2
MEAN = sn.mse(W * X, Y)


def arrays(**shapes):
    return {name: DRAW.normal(size=shape) for name, shape in shapes.items()}


def wrong_by(factor, loss, values, *wrt):
    gradients = sn.derive(loss, *wrt).compile()(values)[1]
    return {w.name: factor * gradients[w] for w in wrt}


def said(loss, values, factor, *wrt):
    found = sn.diagnose(loss, values, wrong_by(factor, loss, values, *wrt))
    assert found.faults[0].kind == "constant-factor" and found.faults[0].factor == pytest.approx(factor)
    return found.faults[0].words


@pytest.mark.parametrize(
    ("n", "factor", "both"),
    [
        (2, 2.0, ("as from the square", "a factor n = 2", "n is 2 here")),
        (2, 0.5, ("a factor ½ too much", "a factor 1/n = 1/2", "n is 2 here")),
        (4, 0.25, ("a factor 1/n = 1/4", "n is 4 here")),
        (10, 0.1, ("a factor 1/n = 1/10", "a learning rate of 0.1", "n is 10 here")),
        (100, 0.01, ("a factor 1/n = 1/100", "a learning rate of 0.01", "n is 100 here")),
    ],
)
@pytest.mark.parametrize("loss", [SUM, MEAN])
def test_what_sizes_make_alike_is_named_twice(n, factor, both, loss):
    words = said(loss, arrays(W=(2, 3), X=(3, n), Y=(2, n)), factor, W)
    for part in both[: 1 if factor == 0.25 else 3]:
        assert part in words
    assert factor == 0.25 or "other sizes tell" in words


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_root_of_a_size_is_named_where_formulas_divide_by_one(factor):
    loss = sn.norm(sn.softmax(Q * K.T / sp.sqrt(Q.shape[1]), axis=1) * V) ** 2
    for d in (4, 5):
        words = said(loss, arrays(Q=(3, d), K=(5, d), V=(5, 2)), factor, Q, K)
        assert ("d is 4 here; other sizes tell" in words and "√d" in words or "root of d" in words) == (d == 4), words


@pytest.mark.parametrize(("n", "factor"), [(7, 2.0), (7, 0.5), (7, 0.1), (4, 2.0), (3, 3.0), (3, 1 / 3), (7, 0.3)])
def test_what_sizes_do_not_make_alike_is_named_once(n, factor):
    words = said(SUM, arrays(W=(2, 3), X=(3, n), Y=(2, n)), factor, W)
    assert "the same number" not in words, words


def test_a_rate_that_is_known_is_told_apart_from_a_mean_as_far_as_it_can_be():
    values = arrays(W=(2, 3), X=(3, 10), Y=(2, 10))
    wrong = wrong_by(0.1, SUM, values, W)
    words = sn.diagnose(SUM, values, wrong, learning_rate=0.1).faults[0].words
    assert "the learning rate is applied already" in words and "1/n" in words and "n is 10 here" in words
    assert "learning rate" not in sn.diagnose(SUM, values, wrong, learning_rate=0.01).faults[0].words


S, c, w = sn.matrix("S", 3, 3), sn.vector("c", 3), sn.vector("w", 3)
HINGE = sn.sum(sn.relu(1 - sn.hadamard(Y, W * X)))
WITHOUT = {
    "inverse": (sn.sum(S.inv()), S, {"S": (3, 3)}),
    "norm": (sn.norm(w) ** 2, w, {"w": (3, 1)}),
    "product": (sn.inner(c, w) ** 2, w, {"c": (3, 1), "w": (3, 1)}),
    "hinge": (HINGE, W, {"W": (2, 3), "X": (3, 6), "Y": (2, 6)}),
    "parameters": (sn.norm(w - S * w) ** 2, w, {"w": (3, 1), "S": (3, 3)}),
}
WITH = {
    "squares": (MEAN, W, {"W": (2, 3), "X": (3, 6), "Y": (2, 6)}),
    "entropy": (sn.cross_entropy(W * X, Y), W, {"W": (2, 3), "X": (3, 6), "Y": (2, 6)}),
    "point": (sn.norm(w - c) ** 2, w, {"w": (3, 1), "c": (3, 1)}),
    "poisson": (sn.sum(sn.exp(W * X)) - sn.inner(Y, W * X), W, {"W": (2, 3), "X": (3, 6), "Y": (2, 6)}),
}


def drawn(name):
    """Give a loss, its parameter, and values for all of it."""
    loss, parameter, shapes = (WITHOUT | WITH)[name]
    values = arrays(**shapes)
    if name == "entropy":
        values["Y"] = np.eye(2)[:, DRAW.integers(0, 2, 6)]
    return loss, parameter, values


@pytest.mark.parametrize("name", [*WITHOUT, *WITH])
def test_target_and_output_are_swapped_only_where_there_is_a_target(name):
    loss, parameter, values = drawn(name)
    wrong = wrong_by(-1.0, loss, values, parameter)
    fault = sn.diagnose(loss, values, wrong).faults[0]
    assert fault.kind == "sign" and ("swapped" in fault.words) == (name in WITH), fault


@pytest.mark.parametrize("name", [*WITHOUT, *WITH])
def test_a_step_that_is_added_is_said_to_be(name):
    loss, parameter, values = drawn(name)
    before, up = values[parameter.name], wrong_by(0.1, loss, values, parameter)[parameter.name]
    data = {n: a for n, a in values.items() if n != parameter.name}
    found = sn.diagnose_update(loss, {parameter: before}, {parameter: before + up}, 0.1, data)
    assert found.faults[0].kind == "sign" and "was added, where it is to be subtracted" in str(found), str(found)
    halved = sn.diagnose_update(loss, {parameter: before}, {parameter: before - up / 2}, 0.1, data)
    assert "was added" not in str(halved)


@pytest.mark.parametrize("factor", [2.0, -1.0, 0.7])
@pytest.mark.parametrize("name", WITHOUT)
def test_explanations_that_are_one_by_algebra_are_not_said_to_be_told_apart_by_data(name, factor):
    loss, parameter, values = drawn(name)
    wrong = wrong_by(factor, loss, values, parameter)
    for given in (wrong, lambda v: wrong_by(factor, loss, v, parameter)):
        found = sn.diagnose(loss, values, given)
        if len(found.explanations) > 1:
            assert "one by algebra" in found.advice and "would tell them apart" not in found.advice, str(found)


LAM, U, M = sp.Symbol("lambda"), sn.matrix("U", 4, 3), sn.matrix("M", 2, "n")
V2 = sn.matrix("V", 2, 4)
NET = {"U": (4, 3), "V": (2, 4), "X": (3, 6), "Y": (2, 6)}
DEAD = {"U": -np.ones((4, 3)), "X": np.ones((3, 6))}
UNTESTED = {  # loss, shapes, values that hide a part, what gradients are asked for, and what is said
    "λ of 0": (SUM + LAM * sn.norm(W) ** 2, {"W": (2, 3), "X": (3, 6), "Y": (2, 6)}, {"lambda": 0.0}, [W], "2λ⋅W is 0"),
    "dead relus": (sn.norm(V2 * sn.relu(U * X) - Y) ** 2, NET, DEAD, [U, V2], "∂L/∂U is 0 everywhere"),
    "weights of 0": (sn.norm(V2 * sn.tanh(U * X) - Y) ** 2, NET, {"V": np.zeros((2, 4))}, [U, V2], "∂L/∂U is 0"),
    "a mask of 0": (
        sn.sum(sn.hadamard(M, sn.tanh(W * X))),
        {"W": (2, 3), "X": (3, 6)},
        {"M": np.zeros((2, 6))},
        [W],
        "∂L/∂W is 0 everywhere, so nothing of it is tested",
    ),
}


@pytest.mark.parametrize("name", UNTESTED)
def test_what_is_0_here_is_said_not_to_be_tested(name):
    loss, shapes, hiding, wrt, words = UNTESTED[name]
    values = arrays(**shapes) | hiding
    found = sn.diagnose(loss, values, wrong_by(1.0, loss, values, *wrt))
    assert found.ok and "for these data only: " + words in str(found), str(found)
    values = arrays(**shapes, M=(2, 6)) | {"lambda": 0.3}
    values = {n: a for n, a in values.items() if n in shapes or n in hiding}
    found = sn.diagnose(loss, values, wrong_by(1.0, loss, values, *wrt))
    assert found.ok and "for these data only" not in str(found), str(found)


# -- sizes that are plain numbers

T, U = sn.matrix("T", 3, "n"), sn.matrix("U", 3, 4)
A, B = sn.matrix("A", 4, "n"), sn.matrix("A", 4, 5)
PLAIN = sn.matrix("T", 3, 5)
A6, U6, W2 = sn.matrix("A", 6, "n"), sn.matrix("U", 3, 6), sn.matrix("W", 3, 3)
ENTROPY = sn.cross_entropy(U * A, T)
ALL, SAMPLES = "over all entries, not over the samples alone", "over the samples alone, not over all entries"
OF_PLAIN_SIZES = [  # loss, factor, what is said
    (sn.squared_error(U * A, T), 1 / 3, f"divided by 3, the number of rows of T, as well: the mean is taken {ALL}"),
    (sn.squared_error(U * A, T), 2 / 3, f"the number of rows of T, as well: the mean is taken {ALL}, and a factor 2"),
    (sn.squared_error(U * B, PLAIN), 1 / 3, ALL),
    (sn.squared_error(U * B, PLAIN), 5.0, "not divided by 5, the number of columns of T: the gradient of the sum"),
    (sn.squared_error(U * A, T), 3.0, "multiplied by 3, the number of rows of T"),
    (sn.mse(U * A, T), 3.0, f"not divided by 3, the number of rows of T: the mean is taken {SAMPLES}"),
    (sn.mse(U * B, PLAIN), 3.0, SAMPLES),
    (sn.mse(U * A, T), 15.0, "not divided by n⋅3 = 15, the number of entries of T: the gradient of the sum"),
    (sn.norm(U * A - T) ** 2, 1 / 15, "divided by n⋅3 = 15, the number of entries of T: the gradient of the mean"),
    (sn.mse(sn.tanh(U * A), T), 3.0, SAMPLES),
    (sn.mse(U * A, T), 1.5, f"the number of rows of T: the mean is taken {SAMPLES}, and without a factor 2"),
    (sn.mse(U * A, T), 7.5, "the gradient of the sum, not of the mean, and without a factor 2"),
    (sn.squared_error(U * A, T), 5 / 3, "divided by 3, the number of rows of T, not by n = 5"),
    (ENTROPY, 1 / 4, "divided by 4, the number of rows of A, as well"),
    (sn.squared_error(W2 * sn.tanh(U6 * A6), T), 5 / 6, "divided by 6, the number of rows of A, not by n = 5"),
    (sn.squared_error(W2 * sn.tanh(U6 * A6), T), 5 / 8, "divided by n − 1 = 4, not by n = 5, and a factor ½"),
]


@pytest.mark.parametrize("number", range(len(OF_PLAIN_SIZES)))
def test_a_mean_over_other_entries_is_named_where_sizes_are_plain(number):
    loss, factor, words = OF_PLAIN_SIZES[number]
    shapes = {s.name: [5 if str(a) == "n" else int(a) for a in s.shape] for s in loss.atoms(sp.MatrixSymbol)}
    values = arrays(**shapes)
    if loss == ENTROPY:
        values["T"] = np.eye(3)[:, [0, 1, 2, 1, 0]]
    found = said(loss, values, factor, next(s for s in loss.atoms(sp.MatrixSymbol) if s.name == "U"))
    assert words in found, found


@pytest.mark.parametrize("penalty", [sp.Rational(1, 10), sp.Rational(1, 15)])
def test_a_number_in_one_term_is_no_mean(penalty):
    U, A, T = sn.matrix("U", 3, 2), sn.matrix("A", 2, 5), sn.matrix("T", 3, 5)
    loss, draw = sn.norm(U * A - T) ** 2 + penalty * sn.norm(U) ** 2, np.random.default_rng(0)
    values = {s.name: draw.normal(size=tuple(map(int, s.shape))) for s in (U, A, T)}
    right = sn.derive(loss, U).compile()(values)[1][U]
    words = sn.diagnose(loss, values, {"U": 5 * right}).faults[0].words
    assert "mean" not in words and "5" in words
