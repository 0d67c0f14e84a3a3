"""What a check says where there are few digits: float32, large constants, gradients that are 0; and at a stated tolerance.

Never may 0·g, −g or 2g pass; where the values of a function are too coarse for a verdict, that is what is said.
"""

import numpy as np
import pytest
import sympy
from sympy import Symbol

import symnet as sn

DRAW = np.random.default_rng(5)
W0, X0, Y0 = DRAW.normal(size=(3, 4)), DRAW.normal(size=(4, 6)), DRAW.normal(size=(3, 6))
U0 = DRAW.normal(size=(2, 3))


def cubes(x):
    return (x**3).sum()


def squares(W):
    X, Y = X0.astype(W.dtype), Y0.astype(W.dtype)
    return ((np.tanh(W @ X) - Y) ** 2).sum() / 2


def of_squares(W):
    X, Y = X0.astype(W.dtype), Y0.astype(W.dtype)
    A = np.tanh(W @ X)
    return ((A - Y) * (1 - A**2)) @ X.T


def two_layers(W, U):
    return (np.maximum(U @ np.maximum(W @ X0.astype(W.dtype), 0), 0) ** 2).sum() / 2


def of_two_layers(W, U):
    X = X0.astype(W.dtype)
    Z = W @ X
    A = np.maximum(Z, 0)
    D = np.maximum(U @ A, 0)
    return ((U.T @ D) * (Z > 0)) @ X.T, D @ A.T


FUNCTIONS = {
    "cubes": (cubes, lambda x: 3 * x**2, np.array([1.0, -2.0, 0.5])),
    "squares": (squares, of_squares, W0),
    "relu": (two_layers, of_two_layers, [W0, U0]),
    "sine": (lambda x: np.sin(x).sum(), np.cos, W0),
}
WRONG = {"0·g": 0.0, "−g": -1.0, "2g": 2.0, "1.01g": 1.01}


def single(array):
    return [a.astype(np.float32) for a in array] if isinstance(array, list) else array.astype(np.float32)


def times(factor, gradient):
    return (
        tuple(np.asarray(factor * g, g.dtype) for g in gradient) if isinstance(gradient, tuple) else factor * gradient
    )


WAYS = {  # how f, its gradient and the point are in float32
    "arrays": lambda f, g, x: (f, g, single(x)),
    "inside the function": lambda f, g, x: (lambda *a: f(*map(single, a)), g, x),
    "everywhere": lambda f, g, x: (lambda *a: np.float32(f(*map(single, a))), lambda *a: g(*map(single, a)), single(x)),
    "the gradient": lambda f, g, x: (f, lambda *a: g(*map(single, a)), x),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("way", WAYS)
def test_float32_is_judged_by_its_own_digits(name, way):
    f, gradient, point = WAYS[way](*FUNCTIONS[name])
    assert sn.check_function(f, gradient, point), sn.check_function(f, gradient, point)
    for factor in WRONG.values():
        wrong = lambda *a, c=factor: times(c, gradient(*a))
        check = sn.check_function(f, wrong, point)
        assert not check and "WRONG" in check.summary, (factor, check)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("constant", [1e3, 1e6, 1e9, 1e12, 1e15])
@pytest.mark.parametrize("factor", WRONG.values())
def test_a_large_constant_hides_no_mistake(name, constant, factor):
    f, gradient, point = FUNCTIONS[name]
    check = sn.check_function(lambda *a: constant + f(*a), lambda *a: times(factor, gradient(*a)), point)
    assert not check, check
    right = sn.check_function(lambda *a: constant + f(*a), gradient, point)
    assert right or "cannot be judged at this precision" in right.summary, right
    assert right if constant <= 1e6 else True, right


@pytest.mark.parametrize("constant", [1e6, 1e9])
def test_a_constant_in_a_loss_changes_no_verdict_of_complex_steps(monkeypatch, constant):
    W, X = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")
    loss = constant + sn.sum(sn.relu(W * X)) + sn.norm(W) ** 2
    values = {W: W0[:2, :3], X: X0[:3]}
    assert sn.check_gradients(loss, values)
    from symnet.calculus import RULES
    from symnet.expressions import Elementwise

    rule = RULES[Elementwise]
    monkeypatch.setitem(RULES, Elementwise, lambda *a: tuple(g if g is None else 2 * g for g in rule(*a)))
    for method in ("complex", "central", "mpmath"):
        assert not sn.check_gradients(loss, values, W, method=method)


def test_what_cannot_be_judged_is_said():
    check = sn.check_function(lambda x: 1e15 + cubes(x), lambda x: 3 * x**2, np.array([1.0, -2.0]))
    assert not check and check.rows[0].verdict == "cannot be judged"
    assert check.summary == "1 of 1 gradients cannot be judged at this precision: x"
    assert "may be off by" in str(check) and "large constants" in str(check) and "WRONG" not in str(check)
    with pytest.raises(AssertionError, match="cannot be judged"):
        check.raise_if_failed()
    assert "cannot be judged" in check._repr_html_()


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_units_do_not_matter(name, scale):
    f, gradient, point = FUNCTIONS[name]
    g = lambda *a: scale * f(*a)
    assert sn.check_function(g, lambda *a: times(scale, gradient(*a)), point)
    for factor in WRONG.values():
        assert not sn.check_function(g, lambda *a, c=factor: times(c * scale, gradient(*a)), point)


@pytest.mark.parametrize("off", [1.1e-6, 1e-5, 1e-4])
@pytest.mark.parametrize("corner", [0.5, 1e-2, 1e-3, 1e-4, 1e-5])
def test_near_a_corner_the_tolerance_is_the_stated_one(off, corner):
    point = np.array([corner, 1.0, -0.7])
    f = lambda v: (np.maximum(v, 0) * np.array([1.0, 2.0, 3.0])).sum() + np.sin(v).sum()
    right = lambda v: (v > 0) * np.array([1.0, 2.0, 3.0]) + np.cos(v)
    assert sn.check_function(f, right, point)
    for k in range(3):
        wrong = right(point)
        wrong[k] += off * np.abs(wrong).max()
        assert not sn.check_function(f, lambda v, wrong=wrong: wrong, point)


# -- gradients that are 0

A, V, B = sn.matrix("A", 3, 3), sn.matrix("V", 2, 3), sn.vector("b", 2)
t = Symbol("t", real=True)
ZEROS = {
    "softmax sums to 1": (sn.sum(sn.softmax(A)), A),
    "a shift of all scores": (
        sn.sum(sn.logsumexp(A + t * sympy.OneMatrix(3, 3)) - sn.logsumexp(A)) - 3 * t,
        t,
    ),
    "cubes at 0": (sn.sum(sn.elementwise(lambda v: v**3, A - A.T)), A),
    "cancelling": (sn.norm(A) ** 2 - sympy.Trace(A.T * A), A),
    "sine and cosine": (sn.sum(sn.elementwise(lambda v: sympy.sin(v) ** 2 + sympy.cos(v) ** 2, A)), A),
}


@pytest.mark.parametrize("method", ["complex", "central", "mpmath"])
@pytest.mark.parametrize("name", ZEROS)
@pytest.mark.parametrize("point", ["zeros", "ones", "random"])
def test_a_gradient_of_0_is_right(name, method, point):
    loss, symbol = ZEROS[name]
    a = {"zeros": np.zeros((3, 3)), "ones": np.ones((3, 3)), "random": 10 * W0[:, :3]}[point]
    check = sn.check_gradients(loss, {A: a, **({t: 0.3} if symbol == t else {})}, symbol, method=method)
    assert check, check


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_gradient_of_0_that_is_not_is_wrong(scale):
    f = lambda x, y: scale * (cubes(x) + 1e-3 * cubes(y))
    right = lambda x, y: (scale * 3 * x**2, scale * 3e-3 * y**2)
    point = [np.array([1.0, -2.0]), np.array([0.3, 0.4])]
    assert sn.check_function(f, right, point)
    assert not sn.check_function(f, lambda x, y: (right(x, y)[0], 0 * y), point)
    assert not sn.check_function(f, lambda x, y: (0 * x, 0 * y), point)
    beside = lambda x, y: scale * ((x**2).sum() + 0 * y.sum())
    assert sn.check_function(beside, lambda x, y: (scale * 2 * x, 0 * y), point)


# -- functions that are hard to differentiate by numbers

HARD = {
    "a domain that ends nearby": (lambda x: np.log(x).sum(), lambda x: 1 / x, [1e-7, 1.0, 3e-4]),
    "square roots near 0": (lambda x: np.sqrt(x).sum(), lambda x: 0.5 / np.sqrt(x), [1e-6, 2.0]),
    "a pole nearby": (lambda x: (1 / x).sum(), lambda x: -1 / x**2, [1e-3, 2.0]),
    "large arguments": (lambda x: (x**2).sum(), lambda x: 2 * x, [1e8, 2.0, 1e-3]),
    "small arguments": (lambda x: (x**2).sum(), lambda x: 2 * x, [1e-8, 2e-9]),
    "steep": (lambda x: np.tanh(1e3 * x).sum(), lambda x: 1e3 / np.cosh(1e3 * x) ** 2, [1e-4, -2e-3]),
    "growing": (lambda x: np.exp(30 * x).sum(), lambda x: 30 * np.exp(30 * x), [1.0, -1.0]),
    "a weak corner": (lambda x: (np.abs(x) ** 1.5).sum(), lambda x: 1.5 * np.sign(x) * np.abs(x) ** 0.5, [0.0, 1.0]),
    "a weaker corner": (lambda x: (np.abs(x) ** 1.2).sum(), lambda x: 1.2 * np.sign(x) * np.abs(x) ** 0.2, [0.0, 1.0]),
    "a corner to one side": (lambda x: np.maximum(x, 0) @ abs(x) ** 0.3, lambda x: 1.3 * abs(x) ** 0.3, [0.0, 1.0]),
    "a pole within the steps": (lambda x: (1 / x).sum(), lambda x: -1 / x**2, [1e-13, 2.0]),
    "a high pole": (lambda x: (x**-2).sum(), lambda x: -2 * x**-3, [1e-11, 2e-11, 1.0]),
    "a domain that ends within the steps": (lambda x: np.log(x).sum(), lambda x: 1 / x, [1e-13, 1.0]),
    "scales apart": (lambda x: 1e6 * x[0] ** 2 + 1e-6 * x[1] ** 2, lambda x: x * [2e6, 2e-6], [1.0, 1.0]),
    "cancelling": (lambda x: ((1e4 + x) ** 2).sum() - 1e8, lambda x: 2 * (1e4 + x), [1e-3, 2.0]),
    "a sorted value": (np.median, lambda x: np.array([0, 1.0, 0]), [1.0, 2.0, 3.0]),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_functions_are_judged(name):
    f, gradient, point = HARD[name]
    point = np.array(point)
    assert sn.check_function(f, gradient, point)
    for factor in (*WRONG.values(), 1 + 1e-5):
        check = sn.check_function(f, lambda x, c=factor: c * gradient(x), point)
        assert not check and "WRONG" in check.summary, (factor, check)


NEAR_AN_END = {"1/x": lambda v: 1 / v, "x**-2": lambda v: v**-2, "log(x)": sympy.log, "sqrt(x)": sympy.sqrt}


@pytest.mark.parametrize("method", ["central", "complex", "mpmath"])
@pytest.mark.parametrize("size", [1e-5, 1e-9, 1e-13])
@pytest.mark.parametrize("name", NEAR_AN_END)
def test_no_step_goes_over_a_pole_or_out_of_a_domain(name, size, method):
    x = sn.vector("x", 3)
    loss = sn.sum(sn.elementwise(NEAR_AN_END[name], x))
    for entries in ([size, 1.0, 2.0], [size, 2 * size, 3 * size]):
        assert sn.check_gradients(loss, {x: entries}, x, method=method)


@pytest.mark.parametrize("method", ["central", "complex", "mpmath"])
@pytest.mark.parametrize("power", [1.1, 1.2, 1.5, 2.5])
@pytest.mark.parametrize("of", [sn.abs, sn.relu])
def test_slopes_that_fall_as_a_root_of_the_step_are_0(of, power, method):
    x = sn.vector("x", 2)
    loss = sn.sum(sn.power(of(x), sympy.Rational(str(power))) + x / 4)
    assert sn.check_gradients(loss, {x: [0.0, 1.0]}, x, method=method)


@pytest.mark.parametrize(
    "large, small, told",
    [(1e2, 1e-3, "WRONG"), (1e3, 1e-5, "WRONG"), (1e6, 1e-6, "1 entry is too small beside the loss")],
)
def test_each_entry_is_judged_as_finely_as_it_can_be(large, small, told):
    squares, point = lambda x: (x**2).sum(), np.array([large, small, 1.0])
    assert sn.check_function(squares, lambda x: 2 * x, point)
    check = sn.check_function(squares, lambda x: 2 * x * [1, 0, 1], point)
    assert told in check.summary, check


def relu(x):
    return np.maximum(x, 0.0)


DEAD = {  # some entries have the slope 0 exactly; the loss is large
    "squares": (lambda x: 1e3 * (relu(x) ** 2).sum(), lambda x: 2e3 * relu(x), [20.0, -20.0, -30.0]),
    "sum": (lambda x: 1e6 + relu(x).sum(), lambda x: 1.0 * (x > 0), [2.0, -2.0, -3.0]),
    "the largest": (lambda x: 1e4 * x.max(), lambda x: 1e4 * (x == x.max()), [3.0, 1.0, -2.0]),
    "clipped": (lambda x: 1e5 * np.clip(x, -1, 1).sum(), lambda x: 1e5 * (np.abs(x) < 1), [0.5, 2.0, -3.0]),
}


@pytest.mark.parametrize("name", DEAD)
def test_slopes_that_are_exactly_0_are_told_to_be(name):
    f, gradient, point = DEAD[name]
    check = sn.check_function(f, gradient, np.array(point))
    assert check and "too small" not in str(check) and "less finely" not in str(check), str(check)
