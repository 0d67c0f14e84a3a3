"""Slopes at corners other than those of the formulas are subgradients as well, and right; others are not."""

import warnings

import numpy as np
import pytest
from sympy import Max, Min, Rational, log, sqrt, symbols

import symnet as sn

x, W, X, Y = sn.vector("x", 4), sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
AT = np.array([[0.0], [1.0], [-2.0], [0.0]])
DRAW = np.random.default_rng(5)
VALUES = {
    "W": np.array([[1.0, -1.0, 0.0], [2.0, 1.0, -1.0]]),
    "X": np.array([[1.0, 2.0, -3.0, 0.5], [1.0, 0.0, 1.0, 0.25], [0.0, 1.0, 2.0, 3.0]]),
    "Y": DRAW.normal(size=(2, 4)),
}
NETS = {"relu": (sn.relu, 0.0), "abs": (sn.abs, -1.0)}


def slope(z, at_zero, below):
    return np.where(z > 0, 1.0, np.where(z == 0, at_zero, below))


@pytest.mark.parametrize("at_zero", [-1.0, -0.3, 0.0, 0.25, 0.5, 1.0, 1.5, -2.0])
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("as_function", [False, True])
def test_a_slope_between_those_beside_a_corner_is_right(name, at_zero, as_function):
    function, below = NETS[name]
    may_be = below <= at_zero <= 1
    loss, values = sn.sum(function(x)), {"x": AT}

    def mine(v):
        return {"x": slope(v["x"], at_zero, below)}

    found = sn.diagnose(loss, values, mine if as_function else mine(values))
    assert found.ok == may_be, str(found)
    assert at_zero in (0.0, 1.5, -2.0) or not may_be or "both are subgradients" in str(found)


@pytest.mark.parametrize("at_zero", [0.5, 1.0])
@pytest.mark.parametrize("name", NETS)
def test_so_it_is_inside_a_net(name, at_zero):
    function, below = NETS[name]
    loss = sn.norm(function(W * X) - Y) ** 2
    Z = VALUES["W"] @ VALUES["X"]
    assert (Z == 0).any() and (Z < 0).any()
    E = 2 * (np.maximum(Z, below * Z) - VALUES["Y"])
    mine = (E * slope(Z, at_zero, below)) @ VALUES["X"].T
    found = sn.diagnose(loss, VALUES, {"W": mine})
    assert found.ok and "both are subgradients" in str(found), str(found)
    wrong = (E * slope(Z, at_zero, 0.3)) @ VALUES["X"].T
    assert not sn.diagnose(loss, VALUES, {"W": wrong}).ok


@pytest.mark.parametrize("at_zero", [-0.3, 0.5, 1.0])
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("momentum", [None, 0.9])
def test_a_step_along_such_a_slope_is_right_as_the_slope_is(name, at_zero, momentum):
    function, below = NETS[name]
    loss, before = sn.norm(function(W * X) - Y) ** 2, VALUES["W"]
    Z, data = before @ VALUES["X"], {k: a for k, a in VALUES.items() if k != "W"}
    mine = (2 * (np.maximum(Z, below * Z) - VALUES["Y"]) * slope(Z, at_zero, below)) @ VALUES["X"].T
    velocity = None if momentum is None else {W: np.ones((2, 3))}
    after = before - 0.1 * mine + (0 if momentum is None else momentum)
    found = sn.diagnose_update(loss, {W: before}, {W: after}, 0.1, data, velocity=velocity, momentum=momentum)
    assert found.ok == (below <= at_zero <= 1), str(found)
    as_gradient = sn.diagnose(loss, VALUES, {"W": mine})
    assert [f.words for f in found.faults] == [f.words for f in as_gradient.faults]


def test_a_sign_that_is_a_value_has_one_at_0():
    loss = sn.inner(sn.sign(x), x + 1)  # it jumps at 0, so that no number is a slope there
    assert not sn.diagnose(loss, {"x": AT}, {"x": slope(AT, 1.0, -1.0)}).ok


# -- what the slopes of the loss to both sides say

A = np.array([[1.0, 2.0, 3.0, 3.0], [1.0, 1.0, 3.0, 0.0], [0.0, 2.0, 3.0, 1.0]])  # ties in every column
M, R = sn.matrix("M", 3, 4), sn.matrix("R", 1, 4)
TOP, FACTORS = A == A.max(axis=0), np.array([[1.0, 2.0, -3.0, 4.0]])
FIRST, LAST = np.arange(3)[:, None] == A.argmax(axis=0), np.arange(3)[:, None] == 2 - A[::-1].argmax(axis=0)
LARGEST, SMALLEST, ZERO = sn.inner(sn.max(M, axis=0), R), sn.inner(sn.min(-M, axis=0), R), np.zeros((4, 1))
UNIT = np.array([[0.5], [-0.5], [0.5], [0.5]])
DIFFERENCE = sn.sum(sn.relu(x) - sn.relu(-x))  # x itself
AS_GOOD, OUTSIDE, SMOOTH = "both are subgradients", "", "has no corner there"
CONVENTIONS = {  # loss, values, gradient; whether it is right, and what is said
    "the first of a tie": (LARGEST, A, FACTORS * FIRST, True, AS_GOOD),
    "the last of a tie": (LARGEST, A, FACTORS * LAST, True, AS_GOOD),
    "all of a tie": (LARGEST, A, FACTORS * TOP, True, "all together they do not"),
    "twice all of a tie": (LARGEST, A, 2 * FACTORS * TOP, False, OUTSIDE),
    "the last of the smallest": (SMALLEST, A, -FACTORS * LAST, True, AS_GOOD),
    "a norm at 0": (sn.norm(x), ZERO, UNIT, True, AS_GOOD),
    "a shorter one": (sn.norm(x), ZERO, UNIT / 3, True, AS_GOOD),
    "a longer one": (sn.norm(x), ZERO, 1.5 * UNIT, False, OUTSIDE),
    "norms of columns": (sn.sum(sn.norm(x, axis=1)), AT, slope(AT, 0.7, -1.0), True, AS_GOOD),
    "leaky at its slope above": (sn.sum(sn.leaky_relu(x)), AT, slope(AT, 1.0, 0.01), True, "as 1; here it is 0.01"),
    "leaky between": (sn.sum(sn.leaky_relu(x)), AT, slope(AT, 0.5, 0.01), True, "as 0.5; here it is 0.01"),
    "leaky beyond": (sn.sum(sn.leaky_relu(x)), AT, slope(AT, 0.0, 0.01), False, "not between those beside"),
    "relu beyond": (sn.sum(sn.relu(x)), AT, slope(AT, 1.5, 0.0), False, "not between those beside"),
    "both corners of clip": (sn.sum(sn.clip(x, 0, 1)), AT, slope(AT, 1.0, 0.0), True, AS_GOOD),
    "twice where there is none": (DIFFERENCE, AT, slope(AT, 2.0, 1.0), False, SMOOTH),
    "the slope where there is no corner": (DIFFERENCE, AT, slope(AT, 1.0, 1.0), True, SMOOTH),
    "wrong elsewhere": (sn.sum(sn.relu(x)), AT, slope(AT, 0.5, 0.1), False, OUTSIDE),
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_gradient_at_a_corner_is_judged_by_the_slopes_to_its_sides(name):
    loss, at, mine, may_be, words = CONVENTIONS[name]
    symbol = M if at is A else x
    found = sn.diagnose(loss, {symbol: at, **({R: FACTORS} if symbol == M else {})}, {symbol: mine})
    assert found.ok == may_be and words in str(found), str(found)
    assert AS_GOOD not in str(found) or found.ok


def test_where_corners_meet_nothing_is_said_to_be_a_subgradient_that_is_none():
    U, x0 = sn.matrix("U", 1, 2), np.array([[1.0, -1.0], [0.0, 0.0]])  # one neuron, two samples, both at 0
    loss = sn.inner(sn.relu(U * sn.matrix("X", 2, 2)), sn.matrix("R", 1, 2))
    mine = {"U": np.array([[2.0, 0.0]])}  # 1·1·1 + (−1)·(−1)·1: slope 1 at both; the loss has 1 to both sides
    found = sn.diagnose(loss, {"U": np.zeros((1, 2)), "X": x0, "R": np.array([[1.0, -1.0]])}, mine)
    assert not found.ok and "its slope for U[0, 0] is 1, yours 2" in str(found), str(found)


# -- corners that several parameters, or many entries, meet at

U, V, w0 = sn.vector("u", 3), sn.vector("v", 3), sn.vector("w", 80)
N, B = sn.matrix("N", 3, 4), sn.vector("b", 2)
NONE, ONES, UP = np.zeros((3, 1)), np.ones((3, 1)), np.array([[1.0], [1.0], [-1.0]])
ROW, MANY = np.array([[1.0, 2.0, 3.0]]), np.ones((80, 1))
LINE = sn.sum(sn.relu(sn.affine(W, X, B)))
AT_0 = {W: np.zeros((2, 3)), B: np.zeros((2, 1)), X: np.repeat(ROW.T, 4, axis=1)}
SIZES = np.array([[1.0], [-2.0]])  # one corner opens upwards, the other downwards
MIXED = sn.inner(sn.relu(sn.affine(W, X, B)), Y)
WIDE, C, LONG = sn.matrix("D", 4, 20), sn.vector("c", 4), np.linspace(1, 2, 20)[:, None]
UP_DOWN = np.array([[1.0], [-2.0], [3.0], [-1.0]])
LARGE = sn.inner(sn.relu(WIDE * sn.vector("q", 20) + C), sn.vector("r", 4))
AT_MANY = {WIDE: np.zeros((4, 20)), C: np.zeros((4, 1)), "q": LONG, "r": UP_DOWN}
y, z = symbols("y z", real=True)
EVEN = {y: 2.0, z: 2.0}
BOTH = {U: NONE, V: NONE}
OF_SUM, OF_ALL, TIED = sn.sum(sn.abs(U + V)), sn.abs(sn.sum(w0)), sn.inner(sn.max(M + N, axis=0), R)
TIE = {M: A, N: 0 * A, R: FACTORS}
TOGETHER = {  # loss, values, gradients; whether one choice of slopes gives them all
    "one sign": (OF_SUM, BOTH, {U: UP, V: UP}, True),
    "one slope": (OF_SUM, BOTH, {U: UP / 3, V: UP / 3}, True),
    "two signs": (OF_SUM, BOTH, {U: UP, V: -UP}, False),
    "one of two is moved": (OF_SUM, BOTH, {U: NONE, V: UP}, False),
    "weights and bias": (LINE, AT_0, {W: ONES[:2] @ ROW * 4, B: 4 * ONES[:2]}, True),
    "weights and another bias": (LINE, AT_0, {W: ONES[:2] @ ROW * 4, B: 1.2 * ONES[:2]}, False),
    "weights alone": (LINE, AT_0, {W: ONES[:2] @ ROW * 4, B: 0 * ONES[:2]}, False),
    "up and down": (
        MIXED,
        {**AT_0, Y: SIZES * np.ones(4)},
        {W: SIZES @ ROW * [[1.2], [4]], B: SIZES * [[1.2], [4]]},
        True,
    ),
    "up and down, apart": (MIXED, {**AT_0, Y: SIZES * np.ones(4)}, {W: SIZES @ ROW * 4, B: SIZES * 1.2}, False),
    "many, up and down": (LARGE, AT_MANY, {WIDE: UP_DOWN @ LONG.T, C: UP_DOWN}, True),
    "many, apart": (LARGE, AT_MANY, {WIDE: UP_DOWN @ LONG.T, C: 0.3 * UP_DOWN}, False),
    "many of one": (OF_ALL, {w0: 0 * MANY}, {w0: 0.7 * MANY}, True),
    "many of two": (OF_ALL, {w0: 0 * MANY}, {w0: np.where(np.arange(80) < 70, 1.0, -0.9)[:, None]}, False),
    "one winner": (TIED, TIE, {M: FACTORS * FIRST, N: FACTORS * FIRST}, True),
    "two winners": (TIED, TIE, {M: FACTORS * FIRST, N: FACTORS * LAST}, False),
    **{
        f"{f.__name__} of two, {a} and {b}": (f(y, z), EVEN, {y: a, z: b}, a + b == 1)
        for f in (Max, Min)
        for a, b in ((1, 0), (0, 1), (0.25, 0.75), (1, 1), (0, 0))
    },
}


@pytest.mark.parametrize("name", TOGETHER)
def test_entries_of_all_parameters_that_meet_at_a_corner_are_judged_together(name):
    loss, values, mine, may_be = TOGETHER[name]
    found = sn.diagnose(loss, values, mine)
    assert found.ok == may_be, str(found)
    assert ("subgradients" in str(found)) <= may_be


@pytest.mark.parametrize("function", [sn.log, sn.sqrt])
def test_beyond_the_domain_of_a_function_nothing_is_diagnosed(function):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="x: the loss has no finite gradient"):
        sn.diagnose(sn.sum(function(x)), {x: -1 - AT**2}, {x: AT})


ENDS = {"sqrt": sn.sqrt, "power": lambda a: sn.power(a, Rational(2, 3)), "of one": sn.sqrt}


@pytest.mark.parametrize("name", ENDS)
def test_an_entry_with_an_infinite_slope_is_named(name):
    t = sn.vector("t", 1 if name == "of one" else 3)
    values, named = ([[0.0]], "t") if name == "of one" else ([[4.0], [0.0], [1.0]], r"t\[1, 0\]")
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=f"^{named}: the slope of the loss is inf") as told:
        sn.diagnose(sn.sum(ENDS[name](t)), {t: values}, {t: values})
    assert "domain" not in str(told.value)


CUT_OFF = {  # loss, values, gradient; what is said of it, and what is not
    "clip": (lambda a: Min(Max(a, 0), 1) ** 2, [0.5, 2.0], lambda a: 2 * a, "the masks in it", "regularises"),
    "from below": (lambda a: Max(a, 1) ** 2, [0.5, 2.0], lambda a: 2 * a, "the masks in it", "regularises"),
    "relu": (lambda a: Max(a, 0) ** 2, [-0.5, 2.0], lambda a: 2 * a, "2⋅t stands where", "regularises"),
}


@pytest.mark.parametrize("name", CUT_OFF)
def test_a_gradient_without_its_masks_is_said_to_lack_them(name):
    f, at, slope_of, said, unsaid = CUT_OFF[name]
    t = sn.vector("t", 2)
    found = sn.diagnose(sn.sum(sn.elementwise(f, t)), {t: at}, lambda v: {"t": slope_of(v["t"])})
    assert not found.ok and said in str(found) and unsaid not in str(found), str(found)


Q, K2 = sn.vector("q", 4), sn.matrix("K", 2, 4)
AT_Q = np.array([[0.0], [1.0], [-2.0], [0.0]])
BY_RULE = {  # losses with no corner, at corners of their parts; whether the rules give a slope of the whole
    "relu(q) - relu(-q)": (sn.sum(sn.relu(Q) - sn.relu(-Q)), False),
    "three of it": (3 * sn.sum(sn.relu(Q) - sn.relu(-Q)), False),
    "of a product": (sn.sum(sn.relu(K2 * Q) - sn.relu(-(K2 * Q))), True),
    "squared": (sn.norm(sn.relu(Q)) ** 2, True),
    "abs": (sn.sum(sn.relu(Q) + sn.relu(-Q)), True),
    "relu": (sn.sum(sn.relu(Q)), True),
}


@pytest.mark.parametrize("name", BY_RULE)
def test_where_the_rules_for_corners_give_no_slope_of_the_loss_it_is_said(name):
    loss, is_slope = BY_RULE[name]
    values = {s: {"q": AT_Q, "K": np.arange(8.0).reshape(2, 4) + 1}[s.name] for s in loss.free_symbols if s in (Q, K2)}
    found = sn.diagnose(loss, values, {Q: sn.derive(loss, Q).compile()(values)[1][Q]})
    assert found.ok and ("q[0, 0]: your 0 follows the rule" not in str(found)) == is_slope, str(found)
    assert is_slope or "so 0 is no slope of it" in str(found)


INFINITE = [lambda t: 1 / t, sqrt, log]


@pytest.mark.parametrize("number", range(len(INFINITE)))
def test_no_warning_of_numpys_comes_before_what_is_infinite_is_named(number):
    loss, at, v = sn.sum(sn.elementwise(INFINITE[number], Q)), np.abs(AT_Q), np.ones((4, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for diagnosed in (
            lambda: sn.diagnose(loss, {Q: at}, {Q: v}),
            lambda: sn.diagnose(loss, {Q: at}, lambda values: {"q": v}),
            lambda: sn.diagnose_update(loss, {Q: at}, {Q: v}, 0.1, {}),
        ):
            with pytest.raises(ValueError, match="infinite"):
                diagnosed()
