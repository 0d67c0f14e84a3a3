"""A run in a file: it goes on as if nothing had happened, survives being killed, and runs nothing that it reads."""

import json
import os
import signal
import sys
import time
import warnings
import zipfile

import numpy as np
import pytest
from losses import LOSSES
from sympy import Lambda, Symbol, exp

import symnet as sn
from symnet.backends import CHECKPOINT, read_arrays, write_arrays
from symnet.expressions import as_tree, from_tree
from symnet.training import fingerprint

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
NET = sn.mlp(X, [4, 2])
LOSS = sn.squared_error(NET.output, Y)
RNG = np.random.default_rng(3)
DATA = {X: RNG.normal(size=(3, 30)), Y: RNG.normal(size=(2, 30))}
OPTIMIZERS = [
    sn.GradientDescent(0.1), sn.Momentum(0.05), sn.Nesterov(0.05), sn.SignSGD(0.01), sn.AdaGrad(0.1), sn.RMSProp(0.01), sn.Adam(0.01),
    sn.AdamW(0.01), sn.Adam(sn.warmup(sn.cosine_decay(0.05, 40), 5)), sn.Momentum(sn.step_decay(0.1, 0.5, 7)),
    sn.GradientDescent(sn.exponential_decay(0.1, 0.5, 10)),
]  # fmt: skip


def train(path=None, **options):
    return sn.train(LOSS, DATA, NET, **({"seed": 11, "progress": False, "checkpoint": path} | options))


def same(one, other):
    for W in one.parameters:
        a, b = one.parameters[W], other.parameters[W]
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), W
    timeless = [{k: v for k, v in run.history.items() if k != "seconds"} for run in (one, other)]
    assert timeless[0] == timeless[1]


# -- going on


@pytest.mark.sampled(2)
@pytest.mark.parametrize("batch_size", [None, 8])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str.__call__ and repr)
def test_a_run_goes_on_as_if_nothing_had_happened(tmp_path, optimizer, batch_size):
    how = {"optimizer": optimizer, "batch_size": batch_size}
    whole = train(epochs=9, **how)
    for stop in (4, 13 if batch_size else 7):
        train(tmp_path / "run.npz", steps=stop, **how)
        same(whole, sn.resume(tmp_path / "run.npz", DATA, epochs=9, progress=False))


@pytest.mark.parametrize("options", [
    {"validation": 0.2, "metrics": {"size": sn.norm(NET.parameters[0])}},
    {"validation": 0.3, "patience": 2, "optimizer": 1.5},
    {"clip": 0.5, "multipliers": {"W1": 0.1, "b1": 0}, "optimizer": sn.Momentum(0.1)},
    {"dtype": np.float32, "optimizer": sn.Adam()},
    {"seed": np.random.Generator(np.random.MT19937(4))},
    {"seed": np.random.Generator(np.random.Philox(4))},
], ids=lambda options: "-".join(options))  # fmt: skip
def test_all_that_a_run_was_told_is_kept(tmp_path, options):
    options = {**options, "batch_size": 7}
    seed = options.pop("seed", 11)
    state = seed if isinstance(seed, int) else seed.bit_generator.state

    def again():
        if not isinstance(seed, int):
            seed.bit_generator.state = state
        return seed

    whole = train(epochs=8, seed=again(), **options)
    train(tmp_path / "run.npz", steps=11, seed=again(), **options)
    same(whole, sn.resume(tmp_path / "run.npz", DATA, epochs=8, progress=False))


def test_validation_data_streams_and_own_optimizers_are_given_again(tmp_path):
    path = tmp_path / "run.npz"
    batches = [{X: DATA[X][:, k : k + 10], Y: DATA[Y][:, k : k + 10]} for k in (0, 10, 20)]
    how = {
        "validation": DATA,
        "seed": 2,
        "progress": False,
        "optimizer": sn.GradientDescent(lambda step: 0.1 / (1 + step)),
    }
    whole = sn.train(LOSS, batches, NET, epochs=5, **how)
    sn.train(LOSS, batches, NET, steps=7, checkpoint=path, **how)
    with pytest.raises(ValueError, match="optimizer="):
        sn.resume(path, batches, validation=DATA)
    with pytest.raises(ValueError, match="validation="):
        sn.resume(path, batches, optimizer=how["optimizer"])
    sn.train(LOSS, batches, NET, steps=1, checkpoint=tmp_path / "early.npz", **how)
    with pytest.raises(ValueError, match="validation="):  # though no epoch has been judged yet
        sn.resume(tmp_path / "early.npz", batches, optimizer=how["optimizer"])
    same(whole, sn.resume(path, batches, validation=DATA, optimizer=how["optimizer"], epochs=5, progress=False))


def test_ctrl_c_leaves_a_checkpoint_of_the_last_step(tmp_path):
    def stop(epoch, loss, parameters):
        if epoch == 3:
            raise KeyboardInterrupt

    path = tmp_path / "run.npz"
    run = train(path, epochs=6, batch_size=8, callback=stop, checkpoint_every=100)
    assert run.interrupted
    same(train(epochs=6, batch_size=8), sn.resume(path, DATA, progress=False))


def test_a_run_that_is_done_stays_as_it_is(tmp_path):
    done = train(tmp_path / "run.npz", epochs=3)
    same(done, sn.resume(tmp_path / "run.npz", DATA, progress=False))


def test_the_log_goes_on(tmp_path):
    train(tmp_path / "run.npz", epochs=3, log=tmp_path / "run.jsonl")
    sn.resume(tmp_path / "run.npz", DATA, epochs=5, log=tmp_path / "run.jsonl", progress=False)
    rows = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("every", "writes"), [(2, 5), ("3 steps", 10), ("100 s", 2), ("1 epochs", 8)])
def test_how_often_it_is_written(tmp_path, monkeypatch, every, writes):
    from symnet.training import checkpoint

    count = []
    real = checkpoint.write_arrays
    monkeypatch.setattr(checkpoint, "write_arrays", lambda *a: (count.append(a), real(*a)))
    train(tmp_path / "run.npz", epochs=6, batch_size=8, checkpoint_every=every)  # 24 steps
    assert len(count) == writes + 0  # one at the start and one at the end among them


def test_the_weights_in_a_checkpoint_are_read_by_load(tmp_path):
    run = train(tmp_path / "run.npz", epochs=2)
    weights = sn.load(tmp_path / "run.npz")
    for W in NET.parameters:
        np.testing.assert_array_equal(weights[W], run.parameters[W])
    assert set(weights) == {W.name for W in NET.parameters}  # and nothing else, so that training starts from them
    assert sn.train(LOSS, DATA, weights, epochs=1, progress=False).loss > 0


# -- being killed


def endless(path, tells):
    def callback(epoch, loss, parameters):
        if epoch == 1:
            os.write(tells, b".")

    try:
        train(path, epochs=10**6, batch_size=8, checkpoint_every="2 steps", callback=callback)
    finally:
        os._exit(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_killed_at_any_moment_leaves_a_readable_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    train(path, epochs=1, batch_size=8)
    moments = np.random.default_rng(0).uniform(0.0, 0.2, 60)
    reached = set()
    for moment in moments:
        listens, tells = os.pipe()
        child = os.fork()
        if child == 0:
            endless(path, tells)
        os.read(listens, 1)
        time.sleep(float(moment))
        os.kill(child, signal.SIGKILL)
        os.close(listens)
        os.close(tells)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        steps = json.loads(np.load(path)["symnet:checkpoint"].tobytes())["counts"][2]
        reached.add(steps)
    assert len(reached) > 5
    train(path, steps=1)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]  # what the killed ones left is cleared away
    train(path, steps=steps, batch_size=8)
    resumed = sn.resume(path, DATA, steps=steps + 3, progress=False)
    same(train(steps=steps + 3, batch_size=8), resumed)


# -- files that are not what they should be


def header(path, change):
    arrays = dict(np.load(path))
    told = json.loads(arrays["symnet:checkpoint"].tobytes())
    change(told)
    arrays["symnet:checkpoint"] = np.frombuffer(json.dumps(told).encode(), np.uint8)
    save(path, arrays)


def save(path, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def without(path, name):
    save(path, {n: a for n, a in np.load(path).items() if n != name})


def huge(path):
    # a header that tells of an array which no memory holds
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "W9.npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 1000000), }".ljust(
                128
            ),
        )


def bomb(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("W9.npy", b"\0" * (1 << 27))


def pickled(path):
    with open(path, "wb") as file:
        np.save(file, np.array([Symbol("x")], dtype=object), allow_pickle=True)


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


HOSTILE = {
    "truncated": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "empty": lambda p: p.write_bytes(b""),
    "text": lambda p: p.write_text("import os", encoding="utf-8"),
    "a bit": lambda p: flip(p, p.read_bytes().index(b"NUMPY") + 140),
    "no header": lambda p: without(p, "symnet:checkpoint"),
    "no weights": lambda p: without(p, "W1"),
    "a pickle": pickled,
    "a huge array": huge,
    "a bomb": bomb,
    "another version": lambda p: header(p, lambda t: t.update(version=99)),
    "a class": lambda p: header(p, lambda t: t["loss"].append(["Popen", 0])),
    "a function": lambda p: header(p, lambda t: t["loss"].append(["sympify", 0])),
    "a call": lambda p: header(p, lambda t: t.update(optimizer=["__import__", {"name": "os"}])),
    "a schedule": lambda p: header(p, lambda t: t["optimizer"][1].update(rate=["eval", {"rate": 1}])),
    "a rate": lambda p: header(p, lambda t: t["optimizer"][1].update(rate="__import__('os')")),
    "a generator": lambda p: header(p, lambda t: t["order"].update(bit_generator="seterrcall")),
    "a forward place": lambda p: header(p, lambda t: t["loss"].insert(0, ["Total", 1])),
    "a long number": lambda p: header(p, lambda t: t["loss"].append(["number", "9" * 10**6, "1"])),
    "a tower": lambda p: header(p, lambda t: t["loss"].extend([["number", "9", "1"], ["number", "99999999999", "1"], ["Pow", len(t["loss"]), len(t["loss"]) + 1]])),
    "deep": lambda p: header(p, lambda t: t.update(history=json.loads("[" * 900 + "]" * 900))),
    "counts": lambda p: header(p, lambda t: t.update(counts=[-1, 0, 0, 0.0, 0])),
    "dtype": lambda p: header(p, lambda t: t.update(dtype="O")),
    "a list": lambda p: header(p, lambda t: t.update(parameters=3)),
    "a name": lambda p: header(p, lambda t: t["loss"].append(["text", "a\0b"])),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_damaged_foreign_or_hostile_is_refused(tmp_path, name):
    path = tmp_path / "run.npz"
    train(path, epochs=1, optimizer=sn.Adam())
    HOSTILE[name](path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="run.npz"):
        sn.resume(path, DATA, epochs=2, progress=False)
    assert path.read_bytes() == before


def test_every_byte_of_a_checkpoint_may_be_wrong(tmp_path):
    path = tmp_path / "run.npz"
    train(path, epochs=1, optimizer=sn.GradientDescent(0.1))
    content, rng = path.read_bytes(), np.random.default_rng(1)
    for _ in range(150):
        wrong = bytearray(content)
        wrong[rng.integers(len(wrong))] ^= int(rng.integers(1, 256))
        path.write_bytes(bytes(wrong))
        try:
            sn.resume(path, DATA, progress=False)
        except ValueError as error:
            assert str(path) in str(error)


def test_another_optimizer_and_other_data_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    train(path, epochs=1, optimizer=sn.Adam())
    with pytest.raises(ValueError, match="m_W1"):
        sn.resume(path, DATA, optimizer=sn.Momentum(0.1))
    with pytest.raises(ValueError, match="X"):
        sn.resume(path, {X: DATA[X][:2], Y: DATA[Y]})
    with pytest.raises(FileNotFoundError):
        sn.resume(tmp_path / "no.npz", DATA)


def _moved(array, at=(0, 0)):
    moved = np.array(array)
    moved[at] += 1
    return moved


OTHERS = {  # what is given again, and what is said of it
    "values": ({X: DATA[X], Y: _moved(DATA[Y])}, "Y has other values"),
    "the last": ({X: _moved(DATA[X], (-1, -1)), Y: DATA[Y]}, "X has other values"),
    "another order": ({X: DATA[X][:, ::-1], Y: DATA[Y]}, "X has other values"),
    "type": ({X: DATA[X].astype(np.float32), Y: DATA[Y]}, "X has the type float32 and had float64"),
    "shape": ({X: DATA[X][:, :20], Y: DATA[Y][:, :20]}, "X has the shape 3×20 and had 3×30, Y has the shape"),
    "batches": ([DATA], "data is 1 batches and was arrays"),
    "lists": ({"X": DATA[X].tolist(), "Y": np.asfortranarray(DATA[Y])}, None),
    "the same": (DATA, None),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_data_are_said_and_taken(tmp_path, name):
    data, said = OTHERS[name]
    train(tmp_path / "run.npz", epochs=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = sn.resume(tmp_path / "run.npz", data, epochs=4, progress=False)
        sn.resume(tmp_path / "run.npz", data, epochs=5, progress=False)  # they are the run's from now on
    told = [str(w.message) for w in caught if "the data are others" in str(w.message)]
    assert len(told) == (said is not None) and all(said in text and "sn.load(path)" in text for text in told), told
    assert all(w.filename == __file__ for w in caught if "the data are others" in str(w.message))
    assert len(run.history["loss"]) == 4


def test_other_data_held_back_and_streams_are_compared_too(tmp_path):
    held, path = {X: DATA[X][:, :9], Y: DATA[Y][:, :9]}, tmp_path / "run.npz"
    sn.train(LOSS, [DATA, DATA], NET, epochs=1, validation=held, progress=False, checkpoint=path)
    with pytest.warns(
        RuntimeWarning,
        match="data is 3 batches and was 2 batches, Y of the validation data has other values; the run goes on",
    ):
        sn.resume(path, [DATA] * 3, validation=held | {Y: _moved(held[Y])}, epochs=2, progress=False)


def test_an_older_checkpoint_and_large_arrays(tmp_path):
    path = tmp_path / "run.npz"
    train(path, epochs=1)
    arrays = read_arrays("resume", path)
    told = json.loads(arrays[CHECKPOINT].tobytes())
    del told["data"]
    write_arrays(path, arrays | {CHECKPOINT: np.frombuffer(json.dumps(told).encode(), np.uint8)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sn.resume(path, {X: 2 * DATA[X], Y: DATA[Y]}, epochs=2, progress=False)
    large = np.zeros((3, fingerprint.ALL), np.float32)
    np.save(tmp_path / "large.npy", np.asfortranarray(large))
    mapped = np.load(tmp_path / "large.npy", mmap_mode="r")
    assert fingerprint.fingerprint({"X": large}) == fingerprint.fingerprint({"X": mapped})
    assert fingerprint.fingerprint({"X": large}) != fingerprint.fingerprint({"X": large + 1})


# -- writing that fails


def test_a_folder_that_is_not_there_is_said_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match="checkpoint"):
        train(tmp_path / "no" / "run.npz", epochs=1)


def test_a_disk_that_is_full_is_said_once_and_training_goes_on(tmp_path, monkeypatch):
    from symnet.training import checkpoint

    real, calls = checkpoint.write_arrays, []

    def full(path, arrays):
        calls.append(path)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        real(path, arrays)

    monkeypatch.setattr(checkpoint, "write_arrays", full)
    with pytest.warns(RuntimeWarning, match="No space left.*training goes on") as said:
        run = train(tmp_path / "run.npz", epochs=6)
    monkeypatch.undo()
    assert len(said) == 1 and len(run.history["loss"]) == 6 and len(calls) > 4
    same(run, sn.resume(tmp_path / "run.npz", DATA, progress=False))


@pytest.mark.parametrize("every", [0, -1, "soon", "5 hours", "0 s", "nan s", 2.5, "1.5 steps", ""])
def test_an_interval_that_is_none_is_refused(tmp_path, every):
    with pytest.raises(ValueError, match="checkpoint_every"):
        train(tmp_path / "run.npz", epochs=1, checkpoint_every=every)


def test_an_interval_without_a_file_is_refused():
    with pytest.raises(ValueError, match="checkpoint='run.npz'"):
        train(epochs=1, checkpoint_every=2)


def test_divergence_leaves_the_last_finite_parameters(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(FloatingPointError) as raised:
        train(path, epochs=500, optimizer=1e200)
    weights = sn.load(path)
    for W in NET.parameters:
        np.testing.assert_array_equal(weights[W], raised.value.parameters[W])


def test_divergence_within_an_epoch_keeps_the_loss_of_the_steps_before(tmp_path):
    path = tmp_path / "run.npz"
    rate = sn.GradientDescent(lambda step: 0.01 if step < 6 else 1e200)
    with pytest.raises(FloatingPointError):
        train(path, epochs=9, batch_size=8, optimizer=rate)
    counts = json.loads(np.load(path)["symnet:checkpoint"].tobytes())["counts"]
    partial = train(steps=counts[2], batch_size=8, optimizer=rate)
    assert counts[1] > 0 and counts[3] / counts[4] == pytest.approx(partial.loss)


# -- expressions as rows


@pytest.mark.parametrize("name", LOSSES)
def test_an_expression_is_the_same_after_it_was_written(name):
    loss = LOSSES[name][0] if isinstance(LOSSES[name], tuple) else LOSSES[name]
    rows = json.loads(json.dumps(as_tree(loss)))
    assert from_tree(rows) == loss
    derivation = sn.derive(loss, sorted(loss.free_symbols & set(_matrices(loss)), key=str)[:1])
    assert str(sn.derive(from_tree(rows), derivation.wrt)) == str(derivation)


def _matrices(loss):
    from sympy import MatrixSymbol

    return [s for s in loss.atoms(MatrixSymbol) if s.name not in ("Z", "P")]


def test_a_class_that_nobody_would_know_is_not_written():
    class OnlyHere(sn.MatrixNode):
        pass

    assert from_tree(as_tree(OnlyHere(X))) == OnlyHere(X)  # while it is defined it is known
    with pytest.raises(TypeError, match="Other"):
        as_tree(Other(X, X.shape[0]))
    x = Symbol("x")
    assert from_tree(as_tree(Lambda(x, exp(x)))) == Lambda(x, exp(x))


class Other(type(X)):
    def __new__(cls, A, size):
        return type(X).__new__(cls, A.name, *A.shape)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [],
        "x",
        [3],
        [["Total"]],
        [["symbol", "x"]],
        [["symbol", 3, {}]],
        [["Let", 0]],
        [["float", 0, "1", 10**9, 53]],
        {"a": 1},
    ],
)
def test_rows_that_are_none_are_refused(rows):
    with pytest.raises(ValueError):
        from_tree(rows)


def test_a_deep_expression_is_written():
    H = X
    for _ in range(300):
        H = H + sn.tanh(H)
    loss = sn.sum(H)
    depth = sys.getrecursionlimit()
    assert from_tree(json.loads(json.dumps(as_tree(loss)))) == loss and sys.getrecursionlimit() == depth


def test_a_fingerprint_is_of_values_and_not_of_bytes():
    from symnet.training.fingerprint import fingerprint

    X = np.array([[1.0, 0.0, 3.0]])
    for same in (np.array([[1.0, -0.0, 3.0]]), X.astype(">f8"), np.asfortranarray(X), X[:, ::-1][:, ::-1]):
        assert fingerprint({"X": same}) == fingerprint({"X": X})
    for other in (X + 1, X.astype(np.float32), X.T[:2]):
        assert fingerprint({"X": other}) != fingerprint({"X": X})
