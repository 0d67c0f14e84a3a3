"""Backends of training: the same numbers to rounding from each, the one that the rules pick, and what is said of it."""

import shutil

import numpy as np
import pytest

import symnet as sn
from symnet.backends import c_kernel
from symnet.training import choosing
from symnet.training.choosing import BACKENDS, Backend, Work

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, c_kernel.COMPILERS)), reason="there is no C compiler on the path"
)
rng = np.random.default_rng(0)
X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
NET = sn.mlp(X, [3, 1])
LOSS = sn.squared_error(NET.output, Y)
DATA = {X: rng.normal(size=(2, 10)), Y: rng.normal(size=(1, 10))}
START = {W: rng.normal(size=W.shape) for W in NET.parameters}
OPTIONS = {
    "all samples": {"optimizer": sn.GradientDescent(0.1)},
    "batches that do not divide the samples": {"optimizer": sn.Adam(), "batch_size": 4, "seed": 1},
    "a rate that falls": {"optimizer": sn.Momentum(sn.cosine_decay(0.1, steps=12)), "batch_size": 5, "seed": 2},
    "clipped": {"optimizer": sn.Nesterov(0.1), "clip": 0.1, "multipliers": {"b1": 0.0, "W1": 0.5}},
    "judged": {"optimizer": sn.RMSProp(0.01), "validation": 0.2, "seed": 3, "metrics": {"mse": sn.mse(NET.output, Y)}},
    "in float32": {"optimizer": sn.AdamW(), "dtype": np.float32},
    "a list of batches": {"optimizer": sn.AdaGrad(0.1)},
}
FORCED = [pytest.param("c", marks=needs_compiler), "workspace", "auto"]


def trained(options, **more):
    data = [DATA, {s: a[:, :3] for s, a in DATA.items()}] if options is OPTIONS["a list of batches"] else DATA
    return sn.train(LOSS, data, START, epochs=6, progress=False, **{**options, **more})


@pytest.mark.parametrize("backend", FORCED)
@pytest.mark.parametrize("name", OPTIONS)
def test_the_numbers_agree_to_rounding(name, backend):
    plain, run = trained(OPTIONS[name]), trained(OPTIONS[name], backend=backend)
    precise = 1e-5 if "float32" in name else 1e-12
    assert run.backend == ("numpy" if backend == "auto" else backend) and plain.backend == "numpy"
    for column in set(plain.history) - {"seconds"}:
        np.testing.assert_allclose(run.history[column], plain.history[column], rtol=precise)
    for W, value in plain.parameters.items():
        assert run.parameters[W].dtype == value.dtype
        np.testing.assert_allclose(run.parameters[W], value, rtol=precise, atol=precise)


SMALL, LARGE = {"products": 400, "largest": 12}, {"products": 10**7, "largest": 10**5}
RULES = {
    "few steps of a small net": (Work(**SMALL, steps=100), "numpy"),
    "some": (Work(**SMALL, steps=10_000), "workspace"),
    "many": (Work(**SMALL, steps=100_000), "c"),
    "many, of two sizes": (Work(**SMALL, steps=50_000, lengths=2), "workspace"),
    "many, of sizes that nobody knows": (Work(**SMALL, steps=10**9, lengths=0), "numpy"),
    "few steps of a large net": (Work(**LARGE, steps=10), "workspace"),
    "many of it": (Work(**LARGE, steps=10**7), "workspace"),
    "batches from outside": (Work(**LARGE, steps=10**7, lengths=0), "numpy"),
}


@pytest.mark.parametrize("name", RULES)
def test_the_rules(name, monkeypatch):
    work, expected = RULES[name]
    monkeypatch.setattr(choosing, "_runs", lambda *_: True)
    kernel = sn.derive(LOSS, NET).compile()
    found, made = choosing.picked("auto", kernel, work, list)
    assert found == expected
    assert (made.backend, made.workspace) == ("c" if expected == "c" else "numpy", expected == "workspace")


def test_a_package_that_is_needed(monkeypatch):
    work = Work(**SMALL, steps=10**7)
    rows = {
        "absent": Backend("x", lambda _: True, lambda k: k, "no_such_package"),
        "later": Backend("y", lambda _: True, None),
    }
    monkeypatch.setattr(choosing, "BACKENDS", {**rows, "here": Backend("z", lambda _: True, lambda k: k, "numpy")})
    assert choosing.picked("auto", sn.derive(LOSS, NET).compile(), work, list)[0] == "here"


def test_what_is_planned():
    wide = sn.mlp(X, [100, 1])
    parameters = {W.name: np.zeros(W.shape) for W in wide.parameters}

    def work(size=None, **budget):
        plan = sn.training.planned(budget.get("epochs"), budget.get("steps"), budget.get("seconds"), None, False, None)
        batches = sn.training.batches.batches_of(DATA, {s.name: a for s, a in DATA.items()}, {"X": X, "Y": Y}, size)
        return choosing.work_of(parameters, size, batches, plan)

    assert work(epochs=7) == Work(3 * 401 * 10, 1000, 7, 1)
    assert work(5, epochs=7) == Work(3 * 401 * 5, 500, 14, 1)
    assert work(4, epochs=7) == Work(3 * 401 * 4, 400, 21, 2)
    assert work(4, epochs=7, steps=5).steps == 5 and work(seconds=1).steps == pytest.approx(50_000)


@needs_compiler
def test_what_was_picked_is_said(monkeypatch):
    always = BACKENDS["c"]._replace(gains=lambda _: True)
    monkeypatch.setitem(BACKENDS, "c", always)
    run = trained(OPTIONS["all samples"], backend="auto")
    assert run.backend == "c" and " in C, W1" in repr(run)
    assert ["backend", "C"] in [line.split() for line in str(run).splitlines()] and ">C<" in run._repr_html_()
    wide = sn.mlp(X, [400, 1])
    run = sn.train(sn.squared_error(wide.output, Y), DATA, wide, epochs=2, seed=0)
    assert run.backend == "workspace" and "in a workspace of NumPy" in repr(run), "as large arrays have it"


def test_what_c_cannot_run_is_trained_all_the_same(monkeypatch):
    monkeypatch.setitem(BACKENDS, "c", BACKENDS["c"]._replace(gains=lambda _: True))
    images, K = sn.matrix("I", 16, "n"), sn.matrix("K", 2, 4)
    loss = sn.mean(sn.square(sn.conv2d(K, images, shape=(1, 4, 4))))
    data = {images: rng.normal(size=(16, 3))}
    run = sn.train(loss, data, {K: np.ones((2, 4))}, epochs=2, backend="auto")
    assert run.backend in ("numpy", "workspace")
    with pytest.raises(TypeError, match="C"):
        sn.train(loss, data, {K: np.ones((2, 4))}, epochs=2, backend="c")
    monkeypatch.setenv("CC", "no-such-compiler")
    assert trained(OPTIONS["all samples"], backend="auto").backend == "numpy"
    with pytest.raises(FileNotFoundError, match="no-such-compiler does not start"):
        trained(OPTIONS["all samples"], backend="c")
    monkeypatch.setenv("CC", "false")
    assert trained(OPTIONS["all samples"], backend="auto").backend == "numpy"
    with pytest.raises(RuntimeError, match="the C compiler false failed"):
        trained(OPTIONS["all samples"], backend="c")


@pytest.mark.parametrize("backend", ["numpy", "workspace", pytest.param("c", marks=needs_compiler)])
def test_a_run_goes_on_in_its_backend_to_the_same_bits(backend, tmp_path):
    options = {"optimizer": sn.Adam(), "batch_size": 5, "seed": 1, "backend": backend, "progress": False}
    whole = sn.train(LOSS, DATA, START, epochs=8, **options)
    sn.train(LOSS, DATA, START, epochs=3, checkpoint=tmp_path / "run.npz", **options)
    again = sn.resume(tmp_path / "run.npz", DATA, epochs=8, progress=False)
    assert again.backend == whole.backend == backend and again.history["loss"] == whole.history["loss"]
    assert all(np.array_equal(again.parameters[W], whole.parameters[W]) for W in START)
    other = sn.resume(tmp_path / "run.npz", DATA, epochs=12, progress=False, backend="workspace")
    assert other.backend == "workspace" and len(other.history["loss"]) == 12


@needs_compiler
def test_divergence_is_told_in_c_as_in_numpy():
    told = []
    for backend in ("numpy", "c"):
        with pytest.raises(FloatingPointError, match="training diverged") as caught:
            sn.train(LOSS, {X: 1e3 * DATA[X], Y: 1e3 * DATA[Y]}, START, 1e200, epochs=50, backend=backend)
        told.append(str(caught.value))
    assert told[0] == told[1]


BAD = {
    "another": ("cuda", ValueError, "backend='cuda' is none; there are 'auto', .*'c', 'workspace', 'numpy'"),
    "no text": (None, TypeError, "backend: None is no name; there are 'auto'"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_backend_is_refused(name):
    backend, kind, text = BAD[name]
    with pytest.raises(kind, match=text):
        trained(OPTIONS["all samples"], backend=backend)


def test_solvers_run_in_numpy():
    assert trained({"optimizer": sn.GaussNewton()}, backend="auto").backend == "numpy"
    with pytest.raises(ValueError, match="GaussNewton runs with NumPy; leave backend away, or train with sn.Adam"):
        trained({"optimizer": sn.GaussNewton()}, backend="workspace")
