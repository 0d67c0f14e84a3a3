"""Numbers, scalars and arrays beside matrices: what NumPy would give, or what to write instead."""

import functools
import re

import numpy as np
import pytest
import sympy
from sympy import ImmutableMatrix, MatrixSymbol, Rational, Symbol

import symnet as sn

rng = np.random.default_rng(0)
W, X, XN, S = sn.matrix("W", 3, 2), sn.matrix("X", 2, 4), sn.matrix("X", 2, "n"), sn.matrix("S", 3, 3)
t, r = Symbol("t"), sn.matrix("r", 1, 3)
w, x, s, tv, rv = (
    rng.normal(size=(3, 2)),
    rng.normal(size=(2, 4)),
    rng.normal(size=(3, 3)),
    0.7,
    rng.normal(size=(1, 3)),
)
VALUES = {"W": w, "X": x, "S": s, "t": tv, "r": rv}
c, c2, v2, v3 = rng.normal(size=(3, 4)), rng.normal(size=(2, 3)), rng.normal(size=2), rng.normal(size=3)
h = functools.reduce(lambda H, _: np.tanh(s @ H), range(25), s)
deep = functools.reduce(lambda H, _: sn.tanh(S * H), range(25), S)
net = sn.mlp(X, [1], prefix="net_")
NET = {"net_W1": np.ones((1, 2)), "net_b1": [[0.5]]}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


WORKS = {
    # numbers and scalars
    "1 - sn.sigmoid(X)": (1 - sn.sigmoid(XN), 1 - sigmoid(x)),
    "2 + sn.tanh(X)": (2 + sn.tanh(X), 2 + np.tanh(x)),
    "sn.tanh(X) - 0.5": (sn.tanh(X) - 0.5, np.tanh(x) - 0.5),
    "X - 1": (XN - 1, x - 1),
    "1 - X": (1 - XN, 1 - x),
    "X + t": (XN + t, x + tv),
    "t - X": (t - XN, tv - x),
    "W*X - 1": (W * XN - 1, w @ x - 1),
    "X.T + 1/2": (X.T + Rational(1, 2), x.T + 0.5),
    "W*X + sum(W)": (W * XN + sn.sum(W), w @ x + w.sum()),
    "sum(W) - W*X": (sn.sum(W) - W * X, w.sum() - w @ x),
    "s*(1 - s)": (sn.hadamard(1 - sn.sigmoid(X), sn.sigmoid(X)), (1 - sigmoid(x)) * sigmoid(x)),
    "1 - deep": (1 - deep, 1 - h),
    "deep + t": (deep + t, h + tv),
    "S**2 + 1": (S**2 + 1, s @ s + 1),
    "S.I - 1": (S**-1 - 1, np.linalg.inv(s) - 1),
    "0 + X": (0 + X, x),
    "X - 0": (X - 0, x),
    "0 - X": (0 - X, -x),
    "sum([…])": (sum([sn.tanh(X), X]), np.tanh(x) + x),
    "float64 - node": (np.float64(1) - sn.sigmoid(X), 1 - sigmoid(x)),
    "int64 + X": (np.int64(2) + X, 2 + x),
    "X + float32": (X + np.float32(0.5), x + 0.5),
    "X + array(2.)": (X + np.array(2.0), x + 2),
    "X/float64": (X / np.float64(2), x / 2),
    "net + 1": (net + 1, x.sum(axis=0, keepdims=True) + 1.5),
    "2*net - 1": (2 * net - 1, 2 * x.sum(axis=0, keepdims=True)),
    "(-net)*1": (-net * 1, -x.sum(axis=0, keepdims=True) - 0.5),
    "abs(X)": (abs(X), np.abs(x)),
    "abs(node)": (abs(sn.tanh(X)), np.abs(np.tanh(x))),
    # arrays
    "c + W*X": (c + W * X, c + w @ x),
    "W*X - c": (W * X - c, w @ x - c),
    "c - tanh": (c - sn.tanh(W * X), c - np.tanh(w @ x)),
    "tanh - c": (sn.tanh(W * X) - c, np.tanh(w @ x) - c),
    "c2 @ W*X": (c2 @ (W * XN), c2 @ (w @ x)),
    "W*X @ c.T": ((W * X) @ c.T, w @ x @ c.T),
    "c2*W": (c2 * W, c2 @ w),
    "W*c2": (W * c2, w @ c2),
    "matmul": (np.matmul(W, X), w @ x),
    "W @ v2": (W @ v2, (w @ v2)[:, None]),
    "v3 @ W": (v3 @ W, (v3 @ w)[None]),
    "tanh(W) @ v2": (sn.tanh(W) @ v2, (np.tanh(w) @ v2)[:, None]),
    "v3 @ tanh(W)": (v3 @ sn.tanh(W), (v3 @ np.tanh(w))[None]),
    "bool array": (X + (x > 0), x + (x > 0)),
    "S/array": (S / (np.eye(3) * 2), s / 2),
    "S**2 node": (sn.tanh(S) ** 2, np.tanh(s) @ np.tanh(s)),
    "X/t": (X / t, x / tv),
    "r + v3": (r + v3, rv + v3),
    "v3 - r": (v3 - r, v3 - rv),
    "X + sympy.ones": (X + sympy.ones(2, 4), x + 1),
    "hadamard": (sn.hadamard(c, W * X), c * (w @ x)),
    "hadamard of scalars": (sn.hadamard(2, X, t), 2 * x * tv),
    "inner": (sn.inner(W * X, c), (w @ x * c).sum()),
    "norm": (sn.norm(c - W * X), np.linalg.norm(c - w @ x)),
    "squared_error": (sn.squared_error(W * X, c), ((w @ x - c) ** 2).sum() / 8),
    "squared_error turned": (sn.squared_error(c, W * X), ((w @ x - c) ** 2).sum() / 8),
    "squared_error of a vector": (sn.squared_error(v3 @ (W * X), c[0]), ((v3 @ w @ x - c[0]) ** 2).sum() / 8),
    # a layer
    "affine, scalar b": (sn.affine(W, XN, t), w @ x + tv),
    "affine, number b": (sn.affine(W, XN, 0.5), w @ x + 0.5),
    "affine, row b": (sn.affine(W, XN, r), w @ x + rv.T),
    "affine of arrays": (sn.affine(c2, W, v2), c2 @ w + v2[:, None]),
    "affine, w a column": (sn.affine(r.T, S, t), rv @ s + tv),
    "affine, x a row": (sn.affine(S, r, r), s @ rv.T + rv.T),
    "affine, axis=1": (sn.affine(W, S, t, axis=1), s @ w + tv),
    "affine, column b, axis=1": (sn.affine(S, S, r.T, axis=1), s @ s + rv),
}


@pytest.mark.parametrize("name", WORKS)
def test_it_is_what_numpy_gives_and_is_differentiated(name):
    expr, wanted = WORKS[name]
    got = sn.evaluate(expr, VALUES | NET)
    np.testing.assert_allclose(got, wanted, rtol=1e-13)
    assert np.shape(got) == np.shape(wanted)
    loss = sn.norm(expr) ** 2 if expr.is_Matrix else expr
    check = sn.check_gradients(loss, {q.name: (VALUES | NET)[q.name] for q in loss.free_symbols if q.name != "n"})
    assert check.ok, str(check)
    assert str(sn.derive(loss, [q for q in loss.free_symbols if q.name != "n"]))


Y, col, n4 = sn.matrix("Y", 3, "n"), sn.vector("b", 3), sn.matrix("Q", 3, 4)
REFUSED = {
    "rows + column": (lambda: n4 + col, ["Q is 3×4 but b is 3×1", "b*OneMatrix(1, 4)", "sn.affine"]),
    "columns + row": (lambda: sn.matrix("P", 4, 3) + r, ["P is 4×3 but r is 1×3", "OneMatrix(4, 1)*r"]),
    "transposed sum": (lambda: n4 + n4.T, ["transposed", "write Q"]),
    "transposed product": (lambda: n4 * W, ["Q is 3×4", "W is 3×2", "inner sizes 4 and 3", "write Q.T"]),
    "transposed second": (lambda: X * sn.matrix("P", 5, 4), ["X is 2×4", "write P.T"]),
    "entry by entry": (lambda: W * W, ["W*W is a product of matrices", "sn.hadamard(W, W)", "W.T*W"]),
    "array, entry by entry": (lambda: c * (W * X), ["the array is 3×4", "sn.hadamard"]),
    "array of another shape": (lambda: W + np.ones((2, 2)), ["W is 3×2 but the array is 2×2"]),
    "array for symbolic size": (lambda: Y - np.ones((3, 6)), ["Y is 3×n but the array is 3×6", "declare the sizes"]),
    "loss, array, symbolic size": (lambda: sn.squared_error(Y, np.ones((3, 6))), ["Y is 3×n", "declare n as a number"]),
    "one axis beside a matrix": (lambda: W + np.ones(3), ["W is 3×2", "(3,)", ".reshape(1, -1) or .reshape(-1, 1)"]),
    "three axes": (lambda: W + np.ones((1, 3, 2)), ["3 axes"]),
    "complex": (lambda: W + 1j * np.ones((3, 2)), ["complex"]),
    "objects": (lambda: W + np.array([[object()]]), ["object"]),
    "text": (lambda: W + "X", ["'X' is text"]),
    "text, node": (lambda: sn.tanh(W) + "X", ["'X' is text"]),
    "list": (lambda: W + [[1, 2]], ["list", "numpy.array"]),
    "np.tanh": (lambda: np.tanh(W), ["NumPy's tanh", "W", "sn.tanh(…)"]),
    "np.tanh of a node": (lambda: np.tanh(sn.relu(XN)), ["relu(X)", "sn.tanh(…)"]),
    "np.abs": (lambda: np.abs(W * X), ["sn.abs(…)"]),
    "np.square": (lambda: np.square(W), ["sn.hadamard(A, A)"]),
    "np.maximum": (lambda: np.maximum(W, 0), ["sn.relu(A)"]),
    "np.sum": (lambda: np.sum(W), ["sn.sum(…)"]),
    "np.dot": (lambda: np.dot(W, XN), ["NumPy's dot", "A*B"]),
    "np.array": (lambda: np.array(XN), ["X is 2×n", "no array"]),
    "in place": (lambda: np.ones((3, 2)).__iadd__(W), ["an array cannot hold symbols"]),
    "sum(X)": (lambda: sum(XN), ["X is 2×n", "sn.sum"]),
    "for row in X": (lambda: list(XN * 2), ["cannot be listed"]),
    "1/X": (lambda: 1 / XN, ["1/A is not clear", "X", "sn.elementwise"]),
    "1/node": (lambda: 1 / sn.tanh(W), ["1/A is not clear", "tanh(W)"]),
    "W**2": (lambda: W**2, ["A**2", "W is 3×2", "sn.elementwise", "sn.norm(A)**2"]),
    "node**2": (lambda: sn.tanh(XN) ** 2, ["A**2", "tanh(X) is 2×n", "sn.norm(A)**2"]),
    "X**t": (lambda: XN**t, ["A**t", "X is 2×n"]),
    "2**X": (lambda: 2**X, ["2**A", "X", "sn.elementwise"]),
    "X/X": (lambda: XN / XN, ["A/B is A·B⁻¹", "X is 2×n", "sn.elementwise(lambda a, b: a/b, A, B)"]),
    "node/node": (lambda: sn.tanh(W) / sn.exp(W), ["A/B is A·B⁻¹", "exp(W) is 3×2"]),
    "W/array": (lambda: W / np.ones((3, 2)), ["the array is 3×2", "a/b"]),
    "NaN": (lambda: W + np.full((3, 2), np.nan), ["finite numbers"]),
    "X > 0": (lambda: XN > 0, ["X > 0", "Piecewise"]),
    "node <= X": (lambda: sn.tanh(XN) <= 1, ["tanh(X) <= 1"]),
    "X.sum()": (lambda: XN.sum(), ["sn.sum(A)", "X"]),
    "(W*X).mean()": (lambda: (W * X).mean(), ["sn.mean(A)", "W*X"]),
    "node.dot": (lambda: sn.tanh(X).dot(X), ["sn.inner", "A*B", "tanh(X)"]),
    "node.reshape": (lambda: sn.tanh(X).reshape(4, 2), ["sn.reshape(A, shape)", "tanh(X)"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_clear_is_refused_with_the_way_out(name):
    call, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError, AttributeError)) as raised:
        call()
    for word in words:
        assert word in str(raised.value), f"{word!r} is not in: {raised.value}"


def test_sympys_own_matrices_are_as_they_were():
    M = ImmutableMatrix([[1, 2], [3, 4]])
    sums, products = np.ones((2, 2)) + M, M * np.ones((2, 2))
    assert np.array(sums, float).tolist() == [[2, 3], [4, 5]] and np.array(products, float).tolist() == [[3, 3], [7, 7]]
    assert list(M) == [1, 2, 3, 4] and sum(M) == 10 and np.array(M, dtype=float).tolist() == [[1, 2], [3, 4]]
    assert np.add(M, M).tolist() == [[2, 4], [6, 8]] and not hasattr(M, "sum")
    with pytest.raises(TypeError):
        M + 1
    A, B = MatrixSymbol("A", 2, 2), MatrixSymbol("B", 2, 2)
    assert sympy.sympify("A*B", locals={"A": A, "B": B}) == A * B
    assert np.array(A).shape == (2, 2) and np.array(A)[0, 1] == A[0, 1] == list(A)[1]
    assert A - A == sympy.ZeroMatrix(2, 2) and A + M == M + A and A.subs(A, M) + B == M + B


def test_constants_are_exact():
    third = np.array([[1 / 3, np.pi], [1e-300, 1e17 + 16]])
    P = sn.matrix("P", 2, 2)
    np.testing.assert_array_equal(sn.evaluate(P + third, {P: np.zeros((2, 2))}), third)


def test_what_looks_like_numpy_and_means_sympys_product():
    np.testing.assert_allclose(sn.evaluate(sn.sum(S**2), VALUES), (s @ s).sum())
    np.testing.assert_allclose(sn.evaluate(sn.norm(S) ** 2, VALUES), (s * s).sum())
    np.testing.assert_allclose(sn.evaluate(S / sn.tanh(S), VALUES), s @ np.linalg.inv(np.tanh(s)))
    assert "S**2" in sn.sum.__doc__ and "A/B" in sn.matrix.__doc__


WHOLE = {
    **{
        name: functools.partial(getattr(sympy, name))
        for name in "exp log sin cos tan tanh sinh asin atan asinh sign Abs erf gamma loggamma floor LambertW "
        "factorial Heaviside DiracDelta".split()
    },
    "besselj": functools.partial(sympy.besselj, 1),
    "Max": functools.partial(sympy.Max, 0),
    "Min": functools.partial(sympy.Min, 0),
    "f": sympy.Function("f"),
}
PLACES = {
    "on its own": lambda call, A: sn.sum(sn.tanh(W)) + sn.sum(call(A)),
    "in a sum": lambda call, A: call(A) - sn.tanh(A),
    "beside a symbol": lambda call, A: W + call(A),
    "as a factor": lambda call, A: call(A) * X,
    "entry by entry": lambda call, A: sn.hadamard(call(A), A),
    "summed": lambda call, A: sn.sum(call(A)),
    "in a loss": lambda call, A: sn.squared_error(call(A), A),
    "in a net": lambda call, A: sn.mlp(call(A), [2]),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", WHOLE)
def test_a_function_of_a_whole_matrix_is_refused_with_what_there_is(name, place):
    for A in (W, sn.tanh(W), W + sn.sigmoid(W)):
        with pytest.raises(TypeError, match="matrix where a scalar is meant") as raised:
            PLACES[place](WHOLE[name], A)
        text = str(raised.value)
        assert f"sn.elementwise({name}, " in text and "noncommutative" not in text and "Adjoint" not in text
        assert all(hasattr(sn, word) for word in re.findall(r"sn\.(\w+)", text)), text


def test_a_scalar_that_does_not_commute_is_refused_by_name():
    q = Symbol("q", commutative=False)
    for call in (lambda: q * W, lambda: sn.tanh(W) * q, lambda: W + q, lambda: sn.hadamard(q, W)):
        with pytest.raises(TypeError, match="q does not commute"):
            call()


def test_what_is_a_scalar_of_matrices_is_one_beside_them():
    largest = sympy.Max(sn.norm(W), sn.sum(W), sympy.Trace(S))
    for found in (largest * W, W * largest, sn.hadamard(largest, W)):
        np.testing.assert_allclose(sn.evaluate(found, VALUES), max(np.linalg.norm(w), w.sum(), np.trace(s)) * w)


@pytest.mark.parametrize("name", ["__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__matmul__"])
def test_a_masked_array_is_no_constant(name):
    for A in (S, sn.tanh(S), S * S):
        for masked in (np.ma.masked_array(s, s > 0), np.ma.masked_array(s), np.ma.masked_array([1.0, 2, 3], [0, 1, 0])):
            with pytest.raises(TypeError, match="masked"):
                getattr(A, name)(masked)


def test_what_sympy_takes_and_is_no_expression_is_refused():
    for other in (range(6), Symbol("a") > 0, sympy.true, sympy.Interval(0, 1)):
        for call in (lambda other=other: W + other, lambda other=other: sn.tanh(W) - other):
            with pytest.raises(TypeError, match="beside"):
                call()


NUMPYS = {
    "dot": lambda A: np.dot(A, A), "matmul": lambda A: np.linalg.multi_dot([A, A, A]), "norm": np.linalg.norm,
    "det": np.linalg.det, "inv": np.linalg.inv, "trace": np.trace, "mean": np.mean, "sum": lambda A: np.sum(A, axis=0),
    "where": lambda A: np.where(A, 1, 0), "clip": lambda A: np.clip(A, 0, 1), "max": np.max, "argmax": np.argmax,
    "std": np.std, "outer": lambda A: np.outer(A, A), "einsum": lambda A: np.einsum("ij,jk", A, A),
    "concatenate": lambda A: np.concatenate([A, A]), "zeros_like": np.zeros_like, "transpose": np.transpose,
    "solve": lambda A: np.linalg.solve(A, np.ones((3, 1))), "array_equal": lambda A: np.array_equal(A, s),
    "constant first": lambda A: np.dot(np.ones((3, 3)), A),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMPYS)
def test_a_function_of_numpys_is_refused_with_what_to_write(name):
    for A in (S, sn.tanh(S), S * S, S + 1, sn.matrix("P", "n", "n")):
        with pytest.raises(TypeError, match=r"NumPy's [\w.]+ computes with numbers") as raised:
            NUMPYS[name](A)
        assert all(hasattr(sn, word) for word in re.findall(r"sn\.(\w+)", str(raised.value)))
    assert np.shape(W) == (3, 2) and np.ndim(sn.tanh(W)) == 2 and np.size(W) == 6
