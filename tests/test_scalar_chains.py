"""Scalars made of scalars, level upon level: lines and kernels grow with the number of levels, not with all ways through
them."""

import mpmath
import numpy as np
import pytest
from sympy import Piecewise, Symbol, cos, erf, exp, lambdify, log, sin, sqrt, symbols, tanh
from sympy.core.cache import clear_cache

import symnet as sn

W = sn.matrix("W", 2, 3)
LEVELS = {
    "quotients and logarithms": lambda c: c / (1 + c) + log(1 + c**2) * c,
    "roots": lambda c: sqrt(1 + c**2) * (c - 1) / (1 + c**2),
    "waves": lambda c: sin(c) * c + cos(c) ** 3,
    "exponentials": lambda c: exp(-(c**2)) * (1 + c) + c / (2 + exp(-c)),
    "products": lambda c: (1 + c) * (2 + c**2) * (3 - c) / (4 + c**4),
    "cases": lambda c: Piecewise((c**2 / (1 + c**2), c > 0), (c * (1 - c), True)),
}


def chain(level, number):
    c = sn.norm(W)
    for _ in range(number):
        c = level(c)
    return c


@pytest.mark.parametrize("name", [name for name in LEVELS if name != "exponentials"])  # these stay in one line
def test_lines_and_kernels_grow_with_the_levels(name):
    few, many = (sn.derive(chain(LEVELS[name], number), W) for number in (2, 6))
    assert len(many.compile().source) < 12 * len(few.compile().source)
    longest = [max(map(len, str(d).splitlines())) for d in (few, many)]
    assert longest[1] < 5 * longest[0], str(many)


NEURONS = {  # (what came, what comes in: a weight times that and a bias)
    "sigmoid": lambda a, z: 1 / (1 + exp(-z)),
    "tanh": lambda a, z: tanh(z),
    "erf": lambda a, z: erf(z),
    "softplus": lambda a, z: log(1 + exp(z)),
    "swish": lambda a, z: z / (1 + exp(-z)),
    "two functions": lambda a, z: tanh(z) / (1 + exp(-a)),
}


@pytest.mark.parametrize("name", NEURONS)
def test_a_chain_of_single_neurons_is_backpropagation(name):
    # three times as many levels make three times as many lines, as long, although exponentials are in it
    sources = []
    for number in (3, 9):
        weights, biases, a = symbols(f"w1:{number + 1}"), symbols(f"b1:{number + 1}"), Symbol("x")
        for w, b in zip(weights, biases, strict=True):
            a = NEURONS[name](a, w * a + b)
        d = sn.derive((a - Symbol("y")) ** 2, [*weights, *biases])
        sources.append(len(d.compile().source))
        assert max(map(len, str(d).splitlines())) < 180, str(d)
    assert sources[1] < 4.3 * sources[0]
    values = dict(zip([*weights, *biases], np.random.default_rng(1).normal(size=18), strict=True))
    assert sn.check_gradients((a - Symbol("y")) ** 2, {**values, "x": 0.7, "y": 0.2}, [*weights, *biases])


s = Symbol("s", real=True)
SWISH, TANH = s * exp(s) / (1 + exp(s)), (exp(s) - exp(-s)) / (exp(s) + exp(-s))
BY_HAND = {
    "root": sqrt(1 + SWISH**2),
    "logarithm": log(1 + SWISH**2) ** 2,
    "quotient": TANH / (1 + TANH**2),
    "product": log(1 + TANH**2) * TANH,
    "inside": 1 / (1 + exp(-(1 + exp(-s)) / (2 + exp(-s)))),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_exponentials_that_are_divided_by_each_other_stay_together(name):
    # the slope of what is in between has no name of its own there: it would be infinite, or 0
    loss = BY_HAND[name]
    kernel, slope = sn.derive(loss, s).compile(), lambdify(s, loss.diff(s), "mpmath")
    with mpmath.workdps(1000):
        for dtype, digits in ((np.float64, 1e-9), (np.float32, 1e-3)):
            for value in (-900, -80, -3, 0.5, 40, 900):
                right = float(slope(mpmath.mpf(dtype(value).item())))
                found = kernel({"s": dtype(value)})[1]["s"]
                assert abs(found - right) <= digits * max(1, abs(right)), (value, found, right)


@pytest.mark.parametrize(("outer", "named"), [(sin, True), (cos, True), (log, False), (lambda c: 1 / (2 + c), False)])
def test_a_slope_has_no_name_where_something_is_divided_by_what_saturates(outer, named):
    b = Symbol("b")
    inner = tanh(s * b) + b
    loss = outer(inner) * (1 + inner**2) * (2 + inner**3)
    roles = [e.role for e in sn.derive(loss, [s, b]).equations]
    assert ("adjoint" in roles) == named


@pytest.mark.parametrize("name", LEVELS)
def test_their_gradients_are_right(name):
    values = {"W": np.random.default_rng(3).normal(size=(2, 3)) / 3}
    for number in (1, 2, 4):
        assert sn.check_gradients(chain(LEVELS[name], number), values, [W])


def test_the_slope_of_a_value_that_several_lines_need_has_its_name():
    d = sn.derive(chain(LEVELS["quotients and logarithms"], 2), W)
    assert [e.lhs.name for e in d.equations if e.role == "adjoint"] == ["Tbar3"], str(d)


def test_lines_do_not_hang_on_what_sympy_has_kept():
    level = LEVELS["quotients and logarithms"]
    once = chain(level, 1)
    text = str(sn.derive(sin(once) * cos(once), W))
    clear_cache()
    again = chain(level, 1)  # equal, and another object
    assert again == once and again is not once
    assert str(sn.derive(sin(once) * cos(again), W)) == text


def test_a_name_is_put_back_where_its_value_is_computed_precisely():
    A = sn.log(1 + sn.square(W))
    source = sn.derive(sn.sum(sn.relu(A) * 3) + sn.sum(A), W).compile().source
    assert source.count("log1p") == 2 - ("import log1p" not in source), source
