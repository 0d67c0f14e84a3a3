"""Training with JAX: the numbers, the history and the files of training with NumPy; several devices; what is refused."""

import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import symnet as sn

ROOT = Path(__file__).resolve().parent.parent
X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
NET = sn.mlp(X, [4, 2])
LOSS = sn.squared_error(NET.output, Y)
RNG = np.random.default_rng(7)
x, y = RNG.normal(size=(3, 50)), RNG.normal(size=(2, 50))
DATA = {X: x, Y: y}


class HeavyBall:
    """An optimizer of a user's own."""

    def hyperparameters(self):
        return {"eta": 0.1, "beta": lambda step: 0.5 / (1 + step)}

    def init(self, W):
        return {"v": 0.0}

    def update(self, W, gradient, eta, beta, v):
        new = beta * v + gradient
        return {W: W - eta * new, v: new}


def run(data=None, backend="jax", **options):
    pytest.importorskip("jax")
    data = DATA if data is None else data
    return sn.train(LOSS, data, NET, **({"seed": 0, "progress": False} | options), backend=backend)


def same(found, wanted, atol=1e-12):
    for W, value in wanted.parameters.items():
        np.testing.assert_allclose(found.parameters[W], value, rtol=0, atol=atol)
        assert np.asarray(found.parameters[W]).dtype == np.asarray(value).dtype
    assert list(found.history) == list(wanted.history)
    for name, column in wanted.history.items():
        if name != "seconds":
            np.testing.assert_allclose(found.history[name], column, rtol=1e-9, atol=atol)
    assert found.history["seconds"] == sorted(found.history["seconds"])
    assert (found.best_epoch, len(found.history["loss"])) == (wanted.best_epoch, len(wanted.history["loss"]))


def both(**options):
    found, wanted = run(**options), run(backend="numpy", **options)
    same(found, wanted)
    return found, wanted


# fmt: off
RUNS = {
    "descent": {"optimizer": 0.1},
    "momentum, batches, a small last one": {"optimizer": sn.Momentum(), "batch_size": 16},
    "Nesterov, multipliers": {"optimizer": sn.Nesterov(), "batch_size": 10, "multipliers": {"b1": 0, "W2": 0.5}},
    "signs, a last batch of one": {"optimizer": sn.SignSGD(), "batch_size": 7},
    "AdaGrad, clipped": {"optimizer": sn.AdaGrad(), "clip": 0.1},
    "RMSProp, a function": {"optimizer": sn.RMSProp(lambda step: 0.01 / (1 + step)), "batch_size": 25},
    "Adam, a schedule": {"optimizer": sn.Adam(sn.warmup(sn.cosine_decay(0.05, 80), 10)), "batch_size": 16},
    "AdamW, clipped": {"optimizer": sn.AdamW(0.01), "clip": 0.5, "batch_size": 50},
    "one's own": {"optimizer": HeavyBall(), "batch_size": 25},
}
# fmt: on


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", RUNS)
def test_after_100_steps_the_parameters_are_those_of_numpy(name):
    both(steps=100, **RUNS[name])


@pytest.mark.parametrize(
    "options", [{"epochs": 6}, {"epochs": 5, "batch_size": 10}, {"epochs": 5, "batch_size": 8}], ids=str
)
def test_the_loop_that_other_devices_get_gives_the_same(options, monkeypatch):
    pytest.importorskip("jax")
    from symnet.training import devices, scanned

    made, scans, begun = devices.Placed.__init__, [], scanned.Scan.__init__

    def elsewhere(self, chosen):
        made(self, chosen)
        self.platform = "elsewhere"  # its loops have a known number of steps

    def kept(self, *arguments):
        begun(self, *arguments)
        scans.append(self)

    monkeypatch.setattr(devices.Placed, "__init__", elsewhere)
    monkeypatch.setattr(scanned.Scan, "__init__", kept)
    both(optimizer=sn.Adam(0.01), **options)
    assert [scan._whole._cache_size() for scan in scans] == [1]


def test_float32_stays_float32():
    data = {X: x.astype("f4"), Y: y.astype("f4")}
    options = {"data": data, "steps": 100, "batch_size": 16, "optimizer": sn.Adam()}
    found, wanted = run(**options), run(backend="numpy", **options)
    assert found.parameters["W1"].dtype == np.float32
    same(found, wanted, atol=1e-5)


def test_validation_metrics_patience_and_a_callback():
    told = {"jax": [], "numpy": []}
    for backend, seen in told.items():
        options = {"validation": 0.2, "metrics": {"mae": sn.mean(sn.abs(NET.output - Y))}, "patience": 3}
        seen.append(run(backend=backend, optimizer=0.5, batch_size=8, epochs=60, **options,
                        callback=lambda *row, seen=seen: seen.append(row[:2])))  # fmt: skip
    *rows, found = told["jax"]
    *others, wanted = told["numpy"]
    same(found, wanted)
    np.testing.assert_allclose(rows, others, rtol=1e-9)
    ended = run(epochs=50, callback=lambda epoch, *_: epoch == 4)
    assert len(ended.history["loss"]) == 4


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_the_log_has_a_row_for_each_epoch(tmp_path, ending):
    found = run(epochs=9, batch_size=25, log=tmp_path / f"log.{ending}")
    text = (tmp_path / f"log.{ending}").read_text()
    rows = list(csv.DictReader(text.splitlines())) if ending == "csv" else list(map(json.loads, text.splitlines()))
    assert [int(row["epoch"]) for row in rows] == list(range(1, 10))
    assert [float(row["loss"]) for row in rows] == found.history["loss"]


def test_seconds_end_training():
    found = run(seconds=0.2)
    assert 0.15 <= found.history["seconds"][-1] < 5


def test_the_random_numbers_of_a_user_are_left_as_numpy_leaves_them():
    left = []
    for backend in ("jax", "numpy"):
        generator = np.random.default_rng(3)
        run(backend=backend, seed=generator, epochs=3, batch_size=10)
        left.append(generator.bit_generator.state)
    assert left[0] == left[1]


def test_where_all_data_make_a_step_the_random_numbers_are_the_user_s():
    generator, drawn = np.random.default_rng(3), []
    run(seed=generator, epochs=5, callback=lambda *_: drawn.append(generator.uniform()))
    assert len(set(drawn)) == 5


class Stream:
    """Batches of several shapes, each written over the one before."""

    def __iter__(self):
        features, targets = np.empty((3, 50)), np.empty((2, 50))
        for first, last in ((0, 10), (10, 20), (20, 30), (30, 50)):
            number = last - first
            features[:, :number], targets[:, :number] = x[:, first:last], y[:, first:last]
            yield {X: features[:, :number], Y: targets[:, :number]}


def test_batches_that_come_and_files_are_read_as_by_numpy(tmp_path):
    both(data=Stream(), optimizer=sn.Adam(sn.step_decay(0.01, every=7)), steps=18)
    np.save(tmp_path / "x.npy", x)
    mapped = {X: np.load(tmp_path / "x.npy", mmap_mode="r"), Y: y}
    both(data=mapped, optimizer=sn.Momentum(), batch_size=16, steps=30)


@pytest.mark.parametrize(("first", "then", "steps"), [("jax", "numpy", 10), ("numpy", "jax", 23)])
def test_a_checkpoint_goes_on_with_the_other(tmp_path, first, then, steps):
    path = tmp_path / "run.npz"
    options = {"optimizer": sn.Adam(0.01), "batch_size": 16, "validation": 0.2}
    run(backend=first, steps=steps, checkpoint=path, checkpoint_every="7 steps", **options)
    found = sn.resume(path, DATA, steps=60, progress=False, backend=then)
    same(found, run(backend="numpy", steps=60, **options))


def test_divergence_is_said_as_by_numpy():
    said = []
    for backend in ("jax", "numpy"):
        with pytest.raises(FloatingPointError) as caught:
            run(backend=backend, optimizer=1e30, batch_size=16, epochs=50)
        said.append(caught.value)
    assert str(said[0]) == str(said[1]) and "samples" in str(said[0])
    assert said[0].step == said[1].step and said[0].history.keys() == said[1].history.keys()
    np.testing.assert_allclose(said[0].parameters["W1"], said[1].parameters["W1"], rtol=1e-6)


def test_a_rate_that_is_none_is_said_when_its_step_comes(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(ValueError, match="at step 37 it is -1"):
        run(
            optimizer=sn.GradientDescent(lambda step: -1 if step == 37 else 0.1),
            epochs=50,
            batch_size=10,
            checkpoint=path,
        )
    assert sn.resume(path, DATA, optimizer=0.1, steps=37, progress=False).history["loss"]


# -- what is refused


class Hidden:
    """Stands before JAX as if it were not installed."""

    def find_spec(self, name, path=None, target=None):
        if name == "jax":
            raise ModuleNotFoundError(name)


def test_without_jax_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "jax"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
    with pytest.raises(ModuleNotFoundError, match=r"symnet\[jax\]"):
        sn.train(LOSS, DATA, NET, backend="jax")


# fmt: off
REFUSED = {
    "no such backend": ({"backend": "torch"}, ValueError, "there are 'auto', 'jax'"),
    "devices without JAX": ({"backend": "numpy", "devices": 1}, ValueError, "write backend='jax'"),
    "more devices than there are": ({"devices": 1000}, ValueError, "1000 are asked for"),
    "none": ({"devices": 0}, ValueError, "positive whole number"),
    "no number": ({"devices": True}, ValueError, "positive whole number"),
    "an empty list": ({"devices": []}, ValueError, "leave devices away"),
    "text": ({"devices": "gpu"}, TypeError, "'gpu'"),
    "strangers": ({"devices": [0, 1]}, TypeError, "jax.devices"),
    "a solver": ({"optimizer": sn.LevenbergMarquardt()}, ValueError, "LevenbergMarquardt"),
}
# fmt: on


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_before_the_first_step(name):
    options, error, text = REFUSED[name]
    with pytest.raises(error, match=text):
        run(**options)


def test_a_node_that_jax_cannot_run_is_named(tmp_path):
    pytest.importorskip("jax")

    class Odd(sn.MatrixNode):
        title = "odd"

    sn.RULES[Odd] = lambda G, Y, A: (G,)
    sn.NUMPY[Odd] = lambda c, node: c.numpy.spacing_of_no_library(c.full(node.args[0]))
    W = sn.matrix("W", 2, 2)
    with pytest.raises(TypeError, match="JAX cannot run Odd"):
        sn.train(sn.norm(Odd(W)) ** 2, {}, {W: np.eye(2)}, backend="jax", checkpoint=tmp_path / "run.npz")
    assert not (tmp_path / "run.npz").exists()


# -- several devices

DEVICES = """
import sys, numpy as np, jax, symnet as sn
from tests.test_jax_training import DATA, LOSS, NET, RNG, Stream, X, Y, run, same
data = {X: RNG.normal(size=(3, 72)), Y: RNG.normal(size=(2, 72))}
for options in ({}, {"batch_size": 24, "devices": 8}, {"batch_size": 32, "optimizer": sn.Adam(), "clip": 1.0}):
    devices = options.pop("devices", jax.devices())
    same(run(data, steps=100, devices=devices, **options), run(data, "numpy", steps=100, **options))
halves = [{s: a[:, k : k + 24] for s, a in data.items()} for k in (0, 24, 48)]
same(run(halves, epochs=5, devices=4), run(halves, "numpy", epochs=5))
for given, size, number, text in (
    (data, None, 7, "72 samples of a step; choose devices=6"), (data, 12, 8, "12 samples of a step; choose batch_size=16"),
    (halves, None, 5, "24 samples of a step; choose devices=4"), (data, 70, 8, "choose batch_size=72"),
    (data, None, [jax.devices()[0]] * 2, "one is given twice"), (data, None, 9, "JAX has 8"),
):
    try:
        run(given, batch_size=size, devices=number)
    except ValueError as error:
        assert text in str(error), error
    else:
        raise AssertionError(text)

# the devices have parts of the samples, and add up what they found
from symnet.training.devices import Placed
placed = Placed(tuple(jax.devices()))
assert {s.data.shape for s in placed.put(np.ones((3, 72)), 1).addressable_shards} == {(3, 9)}
from symnet.training.scanned import Scan
texts = []
call = Scan.__call__
def seen(scan, weights, feed, rates, first, begin, end):
    found = call(scan, weights, feed, rates, first, begin, end)
    texts.append(scan._any.lower(weights, scan.held, feed, rates, np.int64(first), begin=0, end=1).compile().as_text())
    return found
Scan.__call__ = seen
run(data, epochs=1, devices=8, batch_size=24, dtype="float32")
assert "all-reduce" in texts[0]
"""


def test_eight_devices_give_equal_results():
    pytest.importorskip("jax")
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", DEVICES], cwd=ROOT, env=os.environ | flags, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


PROCESS = """
import sys, jax, symnet as sn
jax.distributed.initialize(f"localhost:{sys.argv[1]}", 2, int(sys.argv[2]))
from tests.test_jax_training import RNG, X, Y, run, same
data = {X: RNG.normal(size=(3, 24)), Y: RNG.normal(size=(2, 24))}
options = {"epochs": 5, "batch_size": 12, "optimizer": sn.Adam()}
found = run(data, devices=jax.devices(), checkpoint=f"{sys.argv[3]}/{sys.argv[2]}.npz", **options)
same(found, run(data, "numpy", **options))
for wrong, text in (({"seconds": 1.0}, "epochs= or steps="), ({"seed": None}, "seed=0"), ({"devices": 1}, "give each")):
    try:
        run(data, **{"devices": jax.devices(), **options, **wrong})
    except ValueError as error:
        assert text in str(error), error
    else:
        raise AssertionError(text)
"""


def test_two_processes_train_together_and_the_first_one_writes(tmp_path):
    pytest.importorskip("jax")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(port), str(k), str(tmp_path)], cwd=ROOT, env=os.environ | flags,
            stderr=subprocess.PIPE, text=True,
        )
        for k in range(2)
    ]  # fmt: skip
    for process in started:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said[-3000:]
    assert [path.name for path in tmp_path.iterdir()] == ["0.npz"]
