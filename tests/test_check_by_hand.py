"""What a check must not let pass and must not refuse: corners, small mistakes, gradients written by hand, wrong input."""

import matplotlib
import numpy as np
import pytest
import sympy
from by_hand_bugs import NETS, bugs_of, random_net
from sympy import Lambda, Max, Piecewise, Symbol

import symnet as sn

matplotlib.use("Agg")

W, V, X, Y = sn.matrix("W", 3, 4), sn.matrix("V", 2, 3), sn.matrix("X", 4, "n"), sn.matrix("Y", 2, "n")
A = sn.matrix("A", 2, 2)
SQUARES = sn.squared_error(V * sn.tanh(W * X), Y)
x = Symbol("x", real=True)


def values_of(loss):
    draw = np.random.default_rng(0)
    symbols = sorted(loss.atoms(sympy.MatrixSymbol), key=str)
    return {s: draw.normal(size=[6 if k.is_Symbol else int(k) for k in s.shape]) for s in symbols}


def test_central_is_taken_where_complex_steps_cannot():
    loss = sn.sum(sn.elementwise(sympy.erf, W * X))
    values = values_of(loss)
    check = sn.check_gradients(loss, values)
    assert check.ok and check.method == "central"
    assert sn.check_gradients(loss, values, method="mpmath").ok
    with pytest.raises(ValueError, match="central"):
        sn.check_gradients(loss, values, method="complex")


def test_mpmath_is_not_for_functions_of_arrays():
    with pytest.raises(ValueError, match="central"):
        sn.check_function(np.sum, np.ones_like, np.ones(2), method="mpmath")


def test_only_what_is_asked_for_is_checked():
    loss = SQUARES
    values = values_of(loss)
    assert [r.parameter for r in sn.check_gradients(loss, values, W).rows] == ["W"]
    assert [r.parameter for r in sn.check_gradients(loss, values, ["V", W]).rows] == ["V", "W"]
    assert {r.parameter for r in sn.check_gradients(loss, values).rows} == {"W", "V", "X", "Y"}
    assert sn.check_gradients(loss, {s.name: v for s, v in values.items()}, "W").ok


def test_scalar_parameters_are_checked():
    rate = Symbol("lam")
    check = sn.check_gradients(rate**2 * sn.sum(sn.tanh(W)), {W: np.ones((3, 4)), rate: 0.5})
    assert check.ok
    assert {row.parameter: row.shape for row in check.rows} == {"W": (3, 4), "lam": ()}
    assert "scalar" in str(check)


# -- corners

CORNERS = {
    "relu": (sn.relu, 0.0, (0.0, 1.0)),
    "abs": (sn.abs, 0.0, (-1.0, 1.0)),
    "max": (lambda A: sn.elementwise(lambda v: Max(v, 1 - v), A), 0.5, (-1.0, 1.0)),
    "piecewise": (lambda A: sn.elementwise(Lambda(x, Piecewise((x, x < 1), (3 * x - 2, True))), A), 1.0, (1.0, 3.0)),
}


@pytest.mark.parametrize("name", CORNERS)
@pytest.mark.parametrize("method", ["complex", "central", "mpmath"])
def test_corner_is_reported_with_both_slopes(name, method):
    function, corner, slopes = CORNERS[name]
    check = sn.check_gradients(sn.sum(function(A)), {A: [[corner, 2.0], [-3.0, 1.7]]}, method=method)
    (row,) = check.rows
    assert check.ok and row.verdict == "at a kink"
    (kink,) = row.kinks
    assert kink.index == (0, 0)
    np.testing.assert_allclose(kink.kink, slopes, atol=1e-6)
    assert "at a kink" in str(check) and "to the left" in str(check)


def test_leaky_relu_has_one_of_its_two_slopes_at_the_corner():
    check = sn.check_gradients(sn.sum(sn.leaky_relu(A)), {A: [[0.0, 2.0], [-3.0, 1.7]]}, method="central")
    assert check.ok and check.rows[0].kinks[0].symbolic in (0.01, 1.0)


@pytest.mark.parametrize("name", CORNERS)
@pytest.mark.parametrize("method", ["complex", "central", "mpmath"])
@pytest.mark.parametrize("off", [-1e-3, -2e-4, -1e-5, 1e-8, 1e-6, 3e-5, 5e-4])
def test_right_gradients_near_a_corner_pass(name, method, off):
    function, corner, _ = CORNERS[name]
    check = sn.check_gradients(sn.sum(function(A)), {A: [[corner + off, 2.0], [-3.0, 1.7]]}, method=method)
    assert check.ok, check


@pytest.mark.parametrize(
    "claimed, ok", [(-1.0, True), (-0.3, True), (0.0, True), (1.0, True), (1.1, False), (-2.0, False)]
)
def test_slope_at_a_corner_must_lie_between_both(claimed, ok):
    at_corner = np.array([0.0, 1.0, -2.0])
    gradient = np.array([claimed, 1.0, -1.0])
    check = sn.check_function(lambda v: np.abs(v).sum(), lambda v: gradient, at_corner)
    assert check.ok is ok
    assert check.rows[0].kinks[0].kink == pytest.approx((-1, 1))


@pytest.mark.parametrize("off", [1e-6, 1e-5, 1e-4, 5e-4])
def test_wrong_gradients_near_a_corner_are_caught(off):
    check = sn.check_function(lambda v: np.abs(v).sum(), lambda v: -np.sign(v), np.array([off, 1.0]))
    assert not check.ok


def test_corner_of_a_hidden_neuron_is_found():
    net = NETS["4-8-3 relu"]
    check = sn.check_gradients(net.loss(), net.values(), net.parameters)
    assert check.ok
    assert {row.parameter for row in check.rows if row.kinks} == {"W1", "b1"}


def test_one_wrong_entry_of_a_large_parameter_is_caught():
    draw = np.random.default_rng(0)
    point = draw.normal(size=(40, 50))

    def wrong(P):
        G = np.cos(P)
        G[17, 3] += 0.5
        return G

    for method in ("central", "complex"):
        assert not sn.check_function(lambda P: np.sin(P).sum(), wrong, point, method=method).ok


# -- the report


def wrong_check():
    draw = np.random.default_rng(0)
    P, Q = draw.normal(size=(2, 3)), draw.normal(size=3)
    return sn.check_function(
        lambda P, Q: np.sum((P @ Q) ** 2), lambda P, Q: (np.outer(P @ Q, Q), 2 * P.T @ P @ Q), [P, Q]
    )


def test_report_is_a_table_and_data():
    check = wrong_check()
    assert not check.ok
    first, second = check.rows
    assert (first.parameter, first.shape, first.checked, first.verdict) == ("x0", (2, 3), "all 6", "wrong")
    assert (second.parameter, second.shape, second.checked, second.verdict) == ("x1", (3,), "all 3", "ok")
    assert first.symbolic == pytest.approx(first.numeric / 2)
    assert first.absolute == pytest.approx(abs(first.symbolic - first.numeric))
    assert first.relative == pytest.approx(0.5)
    title, head, *rows, summary = str(check).splitlines()
    assert "central" in title and "1e-06" in title
    assert head.split()[:3] == ["parameter", "shape", "checked"] and len(rows) == 2
    assert rows[0].startswith("x0") and "2×3" in rows[0] and rows[0].endswith("wrong")
    assert summary == check.summary == "1 of 2 gradients are WRONG: x0"
    html = check._repr_html_()
    assert html.count("<tr") == 3 and "2×3" in html and summary in html
    with pytest.raises(AssertionError, match="WRONG: x0"):
        check.raise_if_failed()


def test_html_escapes_names():
    P = sn.matrix("<b>", 2, 2)
    html = sn.check_gradients(sn.sum(sn.tanh(P)), {P: np.ones((2, 2))})._repr_html_()
    assert "<b>" not in html.replace("<b></b>", "") and "&lt;b&gt;" in html


@pytest.mark.parametrize("check", [wrong_check, lambda: sn.check_gradients(SQUARES, values_of(SQUARES))])
def test_plot_gives_a_figure(check):
    from matplotlib import pyplot as plt

    figure = check().plot()
    left, right = figure.axes
    assert left.get_xscale() == left.get_yscale() == right.get_xscale() == "log"
    steps, errors = right.lines[0].get_data()
    assert len(steps) == 60 and np.isfinite(errors).all()
    marked = right.lines[1].get_xdata()[0]
    assert 1e-6 < marked < 1e-4
    plt.close(figure)
    small = check().plot(steps=[1e-4, 1e-2])
    assert small.axes[1].lines[0].get_xdata().tolist() == [1e-4, 1e-2]
    plt.close(small)


def test_v_curve_falls_and_rises():
    figure = sn.check_gradients(SQUARES, values_of(SQUARES), W).plot()
    steps, errors = figure.axes[1].lines[0].get_data()
    valley = errors[(steps > 1e-6) & (steps < 1e-4)].min()
    assert errors[0] > 1e3 * valley and errors[-1] > 1e3 * valley
    matplotlib.pyplot.close(figure)


# -- anybody's function


@pytest.mark.parametrize("error", [1e-2, 1e-3, 1e-4, 1e-5, 3e-6])
def test_small_mistakes_are_caught(error):
    point = np.array([1.0, -2.0, 0.5])
    for method in ("central", "complex"):
        check = sn.check_function(lambda v: (v**3).sum(), lambda v: 3 * v**2 * (1 + error), point, method=method)
        assert not check.ok, check
        assert sn.check_function(lambda v: (v**3).sum(), lambda v: 3 * v**2, point, method=method).ok


@pytest.mark.parametrize("offset", [1.0, 1e3, 1e6])
def test_gradient_of_0_is_caught_beside_a_large_constant(offset):
    point = np.array([1.0, -2.0, 0.5])
    f = lambda v: offset + 1e-3 * (v**3).sum()
    assert sn.check_function(f, lambda v: 3e-3 * v**2, point).ok
    assert not sn.check_function(f, lambda v: 0 * v, point).ok


def test_steep_functions_are_checked():
    point = np.array([0.3, 1.1])
    f = lambda v: np.sin(300 * v).sum()
    assert sn.check_function(f, lambda v: 300 * np.cos(300 * v), point).ok
    assert not sn.check_function(f, lambda v: 300.1 * np.cos(300 * v), point).ok


def cube(v):
    return (v**3).sum()


P = np.ones((2, 3))
MISTAKES = [
    (lambda: sn.check_function(cube, lambda v: v.T, P), ValueError, ["x", "(3, 2)", "(2, 3)", "transpose"]),
    (lambda: sn.check_function(cube, lambda v: v[0], P), ValueError, ["x", "(3,)", "(2, 3)"]),
    (lambda: sn.check_function(cube, lambda v: np.nan * v, P), ValueError, ["gradient for x", "NaN"]),
    (lambda: sn.check_function(cube, lambda v: [["a"] * 3] * 2, P), TypeError, ["gradient for x", "numbers"]),
    (lambda: sn.check_function(cube, lambda v: None, P), TypeError, ["gradient for x"]),
    (lambda: sn.check_function(lambda v, w: cube(v), lambda v, w: [v], [P, P]), ValueError, ["1 array", "2 arguments"]),
    (lambda: sn.check_function(lambda v, w: cube(v), lambda v, w: [v, w.T], [P, P]), ValueError, ["x1", "transpose"]),
    (lambda: sn.check_function(cube, lambda v: v, P, method="exact"), ValueError, ["exact", "central"]),
    (lambda: sn.check_function(cube, lambda v: v, "abc"), TypeError, ["x0", "numbers"]),
    (lambda: sn.check_function(cube, lambda v: v, np.ones((0, 3))), ValueError, ["x0", "empty"]),
    (lambda: sn.check_function(cube, lambda v: v, np.full(2, np.nan)), ValueError, ["x0", "NaN"]),
    (lambda: sn.check_function(lambda v: v**3, lambda v: 3 * v**2, P), TypeError, ["f", "number", "(2, 3)"]),
    (lambda: sn.check_gradients(SQUARES, {W: np.ones((3, 4))}), KeyError, ["X", "Y"]),
    (lambda: sn.check_gradients(SQUARES, values_of(SQUARES), "Q"), (KeyError, TypeError), ["Q"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_told_clearly(number):
    build, error, words = MISTAKES[number]
    with pytest.raises(error) as raised:
        build()
    for word in words:
        assert word in str(raised.value), raised.value


# -- wrong gradients are caught


def verdicts(net, seed, flags):
    """Give whether the claimed gradients are right, by the numbers, and what `check_function` says of them."""
    values, names = net.values(seed), net.parameters

    def at(arrays):
        return {**values, **dict(zip(names, arrays, strict=True))}

    right, claimed = net.gradients(values), net.gradients(values, flags)
    error = max(
        np.abs(claimed[n] - right[n]).max() / max(np.abs(claimed[n]).max(), np.abs(right[n]).max(), 1e-300)
        for n in names
    )
    check = sn.check_function(
        lambda *arrays: net.cost(at(arrays)),
        lambda *arrays: [net.gradients(at(arrays), flags)[n] for n in names],
        [values[n] for n in names],
    )
    return error, check


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(40))
def test_no_wrong_gradient_is_accepted_and_no_right_one_rejected(seed):
    net = random_net(seed)
    check = sn.check_gradients(net.loss(), net.values(seed), net.parameters)
    check.raise_if_failed()
    _, of_right = verdicts(net, seed, ())
    of_right.raise_if_failed()
    draw = np.random.default_rng(seed)
    bugs = [bug for bug in bugs_of(net) if "not summed" not in bug.flag]
    for bug in draw.permutation(np.array(bugs, object))[:4]:
        error, check = verdicts(net, seed, [bug.flag])
        if error > 2e-6:  # else the mistake happens to give the right numbers here, as far as differences can tell
            assert not check.ok, (bug.flag, error, check)
        elif error < 1e-9:
            assert check.ok, (bug.flag, error, check)


@pytest.mark.parametrize(
    ("f", "grad", "x0", "word"),
    [
        (3, lambda x: x, np.ones(2), "f must be a function"),
        (np.sum, np.ones(2), np.ones(2), "grad must be a function"),
        (np.sum, None, np.ones(2), "grad must be a function"),
        (lambda p: p["a"].sum(), lambda p: p, {"a": np.ones(2)}, "not a dictionary"),
        (lambda x: None, np.ones_like, np.ones(2), "is the return missing"),
        (lambda x: "1.0", np.ones_like, np.ones(2), "must give a number"),
        (lambda x: {"loss": 1.0}, np.ones_like, np.ones(2), "must give a number"),
    ],
)
def test_what_is_no_function_of_arrays_is_refused(f, grad, x0, word):
    with pytest.raises(TypeError, match=word):
        sn.check_function(f, grad, x0)


SQUARE = (lambda x: float(np.sum(x**2)), lambda x: 2 * x)
SINE = (lambda k: lambda x: float(np.sum(np.sin(k * x))), lambda k: lambda x: k * np.cos(k * x))


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-12, 1e-20, 1e-60])
@pytest.mark.parametrize("factor", [0.5, 1.0, 1.01, 3.0])
def test_small_arguments_are_judged_by_steps_of_their_size(size, factor):
    f, grad = SQUARE
    x = size * np.array([1.0, -2.0, 0.7])
    assert sn.check_function(f, lambda x: factor * grad(x), x).ok == (factor == 1.0)


@pytest.mark.parametrize("steepness", [1e2, 1e4, 1e5, 1e6, 1e7])
@pytest.mark.parametrize("factor", [-1.0, 0.9, 1.0, 1.01])
def test_steep_oscillations_are_judged_by_steps_below_them(steepness, factor):
    f, grad = (made(steepness) for made in SINE)
    found = sn.check_function(f, lambda x: factor * grad(x), np.array([0.3, 0.7]))
    right = ("ok", "cannot be judged") if steepness > 1e6 else ("ok",)
    assert found.rows[0].verdict in right if factor == 1.0 else not found.ok, str(found)


def single(x):
    return float(np.sum(np.float32(np.asarray(x, np.float32) ** 3).astype(float) + 0.25))


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_what_float32_leaves_of_values_is_noise_and_not_steepness(factor):
    found = sn.check_function(single, lambda x: factor * 3 * x**2, np.array([1.3, -0.4]))
    assert not found.ok if factor > 1 else found.rows[0].verdict != "wrong", str(found)
