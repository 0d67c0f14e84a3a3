"""What a user can get wrong: each line is a mistake, the error it must give, and what the message must say."""

import re

import numpy as np
import pytest
import sympy
from sympy import Adjoint, Lambda, MatrixSymbol, ShapeError, Symbol, Trace
from sympy.combinatorics import Permutation
from sympy.matrices.expressions.permutation import MatrixPermute

import symnet as sn

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
W, b, V = sn.matrix("W", 2, 3), sn.vector("b", 2), sn.matrix("V", 1, 4)
A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
LOSS = sn.squared_error(sn.affine(W, X, b), Y)
GOOD = {"W": np.ones((2, 3)), "X": np.ones((3, 5)), "Y": np.ones((2, 5)), "b": np.ones((2, 1))}
nan = float("nan")


def kernel():
    return sn.derive(LOSS, [W, b]).compile()


def given(**changed):
    values = {**GOOD, **changed}
    return {k: v for k, v in values.items() if v is not None}


def fit(**options):
    data = {"X": np.ones((3, 5)), "Y": np.ones((2, 5))} | options.pop("data", {})
    return sn.train(LOSS, data, options.pop("parameters", None), **({"epochs": 2} | options))


MISTAKES = [
    # formulas
    (lambda: sn.derive(sn.sum(sn.tanh(sn.relu_dot(W, V))), W), ShapeError, ["W", "V", "2×3", "1×4", "inner sizes 3 and 1"]),
    (lambda: sn.derive(sn.sum(X * sn.matrix("C", "m", 2)), X), ShapeError, ["X", "C", "n", "m", "inner sizes"]),
    (lambda: sn.derive(sn.sum(sn.tanh(X + sn.matrix("C", 3, "m"))), X), ShapeError, ["X", "C", "3×n", "3×m"]),
    (lambda: sn.derive(W * X, W), TypeError, ["scalar", "2×n", "sn.sum"]),
    (lambda: sn.derive(LOSS, V), ValueError, ["does not depend on V", "W"]),
    (lambda: sn.derive(LOSS, "Q"), KeyError, ["Q", "symbol"]),
    (lambda: sn.derive(LOSS, []), ValueError, ["at least one symbol"]),
    (lambda: sn.derive(LOSS, [W, W]), ValueError, ["twice", "W"]),
    (lambda: sn.derive(LOSS, W * X), TypeError, ["W*X", "no symbol"]),
    (lambda: sn.derive(None, W), TypeError, ["loss"]),
    (lambda: sn.derive(sympy.Integer(3), W), ValueError, ["does not depend on W"]),
    (lambda: sn.derive(LOSS + sn.sum(MatrixSymbol("W", 5, 5)), W), ValueError, ["two symbols are called W", "2×3", "5×5"]),
    (lambda: sn.derive(LOSS * Symbol("W"), W), ValueError, ["called W", "matrix", "scalar"]),
    (lambda: sn.derive(sn.sum(sn.let("H", A)) + sn.sum(sn.let("H", B * A)), A), ValueError, ["H", "let"]),
    (lambda: sn.derive(sn.sum(sn.let("A", B * A)), A), ValueError, ["A", "let", "another name"]),
    (lambda: sn.let("", A), TypeError, ["let", "name"]),
    (lambda: sn.derive(sn.sum(Adjoint(A)), A), TypeError, ["Adjoint", "RULES"]),
    (lambda: sn.derive(Trace(MatrixPermute(A, Permutation([1, 0]))), A), TypeError, ["MatrixPermute", "RULES"]),
    (lambda: sn.derive(Trace(A ** Symbol("p")), Symbol("p")), TypeError, ["exponent", "p"]),
    (lambda: sn.affine(W, X, sn.matrix("b", 1, 3)), ShapeError, ["b", "1×3", "2×1", "column"]),
    (lambda: sn.derive(sn.sum(sn.tanh(W * X + b)), W), ShapeError, ["b", "2×1", "2×n", "OneMatrix"]),
    (lambda: sn.elementwise(sympy.Max, A, X), ShapeError, ["A", "X", "2×2", "3×n"]),
    (lambda: sn.elementwise(lambda x: A, A), TypeError, ["scalar"]),
    (lambda: sn.derive(sympy.Determinant(A * W), A), (ShapeError, ValueError, sympy.matrices.exceptions.NonSquareMatrixError), []),
    (lambda: sn.matrix("W", 0, 3), ValueError, ["W", "positive"]),
    (lambda: sn.matrix("W", 2.5, 3), ValueError, ["W", "whole"]),
    (lambda: sn.matrix("", 2, 3), TypeError, ["name"]),
    (lambda: sn.softmax(A, axis=2), ValueError, ["axis", "0", "1", "2"]),
    (lambda: sn.mlp(X, []), ValueError, ["mlp", "one layer"]),
    (lambda: sn.unit(3, 5), ValueError, ["row 5"]),
    # values
    (lambda: kernel()(given(Q=1)), KeyError, ["Q", "no symbol"]),
    (lambda: kernel()(given(Y=None)), KeyError, ["no value", "Y"]),
    (lambda: kernel()(given(X=np.ones(3))), ShapeError, ["X", "3×n", "(3,)", "reshape"]),
    (lambda: kernel()(given(b=np.ones(3))), ShapeError, ["b", "2×1", "(3,)"]),
    (lambda: kernel()(given(b=np.ones((1, 2)))), ShapeError, ["b", "row was given where a column", ".T"]),
    (lambda: kernel()(given(W=np.ones((3, 2)))), ShapeError, ["W", "2×3", "(3, 2)", "transposed"]),
    (lambda: kernel()(given(X=np.ones((3, 4)))), ShapeError, ["n", "bound twice", "X", "Y", "4", "5"]),
    (lambda: kernel()(given(n=7)), ShapeError, ["n", "7", "5"]),
    (lambda: kernel()(given(W=np.full((2, 3), nan))), ValueError, ["W", "NaN", "[0, 0]"]),
    (lambda: kernel()(given(X=np.ones((3, 0)), Y=np.ones((2, 0)))), ValueError, ["X", "empty"]),
    (lambda: kernel()(given(W=np.array([[object()] * 3] * 2))), TypeError, ["W", "objects"]),
    (lambda: kernel()(given(W=[["a"] * 3] * 2)), TypeError, ["W", "numbers"]),
    (lambda: kernel()(given(W=[[1, 2, 3], [4, 5]])), TypeError, ["W", "length"]),
    (lambda: kernel()({**GOOD, W: GOOD["W"]}), ValueError, ["W", "twice"]),
    (lambda: kernel()([1, 2]), TypeError, ["dictionary"]),
    (lambda: kernel()({**GOOD, 3: 4}), TypeError, ["3", "no symbol"]),
    (lambda: sn.derive(LOSS, W).compile(dtype=int), TypeError, ["int", "float"]),
    (lambda: sn.derive(LOSS, W).compile(dtype="what"), TypeError, ["what"]),
    (lambda: kernel()(given())[1]["V"], KeyError, ["V", "W"]),
    (lambda: sn.derive(LOSS, W)["V"], KeyError, ["V", "W"]),
    (
        lambda: sn.evaluate(sn.cross_entropy(A, B), {A: np.ones((2, 2)), B: [[1, 0], [1, 1]]}),
        ValueError,
        ["B", "sum to 1", "column 0", "2"],
    ),
    # training
    (lambda: fit(batch_size=0), ValueError, ["batch_size", "positive"]),
    (lambda: fit(batch_size=-1), ValueError, ["batch_size", "positive"]),
    (lambda: fit(batch_size=2.5), ValueError, ["batch_size", "2.5"]),
    (lambda: fit(epochs=0), ValueError, ["epochs", "0"]),
    (lambda: fit(data={"Q": [[1.0]]}), KeyError, ["Q", "no symbol"]),
    (lambda: fit(data={"X": np.full((3, 5), nan)}), ValueError, ["X", "NaN"]),
    (lambda: fit(data={"X": np.ones((3, 0)), "Y": np.ones((2, 0))}), ValueError, ["empty"]),
    (lambda: fit(data={"X": np.ones((3, 4))}), ShapeError, ["n", "X", "Y"]),
    (lambda: fit(parameters={"W": np.ones((3, 2))}), ShapeError, ["W", "2×3"]),
    (lambda: fit(parameters={"X": np.ones((3, 5))}), ValueError, ["X", "data", "parameter"]),
    (lambda: fit(parameters={"Q": np.ones((3, 5))}), KeyError, ["Q", "no symbol"]),
    (lambda: fit(parameters=[W]), KeyError, ["b", "neither"]),
    (lambda: fit(data={"W": np.ones((2, 3)), "b": np.ones((2, 1))}), ValueError, ["nothing to train"]),
    (lambda: sn.GradientDescent(0), ValueError, ["learning rate", "0"]),
    (lambda: sn.GradientDescent(nan), ValueError, ["learning rate", "nan"]),
    (lambda: sn.GradientDescent("fast"), ValueError, ["learning rate", "fast"]),
    (lambda: fit(optimizer=sn.GradientDescent(1e200), epochs=50), FloatingPointError, ["step", "learning rate"]),
    (lambda: sn.train(Symbol("a") * LOSS, {"X": np.ones((3, 5)), "Y": np.ones((2, 5))}, [W, b, Symbol("a")]), KeyError, ["a"]),
    # checks
    (lambda: sn.check_gradients(LOSS, GOOD, W, method="magic"), ValueError, ["magic", "complex", "central"]),
    (lambda: sn.check_gradients(LOSS, given(X=None), W), KeyError, ["X"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_told_clearly(number):
    build, error, words = MISTAKES[number]
    with pytest.raises(error) as raised:
        build()
    text = str(raised.value)
    for word in words:
        assert word in text, f"{word!r} is not in: {text}"
    assert not re.search(r"\b_\d+\b|Dummy|Lambda", text), text


HOSTILE = [
    "lambda",
    "exp",
    "n",
    "W.1",
    "numpy",
    "kernel",
    "float",
    "vdot",
    "θ",
    "x y",
    "x); import os #",
    "1x",
    "a'b",
    "T1",
    "Z1",
    "_0",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_made_safe_never_executed(name):
    P, Q = sn.matrix(name, 2, 3), sn.matrix("Q", 3, "m")
    derivation = sn.derive(sn.sum(sn.tanh(P * Q)), P)
    p, q = np.arange(6.0).reshape(2, 3) / 6, np.arange(12.0).reshape(3, 4) / 12
    compiled = derivation.compile()
    assert compiled.arguments == ("Q", name)
    loss, gradients = compiled({name: p, "Q": q})
    np.testing.assert_allclose(loss, np.tanh(p @ q).sum())
    np.testing.assert_allclose(gradients[P], (1 - np.tanh(p @ q) ** 2) @ q.T)
    space: dict = {}
    exec("import numpy\n" + compiled.source, space)
    np.testing.assert_allclose(space["kernel"](q, p)[0], loss)
    for text in (
        str(derivation),
        derivation.latex(),
        derivation.pretty(),
        derivation.mathml(),
        derivation.mathematica(),
    ):
        assert text


def test_whole_numbers_and_lists_are_taken_as_floats():
    x = sn.vector("x", 2)
    loss, gradients = sn.derive(sn.norm(x), x).compile()({x: [[3], [4]]})
    assert loss == 5.0
    assert gradients[x].tolist() == [[0.6], [0.8]]


def test_size_symbols_with_other_assumptions_are_the_same_size():
    m, n = Symbol("m"), Symbol("n", integer=True)
    P, Q = MatrixSymbol("P", 2, n), MatrixSymbol("Q", 2, Symbol("n"))
    loss = sn.sum(sn.tanh(P) + Q) / n
    assert sn.evaluate(loss, {P: [[0.0] * 3] * 2, Q: [[1.0] * 3] * 2}) == pytest.approx(2.0)
    assert sn.evaluate(m * n, {"m": 2.0, "n": 3.0}) == 6.0


def test_an_interrupted_or_diverged_training_loses_nothing():
    with pytest.raises(FloatingPointError) as raised:
        fit(optimizer=sn.GradientDescent(1e200), epochs=50)
    assert all(np.isfinite(w).all() for w in raised.value.parameters.values())
    assert isinstance(raised.value.history, dict)


def test_a_row_for_a_new_node_is_all_it_takes():
    assert sn.evaluate(sn.elementwise(Lambda(Symbol("t"), 2 * Symbol("t")), A), {A: [[1, 2], [3, 4]]}).sum() == 20


@pytest.mark.parametrize(
    "make",
    [lambda A: A.inv(), lambda A: sympy.Trace(A), lambda A: sympy.Determinant(A), lambda A: A.inverse()],
    ids=["inv", "Trace", "Determinant", "inverse"],
)
def test_what_needs_a_square_matrix_in_sympy_names_it(make):
    with pytest.raises(sympy.matrices.exceptions.ShapeError, match="Wide is 2×3, and a square matrix is needed"):
        make(sn.matrix("Wide", 2, 3))


def test_comparisons_have_no_derivative():
    A = sn.vector("A", 3)
    for ask in (lambda: sn.gradient(sn.sum(A) > 0, A), lambda: sn.elementwise(lambda a: a > 0, A)):
        with pytest.raises(TypeError, match=r"> 0.*Piecewise\(\(1, …\), \(0, True\)\)"):
            ask()
    with pytest.raises(AttributeError, match="argmax.*softmax"):
        sn.argmax  # noqa: B018


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True, [1], nan], ids=str)
def test_a_seed_that_is_none_is_told_by_all_that_take_one(seed):
    loss, values = sn.sum(sn.tanh(A)), {A: np.ones((2, 2))}
    for call in (
        lambda: sn.check_gradients(loss, values, seed=seed), lambda: sn.check_hessian(loss, values, A, seed=seed),
        lambda: sn.prove(loss, A, seed=seed), lambda: sn.diagnose(loss, values, {A: np.ones((2, 2))}, seed=seed),
        lambda: sn.train(loss, {}, values, epochs=1, seed=seed),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="seed must be a whole number from 0.*write seed=0"):
            call()


@pytest.mark.parametrize("seed", [0, np.int64(3), None, np.random.default_rng(1)], ids=str)
def test_a_seed_may_be_a_generator_or_none(seed):
    loss, values = sn.sum(sn.tanh(A)), {A: np.ones((2, 2))}
    assert sn.check_gradients(loss, values, seed=seed) and sn.check_hessian(loss, values, A, seed=seed)


@pytest.mark.parametrize("low", [-np.inf, -1e9, -1])
def test_a_mask_that_is_meant_to_be_added_is_told(low):
    mask = np.where(np.eye(2) > 0, 0, low)
    for call in (lambda: sn.attention(A, A, A, mask), lambda: sn.masked_softmax(A, mask)):
        with pytest.raises(ValueError, match="the mask has -.*write mask >= 0"):
            call()
    for mine in (mask >= 0, (mask >= 0).astype(float)):
        assert sn.evaluate(sn.masked_softmax(A, mine), {A: np.ones((2, 2))}).tolist() == [[1, 0], [0, 1]]


def test_labels_of_two_kinds_are_told():
    for labels in ([1, "1"], ("a", 2)):
        with pytest.raises(TypeError, match="one_hot: some labels are text.*write|one_hot: some labels are text.*give"):
            sn.one_hot(labels, 2)
