"""Kernels with a workspace: the values of the plain kernel, in memory that is there already."""

import ast
import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy
from losses import LOSSES, SIZES, values_of
from test_rules import SAMPLES

import symnet as sn
from symnet.backends.instructions import Instruction
from symnet.backends.liveness import LINE, Span, least, placed
from symnet.backends.writing import ALIKE, Constants, Writer


def values_for(kernel, n, dtype=float, seed=0):
    """Give values in which the size n is another one."""
    before = SIZES["n"]
    SIZES["n"] = n
    try:
        return {k: np.asarray(v, dtype)[()] for k, v in values_of(kernel, seed).items()}
    finally:
        SIZES["n"] = before


def same(found, expected, rtol=1e-11):
    found, expected = ([pair[0], *pair[1].values()] for pair in (found, expected))
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b) and type(a) is type(b)
        assert getattr(a, "dtype", None) == getattr(b, "dtype", None)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * (1 + np.abs(b).max()))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_the_values_of_the_plain_kernel(name):
    d = sn.derive(*LOSSES[name])
    plain, own, copied = d.compile(), d.compile(workspace=True), d.compile(workspace=True, copy=True)
    for n, seed in ((5, 0), (5, 1), (2, 2), (5, 3), (1, 4)):
        values = values_for(plain, n, seed=seed)
        given = {k: np.copy(v) for k, v in values.items()}
        expected = plain(values)
        for kernel in (own, copied):
            same(kernel(values), expected)
            same(kernel(values), expected)
        assert all(np.array_equal(values[k], given[k]) for k in values), "arguments stay as they are"


def numbers_for(kernel, seed):
    rng = np.random.default_rng(seed)
    sizes = lambda s: [int(k) if k.is_Integer else 5 for k in getattr(s, "shape", ())]
    drawn = {name: rng.uniform(0.3, 1.3, sizes(s))[()] for name, s in kernel.symbols.items()}
    return {name: 3 if name == "K" else 5 if name in kernel.program.names.sizes else v for name, v in drawn.items()}


@pytest.mark.parametrize("node", SAMPLES, ids=lambda node: node.__name__)
def test_every_operation_with_a_rule_has_the_values_of_the_plain_kernel(node):
    loss = SAMPLES[node]
    d = sn.derive(loss, [s for s in sorted(loss.free_symbols, key=str) if s.name != "K"])
    plain, own = d.compile(), d.compile(workspace=True)
    for seed in (0, 1, 0):  # other data after those that the workspace was made with, and the first again
        same(own(numbers_for(own, seed)), plain(numbers_for(plain, seed)))


X, Y, B, c = sn.matrix("X", 6, "n"), sn.matrix("Y", 3, "n"), sn.matrix("B", 4, 4), sn.vector("c", 4)
net = sn.mlp(X, [5, 4, 3])
deep = sn.derive(sn.squared_error(net.output, Y), net.parameters)


def data_of(kernel, n, seed=0, dtype=float):
    rng = np.random.default_rng(seed)
    shape = lambda s: [n if str(size) == "n" else int(size) for size in s.shape]
    return {name: rng.normal(size=shape(s)).astype(dtype) for name, s in kernel.symbols.items()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes(dtype):
    plain, kernel = deep.compile(), deep.compile(workspace=True)
    for given in (dtype, float, np.float32):
        values = data_of(plain, 7, dtype=given)
        same(kernel(values), plain(values), 1e-4 if given is np.float32 else 1e-12)
    plain, kernel = deep.compile(dtype), deep.compile(dtype, workspace=True)
    values = data_of(plain, 7)
    same(kernel(values), plain(values), 1e-4 if dtype is np.float32 else 1e-12)


def test_arguments_of_other_layouts_and_types():
    plain, kernel = deep.compile(), deep.compile(workspace=True)
    values = data_of(plain, 7)
    arrays = plain.bind(values)
    changed = [
        np.asfortranarray(arrays[0]),
        arrays[1].astype(np.float32),
        *[np.repeat(a, 2, 0)[::2] for a in arrays[2:]],
    ]
    for given in (arrays, changed, [*arrays[:2], *changed[2:]], [*changed[:2], *arrays[2:]]):
        (a, A), (b, B) = kernel.function(*given), plain.function(*given)
        same((a, dict(enumerate(A))), (b, dict(enumerate(B))))


def test_gradients_are_the_workspaces_own_or_copies():
    own, copied = deep.compile(workspace=True), deep.compile(workspace=True, copy=True)
    one, two = data_of(own, 7, 1), data_of(own, 7, 2)
    for kernel, kept in ((own, False), (copied, True)):
        _, first = kernel(one)
        before = {s: np.copy(a) for s, a in first.items()}
        _, second = kernel(two)
        for s in first:
            assert np.shares_memory(first[s], second[s]) is not kept
            assert np.array_equal(first[s], before[s]) is kept
    with pytest.raises(ValueError, match="workspace=True"):
        deep.compile(copy=True)


def test_what_the_caller_does_to_gradients_does_not_come_back():
    a = sn.matrix("A", 3, 3)
    d = sn.derive(sn.sum(a) + sn.sum(B.T) + sn.norm(c) ** 2, [a, B, c])
    for copied in (False, True):
        kernel, values = d.compile(workspace=True, copy=copied), data_of(d.compile(), 3)
        for _ in range(2):
            _, gradients = kernel(values)
            for s, expected in ((a, np.ones((3, 3))), (B, np.ones((4, 4))), (c, 2 * values["c"])):
                np.testing.assert_allclose(gradients[s], expected, rtol=1e-12)
                gradients[s] *= 0


def test_threads_do_not_meet():
    plain, kernel = deep.compile(), deep.compile(workspace=True)
    cases = [data_of(plain, 5 + k % 3, k) for k in range(8)]
    expected = [plain(values) for values in cases]

    def many(k):
        for _ in range(40):
            same(kernel(cases[k]), expected[k])
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(many, range(8)))


def test_pickled_and_copied():
    kernel = deep.compile(workspace=True, copy=True)
    values = data_of(kernel, 4)
    expected = kernel(values)
    for other in (pickle.loads(pickle.dumps(kernel)), copy.copy(kernel), copy.deepcopy(kernel)):
        assert other.workspace and other.copy
        same(other(values), expected)


def test_an_error_half_way_leaves_it_usable():
    A = sn.matrix("A", 3, 3)
    d = sn.derive(sn.norm(sn.tanh(A) * sn.inv(A)) ** 2, A)
    plain, kernel = d.compile(), d.compile(workspace=True)
    good, bad = {A: np.eye(3) + 1}, {A: np.zeros((3, 3))}
    for values in (bad, good, bad, good):
        if values is bad:
            with pytest.raises(np.linalg.LinAlgError, match="A"):
                kernel(values)
        else:
            same(kernel(values), plain(values))


def test_names_that_the_code_has_already():
    t1, g0, c0, dot, empty = (sn.matrix(name, 3, 3) for name in ("t1", "g0", "c0", "dot", "empty"))
    d = sn.derive(sn.sum(sn.tanh(t1 * g0) * sn.relu(c0 * dot + empty)) / 3, [t1, g0, c0, dot, empty])
    for copied in (False, True):
        kernel = d.compile(workspace=True, copy=copied)
        values = data_of(kernel, 3)
        for _ in range(2):
            same(kernel(values), d.compile()(values))


def test_more_shapes_than_are_kept():
    plain, kernel = deep.compile(), deep.compile(workspace=True)
    for n in [*range(1, 12), *range(11, 0, -1)]:
        values = data_of(plain, n, n)
        same(kernel(values), plain(values))


def test_values_by_name_and_hessians():
    Z = deep.compile(outputs=["Z1", "A1", "L"], workspace=True)
    values = data_of(deep.compile(), 3)
    values = {name: values[name] for name in Z.arguments}
    expected = deep.compile(outputs=["Z1", "A1", "L"])(values)
    found = Z(values)
    assert all(np.allclose(found[k], expected[k], rtol=1e-12) for k in expected)
    w = sn.vector("w", 4)
    second = sn.derive(sn.sum(sn.tanh(B * w)), [w], order=2)
    given = {B: np.arange(16.0).reshape(4, 4) / 9, w: [1, -1, 2, 0.5]}
    plain, kernel = second.compile()(given), second.compile(workspace=True)
    for _ in range(2):
        found = kernel(given)
        np.testing.assert_allclose(np.asarray(found[2][w]), np.asarray(plain[2][w]), rtol=1e-12)


def test_memory_of_a_deep_net_is_that_of_its_living_values():
    tall = sn.mlp(X, [20] * 30)
    kernel = sn.derive(sn.squared_error(tall.output, sn.matrix("T", 20, "n")), tall.parameters).compile(workspace=True)
    memory = kernel.memory(data_of(kernel, 50))
    assert memory.least <= memory.block <= 1.2 * memory.least
    assert memory.block < 0.4 * memory.all and memory.fresh == 0
    with pytest.raises(TypeError, match="workspace=True"):
        deep.compile().memory(data_of(deep.compile(), 5))


def test_values_that_live_together_do_not_overlap():
    rng = np.random.default_rng(0)
    for _ in range(30):
        starts = rng.integers(0, 40, size=25)
        spans = [Span(int(s), int(s + rng.integers(0, 20)), int(rng.integers(1, 40000))) for s in starts]
        offsets, whole = placed(spans)
        assert least(spans) <= whole <= sum(s.room for s in spans)
        for k, a in enumerate(spans):
            assert offsets[k] % LINE == 0 and offsets[k] + a.size <= whole
            for j in range(k):
                if a.first <= spans[j].last and spans[j].first <= a.last:
                    assert offsets[k] + a.bytes <= offsets[j] or offsets[j] + spans[j].bytes <= offsets[k]


def test_training_in_a_workspace(tmp_path):
    rng = np.random.default_rng(0)
    wide = sn.mlp(X, [40, 3])
    loss = sn.squared_error(wide.output, Y)
    data = {X: rng.normal(size=(6, 300)), Y: rng.normal(size=(3, 300))}
    path = tmp_path / "run.npz"
    options = {"batch_size": 64, "seed": 1, "optimizer": sn.Adam(0.01)}
    whole = sn.train(loss, data, wide, epochs=6, **options)
    sn.train(loss, data, wide, epochs=3, checkpoint=path, **options)
    again = sn.resume(path, data, epochs=6)
    assert again.history["loss"] == whole.history["loss"]
    assert all(np.array_equal(again.parameters[s], whole.parameters[s]) for s in wide.parameters)
    full = sn.train(loss, data, wide, epochs=6, seed=1, optimizer=0.1)
    plain = sn.train(loss, [data], wide, epochs=6, seed=1, optimizer=0.1)
    np.testing.assert_allclose(full.history["loss"], plain.history["loss"], rtol=1e-10)


@pytest.mark.parametrize("function", ["maximum", "minimum"])
@pytest.mark.parametrize("rows", [3, ALIKE, ALIKE + 1])
def test_the_number_beside_a_maximum_is_an_array_like_the_other_one(function, rows):
    own = Constants(())
    i = Instruction("A", ast.parse(f"{function}(Z, 0)", mode="eval").body, ("Z",))
    written = Writer({function: getattr(np, function)}, {}, own).written(i, {"Z": np.zeros((rows, 1))})
    assert written.lines == (f"{function}(Z, c0, out=A)",)
    assert own.arrays["c0"].shape == ((rows, 1) if rows <= ALIKE else ())


SPECIAL = {
    "gelu": sn.gelu, "erf": lambda A: sn.elementwise(sympy.erf, A), "erfc": lambda A: sn.elementwise(sympy.erfc, A),
    "gamma": lambda A: sn.elementwise(sympy.gamma, A), "loggamma": lambda A: sn.elementwise(sympy.loggamma, A),
    "digamma": lambda A: sn.elementwise(lambda t: sympy.polygamma(0, t), A), "log of a probability":
    lambda A: sn.elementwise(lambda t: sympy.log((1 + sympy.erf(t / sympy.sqrt(2))) / 2), A),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_functions_that_numpy_lacks(name):
    A, n = sn.matrix("A", 3, "n"), 7
    d = sn.derive(sn.sum(SPECIAL[name](A)) + sn.norm(SPECIAL[name](2 * A)) ** 2, A)
    plain, own = d.compile(), d.compile(workspace=True)
    for seed in range(2):
        values = {A: np.random.default_rng(seed).uniform(0.3, 2.0, (3, n))}
        same(own(values), plain(values))
    assert d.cost({"n": n}).operations > 0


def test_a_net_with_functions_that_numpy_lacks_is_trained_where_arrays_are_large():
    X, Y, T = sn.matrix("X", 4, "n"), sn.matrix("Y", 3, "n"), sn.matrix("T", 3, 4)
    data = {X: np.ones((4, 500)), Y: np.ones((3, 500))}
    found = [
        sn.train(
            sn.squared_error(sn.gelu(T * X), Y), data, T, sn.Adam(), epochs=2, progress=False, seed=0, backend=kind
        ).parameters[T]
        for kind in ("numpy", "workspace", "auto")
    ]
    assert np.allclose(found[0], found[1]) and np.allclose(found[0], found[2])
