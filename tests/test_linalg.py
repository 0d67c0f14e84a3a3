"""Functions of matrices over their kinds: value, gradient, Hessian times a direction, notations, float32, closed form."""

import pickle

import numpy as np
import pytest
import sympy
from sympy import BlockDiagMatrix, BlockMatrix, ImmutableMatrix, MatrixSlice, OneMatrix, Symbol, log

import symnet as sn
from symnet.expressions import as_tree, from_tree

n = Symbol("n", integer=True, positive=True)
A, B, C = sn.matrix("A", 3, 3), sn.matrix("B", 3, 2), sn.matrix("C", 3, 4)
X, Y, M = sn.matrix("X", 3, n), sn.matrix("Y", 2, n), sn.matrix("M", n, n)
T, b = sn.matrix("T", 2, 2), sn.vector("b", 3)
k, p, q = Symbol("k", integer=True), Symbol("p"), Symbol("q")
SIZES = {n: 4}
rng = np.random.default_rng(5)
VALUES = {W: rng.normal(size=[int(SIZES.get(s, s)) for s in W.shape]) for W in (A, B, C, X, Y, M, T, b)}
VALUES |= {k: 3, p: 1.7, q: -0.4}
a, bb, c, x, y, m, t, v = (VALUES[W] for W in (A, B, C, X, Y, M, T, b))
inv, det, solve, pinv = np.linalg.inv, np.linalg.det, np.linalg.solve, np.linalg.pinv


def taylor(G, terms=60):
    whole = term = np.eye(len(G))
    for j in range(1, terms):
        term = term @ G / j
        whole = whole + term
    return whole


KINDS = {
    # inverses, systems of equations, determinants, traces
    "inv": (sn.inv(A), inv(a)),
    "solve": (sn.solve(A, B), solve(a, bb)),
    "solve from the right": (B.T * A**-1, bb.T @ inv(a)),
    "solve of a quotient": (C.T / A, c.T @ inv(a)),
    "solve of a transpose": (A.T.inv() * b, solve(a.T, v)),
    "solve of a product": ((A * A.T).inv() * B, solve(a @ a.T, bb)),
    "solve, scaled": ((2 * A).inv() * (3 * B), 1.5 * solve(a, bb)),
    "solve of a diagonal": (sn.solve(sn.diag(b), B), bb / v),
    "negative power times a column": (A**-2 * b, inv(a) @ inv(a) @ v),
    "power times a column": (A**3 * b, a @ a @ a @ v),
    "inverse and solve": (A.inv() * b + sn.sum(sn.tanh(A.inv()), axis=1), inv(a) @ v + np.tanh(inv(a)).sum(1, keepdims=True)),
    "det": (sn.det(A), det(a)),
    "det of an inverse": (sn.det(sn.inv(A)), 1 / det(a)),
    "logdet": (sn.logdet(A), np.linalg.slogdet(a)[1]),
    "logdet of an inverse": (sn.logdet(sn.inv(A).T), -np.linalg.slogdet(a)[1]),
    "log of det": (log(sympy.Determinant(A * A.T)), 2 * np.linalg.slogdet(a)[1]),
    "trace": (sn.trace(sn.solve(A, A.T)), np.trace(solve(a, a.T))),
    "adjugate": (sn.adjugate(A), det(a) * inv(a)),
    # parts
    "row": (A[0, :], a[:1]),
    "last column": (X[:, -1], x[:, -1:]),
    "first column of n": (X[:, 0], x[:, :1]),
    "slice": (C[1:3, ::2], c[1:3, ::2]),
    "slice backwards": (C[2:0:-1, ::-3], c[2:0:-1, ::-3]),
    "slice of n backwards": (X[:, ::-1], x[:, ::-1]),
    "differences": (X[:, 1:] - X[:, :-1], np.diff(x)),
    "some of n": (X[1:, :2], x[1:, :2]),
    "slice of a product": ((A * X)[:2, :], (a @ x)[:2]),
    "slice of SymPy's": (MatrixSlice(C, (0, 3, 2), (0, 4, 3)), c[::2, ::3]),
    # stacks
    "hstack": (sn.hstack(A, B, 2 * A), np.hstack([a, bb, 2 * a])),
    "vstack of n": (sn.vstack([X, Y]), np.vstack([x, y])),
    "hstack of n": (sn.hstack(X, b, X), np.hstack([x, v, x])),
    "hstack with ones": (sn.hstack(OneMatrix(3, 1), B), np.hstack([np.ones((3, 1)), bb])),
    "blocks": (BlockMatrix([[A, B], [B.T, T]]), np.block([[a, bb], [bb.T, t]])),
    "blocks on a diagonal": (BlockDiagMatrix(A, T), np.block([[a, np.zeros((3, 2))], [np.zeros((2, 3)), t]])),
    # other shapes, moved and summed
    "reshape": (sn.reshape(C, (2, -1)), c.reshape(2, -1)),
    "reshape of n": (sn.reshape(X, ("n", 3)), x.reshape(4, 3)),
    "reshape to a column": (sn.reshape(C.T, -1), c.T.reshape(-1, 1)),
    "roll": (sn.roll(C, 2), np.roll(c, 2)),
    "roll along an axis": (sn.roll(X, -7, axis=1), np.roll(x, -7, axis=1)),
    "cumsum": (sn.cumsum(-C, axis=0), np.cumsum(-c, axis=0)),
    "cumsum of a row": (sn.cumsum(b.T), np.cumsum(v.T, axis=1)),
    "kron": (sn.kron(B, T), np.kron(bb, t)),
    "diagonal of a product": (sn.diagonal(A * A), np.diag(a @ a)[:, None]),
    # explicit matrices
    "explicit": (ImmutableMatrix([[p, q, 1], [p * q, p, A[0, 1]]]), np.array([[1.7, -0.4, 1], [-0.68, 1.7, a[0, 1]]])),
    "explicit times": (sympy.Matrix([[p, q, 1]]) * A, np.array([[1.7, -0.4, 1]]) @ a),
    "all entries": (A.as_explicit(), a),
    # norms
    "norm of columns": (sn.norm(C, axis=0), np.linalg.norm(c, axis=0, keepdims=True)),
    "norm of rows of n": (sn.norm(X, axis=1, ord=4), np.linalg.norm(x, 4, axis=1, keepdims=True)),
    "absolute sums": (sn.norm(C, axis=-1, ord=1), np.abs(c).sum(1, keepdims=True)),
    "cubic norm": (sn.norm(C, ord=3), (np.abs(c) ** 3).sum() ** (1 / 3)),
    "largest norm": (sn.norm(C, ord=np.inf), np.abs(c).max()),
    "largest norm of columns": (sn.norm(C, axis=0, ord=np.inf), np.abs(c).max(0, keepdims=True)),
    "largest norm of n": (sn.norm(X, axis=1, ord=sympy.oo), np.abs(x).max(1, keepdims=True)),
    "norm of a trained order": (sn.norm(C, ord=p), (np.abs(c) ** 1.7).sum() ** (1 / 1.7)),
    "spectral norm": (sn.spectral_norm(C), np.linalg.norm(c, 2)),
    "spectral norm of n": (sn.norm(X, ord="spectral"), np.linalg.norm(x, 2)),
    "nuclear norm": (sn.nuclear_norm(A), np.linalg.norm(a, "nuc")),
    "nuclear norm, tall": (sn.nuclear_norm(B), np.linalg.norm(bb, "nuc")),
    "nuclear norm of n": (sn.norm(X, ord="nuc"), np.linalg.norm(x, "nuc")),
    # entry by entry
    "divide": (sn.divide(A, sn.exp(A)), a / np.exp(a)),
    "divide by a scalar": (sn.divide(1, sn.exp(A)), np.exp(-a)),
    "power": (sn.power(sn.exp(A), A), np.exp(a) ** a),
    "power of a number": (sn.power(2, A), 2**a),
    "trained power": (sn.power(sn.exp(A), p), np.exp(a) ** 1.7),
    "tan": (sn.tan(sn.tanh(A)), np.tan(np.tanh(a))),
    "arcsin": (sn.arcsin(sn.tanh(A) / 2), np.arcsin(np.tanh(a) / 2)),
    "arccos": (sn.arccos(sn.tanh(A) / 2), np.arccos(np.tanh(a) / 2)),
    "arctan": (sn.arctan(A), np.arctan(a)),
    "sinh and cosh": (sn.sinh(A) + sn.cosh(A), np.exp(a)),
    "square": (sn.square(A), a * a),
    # functions of a matrix
    "expm": (sn.expm(A), taylor(a)),
    "expm, squared often": (sn.expm(5 * A), taylor(5 * a, 150)),
    "expm of little": (sn.expm(A / 1000), taylor(a / 1000)),
    "matrix power": (A**k, a @ a @ a),
    "negative matrix power": (A**-k, inv(a @ a @ a)),
    "matrix power of n": (M**n, m @ m @ m @ m),
    "pinv": (sn.pinv(B), pinv(bb)),
    "pinv of n": (sn.pinv(X), pinv(x)),
    "pinv times a column": (sn.pinv(C) * b, pinv(c) @ v),
}  # fmt: skip
EASY = {"spectral norm", "spectral norm of n", "nuclear norm", "nuclear norm, tall", "nuclear norm of n"}


def loss_of(F):
    return (sn.sum(sn.tanh(F / 3)) + sn.norm(F) ** 2) if getattr(F, "is_Matrix", False) else F**2 + F


def symbols_in(F):
    symbols = sorted((s for s in F.free_symbols if s in VALUES), key=str)
    return [s for s in symbols if s != k], {s: VALUES[s] for s in symbols}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", KINDS)
def test_value_gradient_and_notations(kind):
    F, wanted = KINDS[kind]
    wrt, values = symbols_in(F)
    found = sn.evaluate(F, values)
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
    d = sn.derive(loss_of(F), wrt)
    kernel = d.compile()
    for method in ("complex", "central"):
        assert sn.check_gradients(loss_of(F), values, wrt, method=method).ok, method
    value, gradients = kernel(values)
    for w in wrt:
        np.testing.assert_allclose(sn.evaluate(d.closed(w), values), gradients[w], rtol=1e-7, atol=1e-9)
        assert str(d.closed(w)) and sympy.latex(d.closed(w))
    single = {s: np.float32(a) if np.ndim(a) else a for s, a in values.items()}
    value, gradients = kernel(single)
    assert all(np.asarray(g).dtype == np.float32 for g in (value, *gradients.values()))
    for notation in sn.NOTATIONS:
        text = sn.formula(F, notation)
        assert text and "_1" not in text and "Lambda" not in text


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS)
def test_the_hessian_times_a_direction(kind):
    F, _ = KINDS[kind]
    wrt, values = symbols_in(F)
    rng = np.random.default_rng(7)
    moves = {w: rng.normal(size=np.shape(values[w])) for w in wrt}
    directions = [sn.matrix(f"D{w}", *w.shape) if w.is_Matrix else Symbol(f"D{w}") for w in wrt]
    products = sn.hvp(loss_of(F), wrt, directions)
    known = values | {d: moves[w] for d, w in zip(directions, wrt, strict=True)}
    kernel = sn.derive(loss_of(F), wrt).compile()
    h = 1e-4
    at = {
        j: kernel({s: a + j * h * moves[s] if s in moves else a for s, a in values.items()})[1] for j in (-2, -1, 1, 2)
    }
    for w, product in zip(wrt, products, strict=True):
        slope = (8 * (at[1][w] - at[-1][w]) - (at[2][w] - at[-2][w])) / (12 * h)
        scale = max(1.0, np.abs(slope).max())
        np.testing.assert_allclose(sn.evaluate(product, known), slope, rtol=0, atol=2e-6 * scale)


LINEAR = [kind for kind in KINDS if kind in (
    "slice", "slice backwards", "differences", "hstack of n", "blocks", "reshape of n", "roll", "cumsum", "kron", "solve",
    "explicit", "diagonal of a product", "inv", "pinv", "logdet", "adjugate",
)]  # fmt: skip


@pytest.mark.parametrize("kind", LINEAR)
def test_the_hessian_as_a_matrix(kind):
    F, _ = KINDS[kind]
    wrt, values = symbols_in(F)
    assert sn.check_hessian(loss_of(F), values, wrt[:1]).ok


@pytest.mark.parametrize("kind", ["slice", "slice of n backwards", "hstack of n", "blocks", "blocks on a diagonal",
                                  "reshape of n", "roll", "cumsum", "explicit", "slice of SymPy's", "all entries"])  # fmt: skip
def test_entry_by_entry(kind):
    F, _ = KINDS[kind]
    for w in symbols_in(F)[0][:2]:
        assert sn.prove(sn.norm(F) ** 2, w, {"n": 2}).ok


@pytest.mark.parametrize("kind", ["expm", "adjugate", "pinv", "spectral norm", "nuclear norm, tall", "matrix power",
                                  "logdet", "solve", "cumsum", "hstack of n"])  # fmt: skip
def test_in_fifty_digits(kind):
    F, _ = KINDS[kind]
    wrt, values = symbols_in(F)
    assert sn.check_gradients(loss_of(F), values, wrt, method="mpmath").ok


# -- no inverse where a product is needed


PRODUCTS = [
    A**-1 * B, B.T * A**-1, A.inv() * b, A.T.inv() * B, C.T / A, sn.solve(A, A.T), (A * A).inv() * b, A**-2 * b,
    b.T * A.inv() * b, B.T * A.inv() * B, sn.solve(A, B) * T,
]  # fmt: skip


@pytest.mark.parametrize("F", PRODUCTS, ids=str)
def test_a_product_with_an_inverse_is_a_system_of_equations(F):
    wrt, values = symbols_in(F)
    for source in (sn.compile(F).source, sn.derive(loss_of(F), wrt).compile().source):
        assert "solve(" in source and "inv(" not in source


def test_the_inverse_itself_is_computed_once():
    source = sn.derive(sn.sum(sn.tanh(A.inv())) + sn.sum(A.inv() * b), [A, b]).compile().source
    assert source.count("inv(A") == 1 and "solve(" not in source


READ = {
    "solve": (sn.norm(sn.solve(A, b)), ["T₁ = A⁻¹⋅b", "T₂ = A⁻ᵀ⋅T₁", "∂L/∂A = −T₂⋅T₁ᵀ/L", "∂L/∂b = T₂/L"]),
    "det": (sn.det(A), ["L = det(A)", "∂L/∂A = L⋅A⁻ᵀ"]),
    "logdet": (sn.logdet(A), ["L = log(|det(A)|)", "∂L/∂A = A⁻ᵀ"]),
    "trace": (sn.trace(A * A), ["∂L/∂A = 2⋅Aᵀ"]),
    "parts": (sn.norm(C[1:, 0]) ** 2, ["T₁ = C[1:, 0]", "2⋅placed(T₁, [1:, 0], 3×4)"]),
    "stacks": (sn.norm(sn.vstack(X, Y)) ** 2, ["[X; Y]", "∂L/∂X = 2⋅T₁[:3, :]", "∂L/∂Y = 2⋅T₁[3:, :]"]),
    "blocks": (sn.norm(BlockMatrix([[A, B], [B.T, T]])) ** 2, ["[A, B; Bᵀ, T]"]),
    "roll": (sn.sum(sn.tanh(sn.roll(b, 1))), ["roll(b, 1, axis=0)", "∂L/∂b = roll(1 − T₁∘T₁, -1, axis=0)"]),
    "norms": (sn.spectral_norm(C) + sn.nuclear_norm(C), ["‖C‖₂", "‖C‖⁎", "∂L/∂C = leading(C) + polar(C)"]),
    "expm": (sn.trace(sn.expm(A)), ["T₁ = expm(A)", "∂L/∂A = T₁ᵀ"]),
    "pinv": (sn.norm(sn.pinv(B)) ** 2, ["T₁ = B⁺"]),
    "explicit": (sn.norm(ImmutableMatrix([[p, q]]) * T), ["[p, q]", "∂L/∂q = T₃[0, 1]/L"]),
}


@pytest.mark.parametrize("name", READ)
def test_how_it_reads(name):
    loss, lines = READ[name]
    text = str(sn.derive(loss, symbols_in(loss)[0]))
    assert all(line in text for line in lines), text


def test_a_product_with_a_long_chain_is_never_a_square_matrix():
    source = sn.compile(sn.diagonal(B * B.T)).source
    assert "@" not in source
    assert "A @ A" not in sn.compile(A**3 * b).source


# -- what does not fit is refused, by name and with the way out


REFUSED = {
    "trace": (lambda: sn.trace(C), "trace: C is 3×4, and a square matrix is needed"),
    "det": (lambda: sn.det(C), "det: C is 3×4"),
    "logdet": (lambda: sn.logdet(C), "logdet: C is 3×4"),
    "inv": (lambda: sn.inv(C), "inv: C is 3×4.*sn.pinv"),
    "inv of a scalar": (lambda: sn.inv(p), "p is a scalar already"),
    "solve": (lambda: sn.solve(A, T), "A is 3×3 but T is 2×2"),
    "expm": (lambda: sn.expm(C), "expm: C is 3×4"),
    "adjugate": (lambda: sn.adjugate(X), "adjugate: X is 3×n"),
    "hstack": (lambda: sn.hstack(A, T), "A is 3×3 but T is 2×2; they need as many rows"),
    "vstack": (lambda: sn.vstack(A, B), "they need as many columns"),
    "nothing to stack": (lambda: sn.vstack(), "give the matrices"),
    "reshape": (lambda: sn.reshape(C, (5, 2)), "C is 3×4 and has 12 entries, which do not fill 5×2"),
    "reshape with -1": (lambda: sn.reshape(C, (5, -1)), "do not fill 5×-1"),
    "reshape to three axes": (lambda: sn.reshape(C, (2, 3, 2)), "has 3 axes"),
    "roll": (lambda: sn.roll(C, 1.5), "whole number, not 1.5"),
    "axis of roll": (lambda: sn.roll(C, 1, axis=2), "axis must be 0"),
    "cumsum": (lambda: sn.cumsum(C), "C is 3×4; write axis=0"),
    "axis of a norm": (lambda: sn.norm(C, axis=3), "axis must be 0"),
    "order of a norm": (lambda: sn.norm(C, ord=0.5), "ord must be a number from 1"),
    "name of a norm": (lambda: sn.norm(C, ord="foo"), "'fro', 'nuc', 'spectral'"),
    "spectral along an axis": (lambda: sn.norm(C, axis=0, ord="nuc"), "leave axis away"),
    "row": (lambda: C[3, :], "C is 3×4 and has no row 3"),
    "column": (lambda: C[:, -5], "no column -5"),
    "slice beyond": (lambda: C[1:5, :], "the slice 1:5 goes beyond its 3 rows"),
    "empty slice": (lambda: C[:, 2:2], "has no columns"),
    "symbolic slice": (lambda: sn.derive(sn.sum(C[:k, :]), C), "a slice is of whole numbers, and 0:k has symbols"),
    "text as a slice": (lambda: C["a":, :], "text is not read"),
    "step of a symbolic size": (lambda: X[:, ::2], "declare the size as a number"),
    "step 0": (lambda: C[::0, :], "step of a slice must not be 0"),
    "divide": (lambda: sn.divide(A, C), "A is 3×3 but C is 3×4"),
    "power": (lambda: sn.power(B, C), "make them one shape"),
    "power, transposed": (lambda: sn.power(B, B.T), "write B"),
    "root of a matrix": (lambda: sn.derive(sn.norm(A ** sympy.Rational(1, 2)), A), "must be a whole number"),
    "slope in an exponent": (lambda: sn.derive(sn.norm(A**k), k), "no derivative in it"),
    "inverse of SymPy's": (lambda: sn.derive(sn.norm(BlockMatrix([[A, B]]).I), A), "square|Square"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    make, words = REFUSED[case]
    with pytest.raises((ValueError, TypeError), match=words):
        make()


def test_a_slice_that_the_data_do_not_have():
    loss = sn.norm(X[:, :3]) ** 2
    assert sn.evaluate(loss, {X: np.ones((3, 5))}) == 9
    with pytest.raises(ValueError, match=r"X\[:, :3\]: the matrix is too small"):
        sn.evaluate(loss, {X: np.ones((3, 2))})
    with pytest.raises(ValueError, match="too small"):
        sn.evaluate(sn.norm(X[:, 1:] - X[:, :-1]), {X: np.ones((3, 1))})


def test_a_matrix_without_an_inverse_is_named():
    with pytest.raises(np.linalg.LinAlgError, match=r"no inverse, in value = A\*\*\(-1\)\*b"):
        sn.evaluate(sn.solve(A, b), {A: np.ones((3, 3)), b: v})


def test_numpys_functions_say_what_is_ours():
    for call, words in [(lambda: np.linalg.det(A), "sn.det"), (lambda: np.linalg.solve(A, b), "sn.solve"),
                        (lambda: np.hstack([A, B]), "sn.hstack"), (lambda: np.roll(A, 1), "sn.roll")]:  # fmt: skip
        with pytest.raises(TypeError, match=words):
            call()
    with pytest.raises(AttributeError, match="sn.reshape"):
        A.reshape(9, 1)


def test_a_power_that_is_not_whole():
    with pytest.raises(ValueError, match="must be a whole number, and it is 1.5"):
        sn.evaluate(A**k, {A: a, k: 1.5})


def test_an_adjugate_without_an_inverse():
    singular = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]])
    cofactors = sympy.Matrix(singular.astype(int).tolist()).adjugate()
    np.testing.assert_allclose(sn.evaluate(sn.adjugate(A), {A: singular}), np.array(cofactors, float), atol=1e-12)


def test_names_of_a_user_that_a_kernel_calls():
    solve_, placed = sn.matrix("solve", 3, 3), sn.matrix("placed", 3, 3)
    loss = sn.norm(sn.solve(solve_, placed)[1:, :]) ** 2 + sn.trace(sn.expm(placed))
    assert sn.check_gradients(loss, {solve_: a, placed: a.T}).ok


@pytest.mark.parametrize("kind", KINDS)
def test_in_files(kind):
    loss = loss_of(KINDS[kind][0])
    assert from_tree(as_tree(loss)) == loss
    assert pickle.loads(pickle.dumps(loss)) == loss


@pytest.mark.parametrize("kind", ["solve", "slice", "blocks", "expm", "logdet", "nuclear norm", "pinv", "matrix power"])
def test_diagnosed(kind):
    loss = loss_of(KINDS[kind][0])
    wrt, values = symbols_in(KINDS[kind][0])
    _, gradients = sn.derive(loss, wrt).compile()(values)
    assert not sn.diagnose(loss, values, {w: gradients[w] for w in wrt}).wrong
    assert sn.diagnose(loss, values, {w: 3 * gradients[w] for w in wrt}).wrong
