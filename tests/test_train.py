"""Training: the step is compiled from equations, the loop loses nothing and can be repeated."""

import builtins
import sys

import numpy as np
import pytest
from sympy import Symbol

import symnet as sn
from symnet.optimizers import GradientDescent
from symnet.training.step import compiled_step

X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
W, b = sn.matrix("W", 1, 2), sn.matrix("b", 1, 1)
LOSS = sn.squared_error(sn.affine(W, X, b), Y)
x = np.random.default_rng(0).normal(size=(2, 50))
y = np.array([[2.0, -3.0]]) @ x + 0.5
DATA = {X: x, "Y": y}


def test_linear_regression_is_found():
    run = sn.train(LOSS, DATA, epochs=400, optimizer=GradientDescent(0.3), seed=0)
    np.testing.assert_allclose(run.parameters[W], [[2.0, -3.0]], atol=1e-6)
    np.testing.assert_allclose(run.parameters[b], [[0.5]], atol=1e-6)
    assert len(run.history["loss"]) == 400 and run.loss == run.history["loss"][-1] < 1e-10


def test_one_step_is_the_gradient_step():
    start = {W: [[1.0, 1.0]], b: [[0.0]]}
    loss, gradients = sn.derive(LOSS, [W, b]).compile()({**DATA, **start})
    run = sn.train(LOSS, DATA, start, GradientDescent(0.25), epochs=1)
    assert run.history["loss"] == [pytest.approx(loss)]
    np.testing.assert_allclose(run.parameters[W], 1.0 - 0.25 * gradients[W], rtol=1e-14)


def test_the_update_is_in_the_compiled_step():
    kernel = compiled_step(sn.derive(LOSS, [W, b]), GradientDescent(0.1), float).kernel
    assert kernel.arguments == ("X", "Y", "eta", "W", "b")
    assert "Wnew = W - eta*(Zbar1 @ X.T)" in kernel.source
    derivation = sn.derive(LOSS, [W, b])
    compiled_step(derivation, GradientDescent(0.1), float)
    assert derivation.compile().arguments == ("X", "Y", "W", "b")


def test_mini_batches_cover_every_sample_and_the_last_is_smaller():
    seen = []
    A = sn.matrix("A", 1, "n")
    s = Symbol("s")

    def note(epoch, loss, parameters):
        seen.append(loss)

    values = np.arange(1.0, 8.0).reshape(1, 7)
    # the step of a sum of samples over n is linear: with rate r and batches 3, 3, 1 the total moves by the batch means
    run = sn.train(-s * sn.sum(A) / A.shape[1], {A: values}, {s: 0.0}, GradientDescent(1.0), epochs=1, batch_size=3, seed=1,
                   callback=note)  # fmt: skip
    order = np.random.default_rng(1).permutation(7)
    means = [values[0, order[i : i + 3]].mean() for i in (0, 3, 6)]
    assert run.parameters[s] == pytest.approx(sum(means))
    assert len(seen) == 1


def test_reproducible_from_the_seed():
    runs = [sn.train(LOSS, DATA, epochs=3, batch_size=8, seed=s) for s in (4, 4, 5)]
    np.testing.assert_array_equal(runs[0].parameters[W], runs[1].parameters[W])
    assert runs[0].history["loss"] == runs[1].history["loss"]
    assert not np.array_equal(runs[0].parameters[W], runs[2].parameters[W])


def test_biases_start_at_0_and_weights_between_the_limits():
    starts = {}
    sn.train(
        LOSS,
        DATA,
        epochs=1,
        seed=0,
        optimizer=GradientDescent(1e-300),
        callback=lambda epoch, loss, p: starts.update(p),
    )
    assert np.abs(starts[b]) < 1e-200
    assert (np.abs(starts[W]) <= np.sqrt(6 / 3)).all() and starts[W].any()
    sn.train(LOSS, DATA, [W, b], GradientDescent(1e-300), epochs=1, initializer=sn.uniform(5, 6),
             callback=lambda epoch, loss, p: starts.update(p))  # fmt: skip
    assert ((starts[W] >= 5) & (starts[W] <= 6)).all()


@pytest.mark.parametrize("parameters", [None, [W, b], ["W", "b"], {W: [[0.0, 0.0]]}, {"W": [[0.0, 0.0]], "b": [[0.0]]}])
def test_parameters_in_every_form(parameters):
    run = sn.train(LOSS, DATA, parameters, epochs=2, seed=0)
    assert set(run.parameters) == {W, b}


def test_scalar_parameters_are_trained():
    a = Symbol("a")
    run = sn.train(sn.squared_error(a * X[0:1, :] if False else a * Y, 3 * Y), {Y: y}, {a: 0.0}, epochs=200)
    assert run.parameters[a] == pytest.approx(3.0)


def test_float32_data_are_trained_in_float32():
    run = sn.train(LOSS, {X: x.astype(np.float32), Y: y.astype(np.float32)}, epochs=2, seed=0)
    assert run.parameters[W].dtype == np.float32


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_finite_weights():
    with pytest.raises(FloatingPointError, match=r"step \d+ \(epoch \d+\)") as raised:
        sn.train(LOSS, DATA, epochs=500, optimizer=GradientDescent(50.0), seed=0)
    assert np.isfinite(raised.value.parameters[W]).all()
    assert all(np.isfinite(raised.value.history["loss"]))


def test_ctrl_c_gives_what_was_reached():
    def stop(epoch, loss, parameters):
        if epoch == 3:
            raise KeyboardInterrupt

    run = sn.train(LOSS, DATA, epochs=100, seed=0, callback=stop)
    assert run.interrupted and len(run.history["loss"]) == 3
    np.testing.assert_array_equal(run.parameters[W], sn.train(LOSS, DATA, epochs=3, seed=0).parameters[W])


def test_silent_when_not_on_a_terminal(capsys):
    sn.train(LOSS, DATA, epochs=2, seed=0)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_bar_on_a_terminal_and_none_without_tqdm(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    sn.train(LOSS, DATA, epochs=3, seed=0)
    assert "3/3" in capsys.readouterr().err
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("tqdm"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    sn.train(LOSS, DATA, epochs=3, seed=0)
    assert capsys.readouterr().err == ""


def test_xor_as_in_the_readme():
    net = sn.mlp(X, [3, 1], activation=sn.sigmoid)
    data = {"X": [[0, 0, 1, 1], [0, 1, 0, 1]], "Y": [[0, 1, 1, 0]]}
    loss = sn.squared_error(sn.sigmoid(net.output), Y)
    run = sn.train(loss, data, net.parameters, GradientDescent(5), epochs=3000, seed=3, initializer=sn.uniform(-1, 1))
    assert run.loss < 0.01


def test_initializers():
    rng = np.random.default_rng(0)
    assert sn.glorot()((3, 4), rng).shape == (3, 4)
    assert (sn.zeros()((2, 2), rng) == 0).all()
    assert sn.normal(2.0)((50, 50), rng).std() == pytest.approx(2.0, rel=0.1)
    for bad in (lambda: sn.uniform(1, 1), lambda: sn.normal(0)):
        with pytest.raises(ValueError):
            bad()


def test_an_optimizer_is_a_value():
    assert GradientDescent(0.1) == GradientDescent(0.1)
    with pytest.raises(AttributeError):
        GradientDescent(0.1).rate = 3
    eta, w, g = Symbol("eta"), Symbol("w"), Symbol("g")
    assert GradientDescent(0.1).update(w, g, eta=eta) == {w: w - eta * g}
