"""Numbers against the assumptions of SymPy's that their symbols are declared with: formulas are simplified by them."""

import numpy as np
import pytest
import sympy as sp
from sympy import Symbol

import symnet as sn

W = sn.matrix("W", 2, 2)
w = np.ones((2, 2))
ROWS = [  # an assumption, numbers of which it holds, others, and what is said of those
    ({"positive": True}, [3, 0.5], [-3, 0], "be above 0"),
    ({"negative": True}, [-3, -0.5], [3, 0], "be below 0"),
    ({"nonnegative": True}, [3, 0], [-3], "be 0 or above"),
    ({"nonpositive": True}, [-3, 0], [3], "be 0 or below"),
    ({"nonzero": True}, [3, -0.5], [0], "be other than 0"),
    ({"zero": True}, [0], [1], "be 0"),
    ({"integer": True}, [-3, 0, 4.0], [2.5], "be a whole number"),
    ({"even": True}, [-2, 0, 4.0], [2.5, 3], "be an even whole number"),
    ({"odd": True}, [-3, 1.0], [2.5, 2], "be an odd whole number"),
    ({"prime": True}, [2, 5, 97.0], [1, 0, -3, 4, 2.5, np.inf], "be a prime number"),
    ({"prime": False}, [4, 0.5, -3], [7], "not be a prime number"),
    ({"composite": True}, [4, 6.0, 91], [1, 2, 0, -4, 4.5, np.inf], "be a product of whole numbers above 1"),
    ({"composite": False, "positive": True}, [1, 2, 0.5], [4], "not be a product of whole numbers above 1"),
    ({"finite": True}, [-3, 1e300], [np.inf, -np.inf], "be finite"),
    ({"real": True}, [1e300], [np.inf], "be finite"),
    ({"rational": True}, [0.5, 3], [], ""),
    ({"irrational": True}, [3.14159], [3], "not be a whole number"),
    ({"integer": True, "positive": True}, [1, 7], [0, -1, 2.5], "be above 0|be a whole number"),
    ({"extended_positive": True}, [1], [-1], "be above 0"),
    ({"zero": False}, [2, -2], [0], "not be 0"),
    ({"positive": False}, [-2, 0], [2], "not be above 0"),
    ({"real": False}, [], [2], "not be real"),
    ({"imaginary": True}, [], [2], "be imaginary"),
    ({"real": True}, [-2, 0.5], [], ""),
    ({}, [-2, 0.5], [], ""),
]  # fmt: skip


@pytest.mark.parametrize("assumed, good, bad, said", ROWS, ids=str)
@pytest.mark.parametrize(
    "compile_it", [sn.evaluate, lambda e, v: sn.derive(e, W).compile()(v)[0]], ids=["evaluate", "kernel"]
)
def test_numbers_are_as_their_symbols_are_declared(assumed, good, bad, said, compile_it):
    s = Symbol("s", **assumed)
    for number in good:
        assert compile_it(s * sn.sum(W), {s: number, W: w}) == pytest.approx(4 * number)
    for number in bad:
        with pytest.raises(ValueError, match=f"s must ({said}), and it is .*declare s without it"):
            compile_it(s + sn.sum(W), {s: number, W: w})


@pytest.mark.parametrize("fact, good, bad", [("even", 4, 3), ("odd", 3, 4), ("prime", 3, 4), ("composite", 4, 3)])
def test_sizes_are_as_they_are_declared(fact, good, bad):
    n = Symbol("n", positive=True, **{fact: True})
    A, u = sn.matrix("A", n, 2), sn.vector("u", 2)
    loss = (-1) ** n * sn.norm(A * u) ** 2 / n
    ways = {
        "evaluate": lambda k: sn.evaluate(loss, {A: np.ones((k, 2)), u: [1, 2]}),
        "kernel": lambda k: sn.derive(loss, u).compile()({A: np.ones((k, 2)), u: [1, 2]}),
        "alone": lambda k: sn.evaluate(sn.sum(u) / n, {u: [1, 2], n: k}),
        "train": lambda k: sn.train(loss, {A: np.ones((k, 2))}, {u: np.ones((2, 1))}, epochs=1, progress=False),
        "batches": lambda k: sn.train(loss, [{A: np.ones((k, 2))}], {u: np.ones((2, 1))}, epochs=1, progress=False),
    }
    for way in ways.values():
        way(good)
        with pytest.raises(
            ValueError, match=rf"n must be .*, and it is {bad}: it is declared {fact}.*declare n without it"
        ):
            way(bad)


def test_a_simplification_never_answers_for_a_number_that_it_does_not_hold_for():
    s, n = Symbol("s", positive=True), sn.vector("x", "n").shape[0]
    even = Symbol("n", even=True)
    for formula, symbol in (((-1) ** even, even), (sp.sign(s), s), (sp.cos(sp.pi * even) * s, even)):
        with pytest.raises(ValueError, match=rf"{symbol} must be .*, and it is -3"):
            sn.evaluate(formula, {s: 3, symbol: -3})
    for formula, name in ((sp.Abs(s), "s"), (sp.sqrt(s**2), "s"), (sp.Abs(n), "n")):
        with pytest.raises(ValueError, match=f"{name} must be above 0, and it is -3"):
            sn.evaluate(formula, {name: -3})


@pytest.mark.parametrize("fact, start", [("positive", 1.0), ("nonnegative", 1.0), ("negative", -1.0), ("nonpositive", -1.0),
                                         ("integer", 2.0), ("even", 2.0), ("odd", 3.0), ("prime", 3.0), ("composite", 4.0)])  # fmt: skip
def test_a_number_that_a_step_would_make_another_is_not_trained(fact, start):
    s = Symbol("s", **{fact: True})
    loss = sp.Abs(s) * sn.sum(sn.square(W))
    with pytest.raises(ValueError, match=f"s is declared {fact} and cannot be trained: .*give its value in data"):
        sn.train(loss, {}, {W: w, s: start}, sn.GradientDescent(0.5), epochs=5)
    assert sn.train(loss, {s: start}, {W: w}, sn.GradientDescent(0.01), epochs=1).loss > 0


def test_a_number_in_data_is_as_declared():
    s = Symbol("s", positive=True)
    with pytest.raises(ValueError, match="s must be above 0, and it is -1"):
        sn.train(s * sn.sum(sn.tanh(W)), {s: -1.0}, {W: w}, sn.GradientDescent(0.5), epochs=1)


@pytest.mark.parametrize("method", [None, "mpmath"])
def test_a_gradient_is_checked_beside_a_number_that_is_just_within(method):
    s, k = Symbol("s", positive=True), Symbol("k", integer=True)
    loss = s * k**2 * sn.sum(W)
    options = {} if method is None else {"method": method}
    assert sn.check_gradients(loss, {W: w, s: 1e-12, k: 2}, [s, k], **options)
    assert sn.diagnose(loss, {W: w, s: 0.5, k: 2}, {W: 2 * w, s: 16.0, k: 8.0}).ok
