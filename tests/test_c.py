"""C: the values of the NumPy kernels to rounding, clean under the sanitizers, and words where there is no C."""

import dataclasses
import os
import pickle
import re
import runpy
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import sympy

import symnet as sn
from symnet.backends import c_kernel
from symnet.expressions import SCALARS
from tests import test_linalg as linalg
from tests import test_network_functions as networks
from tests.losses import LOSSES, values_of
from tests.test_tables import arguments_of

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, c_kernel.COMPILERS)), reason="there is no C compiler on the path"
)
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fPIC", "-shared", "-O0"]
REFUSED = re.compile(r"no C code for \w+")
A = sn.matrix("A", 3, 3)


def cases():
    """Give name → (loss, what it is differentiated in, values or None)."""
    for name, (loss, wrt) in LOSSES.items():
        yield name, loss, wrt, None
    for name, F in networks.CASES.items():
        yield f"network {name}", networks.loss_of(F), [networks.X], networks.VALUES
    for name, (F, _) in linalg.KINDS.items():
        if (
            not re.search("inv|solve|det|trace|adj|spectral|nuclear|expm|negative|matrix power", name)
            or name == "logdet"
        ):
            loss = sn.sum(sn.sin(F)) if F.is_Matrix else sympy.sin(F)
            wrt = [s for s in linalg.VALUES if s in loss.free_symbols and s != linalg.k]
            yield f"linalg {name}", loss, wrt, linalg.VALUES
    for f in SCALARS:
        if f is not sympy.Piecewise:
            points = [arguments_of(f, point) for point in (0.37, -0.81, 1.6)]
            entries = np.array([[z for *_, z in points]] * 3)
            loss = sn.sum(sn.elementwise(lambda t, f=f, first=points[0][:-1]: f(*first, t), A))
            yield f"{f.__name__} at a point", loss, [A], {A: entries}


@pytest.fixture(scope="module")
def built():
    """Build the C of every case in one library; give what differs from NumPy, and what was refused."""
    made, texts, refused = [], [], {}
    for name, loss, wrt, values in cases():
        kernel = sn.derive(loss, wrt).compile()
        values = (
            values_of(kernel) if values is None else {s: v for s, v in values.items() if s.name in kernel.arguments}
        )
        arrays = kernel.bind(values)
        for dtype in (np.dtype(float), np.dtype(np.float32)) if name in LOSSES else (np.dtype(float),):
            try:
                c = c_kernel.CKernel(dataclasses.replace(kernel, backend="c"), dtype)
                file = c.file(c.known(arrays), f"case{len(texts)}")
            except TypeError as error:
                refused[name] = str(error)
                break
            texts.append(file.text(""))
            made.append((name, kernel, c, file, arrays))
            if name.endswith("at a point"):
                made.append((f"{name}, NaN", kernel, c, file, [np.where(np.eye(3) > 0, np.nan, arrays[0])]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(c_kernel, "FLAGS", STRICT)
        library = c_kernel.load("\n".join(texts))
    return made, library, refused


@needs_compiler
def test_values_are_those_of_numpy(built):
    made, library, _ = built
    assert len(made) > 280
    for name, kernel, c, file, arrays in made:
        typed = [np.asarray(a, c.dtype) if np.asarray(a).dtype.kind == "f" else a for a in arrays]
        with np.errstate(all="ignore"):
            wanted = kernel.result.listed(kernel._function(c.dtype)(*typed))
        close = {"rtol": 1e-9, "atol": 1e-11} if c.dtype == float else {"rtol": 3e-3, "atol": 3e-4}
        for found, value in zip(c.caller(file, library)(typed), wanted, strict=True):
            np.testing.assert_allclose(found, value, **close, err_msg=name)


@needs_compiler
def test_what_has_no_c_is_refused_by_name_with_the_way_out(built):
    *_, refused = built
    assert 0 < len(refused) < 15
    for name, words in refused.items():
        assert REFUSED.search(words) and "NumPy" in words, name
        assert "symnet.C99[" in words or "the C library has none" in words
    assert {"determinant", "inverse", "gamma at a point", "linalg logdet"} <= set(refused)
    assert "no C code for LogAbsDet" in refused["linalg logdet"] and "no C code for Inverse" in refused["determinant"]


def test_a_convolution_is_refused_before_anything_is_built():
    K, X = sn.matrix("K", 2, 9), sn.matrix("X", 16, 2)
    d = sn.derive(sn.sum(sn.tanh(sn.conv2d(K, X, shape=(1, 4, 4)))), K)
    with pytest.raises(TypeError, match=r"no C code for (Unfold|Images).*symnet\.C99\["):
        d.c()


# -- the file


X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
NET = sn.mlp(X, [3, 1])
D = sn.derive(sn.squared_error(NET.output, Y), NET)
XOR = {X: [[0, 0, 1, 1], [0, 1, 0, 1]], Y: [[0, 1, 1, 0]]}
START = {W: np.random.default_rng(3).normal(size=tuple(map(int, W.shape))) for W in NET.parameters}


def run(text, folder, *flags):
    (folder / "net.c").write_text(text, encoding="ascii")
    command = [
        *c_kernel.compiler(),
        *STRICT[:5],
        "-O1",
        *flags,
        str(folder / "net.c"),
        "-o",
        str(folder / "net"),
        "-lm",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([str(folder / "net")], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.splitlines()


@needs_compiler
@pytest.mark.parametrize("optimizer", [sn.Adam(sn.cosine_decay(0.05, 60)), sn.Momentum(0.1)], ids=["Adam", "Momentum"])
def test_a_file_trains_as_train_does_and_is_clean(optimizer, tmp_path):
    text = D.c("xor", "double", sizes={"n": 4}, optimizer=optimizer, main=XOR | START, steps=60)
    assert "alloc" not in text and re.findall(r"#include <(\w+)", text) == ["math", "stdio"]
    lines = run(text, tmp_path, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    loss, gradients = D.compile()(XOR | START)
    assert lines[0].split() == ["loss", f"{loss:.9g}"]
    np.testing.assert_allclose([float(v) for v in lines[1].split()[1:]], gradients["W1"].ravel(), rtol=1e-8)
    trained = sn.train(sn.squared_error(NET.output, Y), XOR, START, optimizer=optimizer, steps=60, progress=False)
    reached = D.compile()(XOR | dict(trained.parameters))[0]
    assert float(lines[5].rpartition(" ")[2]) == pytest.approx(reached, rel=1e-8)
    predicted = trained.evaluate(NET.output, XOR)
    np.testing.assert_allclose([float(v) for v in lines[-1].split()[1:]], predicted.ravel(), rtol=1e-7)


def test_a_tiny_net_needs_little_memory_and_says_how_much():
    text = D.c("xor", "float", sizes={"n": 4}, optimizer=sn.Adam())
    buffers = sum(4 * int(size) for size in re.findall(r"^static float \w+\[(\d+)\];", text, re.MULTILINE))
    numbers = 13 * 3 + 12  # parameters, two states of each, the data
    assert f"Static memory: {buffers} bytes" in text and buffers + 4 * numbers < 4096
    values = sum(12 if "3 x 4" in line else 4 for line in text.split("xor_step(")[-1].splitlines() if "*const" in line)
    assert buffers < 4 * values  # what is not alive together shares an array


def test_the_prediction_is_the_last_layer_or_a_value_by_name():
    assert "void net_predict(" in D.c(sizes={"n": 4}) and "net_predict gives Z2" in D.c(sizes={"n": 4})
    assert "net_predict gives A1" in D.c(sizes={"n": 4}, prediction="A1")
    assert "net_predict" not in D.c(sizes={"n": 4}, prediction=False)
    assert "net_step" not in D.c(sizes={"n": 4}, update=False)


def test_the_update_of_a_training_is_its_own():
    trained = sn.train(sn.squared_error(NET.output, Y), XOR, optimizer=sn.Momentum(), steps=1, seed=0, progress=False)
    text = trained.derivation.c(sizes={"n": 4})
    assert re.search(r"net_step\([^)]*const float beta[^)]*float \*restrict v_W1", text)
    with pytest.raises(ValueError, match="leave optimizer away"):
        trained.derivation.c(sizes={"n": 4}, optimizer=0.1)
    with pytest.raises(ValueError, match="main needs the value of"):
        trained.derivation.c(sizes={"n": 4}, main=True)


@needs_compiler
def test_names_of_every_kind_are_safe(tmp_path):
    names = [
        "double",
        "restrict",
        "i",
        "t1",
        "W.1",
        "W_1",
        "β",
        "exp",
        "net_buffer0",
        "main",
        "net_loss",
        "2W",
        "*/",
        "printf",
    ]
    matrices = [sn.matrix(name, 2, 2) for name in names]
    loss = sn.sum(sn.tanh(sum(matrices[1:], matrices[0]))) * sympy.Symbol("int") + sympy.Symbol("float") ** 2
    wrt = [*matrices, sympy.Symbol("int"), sympy.Symbol("float")]
    lines = run(sn.derive(loss, wrt).c(dtype="double", main=True, steps=3), tmp_path)
    assert lines[0].startswith("loss") and any(line.startswith("after 3 steps") for line in lines)


# -- kernels


@needs_compiler
def test_a_kernel_in_c_has_the_face_of_one_in_numpy(monkeypatch):
    monkeypatch.setattr(c_kernel, "FLAGS", STRICT)
    kernel, plain = D.compile(backend="c"), D.compile()
    with pytest.raises(ValueError, match=r"call the kernel, or write d\.c\(sizes=…\)"):
        kernel.source  # noqa: B018
    for n in (4, 1):
        values = {X: np.ones((2, n)), Y: np.zeros((1, n))} | START
        loss, gradients = kernel(values)
        wanted, others = plain(values)
        assert isinstance(loss, float) and loss == pytest.approx(wanted, rel=1e-13)
        assert all(np.allclose(gradients[W], others[W], rtol=1e-12) for W in NET.parameters)
    assert "void kernel(" in kernel.source and pickle.loads(pickle.dumps(kernel)).backend == "c"
    turned = {X: np.ones((4, 4))[::2].T.T, Y: np.zeros((4, 1)).T} | START  # no copies in C order
    assert kernel(turned)[0] == pytest.approx(plain(turned)[0], rel=1e-13)
    assert kernel({s: np.float32(v) for s, v in (XOR | START).items()})[1]["W1"].dtype == np.float32
    with pytest.raises(sympy.ShapeError):
        kernel(XOR | START | {Y: np.zeros((1, 3))})
    with pytest.raises(KeyError):
        kernel(XOR)
    with pytest.raises(TypeError, match="float16"):
        kernel({s: np.asarray(v, np.float16) for s, v in (XOR | START).items()})


@needs_compiler
def test_threads_take_turns(monkeypatch):
    monkeypatch.setattr(c_kernel, "FLAGS", STRICT)
    kernel = D.compile(backend="c")
    wanted = [kernel(XOR | {W: v * s for W, v in START.items()})[0] for s in range(4)]
    found = [None] * 4

    def work(s):
        found[s] = {kernel(XOR | {W: v * s for W, v in START.items()})[0] for _ in range(50)}

    threads = [threading.Thread(target=work, args=(s,)) for s in range(4)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert found == [{w} for w in wanted]


def test_without_a_compiler_or_with_one_that_fails(monkeypatch):
    values = XOR | START
    monkeypatch.setenv("CC", "")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match=r"needs a C compiler.*CC"):
        D.compile(backend="c")(values)
    monkeypatch.setenv("CC", "/nowhere/cc -O2")
    with pytest.raises(FileNotFoundError, match="/nowhere/cc does not start"):
        D.compile(backend="c")(values)


@needs_compiler
def test_the_words_of_a_compiler_that_fails(monkeypatch):
    monkeypatch.setattr(c_kernel, "FLAGS", [*STRICT, "-fno-such-flag-is-there"])
    with pytest.raises(RuntimeError, match=r"failed:\n.*no-such-flag-is-there"):
        D.compile(backend="c")(XOR | START)


# -- what is refused


BAD = {
    "a size that is missing": ({}, ValueError, r"say what n is.*sizes=\{'n': 4\}"),
    "a size that there is not": ({"sizes": {"n": 4, "m": 3}}, KeyError, "m, which is no size"),
    "sizes without names": ({"sizes": 4}, TypeError, r"sizes=\{'n': 4\}"),
    "a size of nothing": ({"sizes": {"n": 0}}, ValueError, "positive whole number"),
    "half a sample": ({"sizes": {"n": 2.5}}, ValueError, "positive whole number"),
    "a huge size": ({"sizes": {"n": 10**9}}, ValueError, "compile to NumPy|fewer samples"),
    "much memory": ({"sizes": {"n": 80_000_000}, "dtype": "double"}, ValueError, "bytes of static memory"),
    "a keyword": ({"name": "double"}, ValueError, "no word that C keeps"),
    "a function of C": ({"name": "exp"}, ValueError, "such as 'net'"),
    "no identifier": ({"name": "2 nets"}, ValueError, "a letter first"),
    "an empty name": ({"name": ""}, ValueError, "such as 'net'"),
    "no name": ({"name": 3}, TypeError, "no text"),
    "an unknown type": ({"dtype": "half"}, TypeError, "'float' .32 bits. or 'double'"),
    "no type of NumPy": ({"dtype": "quark"}, TypeError, "'float' .32 bits. or 'double'"),
    "no type": ({"dtype": None}, TypeError, "'float' .32 bits. or 'double'"),
    "a type of whole numbers": ({"dtype": int}, TypeError, "'float' .32 bits. or 'double'"),
    "a prediction that there is not": ({"sizes": {"n": 4}, "prediction": "Q"}, KeyError, "there are Z1"),
    "a solver": ({"sizes": {"n": 4}, "optimizer": sn.LBFGS()}, TypeError, "LBFGS is a solver"),
    "no optimizer": ({"sizes": {"n": 4}, "optimizer": "adam"}, TypeError, "sn.Adam"),
    "an unknown array": ({"sizes": {"n": 4}, "main": {"Q": 1}}, KeyError, "Q, which is no symbol"),
    "an array of another shape": ({"sizes": {"n": 4}, "main": {X: np.ones((2, 5))}}, ValueError, "X"),
    "a main of another kind": ({"sizes": {"n": 4}, "main": "yes"}, TypeError, "True, or arrays"),
    "no number of steps": ({"sizes": {"n": 4}, "main": True, "steps": -1}, ValueError, "whole number"),
}  # fmt: skip


@pytest.mark.parametrize("why", BAD)
def test_bad_input_is_refused_in_words(why):
    asked, error, words = BAD[why]
    with pytest.raises(error, match=words):
        D.c(**asked)


def test_an_unknown_backend():
    with pytest.raises(ValueError, match="there are numpy, c, jax"):
        D.compile(backend="fortran")


@needs_compiler
def test_the_example_learns_by_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["c_xor.py", str(tmp_path)])
    runpy.run_path(str(Path(__file__).parent.parent / "examples" / "c_xor.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert int(re.search(r"(\d+) bytes of data", said)[1]) < 400 and "predicted Z2" in said
    monkeypatch.setattr(shutil, "which", lambda name: None)
    runpy.run_path(str(Path(__file__).parent.parent / "examples" / "c_xor.py"), run_name="__main__")
    assert "there is no C compiler" in capsys.readouterr().out


_ALIKE = """
import symnet as sn
from sympy import Symbol
W, X, A, c = sn.matrix("W", 4, 3), sn.matrix("X", 3, "n"), sn.matrix("A", 4, 4), Symbol("c")
Y, V, U = (sn.matrix(name, 4, "n") for name in "YVU")
for loss, w in [
    (sn.cross_entropy(W*X, Y + c*V - c*U), W),
    (sn.norm(sn.tanh(W*X) - sn.sigmoid(W*X + Y))**2, W),
    (sn.norm(sn.tanh(A*sn.tanh(W*X + U)) - sn.hadamard(sn.sigmoid(W*X + Y), V))**2, [W, A]),
]:
    print(sn.derive(loss, w).c(sizes={"n": 5}))
"""


def test_the_file_is_the_same_whatever_order_sets_have():
    texts = set()
    for seed in "01":
        run = subprocess.run(
            [sys.executable, "-c", _ALIKE], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True
        )
        assert not run.returncode, run.stderr
        texts.add(run.stdout)
    assert len(texts) == 1
