"""Questions as they are asked: formulas with indices, in entries and rows, of scalars that are 1×1 matrices.

The value of each is written in NumPy, and the gradient is compared with differences of that value.
"""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy import (
    Abs,
    FunctionMatrix,
    KroneckerDelta,
    Lambda,
    MatrixSymbol,
    Max,
    Piecewise,
    Product,
    Rational,
    Sum,
    Trace,
    exp,
    log,
    sqrt,
)

import symnet as sn

i, j, k = sp.symbols("i j k", integer=True)
t, s = sp.symbols("t s", positive=True)
N, D = sp.symbols("n d", integer=True, positive=True)
SIZES = {N: 4, D: 3}
rng = np.random.default_rng(5)
VALUES = {name: rng.uniform(0.3, 1.7, shape) for name, shape in {
    "X": (4, 3), "A": (3, 3), "B": (3, 3), "U": (4, 2), "V": (3, 2), "w": (3, 1), "x": (3, 1), "y": (4, 1), "z": (3, 1),
}.items()} | {"t": 0.7, "s": 1.3}  # fmt: skip


def lse(Z, axis=None):
    return np.log(np.exp(Z).sum(axis=axis, keepdims=True))


def questions(n, d):
    shapes = {
        "X": (n, d),
        "A": (d, d),
        "B": (d, d),
        "U": (n, 2),
        "V": (d, 2),
        "w": (d, 1),
        "x": (d, 1),
        "y": (n, 1),
        "z": (d, 1),
    }
    X, A, B, U, V, w, x, y, z = (MatrixSymbol(name, *shape) for name, shape in shapes.items())
    rows, cols, inner, both = (i, 0, n - 1), (j, 0, d - 1), (k, 0, d - 1), ((i, 0, d - 1), (j, 0, d - 1))
    size = Abs(x[i, 0] - z[i, 0])
    return {
        "least squares": (Sum((y[i, 0] - (X * w)[i, 0]) ** 2, rows) / 2, w, lambda v: np.sum((v["y"] - v["X"] @ v["w"]) ** 2) / 2, "Xᵀ⋅(X⋅w − y)"),
        "two sums": (Sum((y[i, 0] - Sum(X[i, j] * w[j, 0], cols)) ** 2, rows), X, lambda v: np.sum((v["y"] - v["X"] @ v["w"]) ** 2), "2⋅(X⋅w − y)⋅wᵀ"),
        "logistic": (Sum(log(1 + exp(-y[i, 0] * (X * w)[i, 0])), rows), w, lambda v: np.sum(np.log1p(np.exp(-v["y"] * (v["X"] @ v["w"])))), "−Xᵀ⋅(y∘sigmoid(−y ∘ (X⋅w)))"),
        "Poisson": (Sum(exp((X * w)[i, 0]) - y[i, 0] * (X * w)[i, 0], rows), w, lambda v: np.sum(np.exp(v["X"] @ v["w"]) - v["y"] * (v["X"] @ v["w"])), "Xᵀ⋅(exp(X⋅w) − y)"),
        "hinge": (Sum(Max(0, 2 - y[i, 0] * (X * w)[i, 0]), rows), w, lambda v: np.sum(np.maximum(0, 2 - v["y"] * (v["X"] @ v["w"]))), None),
        "Huber": (Sum(Piecewise((size**2 / 2, size <= Rational(1, 2)), (size / 2 - Rational(1, 8), True)), (i, 0, d - 1)), x, lambda v: np.sum(np.where(abs(v["x"] - v["z"]) <= 0.5, (v["x"] - v["z"]) ** 2 / 2, abs(v["x"] - v["z"]) / 2 - 1 / 8)), None),
        "log-sum-exp": (log(Sum(exp(x[i, 0]), (i, 0, d - 1))), x, lambda v: lse(v["x"])[0, 0], "softmax(x)"),
        "softmax and logarithm": (-Sum(z[i, 0] * log(exp(x[i, 0]) / Sum(exp(x[j, 0]), cols)), (i, 0, d - 1)), x, lambda v: -np.sum(v["z"] * (v["x"] - lse(v["x"]))), "sum(z)⋅softmax(x) − z"),
        "entropy": (-Sum(x[i, 0] * log(x[i, 0]), (i, 0, d - 1)), x, lambda v: -np.sum(v["x"] * np.log(v["x"])), "−log(x) − 1"),
        "product": (Product(x[i, 0], (i, 0, d - 1)), x, lambda v: np.prod(v["x"]), None),
        "product of all": (Product(A[i, j] + t, *both), A, lambda v: np.prod(v["A"] + v["t"]), None),
        "graph": (Sum(A[i, j] * (x[i, 0] - x[j, 0]) ** 2, *both) / 2, x, lambda v: np.sum(v["A"] * (v["x"] - v["x"].T) ** 2) / 2, None),
        "graph in the weights": (Sum(A[i, j] * (x[i, 0] - x[j, 0]) ** 2, *both), A, lambda v: np.sum(v["A"] * (v["x"] - v["x"].T) ** 2), "(x⋅1ᵀ − 1⋅xᵀ)∘²"),
        "distances": (Sum((sqrt((x[i, 0] - x[j, 0]) ** 2 + 1) - A[i, j]) ** 2, *both), x, lambda v: np.sum((np.sqrt((v["x"] - v["x"].T) ** 2 + 1) - v["A"]) ** 2), None),
        "three indices": (Sum(A[i, j] * B[j, k] * x[i, 0] * z[k, 0], *both, inner), A, lambda v: v["x"].T @ v["A"] @ v["B"] @ v["z"], "x⋅zᵀ⋅Bᵀ"),
        "a ring of three": (Sum(A[i, j] * x[j, 0] * B[j, k] * A[i, k], *both, inner), x, lambda v: np.einsum("ij,j,jk,ik", v["A"], v["x"][:, 0], v["B"], v["A"]), None),
        "weighted squares": (Sum(B[i, j] * A[i, j] ** 2, *both), A, lambda v: np.sum(v["B"] * v["A"] ** 2), "2⋅(A∘B)"),
        "group lasso": (Sum(sqrt(Sum(A[i, j] ** 2, cols)), (i, 0, d - 1)), A, lambda v: np.sum(np.linalg.norm(v["A"], axis=1)), None),
        "rank one": (Sum(B[i, j] * (A[i, j] - x[i, 0] * z[j, 0]) ** 2, *both), x, lambda v: np.sum(v["B"] * (v["A"] - v["x"] @ v["z"].T) ** 2), "2⋅((x⋅zᵀ − A) ∘ B)⋅z"),
        "factorisation": (Sum((X[i, j] - Sum(U[i, k] * V[j, k], (k, 0, 1))) ** 2, rows, cols), U, lambda v: np.sum((v["X"] - v["U"] @ v["V"].T) ** 2), "2⋅(U⋅Vᵀ − X)⋅V"),
        "diagonal": (Sum(A[i, i] ** 2, (i, 0, d - 1)), A, lambda v: np.sum(np.diag(v["A"]) ** 2), "2⋅diag(diagonal(A))"),
        "a column": (Sum(A[i, 1] * x[i, 0], (i, 0, d - 1)), A, lambda v: np.sum(v["A"][:, 1:2] * v["x"]), None),
        "orthogonal": (Sum((Sum(A[i, k] * A[j, k], inner) - KroneckerDelta(i, j)) ** 2, *both), A, lambda v: np.sum((v["A"] @ v["A"].T - np.eye(3)) ** 2), "4⋅(A⋅Aᵀ − I)⋅A"),
        "neighbours": (Sum((x[i + 1, 0] - x[i, 0]) ** 2, (i, 0, d - 2)), x, lambda v: np.sum(np.diff(v["x"], axis=0) ** 2), None),
        "from the second on": (Sum(x[i, 0] ** 2, (i, 1, d - 1)), x, lambda v: np.sum(v["x"][1:] ** 2), None),
        "Rosenbrock": (Sum(100 * (x[i + 1, 0] - x[i, 0] ** 2) ** 2 + (1 - x[i, 0]) ** 2, (i, 0, d - 2)), x, lambda v: np.sum(100 * (v["x"][1:] - v["x"][:-1] ** 2) ** 2 + (1 - v["x"][:-1]) ** 2), None),
        "mixture": (-Sum(log(Sum(z[j, 0] * exp(-((y[i, 0] - x[j, 0]) ** 2) / (2 * s**2)), cols)), rows), s, lambda v: -np.sum(np.log(np.sum(v["z"].T * np.exp(-((v["y"] - v["x"].T) ** 2) / 2 / v["s"] ** 2), axis=1))), None),
        "contrast": (-Sum(log(exp(A[i, i] / t) / Sum(exp(A[i, j] / t), cols)), (i, 0, d - 1)), A, lambda v: -np.sum(np.diag(v["A"] / v["t"])[:, None] - lse(v["A"] / v["t"], 1)), "(softmax(A/t, axis=1) − I)/t"),
        "polynomial": (Sum(x[i, 0] ** 3 - 3 * t * x[i, 0] + 2, (i, 0, d - 1)), x, lambda v: np.sum(v["x"] ** 3 - 3 * v["t"] * v["x"] + 2), "3⋅(x∘x) − 3t"),
        "a Gram matrix": (z.T * FunctionMatrix(d, d, Lambda((i, j), exp(-((x[i, 0] - x[j, 0]) ** 2) / 2))) * z, x, lambda v: v["z"].T @ np.exp(-((v["x"] - v["x"].T) ** 2) / 2) @ v["z"], None),
        "sums of nothing": (Sum(t, rows) * Sum(x[i, 0], (i, 0, d - 1)) + Sum(x[j, 0] + t, rows, cols), x, lambda v: 4 * v["t"] * v["x"].sum() + 4 * v["x"].sum() + 12 * v["t"], None),
    }  # fmt: skip


OF_NUMBERS = {
    "discounted": (Sum(t**i * MatrixSymbol("x", 3, 1)[i, 0], (i, 0, 2)), t, lambda v: np.sum(v["t"] ** np.arange(3)[:, None] * v["x"]), None),
    "every second": (Sum(MatrixSymbol("y", 4, 1)[2 * i + 1, 0] ** 2, (i, 0, 1)), MatrixSymbol("y", 4, 1), lambda v: np.sum(v["y"][1::2] ** 2), None),
    "autoregressive": (MatrixSymbol("x", 3, 1).T * FunctionMatrix(3, 3, Lambda((i, j), t ** Abs(i - j))) * MatrixSymbol("x", 3, 1), t, lambda v: v["x"].T @ np.array([[v["t"] ** abs(p - q) for q in range(3)] for p in range(3)]) @ v["x"], None),
    "Hilbert": (MatrixSymbol("x", 3, 1).T * FunctionMatrix(3, 3, Lambda((i, j), 1 / (i + j + 1))) * MatrixSymbol("x", 3, 1), MatrixSymbol("x", 3, 1), lambda v: v["x"].T @ np.array([[1 / (p + q + 1) for q in range(3)] for p in range(3)]) @ v["x"], None),
}  # fmt: skip
ALL = {f"{name}, sizes {text}": row for text, sizes in (("in numbers", (4, 3)), ("as symbols", (N, D))) for name, row in questions(*sizes).items()} | OF_NUMBERS  # fmt: skip


def differences(value, name):
    at = np.asarray(VALUES[name], float)
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):

        def moved(h, place=place):
            new = at.copy()
            new[place] += h
            return float(np.squeeze(value(VALUES | {name: new if at.shape else float(new)})))

        wide, narrow = ((moved(h) - moved(-h)) / (2 * h) for h in (1e-3, 5e-4))
        found[place] = (4 * narrow - wide) / 3
    return found  # fmt: skip


def given(*exprs):
    found = {s for e in exprs for s in e.free_symbols}
    return {s: VALUES[s.name] for s in found if s.name in VALUES} | {s: SIZES[s] for s in found & SIZES.keys()}


@pytest.mark.parametrize("name", ALL)
def test_a_formula_with_indices_is_one_of_matrices(name):
    loss, symbol, value, wanted = ALL[name]
    gradient = sn.gradient(loss, symbol)
    values = given(loss, sp.sympify(gradient))
    assert np.squeeze(sn.evaluate(loss, values)) == pytest.approx(np.squeeze(value(VALUES)), rel=1e-10)
    found = sn.evaluate(gradient, values) if gradient.free_symbols else float(gradient)
    np.testing.assert_allclose(found, differences(value, symbol.name), rtol=1e-6, atol=1e-8)
    if wanted is not None:
        assert sn.formula(gradient) == wanted


xn, xs, A3, B3 = MatrixSymbol("x", N, 1), MatrixSymbol("x", 3, 1), MatrixSymbol("A", 3, 3), MatrixSymbol("B", 3, 3)


@pytest.mark.parametrize(("odd", "error", "words"), [
    (Sum(xn[i, 0] * xn[i - 1, 0], (i, 0, N - 1)), ValueError, "i - 1 is -1 to n - 2"),
    (Sum(xs[i, 0], (i, 1, 3)), ValueError, "there are 3, of the numbers 0 to 2, and i is 1 to 3"),
    (Sum(A3[i, j] * xs[j, 0], (j, 0, i), (i, 0, 2)), TypeError, "depends on another index; multiply with a matrix of zeros"),
    (Sum(t**i * xn[i, 0], (i, 0, N - 1)), TypeError, "give sizes as numbers, or a matrix symbol"),
    (Sum(xs[i**2, 0], (i, 0, 1)), TypeError, "no formula of whole matrices"),
    (Sum(exp(A3[i, j] * A3[j, k] * A3[k, i]), (i, 0, 2), (j, 0, 2), (k, 0, 2)), TypeError, "of two indices at a time"),
    (Trace(FunctionMatrix(N, N, Lambda((i, j), 1 / (i + j + 1)))), TypeError, "give sizes as numbers"),
], ids=str)  # fmt: skip
def test_a_formula_with_indices_that_is_none_of_matrices_is_refused_in_its_own_words(odd, error, words):
    with pytest.raises((error, sp.matrices.exceptions.ShapeError), match=words):
        sn.gradient(odd + sn.sum(A3), A3)


PLACES = {"A[0, 1]": np.s_[0, 1], "A[0, :]": np.s_[:1], "A[:, 1]": np.s_[:, 1:2], "A[1:, ::2]": np.s_[1:, ::2]}


@pytest.mark.parametrize("place", [*PLACES, "A.T"])
@pytest.mark.parametrize(
    "loss", [Trace(A3 * B3 * A3), xs.T * A3 * xs, sn.logdet(A3), (xs.T * A3 * xs)[0] ** 2], ids=str
)
def test_a_gradient_in_an_entry_a_part_or_the_transpose(loss, place):
    of = {"A.T": A3.T, "A[0, 1]": A3[0, 1], "A[0, :]": A3[0, :], "A[:, 1]": A3[:, 1], "A[1:, ::2]": A3[1:, ::2]}[place]
    values = given(loss)
    whole = sn.evaluate(sn.gradient(loss, A3), values)
    found = sn.evaluate(sn.gradient(loss, of), values)
    np.testing.assert_allclose(found, whole.T if place == "A.T" else whole[PLACES[place]], rtol=1e-12)
    with pytest.raises(TypeError, match="write A, and take this part of the result"):
        sn.derive(loss, of)


u, v = MatrixSymbol("u", 3, 1), MatrixSymbol("v", 3, 1)
OF_ONE = {
    "log of our sigmoid": (-log(sn.sigmoid(u.T * v)), lambda a: max(-a, 0) + np.log1p(np.exp(-abs(a))), "−sigmoid(−⟨u, v⟩)⋅v"),
    "log of 1 − sigmoid": (-log(1 - sn.sigmoid(u.T * v)), lambda a: max(a, 0) + np.log1p(np.exp(-abs(a))), "sigmoid(⟨u, v⟩)⋅v"),
    "log of a sum of our exp": (log(sn.exp(u.T * v) + sn.exp(2 * u.T * v)), lambda a: np.logaddexp(a, 2 * a), None),
    "our exp in a quotient": (1 / (1 + sn.exp(-u.T * v)), lambda a: np.exp(min(a, 0)) / (1 + np.exp(-abs(a))), None),
    "difference in a sigmoid": (log(1 + exp(-(u.T * v - v.T * v))), lambda a: np.logaddexp(0, 1e6 - a), None),
    "root of a square": (sqrt(sn.square(u.T * v)), abs, "sign(⟨u, v⟩)⋅v"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("a", [-1e4, -700.0, 0.3, 800.0, 1e4])
def test_a_function_of_a_1x1_matrix_is_stable(name, a):
    loss, value, wanted = OF_ONE[name]
    length = 1e3 if name.startswith("difference") else 1.0
    values = {u: np.array([[a / length], [0.0], [0.0]]), v: np.array([[length], [0.0], [0.0]])}
    assert float(np.squeeze(sn.evaluate(loss, values))) == pytest.approx(value(a), rel=1e-12, abs=1e-300)
    gradient = sn.gradient(loss, u)
    assert np.isfinite(sn.evaluate(gradient, values)).all()
    if wanted is not None:
        assert sn.formula(gradient) == wanted


def test_a_difference_and_its_negative_are_one():
    kernel = exp(-(u - v).T * (u - v) / (2 * s**2))
    assert sn.formula(sn.gradient(kernel, u)) == "exp(−‖v − u‖²/(2s²))⋅(v − u)/s²"


C3, S3, lam = MatrixSymbol("C", 3, 3), MatrixSymbol("S", 3, 3), sp.Symbol("lam", positive=True)
BLOCKS = sp.BlockMatrix([[A3, B3], [C3, S3]])
SHORT = {
    "trace of a product of blocks": (Trace(BLOCKS.T * BLOCKS), A3, "2⋅A"),
    "norm of blocks": (sn.norm(BLOCKS) ** 2, B3, "2⋅B"),
    "stacked columns": (sn.norm(sn.hstack(A3, B3) - sn.hstack(B3, C3)) ** 2, C3, None),
    "a block of a sum": (sn.norm(sn.vstack(A3, 2 * B3) - sn.vstack(C3, S3)) ** 2, A3, None),
    "trace of the resolvent": (Trace((A3 + lam * sp.Identity(3)).I), lam, "−tr((lam⋅I + A)⁻²)"),
    "a number times eye": (xs.T * (A3 + lam * sp.eye(3)).inv() * u, lam, None),
    "a symmetric matrix of numbers": (xs.T * (sp.diag(1, 2, 3) - A3) * xs, xs, "([2, 0, 0; 0, 4, 0; 0, 0, 6] − A − Aᵀ)⋅x"),
    "squared distances": (log(1 + exp((u - v).T * (u - v) - (u - xs).T * (u - xs))), u, "2sigmoid(‖u − v‖² − ‖u − x‖²)⋅(x − v)"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHORT)
def test_an_answer_is_no_longer_than_one_on_paper(name):
    loss, symbol, wanted = SHORT[name]
    gradient = sn.gradient(loss, symbol)
    if wanted is not None:
        assert sn.formula(gradient) == wanted
    values = {s: rng.uniform(0.5, 1.5, s.shape) + np.eye(*s.shape) if s.is_Matrix else 0.7 for s in loss.free_symbols}
    assert sn.check_gradients(loss, values, [symbol])


def test_a_trace_is_a_trace_in_every_notation():
    gradient = sn.gradient(*SHORT["trace of the resolvent"][:2])
    assert str(gradient) == "-Trace((lam*I + A)**(-2))"
    assert "operatorname{tr}" in sn.formula(gradient, format="latex")
    assert sn.formula(gradient, format="mathematica").startswith("-Tr[")


def test_the_exponential_of_a_matrix_is_named():
    with pytest.raises(TypeError, match=r"sn.exp.*sn.expm\(…\) is that of a matrix as a whole"):
        sn.gradient(xs.T * exp(A3) * xs, A3)
