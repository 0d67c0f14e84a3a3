"""The loop: it ends where it is told to, judges on data held back, reads what is large piece by piece."""

import csv
import json

import numpy as np
import pytest
from sympy import Symbol
from sympy.matrices.exceptions import ShapeError

import symnet as sn

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 1, "n")
W, b = sn.matrix("W", 1, 3), sn.vector("b", 1)
OUTPUT = sn.affine(W, X, b)
LOSS = sn.squared_error(OUTPUT, Y)
RNG = np.random.default_rng(7)
x = RNG.normal(size=(3, 50))
y = np.array([[1.0, -2.0, 0.5]]) @ x + 0.3 + 0.1 * RNG.normal(size=(1, 50))
DATA = {X: x, Y: y}


def run(data=None, **options):
    return sn.train(LOSS, DATA if data is None else data, **({"seed": 0, "progress": False} | options))


# -- budgets


@pytest.mark.parametrize(
    ("budget", "rows"), [({"epochs": 3}, 3), ({"steps": 7}, 2), ({"epochs": 9, "steps": 10}, 2), ({}, 100)]
)
def test_the_budget_ends_training(budget, rows):
    found = run(batch_size=10, **budget)
    assert len(found.history["loss"]) == rows
    assert all(len(column) == rows for column in found.history.values())


def test_steps_end_within_an_epoch_and_the_loss_is_that_of_the_batches_seen():
    one, two = run(batch_size=20, steps=1), run(batch_size=20, steps=2)
    order = np.random.default_rng(0)
    sn.glorot()((1, 3), order)
    chosen = order.permutation(50)
    start = {"W": sn.glorot()((1, 3), np.random.default_rng(0)), "b": [[0.0]]}
    first = sn.evaluate(LOSS, {X: x[:, chosen[:20]], Y: y[:, chosen[:20]]} | start)
    second = sn.evaluate(LOSS, {X: x[:, chosen[20:40]], Y: y[:, chosen[20:40]]} | one.parameters)
    assert one.loss == pytest.approx(first) and two.loss == pytest.approx((first + second) / 2)


def test_the_small_last_batch_weighs_as_much_as_its_samples():
    found = run(batch_size=20, epochs=1, optimizer=1e-300)
    start = {"W": sn.glorot()((1, 3), np.random.default_rng(0)), "b": [[0.0]]}
    assert found.loss == pytest.approx(sn.evaluate(LOSS, DATA | start))


def test_where_all_data_make_a_step_the_random_numbers_are_the_user_s():
    generator, drawn = np.random.default_rng(3), []
    run(seed=generator, epochs=5, callback=lambda *_: drawn.append(generator.uniform()))
    assert len(set(drawn)) == 5


def test_seconds_end_training():
    found = run(seconds=0.05)
    assert 0 < len(found.history["loss"]) and 0.04 <= found.history["seconds"][-1]


@pytest.mark.parametrize("end", [lambda: True, lambda: next(iter(()))], ids=["True", "StopIteration"])
def test_a_callback_ends_training(end):
    def callback(epoch, loss, parameters):
        return end() if epoch == 4 else "not True"

    assert len(run(epochs=50, callback=callback).history["loss"]) == 4


# -- validation, metrics, patience


def test_validation_metrics_rate_and_seconds_are_in_the_history():
    held = {X: x[:, 40:], Y: y[:, 40:]}
    metrics = {"mae": sn.mean(sn.abs(OUTPUT - Y)), "size": sn.norm(W)}
    found = run(
        {X: x[:, :40], Y: y[:, :40]},
        validation=held,
        metrics=metrics,
        epochs=5,
        optimizer=sn.GradientDescent(lambda t: 0.1 / (1 + t)),
    )
    assert list(found.history) == ["loss", "validation_loss", "mae", "size", "rate", "seconds"]
    values = held | found.parameters
    assert found.history["validation_loss"][-1] == pytest.approx(sn.evaluate(LOSS, values))
    assert found.history["mae"][-1] == pytest.approx(np.abs(sn.evaluate(OUTPUT - Y, values)).mean())
    assert found.history["size"][-1] == pytest.approx(np.linalg.norm(found.parameters[W]))
    assert found.history["rate"] == pytest.approx([0.1 / (1 + t) for t in range(5)])
    assert found.history["seconds"] == sorted(found.history["seconds"])


@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_share_of_the_samples_is_held_back(batch_size):
    found = run(validation=0.2, epochs=2, batch_size=batch_size)
    again = run(validation=0.2, epochs=2, batch_size=batch_size)
    assert found.history["validation_loss"] == again.history["validation_loss"]
    # of ten linear functions of the samples, those of the forty and of the ten together make those of all
    marks = np.zeros((1, 50))
    seen = []
    A, T = sn.matrix("A", 1, "n"), sn.matrix("T", 1, "n")
    s = Symbol("s")
    sums = sn.train(s * sn.mean(A), {A: np.arange(50.0)[None], T: marks}, {s: 1.0}, 1e-300, epochs=1, validation=0.2,
                    batch_size=batch_size, metrics={"t": sn.sum(T)}, callback=lambda *a: seen.append(a))  # fmt: skip
    mean = 0.8 * sums.loss + 0.2 * sums.history["validation_loss"][0]
    assert mean == pytest.approx(24.5)


def test_metrics_without_validation_are_measured_on_the_data():
    for data in (DATA, [{X: x[:, :30], Y: y[:, :30]}, {X: x[:, 30:], Y: y[:, 30:]}]):
        found = run(data, metrics={"mae": sn.mean(sn.abs(OUTPUT - Y))}, epochs=2)
        wanted = np.abs(sn.evaluate(OUTPUT - Y, DATA | found.parameters)).mean()
        assert found.history["mae"][-1] == pytest.approx(wanted)


def test_data_that_only_a_metric_needs():
    S = sn.matrix("S", 1, "n")
    found = run(
        {**DATA, S: np.abs(y)},
        metrics={"weighted": sn.sum(sn.hadamard(S, sn.abs(OUTPUT - Y)))},
        epochs=1,
        batch_size=10,
    )
    wanted = (np.abs(y) * np.abs(sn.evaluate(OUTPUT - Y, DATA | found.parameters))).sum()
    assert found.history["weighted"][-1] == pytest.approx(wanted / 5)  # sums of five batches, weighted by their samples


def test_patience_keeps_the_best_parameters():
    # a start that is right, and a rate that leads away from it
    start = {W: [[1.0, -2.0, 0.5]], b: [[0.3]]}
    losses = []
    found = sn.train(LOSS, DATA, start, 3.0, validation=DATA, patience=3, progress=False, epochs=50,
                     callback=lambda e, loss, p: losses.append(sn.evaluate(LOSS, DATA | p)))  # fmt: skip
    assert found.best_epoch == 1 + int(np.argmin(losses)) and len(losses) == found.best_epoch + 3
    assert sn.evaluate(LOSS, DATA | found.parameters) == pytest.approx(min(losses))
    assert found.history["validation_loss"] == pytest.approx(losses)


def test_accuracy_is_a_metric():
    Z, T = sn.matrix("Z", 4, "n"), sn.matrix("T", 4, "n")
    scores, wanted = RNG.normal(size=(4, 60)), RNG.integers(0, 4, 60)
    targets = np.eye(4)[:, wanted]
    share = np.mean(scores.argmax(axis=0) == wanted)
    assert sn.evaluate(sn.accuracy(Z, T), {Z: scores, T: targets}) == pytest.approx(share)
    assert sn.evaluate(sn.accuracy(Z.T, T.T, axis=1), {Z: scores, T: targets}) == pytest.approx(share)
    z, t = sn.matrix("z", 1, "n"), sn.matrix("t", 1, "n")
    share = np.mean((scores[:1] > 0) == (targets[:1] > 0))
    assert sn.evaluate(sn.accuracy(z, t), {z: scores[:1], t: targets[:1]}) == pytest.approx(share)
    probabilities = sn.accuracy(sn.sigmoid(z), t, threshold=0.5)
    assert sn.evaluate(probabilities, {z: scores[:1], t: targets[:1]}) == pytest.approx(share)


# -- where the data come from


def batches_of(size):
    return [{X: x[:, k : k + size], "Y": y[:, k : k + size]} for k in range(0, 50, size)]


class Anew:
    def __init__(self, size):
        self.size = size

    def __iter__(self):
        yield from batches_of(self.size)


@pytest.mark.parametrize("source", [lambda: batches_of(20), lambda: Anew(20)], ids=["list", "iterable"])
def test_batches_of_ones_own(source):
    found = run(source(), epochs=2)
    weights = {"W": sn.glorot()((1, 3), np.random.default_rng(0)), "b": np.zeros((1, 1))}
    kernel = sn.derive(LOSS, [W, b]).compile()
    for _ in range(2):
        for batch in batches_of(20):
            _, slopes = kernel({**batch, **weights})
            weights = {n: weights[n] - 0.1 * slopes[n] for n in weights}
    for name, value in weights.items():
        np.testing.assert_allclose(found.parameters[name], value, rtol=1e-12)


@pytest.mark.parametrize("rows", [False, True], ids=["columns", "rows"])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.uint8])
@pytest.mark.parametrize("at_once", [5, 1000])
def test_what_is_mapped_from_a_file_gives_what_arrays_give(tmp_path, monkeypatch, rows, kind, at_once):
    monkeypatch.setattr("symnet.training.batches.AT_ONCE", at_once)
    axis = int(rows)
    A, T = (
        (sn.matrix("A", "n", 3), sn.matrix("T", "n", 1)) if rows else (sn.matrix("A", 3, "n"), sn.matrix("T", 1, "n"))
    )
    V = sn.matrix("V", 3, 1) if rows else sn.matrix("V", 1, 3)
    a = RNG.integers(0, 9, size=(40, 3) if rows else (3, 40)).astype(kind)
    t = RNG.normal(size=(40, 1) if rows else (1, 40))
    np.save(tmp_path / "a.npy", a)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    loss = sn.squared_error(A * V if rows else V * A, T, axis=axis)
    how = {"epochs": 3, "batch_size": 16, "seed": 5, "optimizer": 0.01, "dtype": float, "progress": False}
    for more in ({}, {"validation": 0.25}, {"metrics": {"m": sn.mean(A)}}):
        found = [sn.train(loss, {A: values, T: t}, **how, **more) for values in (a, mapped)]
        np.testing.assert_array_equal(found[0].parameters[V], found[1].parameters[V])
        for name in ("loss", *([] if not more else ["validation_loss"] if "validation" in more else ["m"])):
            assert found[0].history[name] == pytest.approx(found[1].history[name], rel=1e-14)
    held = sn.train(loss, {A: a, T: t}, validation={A: mapped, T: t}, **how)
    assert held.history["validation_loss"][-1] == pytest.approx(sn.evaluate(loss, {A: a, T: t} | held.parameters))
    assert (np.load(tmp_path / "a.npy") == a).all()


def test_nan_in_a_file_is_found_where_it_is_read(tmp_path):
    bad = x.copy()
    bad[1, 30] = np.nan
    np.save(tmp_path / "x.npy", bad)
    with pytest.raises(ValueError, match="X has NaN"):
        run({X: np.load(tmp_path / "x.npy", mmap_mode="r"), Y: y}, batch_size=10)


def test_the_data_are_not_changed():
    copies = {name: value.copy() for name, value in DATA.items()}
    run(batch_size=10, epochs=2, validation=0.5)
    for name, value in DATA.items():
        np.testing.assert_array_equal(value, copies[name])


# -- what is seen


def test_a_log_has_a_row_for_each_epoch(tmp_path):
    for name in ("run.jsonl", "run.csv"):
        found = run(validation=0.2, epochs=4, log=tmp_path / name)
        text = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in text] if name.endswith("jsonl") else list(csv.DictReader(text))
        assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4]
        for key, column in found.history.items():
            assert [float(row[key]) for row in rows] == column


def test_a_log_that_cannot_be_written_is_said_once(tmp_path):
    with pytest.warns(RuntimeWarning, match="log.*training goes on") as said:
        found = run(epochs=4, log=tmp_path / "no" / "run.csv")
    assert len(said) == 1 and len(found.history["loss"]) == 4


def test_the_curves_are_drawn(tmp_path):
    axes = run(validation=0.2, epochs=6).plot(tmp_path / "loss.png")
    assert (tmp_path / "loss.png").stat().st_size > 5000
    assert axes.get_yscale() == "log" and [t.get_text() for t in axes.get_legend().get_texts()][:2] == [
        "loss",
        "validation loss",
    ]
    assert run(epochs=3).plot().get_legend() is None


def test_a_run_is_summed_up():
    found = run(validation=0.2, epochs=6, patience=6)
    text = str(found)
    for word in ("epochs", "validation loss", "best epoch", "4 numbers in W, b"):
        assert word in text
    assert "<table" in found._repr_html_() and "best epoch" in found._repr_html_()


# -- divergence


def test_the_equation_that_was_not_finite_first_is_named():
    Z = sn.let("Z", W * X)
    loss = sn.mean(sn.exp(Z))
    with pytest.raises(FloatingPointError) as raised:
        sn.train(loss, {X: x * 100}, {W: [[1.0, 1.0, 1.0]]}, 1.0, epochs=50, batch_size=10, seed=0, progress=False)
    error, text = raised.value, str(raised.value)
    assert "exp(Z)" in text and "epoch" in text and "samples" in text and "learning rate" in text
    assert len(error.samples) == 10 and error.step >= 1
    assert np.isfinite(error.parameters[W]).all()
    chosen = {X: x[:, error.samples] * 100, W: error.parameters[W]}
    with np.errstate(all="ignore"):
        loss, slope = sn.derive(sn.mean(sn.exp(W * X)), W).compile()(chosen)
        assert not np.isfinite(loss) or not np.isfinite(slope[W]).all()


def test_a_gradient_that_is_not_finite_is_found_though_the_loss_is():
    w = Symbol("w", real=True)
    with pytest.raises(FloatingPointError, match="∂L/∂w"):
        sn.train(sn.mean(sn.sqrt(w * sn.abs(Y))), {Y: np.ones((1, 4))}, {w: 0.0}, 0.1, epochs=3, progress=False)


# -- what is refused before the first step


BAD = {
    "patience alone": ({"patience": 3}, ValueError, "validation"),
    "patience 0": ({"patience": 0, "validation": 0.2}, ValueError, "patience"),
    **{
        f"share {share}": ({"validation": share}, ValueError, "between 0 and 1")
        for share in (0, 1, -0.1, 1.5, float("nan"), True, np.float64(2))
    },
    "a share as text": ({"validation": "0.1"}, TypeError, "validation must be a dictionary"),
    "share of nothing": ({"validation": 0.001}, ValueError, "50 samples"),
    "validation sizes": ({"validation": {X: x, Y: y[:, :9]}}, ShapeError, "validation: n is bound twice"),
    "validation rows": ({"validation": {X: x[:2], Y: y}}, ShapeError, "validation: X is 3×n"),
    "validation batches": ({"validation": [{X: x, Y: y}, {X: x}], "epochs": 1}, KeyError, "validation: batch 2"),
    "validation lacks": ({"validation": {X: x}}, KeyError, "Y"),
    "validation knows more": ({"validation": {**DATA, "Q": y}}, KeyError, "Q"),
    "matrix metric": ({"metrics": {"m": OUTPUT}}, ShapeError, "m is a 1×n matrix"),
    "text metric": ({"metrics": {"m": "accuracy"}}, TypeError, "m"),
    "reserved metric": ({"metrics": {"loss": LOSS}}, ValueError, "loss"),
    "metrics as list": ({"metrics": [LOSS]}, TypeError, "dictionary"),
    "metric of other symbols": ({"metrics": {"m": sn.norm(sn.matrix("Q", 2, 2))}}, KeyError, "Q"),
    "steps": ({"steps": 0}, ValueError, "steps"),
    "seconds": ({"seconds": float("nan")}, ValueError, "seconds"),
    "epochs": ({"epochs": 2.5}, ValueError, "epochs"),
    "callback": ({"callback": 3}, TypeError, "callback"),
    "log": ({"log": "run.txt"}, ValueError, "jsonl"),
    "rate": ({"optimizer": sn.GradientDescent(lambda t: -1.0)}, ValueError, "step 0"),
    "a later rate": ({"optimizer": sn.GradientDescent(lambda t: 0.1 - 0.05 * t)}, ValueError, "at step 3 it is -0.05"),
    "text for a rate": ({"optimizer": sn.GradientDescent(lambda t: "fast")}, ValueError, "at step 0 it is 'fast'"),
    "parameters of another training": ({"parameters": {"U": [[1.0]]}}, KeyError, "U is no symbol of the loss"),
    "nan rate": ({"optimizer": sn.GradientDescent(lambda t: float("nan"))}, ValueError, "step 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_options_are_refused(name):
    options, error, words = BAD[name]
    with pytest.raises(error) as raised:
        run(**options)
    assert words in str(raised.value)


class Shrinking:
    """Gives fewer and fewer batches, whatever its length says."""

    def __init__(self, *counts):
        self.counts = list(counts)

    def __iter__(self):
        return iter(batches_of(10)[: self.counts.pop(0)])


class Boasting(Shrinking):
    def __len__(self):
        return 5


DATA_BAD = {
    "shrinking": (lambda: Shrinking(5, 5, 5, 3), {}, ValueError, "ended after 3 batches, and 5 were to come"),
    "boasting": (lambda: Boasting(5, 5, 3), {}, ValueError, "ended after 3 batches, and 5 were to come"),
    "vanishing": (lambda: Shrinking(5, 5, 5, 0), {}, ValueError, "gave no batch"),
    "no data": (dict, {}, KeyError, "X has the size n, which no array tells; give X in data"),
    "generator": (lambda: iter(batches_of(10)), {}, TypeError, "used up"),
    "nothing": (list, {}, ValueError, "no batch"),
    "no dictionaries": (lambda: [x, y], {}, TypeError, "dictionary"),
    "other names": (lambda: [{X: x, Y: y}, {X: x}], {}, KeyError, "batch 2"),
    "unknown names": (lambda: [{X: x, Y: y, "Q": y}], {}, KeyError, "Q"),
    "batch size": (lambda: batches_of(10), {"batch_size": 5}, ValueError, "batch_size"),
    "a share": (lambda: batches_of(10), {"validation": 0.5}, ValueError, "arrays only"),
    "a number": (lambda: 3, {}, TypeError, "dictionary"),
    "sizes": (lambda: [{X: x, Y: y}, {X: x[:2], Y: y}], {}, ShapeError, "X is 3×n"),
}


@pytest.mark.parametrize("name", DATA_BAD)
def test_bad_data_are_refused(name):
    data, options, error, words = DATA_BAD[name]
    with pytest.raises(error) as raised:
        run(data(), epochs=2, **options)
    assert words in str(raised.value)


def test_a_scalar_without_a_value_is_named():
    decay = Symbol("lambda")
    with pytest.raises(KeyError, match=r"lambda is a scalar without a value; give it in data, \{lambda: 0\.1, …\}, or"):
        sn.train(LOSS + decay * sn.norm(W) ** 2, DATA, progress=False)
    assert sn.train(LOSS + decay * sn.norm(W) ** 2, {**DATA, decay: 0.1}, epochs=1, progress=False).loss > 0
