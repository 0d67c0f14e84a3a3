"""Optimizers: equations with state, which step as the papers and PyTorch do, print as textbooks, and refuse nonsense."""

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from sympy import Symbol

import symnet as sn
from symnet.training.step import compiled_step

ALL = [
    sn.GradientDescent, sn.Momentum, sn.Nesterov, sn.SignSGD, sn.AdaGrad, sn.RMSProp, sn.Adam, sn.AdamW,
]  # fmt: skip
GOLDEN = json.loads((Path(__file__).parent / "golden_optimizers.json").read_text())  # written with PyTorch in float64
A, W, Y = sn.matrix("A", 4, 3), sn.matrix("W", 3, 2), sn.matrix("Y", 4, 2)
LOSS = sn.norm(A * W - Y) ** 2 / 2
DATA = {A: GOLDEN["A"], Y: GOLDEN["Y"]}
s = Symbol("s")


def trained(optimizer, epochs, **options):
    return sn.train(LOSS, DATA, {W: GOLDEN["start"]}, optimizer, epochs=epochs, **options)


@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize("name", GOLDEN["runs"])
def test_100_steps_agree_with_pytorch(name, clip):
    optimizer = eval(f"sn.{name}")
    assert repr(optimizer) == name
    wanted = GOLDEN["runs"][name]["clipped" if clip else "plain"]
    for epochs, expected in zip((1, 2, 10, 100), wanted, strict=True):
        np.testing.assert_allclose(
            trained(optimizer, epochs, clip=clip).parameters[W], expected, rtol=1e-10, atol=1e-12
        )


@pytest.mark.parametrize("kind", ALL)
def test_scalars_and_matrices_step_alike(kind):
    runs = [
        sn.train(sn.squared_error(w * Y, Y), {Y: GOLDEN["Y"]}, {w: start}, kind(0.01), epochs=7).parameters[w]
        for w, start in ((s, 3.0), (sn.matrix("w", 4, 4), 3.0 * np.eye(4)))
    ]
    assert np.ndim(runs[0]) == 0 and runs[0] != 3.0 and np.isfinite(runs[1]).all()
    both = sn.train(sn.norm(s * Y) ** 2 + sn.norm(W) ** 2, {Y: np.ones((4, 2))}, {s: 1.0, W: np.ones((3, 2))}, kind(0.01),
                    epochs=4).parameters  # fmt: skip
    alone = sn.train(sn.norm(s * Y) ** 2, {Y: np.ones((4, 2))}, {s: 1.0}, kind(0.01), epochs=4).parameters
    assert both[s] == pytest.approx(alone[s], rel=1e-14)


@pytest.mark.parametrize("kind", ALL)
def test_float32_stays_float32(kind):
    data = {key: np.asarray(value, np.float32) for key, value in DATA.items()}
    run = sn.train(LOSS, data, {W: np.asarray(GOLDEN["start"], np.float32)}, kind(), epochs=3, clip=0.1)
    assert run.parameters[W].dtype == np.float32
    np.testing.assert_allclose(run.parameters[W], trained(kind(), 3, clip=0.1).parameters[W], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ALL)
def test_a_frozen_value_that_prints_its_equations(kind):
    optimizer = kind()
    assert optimizer == kind() == pickle.loads(pickle.dumps(optimizer)) and hash(optimizer) == hash(kind())
    with pytest.raises(AttributeError):
        optimizer.rate = 3
    lines = str(optimizer).splitlines()
    assert lines[0] == "Update" and lines[-1].startswith("  θ ← ") and len(lines) == 2 + len(optimizer.init(W))
    assert eval(f"sn.{optimizer!r}") == optimizer


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf, "0.1", None, True, [0.1], 1j])
def test_hyperparameters_are_checked(kind, bad):
    for name in kind.__dataclass_fields__:
        if bad == 0 and name != "rate" and name != "epsilon":
            continue  # a share or a decay of 0 is plain
        with pytest.raises(ValueError, match=f"{kind.__name__}: the (learning )?{name} must be"):
            kind(**{name: bad})


def test_the_whole_step_is_printed_and_compiled_from_one_list():
    run = trained(sn.Adam(), 1)
    assert str(run.derivation).splitlines()[-4:] == [
        "Update",
        "  m_W ← β₁⋅m_W + (1 − β₁)⋅∂L/∂W",
        "  v_W ← β₂⋅v_W + (1 − β₂)⋅((∂L/∂W) ∘ (∂L/∂W))",
        "  W ← W − η⋅(m_W ⊘ (ε + sqrt(v_W/(1 − β₂^(t)))))/(1 − β₁^(t))",
    ]
    source = compiled_step(sn.derive(LOSS, W), sn.Adam(), float).kernel.source
    assert source.count("@") == 2 and source.count("sqrt(") == 1


def test_names_of_an_optimizer_meet_none_of_the_users():
    beta, eta, m, t = sn.matrix("beta1", 4, 2), Symbol("eta"), sn.matrix("m_W", 4, 2), Symbol("t")
    loss = sn.norm(A * W - beta + eta * m - t * Y) ** 2
    values = {A: GOLDEN["A"], Y: GOLDEN["Y"], beta: np.zeros((4, 2)), eta: 0.0, m: np.ones((4, 2)), t: 1.0}
    run = sn.train(loss / 2, values, {W: GOLDEN["start"]}, sn.Adam(0.05, 0.9, 0.99), epochs=10)
    np.testing.assert_allclose(run.parameters[W], trained(sn.Adam(0.05, 0.9, 0.99), 10).parameters[W], rtol=1e-10)


def test_a_schedule_gives_the_rate_of_each_step_and_counts_from_0():
    asked = []

    def rate(step):
        asked.append(step)
        return 0.1 / (step + 1)

    by_hand = np.array(GOLDEN["start"])
    a, y = np.array(GOLDEN["A"]), np.array(GOLDEN["Y"])
    for step in range(4):
        by_hand = by_hand - 0.1 / (step + 1) * (a.T @ (a @ by_hand - y))
    np.testing.assert_allclose(trained(sn.GradientDescent(rate), 4).parameters[W], by_hand, rtol=1e-13)
    assert sorted(set(asked)) == [0, 1, 2, 3]


@pytest.mark.parametrize("bad", [math.nan, -0.1, None, "x", math.inf])
def test_a_schedule_that_gives_no_rate_is_refused(bad):
    with pytest.raises(ValueError, match="at step 0"):
        trained(sn.Momentum(lambda step: bad), 1)
    with pytest.raises(ValueError, match="at step 2"):
        trained(sn.Momentum(lambda step: bad if step == 2 else 0.1), 5)


@pytest.mark.parametrize(
    "schedule",
    [sn.step_decay(0.1), sn.exponential_decay(0.1), sn.cosine_decay(0.1, 50), sn.warmup(0.1, 5),
     sn.warmup(sn.cosine_decay(0.1, 50), 5)],
)  # fmt: skip
def test_schedules_are_values(schedule):
    copy = pickle.loads(pickle.dumps(schedule))
    assert copy == schedule and [copy(k) for k in range(60)] == [schedule(k) for k in range(60)]
    assert all(0 <= schedule(k) <= 0.1 for k in range(200))
    assert np.isfinite(trained(sn.Adam(schedule), 5).loss)


@pytest.mark.parametrize(
    "make",
    [lambda: sn.step_decay(0), lambda: sn.step_decay(0.1, 2), lambda: sn.exponential_decay(0.1, 0.5, 0),
     lambda: sn.cosine_decay(0.1, 1.5), lambda: sn.cosine_decay(0.1, 10, -1), lambda: sn.warmup("a", 3),
     lambda: sn.warmup(0.1, None), lambda: sn.step_decay(math.nan)],
)  # fmt: skip
def test_schedules_are_checked(make):
    with pytest.raises(ValueError, match="must"):
        make()


def test_multipliers_shorten_a_step_and_0_derives_nothing():
    b = sn.matrix("b", 4, 1)
    loss = sn.norm(sn.affine(A, W, b) - Y) ** 2 / 2
    start = {W: GOLDEN["start"], b: np.ones((4, 1))}
    full = sn.train(loss, DATA, start, sn.GradientDescent(0.1), epochs=1)
    part = sn.train(loss, DATA, start, sn.GradientDescent(0.1), epochs=1, multipliers={"b": 0.25})
    still = sn.train(loss, DATA, start, sn.GradientDescent(0.1), epochs=1, multipliers={b: 0})
    np.testing.assert_allclose(part.parameters[b] - 1, 0.25 * (full.parameters[b] - 1), rtol=1e-12)
    np.testing.assert_array_equal(part.parameters[W], full.parameters[W])
    np.testing.assert_array_equal(still.parameters[b], np.ones((4, 1)))
    assert still.derivation.wrt == (W,) and set(still.parameters) == {W, b}
    assert "W ← W − η⋅∂L/∂W" in str(part.derivation) and "b ← b − 0.25η⋅∂L/∂b" in str(part.derivation)
    for bad, error in (
        ({"c": 1}, KeyError),
        ({W: -1}, ValueError),
        ({W: math.nan}, ValueError),
        ({W: 0, b: 0}, ValueError),
    ):
        with pytest.raises(error, match="multipliers"):
            sn.train(loss, DATA, start, multipliers=bad)


def test_clipping_bounds_the_norm_of_all_gradients_together():
    start = {W: 100 * np.array(GOLDEN["start"]), s: 50.0}
    loss = LOSS + s**2
    run = sn.train(loss, DATA, start, sn.GradientDescent(1.0), epochs=1, clip=0.5)
    moved = [run.parameters[k] - start[k] for k in (W, s)]
    assert np.sqrt(sum(np.sum(np.square(m)) for m in moved)) == pytest.approx(0.5, rel=1e-12)
    near = sn.train(loss, DATA, start, sn.GradientDescent(1e-3), epochs=1, clip=1e9).parameters[W]
    np.testing.assert_allclose(near, sn.train(loss, DATA, start, sn.GradientDescent(1e-3), epochs=1).parameters[W])
    assert "g = " in str(run.derivation) and "c = κ/max(g, κ)" in str(run.derivation)
    for bad in (0, -1, math.nan, "1", True):
        with pytest.raises(ValueError, match="clip"):
            trained(sn.GradientDescent(), 1, clip=bad)


def test_clipping_at_a_gradient_of_zero_moves_nothing():
    run = sn.train(sn.norm(W) ** 2, {}, {W: np.zeros((3, 2))}, sn.GradientDescent(1.0), epochs=2, clip=1.0)
    np.testing.assert_array_equal(run.parameters[W], 0)
