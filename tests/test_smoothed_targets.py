"""Targets that sum to 1 for each sample because of what they are made of: smoothed, mixed, both, one-hot by declaration."""

import gc
import re
import weakref
from importlib import import_module

import numpy as np
import pytest
from sympy import OneMatrix, Rational, Symbol

import symnet as sn

eps, lam = Symbol("epsilon", positive=True), Symbol("lambda", positive=True)
K = 4
W, X, C = sn.matrix("W", K, 3), sn.matrix("X", 3, "n"), sn.matrix("C", K, "n", one_hot="columns")
Y, V, U = (sn.matrix(name, K, "n") for name in "YVU")
n = X.shape[1]
ONES = OneMatrix(K, n)
TARGETS = {
    "smoothed": (1 - eps) * Y + eps / K * ONES,
    "smoothed by a number": Rational(9, 10) * Y + Rational(1, 40) * ONES,
    "multiplied out": Y - eps * Y + eps / K * ONES,
    "mixed": lam * Y + (1 - lam) * V,
    "mixed and smoothed": (1 - eps) * (lam * Y + (1 - lam) * V) + eps / K * ONES,
    "declared": (1 - eps) * C + eps / K * ONES,
    "declared, mixed": lam * C + (1 - lam) * Y,
    "with noise that cancels": Y + lam * V - lam * U,
    "with a distribution": (1 - lam) * Y + lam * sn.softmax(V),
    "named": sn.let("T", Y),
    "named, smoothed": sn.let("T", (1 - eps) * Y + eps / K * ONES),
    "named within": (1 - eps) * sn.let("T", lam * Y + (1 - lam) * V) + eps / K * ONES,
}  # fmt: skip


def values_of(loss, seed=0):
    rng = np.random.default_rng(seed)
    one_hot = lambda: np.eye(K)[:, rng.integers(0, K, 5)]
    drawn = {W: rng.normal(size=(K, 3)), X: rng.normal(size=(3, 5)), eps: 0.1, lam: 0.7}
    drawn |= {symbol: one_hot() for symbol in (Y, V, U, C)}
    return {s: a for s, a in drawn.items() if s in loss.free_symbols}


@pytest.mark.parametrize("rows", [False, True], ids=["columns", "rows"])
@pytest.mark.parametrize("name", TARGETS)
def test_the_gradient_is_the_difference(name, rows):
    T = TARGETS[name]
    loss = sn.cross_entropy((W * X).T, T.T, axis=1) if rows and name != "declared" else sn.cross_entropy(W * X, T)
    derivation = sn.derive(loss, W)
    text = str(derivation)
    assert "1ᵀ" not in text, text
    assert sn.check_gradients(loss, values_of(loss), wrt=[W]).ok
    smoothed = sn.derive(sn.cross_entropy(W * X, T), W)
    named = name == "named within"  # a line that was asked for
    assert len(smoothed.equations) <= 1 + named + len(sn.derive(sn.cross_entropy(W * X, Y), W).equations)


@pytest.mark.parametrize(
    "loss",
    [
        -sn.sum(sn.hadamard(TARGETS["declared"], sn.log_softmax(W * X))),
        -(1 - eps) * sn.sum(sn.hadamard(C, sn.log_softmax(W * X))) - eps / K * sn.sum(sn.log_softmax(W * X)),
        (1 - eps) * sn.cross_entropy(W * X, Y) - eps * sn.mean(sn.log_softmax(W * X)),
        sn.kl_divergence(TARGETS["smoothed"], sn.softmax(W * X)),
    ],
)
def test_other_ways_to_write_it(loss):
    assert "1ᵀ" not in str(sn.derive(loss, W))
    assert sn.check_gradients(loss, values_of(loss), wrt=[W]).ok


def test_what_is_printed():
    assert "Z̅₁ = (softmax(Z₁) − T₁)/n" in str(sn.derive(sn.cross_entropy(W * X, TARGETS["smoothed"]), W))


@pytest.mark.parametrize("target", [Y - V / 2, eps * Y, Y + eps * ONES, sn.tanh(Y) + ONES])
def test_nothing_is_assumed_of_other_sums(target):
    loss = sn.cross_entropy(W * X, target)
    values = values_of(loss) | {Y: np.random.default_rng(1).normal(size=(K, 5))}
    assert sn.check_gradients(loss, values, wrt=[W]).ok


def test_targets_that_do_not_sum_to_one_are_refused():
    loss = sn.cross_entropy(W * X, TARGETS["smoothed"])
    with pytest.raises(ValueError, match="Y: the targets of cross_entropy must sum to 1 in each column"):
        sn.derive(loss, W).compile()(values_of(loss) | {Y: np.ones((K, 5))})


# -- whatever computes with a user's values looks at them


def _whole(loss, values):
    return sn.derive(loss, W).compile()(values)


def _jax(loss, values):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        return sn.derive(loss, W).to_jax()({s.name: a for s, a in values.items()})


WAYS = {
    "a kernel": _whole,
    "the loss": sn.evaluate,
    "JAX": _jax,
    "a step": lambda loss, values: sn.train(loss, values, {W: values.pop(W)}, steps=1, progress=False),
    "a batch that comes": lambda loss, values: sn.train(
        loss, _Later(values), {W: values.pop(W)}, epochs=1, progress=False
    ),
}  # fmt: skip


class _Later:
    """Batches of which the first is right."""

    def __init__(self, values):
        self.wrong = values
        self.right = {s: a / a.sum(axis=0) if s in (Y, V, U) else a for s, a in values.items()}

    def __iter__(self):
        yield from ({s: a for s, a in batch.items() if s is not W} for batch in (self.right, self.wrong))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["mixed", "with noise that cancels", "named"])
def test_what_does_not_sum_to_one_is_refused_by_all(name, way):
    loss = sn.cross_entropy(W * X, TARGETS[name])
    values = values_of(loss)
    if way != "a batch that comes":
        WAYS[way](loss, dict(values))
    with pytest.raises(ValueError, match=r"Y.*: the targets of cross_entropy must sum to 1 in each column, but column"):
        WAYS[way](loss, values | {Y: 2 * values[Y]})


def test_what_cancels_is_judged_as_a_whole():
    loss = sn.cross_entropy(W * X, TARGETS["with noise that cancels"])
    values = values_of(loss) | {U: np.full((K, 5), 0.3), V: np.full((K, 5), 0.3)}
    assert sn.check_gradients(loss, values, wrt=[W]).ok
    Z, A, B, C = (sn.matrix(name, 2, "n") for name in "ZABC")
    assert sn.prove(sn.cross_entropy(Z, A + lam * B - lam * C), Z, {"n": 1}).ok
    with pytest.raises(ValueError, match="0.7.V .*Y.* column 0 sums to 1.28, of which .*V to 1.6"):
        sn.derive(loss, W).compile()(values | {V: np.full((K, 5), 0.4)})


def test_a_coefficient_that_is_trained_keeps_each_symbol_to_it():
    # the whole sums to 1 for this λ alone
    loss = sn.cross_entropy(W * X, TARGETS["mixed"])
    values = values_of(loss) | {Y: np.full((K, 5), 0.5), V: np.full((K, 5), 0.0), lam: 0.5}
    sn.derive(loss, W).compile()(values)
    with pytest.raises(ValueError, match="Y: the targets"):
        sn.derive(loss, [W, lam]).compile()(values)


def test_a_file_of_c_says_what_it_does_not_look_at():
    text = sn.derive(sn.cross_entropy(W * X, TARGETS["mixed"]), W).c(sizes={"n": 5})
    assert "(lambda)*Y + (1 - lambda)*V: each column must sum to 1, which is not checked here" in text
    S = sn.matrix("S", 2, 2, symmetric=True)
    text = sn.derive(lam * sn.norm(S) ** 2, S).c(optimizer=sn.Adam())
    assert "S: 2 x 2, must be symmetric, which" in text and "lambda: must be above 0, which" in text
    with pytest.raises(ValueError, match="S is declared symmetric"):
        sn.derive(sn.norm(S) ** 2, S).c(optimizer=sn.Adam(), main={S: [[1, 2], [3, 4]]})


DECLARED = {
    sn.matrix("A", 2, 2, symmetric=True): [[1, 2], [3, 4]],
    sn.matrix("A", 2, 2, positive=True): [[1, 2], [-3, 4]],
    sn.matrix("A", 2, 2, one_hot="rows"): [[1, 1], [0, 1]],
    Symbol("A", positive=True): -1.0,
    Symbol("A", integer=True): 0.5,
}


@pytest.mark.parametrize("symbol", DECLARED, ids=str)
def test_a_loss_of_jax_takes_what_is_declared(symbol):
    jax = pytest.importorskip("jax")
    w = sn.vector("w", 2)
    inside = sn.norm(symbol * w) ** 2
    loss, wrong = sn.derive(inside, w).to_jax(), np.array(DECLARED[symbol], np.float32)
    one = np.ones((2, 1), np.float32)
    with pytest.raises(ValueError, match="A (is declared|must be)"):
        loss(A=wrong, w=one)
    with pytest.raises(ValueError, match="A (is declared|must be)"):
        jax.grad(lambda w: loss(A=wrong, w=w))(one)
    assert jax.jit(lambda A: loss(A=A, w=one))(wrong).shape == ()  # which has no numbers while it is traced


# -- in few digits


def _rounded(dtype):
    # what is as it is declared, up to the digits of a type
    jax = pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    A = rng.normal(size=(40, 40))
    S = (A @ A.T + np.eye(40)).astype(dtype)
    S[3, 7] = np.nextafter(S[3, 7], np.asarray(np.inf, dtype))
    with jax.enable_x64(True):
        shares = np.asarray(jax.nn.softmax(jax.numpy.asarray(rng.normal(size=(40, 90)), dtype), axis=0))
    return {
        "symmetric": S, "positive_definite": S, "orthogonal": np.linalg.qr(A)[0].astype(dtype), "targets": shares,
        "diagonal": np.eye(40).astype(dtype),
    }  # fmt: skip


def _of_a_matrix(fact):
    if fact == "targets":
        T = sn.matrix("T", 40, "n")
        return sn.derive(sn.cross_entropy(sn.matrix("Z", 40, "n"), T), T.func("Z", 40, n)), {"Z": np.zeros((40, 90))}
    T, w = sn.matrix("T", 40, 40, **{fact: True}), sn.vector("w", 40)
    return sn.derive(sn.norm(T * w) ** 2, w), {"w": np.zeros((40, 1))}


@pytest.mark.parametrize("fact", ["symmetric", "positive_definite", "orthogonal", "targets", "diagonal"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_arrays_are_judged_in_the_digits_of_their_type(dtype, fact):
    jax = pytest.importorskip("jax")
    derivation, others = _of_a_matrix(fact)
    dtype = jax.numpy.dtype(dtype)
    array = _rounded(dtype)[fact]
    wrong = array.copy()
    wrong[0, 1] += 4
    runs = [derivation.to_jax()] + [derivation.compile()] * (dtype.kind == "f")
    with jax.enable_x64(dtype == np.float64):
        for run in runs:
            values = {name: a.astype(dtype) for name, a in others.items()}
            run({"T": array, **values})
            with pytest.raises(ValueError, match="T is declared|T: the targets") as error:
                run({"T": wrong, **values})
            assert "1 where 1 " not in str(error.value)


@pytest.mark.parametrize("run", ["to_jax", "compile"])
def test_what_is_not_so_is_told_in_digits_that_show_it(run):
    pytest.importorskip("jax")
    A = np.array([[1, 8.25631], [8.25632, 1]])
    A[1, 0] = 8.25631 * (1 + 1e-4 * 1e-3)
    cases = {"symmetric": (A, "8.25631 at .0, 1. and 8.256311"), "orthogonal": (np.eye(2) * (1 + 1e-8), "1.00000002 ")}
    for fact, (array, shown) in cases.items():
        T, w = sn.matrix("T", 2, 2, **{fact: True}), sn.vector("w", 2)
        derivation = sn.derive(sn.norm(T * w) ** 2, w)
        with pytest.importorskip("jax").enable_x64(True), pytest.raises(ValueError, match=shown):
            getattr(derivation, run)()({T: array, w: np.ones((2, 1))})


@pytest.mark.parametrize("comes", ["a file", "a stream"])
def test_batches_are_judged_in_the_digits_that_they_come_with(tmp_path, comes):
    rng = np.random.default_rng(0)
    shares = np.exp(rng.normal(size=(K, 40)))
    shares = (shares / shares.sum(axis=0)).astype(np.float16)
    x = rng.normal(size=(3, 40))
    loss, start = sn.cross_entropy(W * X, Y), {W: np.zeros((K, 3))}
    if comes == "a file":
        np.save(tmp_path / "y.npy", shares)
        data, told = {X: x, Y: np.load(tmp_path / "y.npy", mmap_mode="r")}, {"batch_size": 4}
    else:
        data, told = [{X: x[:, k : k + 4], Y: shares[:, k : k + 4]} for k in range(0, 40, 4)], {}
    assert len(sn.train(loss, data, start, epochs=1, progress=False, **told).history["loss"]) == 1


@pytest.mark.parametrize("way", ["a kernel", "JAX", "a stream"])
def test_what_is_stated_is_read_once_and_no_program_is_kept(way, monkeypatch):
    from symnet.backends import stated
    from symnet.training import batches

    calls, loss = [], sn.cross_entropy(W * X, TARGETS["mixed"])
    values = values_of(loss)
    counted = lambda name, f: lambda *a, **k: (calls.append(name), f(*a, **k))[1]
    monkeypatch.setattr(stated, "targets_of", counted("targets", stated.targets_of))
    monkeypatch.setattr(batches.binding, "bind_sizes", counted("sizes", batches.binding.bind_sizes))
    derivation = sn.derive(loss, W)
    if way == "a stream":
        start, counts = {W: values.pop(W)}, []
        for steps in (5, 15):
            calls.clear()
            sn.train(loss, [values] * steps, start, epochs=1, progress=False)
            counts.append(calls.count("sizes"))
        assert counts[1] - counts[0] == 10, counts
        return
    run = derivation.compile() if way == "a kernel" else pytest.importorskip("jax") and derivation.to_jax()
    for _ in range(3):
        run({s.name: np.asarray(a, np.float32) for s, a in values.items()})
    assert calls.count("targets") == 1
    program = weakref.ref(derivation.program)
    del run, derivation
    gc.collect()
    assert program() is None


_A, _B, _C, _S = (sn.matrix(name, 2, 1) for name in "ABCS")
_SQUARE, _MIRROR = sn.matrix("M", 2, 2), sn.matrix("N", 2, 2, symmetric=True)
SHARED = {
    "the same two": [lam * _A + (1 - lam) * _B, eps * _A + (1 - eps) * _B],
    "one of two": [lam * _B + (1 - lam) * _C, eps * _A + (1 - eps) * _B],
    "a chain": [lam * _B + (1 - lam) * _C, eps * _A + (1 - eps) * _B, lam * _C + (1 - lam) * _A],
    "alone and in another": [_A, eps * _A + (1 - eps) * _B],
    "what cancels, alone": [_A + lam * _B - lam * _C, _C],
    "turned": [_SQUARE, (lam * _SQUARE + (1 - lam) * _MIRROR).T],
}


@pytest.mark.parametrize("name", SHARED)
def test_a_proof_takes_targets_that_share_symbols(name, monkeypatch):
    scores = [sn.matrix(f"Z{k}", *T.shape) for k, T in enumerate(SHARED[name])]
    loss = sum(sn.cross_entropy(Z, T) for Z, T in zip(scores, SHARED[name], strict=True))
    for Z in scores[:2]:
        assert sn.prove(loss, Z).ok
    monkeypatch.setattr(import_module("symnet.checking.prove"), "gradient", lambda *loss: 2 * sn.gradient(*loss))
    assert not sn.prove(loss, scores[1]).ok


TURNED = sn.matrix("V", n, K)  # a sample in each row
WORDS = {
    "columns, one turned": (lam * Y + (1 - lam) * TURNED.T, 0, r"\(lambda\)\*Y \+ \(1 - lambda\)\*V.T: each column"),
    "rows, one turned": ((lam * Y + (1 - lam) * TURNED.T).T, 1, r"\(lambda\)\*Y(.T)? \+ \(1 - lambda\)\*V(.T)?: each"),
    "turned alone": (TURNED.T, 0, "V: each row"),
    "none": (lam * Y + (1 - lam) * V, 0, r"\(lambda\)\*Y \+ \(1 - lambda\)\*V: each column"),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_turn_a_matrix_where_the_target_does(name):
    target, axis, words = WORDS[name]
    derivation = sn.derive(sn.cross_entropy(W * X if axis == 0 else (W * X).T, target, axis=axis), W)
    text = derivation.c(sizes={"n": 5})
    (said,) = [line.strip(" *") for line in text.splitlines() if "must sum to 1" in line]
    assert re.match(words, said), said
    assert said.count(".T") == (0 if name in ("turned alone", "none") else 1), said
    other = next(s for s in derivation.program.inputs.values() if s.name == "V")
    values = values_of(sn.norm(W * X) ** 2 + lam + sn.sum(Y))
    values = {s: a for s, a in values.items() if s.name in derivation.program.inputs}
    with pytest.raises(ValueError, match="the targets") as error:
        derivation.compile()(values | {other: np.ones([5 if k == n else K for k in other.shape])})
    assert str(error.value).count(".T") == 2 * said.count(".T"), error.value


_HALF = (Y + V) / 2
OUTER = {
    "a number": _HALF,
    "turned": ((Y.T + V.T) / 2).T,
    "factors twice": 2 * ((Y + V) / 4),
    "a symbol": eps * (lam * Y + (1 / eps - lam) * V),
    "named": sn.let("T", Y + V) / 2,
    "smoothed": (1 - eps) * _HALF + eps / K * ONES,
    "no factor": Y / 2 + V - sn.let("T", V) / 2,
}


@pytest.mark.parametrize("name", OUTER)
def test_a_factor_of_the_whole_changes_nothing(name):
    loss = sn.cross_entropy(W * X, OUTER[name])
    values = values_of(loss)
    right = values | {Y: values[Y] + 0.3, V: values[V] - (0.3 if name != "a symbol" else 0.3 * 0.7 / 9.3)}
    wrong = right | {Y: 2 * right[Y]}
    derivation = sn.derive(loss, W)
    D = sn.matrix("D", K, 3)
    kernel, product = derivation.compile(), sn.hvp(loss, W, D)
    assert sn.check_gradients(loss, right, wrt=[W]).ok
    assert np.allclose(kernel(right)[1][W], sn.evaluate(sn.gradient(loss, W), right))
    used = {s: a for s, a in right.items() if s in product.free_symbols} | {D: np.ones((K, 3))}
    assert np.isfinite(sn.evaluate(product, used)).all()
    with pytest.raises(ValueError, match=r"Y.*: the targets of cross_entropy must sum to 1 in each column"):
        kernel(wrong)
