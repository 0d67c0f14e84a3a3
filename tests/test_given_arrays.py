"""Arrays as users have them: one axis where one is enough, turned, class labels, objects; right, or said what to write."""

import itertools

import numpy as np
import pytest
from sympy import Symbol

import symnet as sn

rng = np.random.default_rng(0)
x, y, w, v = rng.normal(size=(2, 6)), rng.normal(size=(1, 6)), rng.normal(size=(1, 2)), rng.normal(size=(2, 1))
X, Y, W, b = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n"), sn.matrix("W", 1, 2), sn.matrix("b", 1, 1)
COLUMNS = sn.squared_error(sn.affine(W, X, b), Y)
Xr, V, yr = sn.matrix("X", "n", 2), sn.vector("v", 2), sn.vector("y", "n")
ROWS = sn.squared_error(Xr * V, yr, axis=1)
labels = np.array([0, 1, 2, 1, 0, 2])
C, d, T = sn.matrix("C", 3, 2), sn.vector("d", 3), sn.matrix("T", 3, "n")
SOFTMAX = sn.cross_entropy(sn.affine(C, X, d), T)


class Series:
    """What a column of a data frame offers, and no more."""

    def __init__(self, values):
        self.values = list(values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __len__(self):
        return len(self.values)


FORMS = {
    "array": lambda a: a, "list": list, "tuple": tuple, "series": Series, "strided": lambda a: np.repeat(a, 2)[::2],
    "objects": lambda a: np.array(list(a), dtype=object), "float": lambda a: [float(t) for t in a],
}  # fmt: skip


def refused(error, words, call):
    with pytest.raises(error) as raised:
        call()
    for word in words:
        assert word in str(raised.value), f"{word!r} is not in: {raised.value}"


def quick(loss, data, start=None, **options):
    return sn.train(loss, data, start, **({"epochs": 3, "seed": 0, "progress": False} | options))


@pytest.mark.parametrize("form", FORMS)
def test_a_vector_may_have_one_axis_everywhere(form):
    flat = FORMS[form]
    assert sn.evaluate(COLUMNS, {X: x, Y: flat(y[0]), W: flat(w[0]), b: 0.5}) == sn.evaluate(
        COLUMNS, {X: x, Y: y, W: w, b: [[0.5]]}
    )
    kernel = sn.derive(ROWS, V).compile()
    loss, gradients = kernel({Xr: x.T, yr: flat(y[0]), V: flat(v[:, 0])})
    wanted, right = kernel({Xr: x.T, yr: y.T, V: v})
    assert loss == wanted and gradients[V].shape == (2, 1)
    np.testing.assert_array_equal(gradients[V], right[V])
    for size in (None, 2, 4):
        runs = [
            quick(ROWS, {Xr: x.T, yr: a}, {V: s}, batch_size=size) for a, s in ((flat(y[0]), flat(v[:, 0])), (y.T, v))
        ]
        np.testing.assert_array_equal(runs[0].parameters[V], runs[1].parameters[V])
        assert runs[0].history["loss"] == runs[1].history["loss"]
    run = quick(COLUMNS, {X: x, Y: flat(y[0])}, {W: flat(w[0]), b: 0})
    np.testing.assert_allclose(run.evaluate(W * X, {X: x, W: flat(w[0])}), w @ x)
    assert sn.check_gradients(ROWS, {Xr: x.T, yr: flat(y[0]), V: flat(v[:, 0])}, V).ok


def test_gradients_by_hand_may_have_one_axis():
    right = x @ (x.T @ v[:, 0] - y[0]) / 6
    values = {Xr: x.T, yr: y[0], V: v[:, 0]}
    assert sn.diagnose(ROWS, values, {V: right}).ok
    assert not sn.diagnose(ROWS, values, {V: 2 * right}).ok
    assert sn.diagnose(ROWS, values, lambda p: {"v": p["X"].T @ (p["X"] @ p["v"] - p["y"]) / 6}).ok
    seen = []
    sn.diagnose(ROWS, values, lambda p: seen.append(p["v"].shape) or {"v": p["X"].T @ (p["X"] @ p["v"] - p["y"]) / 6})
    assert set(seen) == {(2,)}, "a function gets arrays of the shapes that were given"
    after = {V: v[:, 0] - 0.1 * right}
    assert sn.diagnose_update(ROWS, {V: v[:, 0]}, after, 0.1, {Xr: x.T, yr: y[0]}).ok
    assert not sn.diagnose_update(ROWS, {V: v[:, 0]}, {V: v[:, 0] + 0.1 * right}, 0.1, {Xr: x.T, yr: y[0]}).ok
    refused(ValueError, ["v", "(3,)"], lambda: sn.diagnose(ROWS, values, {V: np.ones(3)}))


def test_dtypes_stay_with_one_axis():
    single = {Xr: x.T.astype(np.float32), yr: y[0].astype(np.float32)}
    assert quick(ROWS, single, {V: v[:, 0].astype(np.float32)}).parameters[V].dtype == np.float32
    assert sn.evaluate(Xr * V, {Xr: single[Xr], V: np.ones(2, np.float32)}).dtype == np.float32


def test_a_vector_of_another_length_is_refused_with_its_shape():
    refused(ValueError, ["v is 2×1", "(3,)"], lambda: sn.evaluate(Xr * V, {Xr: x.T, V: np.ones(3)}))
    refused(ValueError, ["n is bound twice", "y"], lambda: sn.evaluate(ROWS, {Xr: x.T, yr: np.ones(5), V: v}))


M, K, SQUARE = sn.matrix("M", 3, 2), sn.matrix("K", "d", "n"), sn.matrix("S", 2, 2)
SYMBOLS = [X, Xr, Y, yr, W, V, b, M, K, SQUARE, Symbol("t")]
SHAPES = [(), *itertools.product((1, 2, 3, 6)), *itertools.product((1, 2, 3, 6), repeat=2), (2, 6, 1), (0,), (0, 2)]


@pytest.mark.parametrize("symbol", SYMBOLS, ids=lambda s: f"{s}{getattr(s, 'shape', '')}")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_array_for_every_symbol_is_taken_as_it_is_or_refused_by_name(symbol, shape):
    array = rng.normal(size=shape) + 10
    matrix = hasattr(symbol, "shape")
    rows, cols = symbol.shape if matrix else (1, 1)
    try:
        got = sn.evaluate(2 * symbol, {symbol: array})
    except ValueError as error:
        assert str(symbol) in str(error) and str(shape) in str(error)
        fits = matrix and len(shape) == 2 and 0 not in shape
        assert not (fits and all(not s.is_Integer or s == k for s, k in zip((rows, cols), shape, strict=True)))
        if fits and all(not s.is_Integer or s == k for s, k in zip((cols, rows), shape, strict=True)):
            assert ".T" in str(error)
        return
    if len(shape) == 1:
        assert 1 in (rows, cols), "one axis is for vectors"
    np.testing.assert_array_equal(np.ravel(got), 2 * np.ravel(array))
    if len(shape) == 2:
        assert got.shape == shape
    if matrix:
        assert got.ndim == 2 and all(not s.is_Integer or s == k for s, k in zip((rows, cols), got.shape, strict=True))


TURNED = [
    (COLUMNS, {X: x.T, Y: y}, ["X is 2×n", "(6, 2)", "transposed", ".T"]),
    (COLUMNS, {X: x.T, Y: y.T}, ["X is 2×n", "transposed", ".T"]),
    (COLUMNS, {X: x.T, Y: y[0]}, ["X is 2×n", "transposed", ".T"]),
    (COLUMNS, {X: x, Y: y.T}, ["Y is 1×n", "column was given where a row is meant", ".T"]),
    (ROWS, {Xr: x, yr: y[0]}, ["X is n×2", "(2, 6)", "transposed", ".T"]),
    (ROWS, {Xr: x, yr: y}, ["X is n×2", "transposed", ".T"]),
    (SOFTMAX, {X: x.T, T: sn.one_hot(labels, 3, axis=1)}, ["transposed", ".T"]),
    (SOFTMAX, {X: x, T: sn.one_hot(labels, 3, axis=1)}, ["T is 3×n", "(6, 3)", "transposed"]),
    (sn.squared_error(sn.matrix("W", 1, "k") * sn.matrix("X", "k", "n"), Y), {"X": x.T, Y: y},
     ["n is bound twice", "with X transposed", ".T"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(TURNED)))
def test_transposed_data_are_called_transposed_before_anything_else(number):
    loss, data, words = TURNED[number]
    refused(ValueError, words, lambda: quick(loss, data))
    first = words[0].split()[0]
    if first != "n":
        weights = {s: np.ones([6 if k.is_Symbol else k for k in s.shape]) for s in (W, b, V, C, d)}
        given = {**{s: a for s, a in weights.items() if s in loss.free_symbols}, **data}
        refused(ValueError, words, lambda: sn.evaluate(loss, given))
        refused(ValueError, words, lambda: sn.check_gradients(loss, given))


@pytest.mark.parametrize("given", [labels, labels[None], labels[:, None], list(labels), labels.astype(float)], ids=str)
def test_labels_in_the_place_of_one_hot_columns(given):
    wanted = ["T is 3×n", "sn.one_hot(labels, 3)"]
    refused(ValueError, wanted, lambda: quick(SOFTMAX, {X: x, T: given}))
    refused(ValueError, wanted, lambda: sn.evaluate(SOFTMAX, {X: x, T: given, C: np.ones((3, 2)), d: np.ones(3)}))
    R = sn.matrix("T", "n", 3)
    rows = sn.cross_entropy(Xr * sn.matrix("C", 2, 3), R, axis=1)
    refused(ValueError, ["T is n×3", "sn.one_hot(labels, 3, axis=1)"], lambda: quick(rows, {Xr: x.T, R: given}))
    from_one = np.asarray(given) + 1
    refused(ValueError, ["list(range(1, 4))"], lambda: quick(SOFTMAX, {X: x, T: from_one}))


def test_labels_as_one_hot_columns_train_a_net():
    run = quick(SOFTMAX, {X: x, T: sn.one_hot(labels, 3)}, epochs=5)
    assert run.history["loss"][-1] < run.history["loss"][0]
    again = quick(SOFTMAX, {X: x, T: np.eye(3)[:, labels]}, epochs=5)
    assert run.history["loss"] == again.history["loss"]


def test_one_hot():
    wanted = np.eye(3)[:, labels]
    for given in (labels, list(labels), labels[None], labels[:, None], labels.astype(float), Series(labels),
                  iter(labels.tolist()), labels.astype(np.uint8)):  # fmt: skip
        np.testing.assert_array_equal(sn.one_hot(given, 3), wanted)
    np.testing.assert_array_equal(sn.one_hot(labels, 3, axis=1), wanted.T)
    np.testing.assert_array_equal(sn.one_hot(labels, np.int64(3), axis=-1), wanted.T)
    np.testing.assert_array_equal(sn.one_hot(labels + 1, [1, 2, 3]), wanted)
    np.testing.assert_array_equal(sn.one_hot(np.array(["c", "a"]), ["a", "b", "c"]), [[0, 1], [0, 0], [1, 0]])
    np.testing.assert_array_equal(sn.one_hot([True, False], 2), [[0, 1], [1, 0]])
    assert sn.one_hot(labels, 5).shape == (5, 6) and sn.one_hot(labels, 3).dtype == float


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([0, 3, 1], 3), ValueError, ["label 3 of sample 1", "[0, 1, 2]"]),
        (([1, 3, 2], 3), ValueError, ["label 3", "list(range(1, 4))"]),
        (([0, -1], 2), ValueError, ["label -1"]),
        (([0.5], 2), ValueError, ["label 0.5"]),
        (([float("nan")], 2), ValueError, ["nan"]),
        ((["cat", "dog"], 2), ValueError, ["'cat'", "sn.one_hot(labels, ['cat', 'dog'])"]),
        ((np.eye(3), 3), ValueError, ["(3, 3)", "one-hot already"]),
        ((np.ones((2, 2)) * 7, 3), ValueError, ["(2, 2)"]),
        (([], 3), ValueError, ["empty"]),
        ((3, 3), TypeError, ["labels must be", "3"]),
        (("abc", 3), TypeError, ["labels must be"]),
        (([0], 0), TypeError, ["classes must be", "0"]),
        (([0], True), TypeError, ["classes must be"]),
        (([0], 2.0), TypeError, ["classes must be"]),
        (([0], "ab"), TypeError, ["classes must be"]),
        (([0], [0, 0]), ValueError, ["twice"]),
        (([0], 2, 2), ValueError, ["axis"]),
    ],
)
def test_labels_that_are_none_of_the_classes(arguments, error, words):
    refused(error, words, lambda: sn.one_hot(*arguments))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array(["1", "2"]), ["text", ".astype(float)", "sn.one_hot"]),
        (np.array(["cat", None], dtype=object), ["text", "sn.one_hot"]),
        ([1.0, None], ["None", ".astype(float)"]),
        ((t for t in (1, 2)), ["list(…)"]),
        (type("Sparse", (), {"toarray": 0})(), [".toarray()"]),
        (object(), ["object"]),
    ],
)
def test_what_holds_no_numbers(value, words):
    refused(TypeError, ["v", *words], lambda: sn.evaluate(Xr * V, {Xr: x.T, V: value}))


def test_a_scalar_in_brackets():
    t = Symbol("t")
    for wrong in ([1.0], [[1.0]]):
        refused(ValueError, ["t is a scalar", ".item()"], lambda wrong=wrong: sn.evaluate(t * V, {t: wrong, V: v}))
