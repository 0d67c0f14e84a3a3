"""Symbolic against numeric: every method, kinks, honesty about dtype, and that a wrong gradient is caught."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from losses import LOSSES, values_of

import symnet as sn
from symnet.calculus import RULES
from symnet.checking.judge import ALL_ENTRIES, DIRECTIONS, ENTRIES
from symnet.expressions import Elementwise

A, X = sn.matrix("A", 2, 2), sn.matrix("X", 2, "n")
SMOOTH = [
    "two layers",
    "cross-entropy",
    "binary cross-entropy",
    "tied weights",
    "softmax",
    "attention",
    "silu",
    "traces",
]


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_by_the_method_chosen_for_it(name):
    loss, symbols = LOSSES[name]
    values = values_of(sn.derive(loss, symbols).compile(), seed=7)
    check = sn.check_gradients(loss, values, symbols)
    check.raise_if_failed()
    assert check.ok and [row.parameter for row in check.rows] == [s.name for s in symbols]


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("method", ["complex", "central", "mpmath"])
def test_methods_agree(name, method):
    loss, symbols = LOSSES[name]
    values = values_of(sn.derive(loss, symbols).compile(), seed=2)
    check = sn.check_gradients(loss, values, symbols, method=method)
    assert check.ok and check.method == method
    limit = {"complex": 1e-13, "central": 1e-8, "mpmath": 1e-13}[method]
    assert max(row.relative for row in check.rows) <= limit


@pytest.mark.parametrize("factor", [1 + 1e-5, -1.0, 0.0, 2.0])
def test_a_wrong_rule_is_caught(monkeypatch, factor):
    rule = RULES[Elementwise]
    monkeypatch.setitem(
        RULES, Elementwise, lambda G, Y, *a: tuple(g if g is None else factor * g for g in rule(G, Y, *a))
    )
    loss, symbols = sn.norm(sn.tanh(A * X)), [A]
    values = {A: [[0.1, 0.2], [0.3, -0.4]], X: [[1.0], [2.0]]}
    for method in ("complex", "central", "mpmath"):
        check = sn.check_gradients(loss, values, symbols, method=method)
        assert not check.ok and check.rows[0].verdict == "wrong"
        assert "WRONG: A" in str(check)
        with pytest.raises(AssertionError, match="WRONG"):
            check.raise_if_failed()


def test_entries_at_a_kink_are_reported_with_both_slopes():
    loss = sn.sum(sn.relu(A)) + sn.norm1(A)
    for method in ("complex", "central"):
        check = sn.check_gradients(loss, {A: [[0.0, 1.0], [-1.0, 0.0]]}, A, method=method)
        assert check.ok and check.rows[0].verdict == "at a kink"
        assert [p.index for p in check.rows[0].kinks] == [(0, 0), (1, 1)]
        np.testing.assert_allclose(check.rows[0].kinks[0].kink, (-1.0, 2.0), atol=1e-6)
        assert "A[0, 0] is at a kink: -1 to the left, 2 to the right, symbolic 0" in str(check)


def test_a_kink_within_the_step_is_no_failure():
    B = sn.matrix("B", 1, 2)
    for distance in (1e-4, 1e-6, -1e-5):
        check = sn.check_gradients(sn.sum(sn.relu(B)), {B: [[distance, 1.0]]}, B, method="central")
        assert check.ok, check


def test_a_slope_outside_of_both_sides_is_wrong():
    x = np.array([0.0, 2.0])
    good = sn.check_function(lambda v: np.abs(v).sum(), np.sign, x)
    assert good.ok and good.rows[0].verdict == "at a kink"
    assert not sn.check_function(lambda v: np.abs(v).sum(), lambda v: np.where(v == 0, 1.5, np.sign(v)), x).ok


def test_float32_is_checked_honestly():
    values = {A: np.eye(2, dtype=np.float32), X: np.ones((2, 3), np.float32)}
    check = sn.check_gradients(sn.norm(sn.tanh(A * X)), values, A)
    assert check.ok
    assert any("float64 for the comparison" in note for note in check.notes)
    assert any("float32 kernel differs" in note for note in check.notes)


def test_large_parameters_are_probed():
    inputs = sn.matrix("I", 784, "n")
    net = sn.mlp(inputs, [256, 10])
    loss = sn.cross_entropy(net.output, sn.matrix("T", 10, "n"))
    rng = np.random.default_rng(0)
    values = {p: rng.normal(size=p.shape) / 20 for p in net.parameters}
    values |= {"I": rng.normal(size=(784, 4)), "T": np.eye(10)[:, :4]}
    check = sn.check_gradients(loss, values, list(net.parameters))
    assert check.ok
    assert [len(row.probes) for row in check.rows] == [ENTRIES + DIRECTIONS] * 3 + [10]
    assert check.rows[0].checked == f"{ENTRIES} of 200704, {DIRECTIONS} directions"
    assert ALL_ENTRIES < 256


def test_the_report():
    check = sn.check_gradients(sn.norm(A * X), {A: np.eye(2), X: [[1.0], [2.0]]})
    lines = str(check).splitlines()
    assert lines[1].split() == [
        "parameter",
        "shape",
        "checked",
        "abs",
        "error",
        "rel",
        "error",
        "at",
        "symbolic",
        "numeric",
        "verdict",
    ]
    assert lines[-1].startswith("all 2 gradients agree")
    assert {r.parameter: r.shape for r in check.rows} == {"A": (2, 2), "X": (2, 1)}
    html = check._repr_html_()
    assert html.count("<tr") == 3 and "ok" in html
    figure = check.plot(np.logspace(-12, -1, 12))
    assert len(figure.axes) == 2
    errors = figure.axes[1].lines[0].get_ydata()
    assert errors.argmin() not in (0, len(errors) - 1)  # the V: neither the smallest nor the largest step is best


def test_check_function_takes_one_array_or_several():
    x, y = np.array([1.0, -2.0, 0.5]), np.array([[1.0, 2.0]])
    assert sn.check_function(lambda v: np.sum(v**3), lambda v: 3 * v**2, x, method="complex").rows[0].relative < 1e-14
    check = sn.check_function(
        lambda a, b: np.sin(a).sum() * b.sum(), lambda a, b: (np.cos(a) * b.sum(), 0 * b + np.sin(a).sum()), [x, y]
    )
    assert check.ok and [r.parameter for r in check.rows] == ["x0", "x1"]
    assert not sn.check_function(lambda v: np.sum(v**3), lambda v: 3.001 * v**2, x).ok
    square = np.arange(6.0).reshape(2, 3)
    with pytest.raises(ValueError, match=r"gradient for x has shape \(3, 2\).*transpose"):
        sn.check_function(lambda v: v.sum(), lambda v: v.T, square)
    with pytest.raises(ValueError, match="NaN"):
        sn.check_function(lambda v: v.sum(), lambda v: v * np.nan, square)


def test_methods_that_do_not_exist_or_do_not_apply():
    import sympy

    with pytest.raises(ValueError, match="magic"):
        sn.check_gradients(sn.norm(A), {A: np.eye(2)}, A, method="magic")
    loss = sn.sum(sn.elementwise(lambda p: sympy.atan2(p, 2 * p + 1), A))
    with pytest.raises(ValueError, match="without complex values"):
        sn.check_gradients(loss, {A: np.eye(2)}, A, method="complex")
    assert sn.check_gradients(loss, {A: np.eye(2) + 0.3}, A).method == "central"


def test_prove_says_how_much_it_proved(monkeypatch):
    V, W = sn.matrix("V", 1, 2), sn.matrix("W", 2, 2)
    proof = sn.prove(sn.norm(V * sn.tanh(W * X)) ** 2, W, {"n": 2})
    assert proof.ok and proof.method == "formulas" and proof.entries == 4
    with pytest.raises(KeyError, match="size n"):
        sn.prove(sn.norm(W * X), W)
    rule = RULES[Elementwise]
    monkeypatch.setitem(RULES, Elementwise, lambda G, Y, *a: tuple(g if g is None else 2 * g for g in rule(G, Y, *a)))
    wrong = sn.prove(sn.norm(V * sn.tanh(W * X)) ** 2, W, {"n": 2})
    assert not wrong.ok and len(wrong.failed) == 4 and "do NOT agree" in str(wrong)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spread", [1, 3, 6])
def test_last_digits_that_the_loss_itself_has_lost_are_no_mistake(seed, spread):
    rng = np.random.default_rng(seed)
    W, S = sn.matrix("W", 2, 3), sn.matrix("S", 3, "n")
    loss = -sn.mean(sn.log(1 - sn.square(sn.tanh(W * S)) + 1e-6))  # 1.000001 - tanh² has six digits less
    values = {W: rng.normal(size=(2, 3)), S: spread * rng.normal(size=(3, 8))}
    assert sn.check_gradients(loss, values, W).ok


@pytest.mark.parametrize(
    "loss", [lambda w: sn.sum(sn.log(w)), lambda w: sn.sum(sn.sqrt(w)), lambda w: sn.sum(sn.divide(1, w))]
)
@pytest.mark.parametrize("smallest", [1e-12, 1e-31, 1e-100])
def test_complex_steps_are_far_below_the_smallest_entry(loss, smallest):
    w = sn.vector("w", 3)
    assert sn.check_gradients(loss(w), {w: [smallest, 1, 2]}).ok
