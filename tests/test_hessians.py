"""Hessians and Jacobians: the formulas that textbooks print, their numbers against differences, and their structure."""

import pickle

import losses as every_kind
import numpy as np
import pytest
import sympy
from sympy import Determinant, Identity, Inverse, MatrixSymbol, Symbol, log

import symnet as sn
from symnet.backends.structured import StructuredMatrix

M = sn.matrix
X, w, y, v = M("X", "m", 3), sn.vector("w", 3), sn.vector("y", "m"), sn.vector("v", 3)
A, B, Z, Y, W = M("A", 3, 3), M("B", 3, 2), M("Z", 3, "n"), M("Y", 2, "n"), M("W", 2, 3)
T, U, V = M("T", 4, 5), M("U", 4, 2), M("V", 5, 2)
SIZES = {"m": 7, "n": 6}
s, t = Symbol("s"), Symbol("t")
factorised = sn.norm(T - U * V.T) ** 2

PRINTED = {
    "least squares": (sn.norm(X * w - y) ** 2 / 2, w, None, "Xᵀ⋅X"),
    "mean of squares": (sn.squared_error(X * w, y, axis=1), w, None, "Xᵀ⋅X/m"),
    "quadratic form": (w.T * A * w, w, None, "A + Aᵀ"),
    "logistic regression": (
        sn.binary_cross_entropy(X * w, y, axis=1), w, None, "Xᵀ⋅diag(sigmoid(X⋅w) ∘ (1 − sigmoid(X⋅w)))⋅X/m"
    ),
    "fourth power": (sn.norm(w) ** 4, w, None, "4⋅(‖w‖²⋅I + 2⋅w⋅wᵀ)"),
    "log-sum-exp": (sn.sum(sn.logsumexp(w)), w, None, "diag(softmax(w)) − softmax(w)⋅softmax(w)ᵀ"),
    "norm": (sn.norm(w), w, None, "(I − w⋅wᵀ/‖w‖²)/‖w‖"),
    "factors, left": (factorised, U, None, "2⋅(Vᵀ⋅V ⊗ I)"),
    "factors, right": (factorised, V, None, "2⋅(Uᵀ⋅U ⊗ I)"),
    "linear": (sn.inner(A, A * B * B.T), B, None, "2⋅(I ⊗ Aᵀ⋅A)"),
    "factors, ridge": (factorised + s * sn.norm(U) ** 2, U, None, "2⋅((s⋅I + Vᵀ⋅V) ⊗ I)"),
    "ridge": (sn.norm(X * w - y) ** 2 / 2 + s * sn.norm(w) ** 2 / 2, w, None, "s⋅I + Xᵀ⋅X"),
    "factors, mixed": (factorised, U, V, "2⋅((Vᵀ ⊗ U)⋅K(5, 2) + I ⊗ (U⋅Vᵀ − T))"),
    "trace": (sympy.Trace(B.T * A * B), B, None, "I ⊗ (A + Aᵀ)"),
    "orthogonality": (
        sn.norm(B.T * B - Identity(2)) ** 2, B, None, "4⋅((Bᵀ ⊗ B)⋅K(3, 2) + I ⊗ B⋅Bᵀ + (Bᵀ⋅B − I) ⊗ I)"
    ),
    "log det": (log(Determinant(A)), A, None, "−(A⁻¹ ⊗ A⁻ᵀ)⋅K(3, 3)"),
    "softmax regression": (
        sn.cross_entropy(W * Z, Y), W, None,
        "(Z ⊗ I)⋅(diag(vec(softmax(W⋅Z))) − diag(vec(softmax(W⋅Z)))⋅(I ⊗ 1⋅1ᵀ)⋅diag(vec(softmax(W⋅Z))))⋅(Zᵀ ⊗ I)/n",
    ),
    "scalar": (s**3 * t, s, None, "6s⋅t"),
    "scalar and vector": (s * sn.norm(w) ** 2, w, s, "2⋅w"),
    "vector and scalar": (s * sn.norm(w) ** 2, s, w, "2⋅wᵀ"),
    "none": (sn.sum(w), w, None, "0"),
}  # fmt: skip
LOSSES = {
    **{name: row[:3] for name, row in PRINTED.items()},
    "factors, mixed the other way": (factorised, V, U),
    "softmax regression, rows": (sn.cross_entropy(Z.T * W.T, Y.T, axis=1), W, None),
    "two layers, first": (sn.squared_error(B.T * sn.tanh(B * W * Z), Y), W, None),
    "two layers, tied": (sn.squared_error(B.T * sn.tanh(B * W * Z), Y), B, None),
    "two layers, mixed": (sn.squared_error(B.T * sn.tanh(B * W * Z), Y), B, W),
    "log det of a product": (log(Determinant(A.T * A + Identity(3))), A, None),
    "inverse": (sn.sum(Inverse(A + 4 * Identity(3))), A, None),
    "bias": (sn.squared_error(sn.tanh(sn.affine(W, Z, sn.vector("b", 2))), Y), sn.vector("b", 2), None),
    "bias and weights": (sn.squared_error(sn.tanh(sn.affine(W, Z, sn.vector("b", 2))), Y), W, sn.vector("b", 2)),
    "row": (sn.sum(sn.exp(M("r", 1, 3) * A)), M("r", 1, 3), None),
    "temperature": (sn.cross_entropy(W * Z / s, Y), W, s),
    "layers without a name": (sn.sum(sn.exp(A * sn.sin(A))), A, None),
    "traces": (sympy.Trace(A * A * A) + sympy.Trace(A) ** 2, A, None),
    "attention": (sn.norm(A * sn.softmax(A.T * A, axis=1)) ** 2, A, None),
    "log of a sum": (log(sn.sum(sn.exp(X * w))), w, None),
}


def number(size):
    return int(size.subs({x: SIZES[x.name] for x in size.free_symbols}))


def values_for(*expressions, seed=4):
    rng = np.random.default_rng(seed)
    found = {}
    for symbol in sorted(set().union(*[e.free_symbols for e in expressions]), key=str):
        if isinstance(symbol, MatrixSymbol):
            found[symbol.name] = rng.normal(size=tuple(map(number, symbol.shape)))
        elif symbol.name not in SIZES:
            found[symbol.name] = rng.uniform(0.5, 1.5)
    if "Y" in found:
        found["Y"] = np.abs(found["Y"]) / np.abs(found["Y"]).sum(0)
    return found


def needed(expr, values):
    """Give the values that a kernel of an expression needs, sizes that no array tells among them."""
    return {n: {**values, **SIZES}[n] for n in sn.compile(expr).arguments}


def vec(array):
    return np.asarray(array).reshape(-1, 1, order="F") if np.ndim(array) else np.array([[array]])


def columns(f, values, name, h=1e-5):
    """Give the derivatives of vec f in each entry of vec values[name], by central differences, extrapolated once."""
    found = []
    for k in range(np.size(values[name])):
        unit = np.zeros(np.size(values[name]))
        unit[k] = h
        step = unit.reshape(np.shape(values[name]), order="F")
        a, b, c, d = (vec(f({**values, name: values[name] + j * step})) for j in (1, -1, 2, -2))
        found.append((8 * (a - b) - (c - d)) / (12 * h))
    return np.hstack(found)


@pytest.mark.parametrize("name", PRINTED)
def test_formulas_read_as_in_a_textbook(name):
    loss, row, column, text = PRINTED[name]
    assert sn.formula(sn.hessian(loss, row, column)) == text


def dense(value):
    return np.atleast_2d(np.asarray(value))


@pytest.mark.parametrize("name", LOSSES)
def test_numbers_against_differences_of_the_gradient(name):
    loss, row, column = LOSSES[name]
    found = sn.hessian(loss, row, column)
    loss = sn.sum(loss) if getattr(loss, "is_Matrix", False) else loss
    values = values_for(loss)
    kernel = sn.derive(loss, row).compile(outputs=[row])
    gradient = lambda at: kernel.function(*[at[n] for n in kernel.arguments])[0]
    column = column if column is not None else row
    numeric = columns(gradient, values, column.name)
    structured = sn.compile(found)(needed(found, values))
    for value in (structured, sn.evaluate(found, needed(found, values))):
        assert dense(value).shape == numeric.shape or np.ndim(value) == 0
        np.testing.assert_allclose(dense(value) + 0 * numeric, numeric, atol=1e-6 * max(1, np.abs(numeric).max()))
    if isinstance(structured, StructuredMatrix):
        x = np.random.default_rng(5).normal(size=numeric.shape[1])
        np.testing.assert_allclose(structured.matvec(x), structured.to_dense() @ x, atol=1e-10)
        np.testing.assert_allclose(structured.T.to_dense(), structured.to_dense().T, atol=1e-12)
    for notation in sn.NOTATIONS:
        assert sn.formula(found, notation)


@pytest.mark.parametrize("name", every_kind.LOSSES)
def test_every_kind_of_loss(name):
    loss, wrt = every_kind.LOSSES[name]
    d = sn.derive(loss, wrt)
    kernel, symbol = d.compile(), d.wrt[-1]
    if symbol in d.program.assumptions:  # what sums to 1 cannot be moved entry by entry
        return
    values = every_kind.values_of(kernel, seed=2)
    found = sn.compile(sn.hessian(loss, symbol))
    value = dense(found({n: values.get(n, every_kind.SIZES.get(n)) for n in found.arguments}))
    gradient = lambda at: kernel.function(*[at[n] for n in kernel.arguments])[1][-1]
    numeric = columns(gradient, values, symbol.name)
    assert value.shape == numeric.shape
    np.testing.assert_allclose(value, numeric, atol=1e-5 * max(1, np.abs(numeric).max()))


def test_nothing_of_full_size_is_computed_on_the_way():
    big, left, Q, labels = M("big", 30, 40), M("left", 30, 2), M("Q", 20, 30), M("labels", 20, 40)
    for loss, symbol in [
        (sn.cross_entropy(Q * big, labels), Q), (sn.norm(Q * left * left.T - Q) ** 2, left), (sn.norm(Q) ** 4, Q),
        (sn.squared_error(sn.tanh(Q * big), labels), Q), (log(Determinant(big * big.T)), big), (sn.norm(Q), Q),
    ]:  # fmt: skip
        kernel, rng = sn.compile(sn.hessian(loss, symbol)), np.random.default_rng(0)
        arrays = [rng.random(tuple(map(int, kernel.symbols[n].shape))) for n in kernel.arguments]
        length = int(symbol.shape[0] * symbol.shape[1])
        assert max(np.size(part) for part in kernel.result.listed(kernel.function(*arrays))) < length**2 / 3


def test_a_node_of_a_users_own_has_no_matrix_but_a_product():
    class Reversed(sn.MatrixNode):
        title = "reversed"

    sn.RULES[Reversed] = lambda G, Y, A: (Reversed(G),)
    sn.NUMPY[Reversed] = lambda c, node: c.full(node.args[0])["::-1"]
    try:
        loss = sn.norm(Reversed(sn.tanh(A * w)) - v) ** 2 / 2
        with pytest.raises(
            TypeError, match=r"Reversed, met in reversed\(.*\): sn.hvp and sn.jvp give it times a direction"
        ):
            sn.hessian(loss, w)
        assert "reversed" in str(sn.hvp(loss, w, v))
    finally:
        del sn.RULES[Reversed], sn.NUMPY[Reversed]


FUNCTIONS = {
    "linear": (A * w, w), "layer": (sn.tanh(A * w), w), "layer, weights": (sn.tanh(W * Z), W), "transpose": (A.T, A),
    "softmax": (sn.softmax(W * Z), W), "softmax of rows": (sn.softmax(B, axis=1), B), "inverse": (Inverse(A), A),
    "product": (A * A.T * A, A), "scalar": (sn.norm(A), A), "scaled": (s * A * B, s), "log-sum-exp": (sn.logsumexp(A), A),
    "row": (M("r", 1, 3) * A, M("r", 1, 3)), "outer": (w * w.T, w), "diag": (sn.diag(w) * A, w), "vec": (sn.vec(A) * s, A),
    "by itself": (A, A), "scalars": (s**2, s),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobians_against_differences(name):
    F, symbol = FUNCTIONS[name]
    found = sn.jacobian(F, symbol)
    values = values_for(F)
    kernel = sn.compile(F)
    numeric = columns(lambda at: kernel.function(*[at[n] for n in kernel.arguments]), values, symbol.name)
    value = sn.compile(found)(needed(found, values))
    assert dense(value).shape == numeric.shape
    np.testing.assert_allclose(dense(value), numeric, atol=1e-7)


# -- structure


rng = np.random.default_rng(0)
a, b, c = rng.normal(size=(3, 3)), rng.normal(size=(2, 2)), rng.normal(size=(4, 4))
p, q, r = M("p", 3, 3), M("q", 2, 2), M("r", 4, 4)
OBJECTS = {
    "product": (sn.kron(p, q), {"p": a, "q": b}, np.kron(a, b)),
    "three": (sn.kron(p, sn.kron(q, r)), {"p": a, "q": b, "r": c}, np.kron(a, np.kron(b, c))),
    "identity": (3 * sn.kron(p, Identity(4)), {"p": a}, 3 * np.kron(a, np.eye(4))),
    "sum": (sn.kron(p, Identity(2)) + s * Identity(6), {"p": a, "s": 9.0}, np.kron(a, np.eye(2)) + 9 * np.eye(6)),
    "sum, other side": (sn.kron(Identity(2), p) / 2 - Identity(6), {"p": a}, np.kron(np.eye(2), a) / 2 - np.eye(6)),
    "sum without": (sn.kron(p, q) + sn.kron(q, p), {"p": a, "q": b}, np.kron(a, b) + np.kron(b, a)),
    "products": (sn.kron(p, q) * sn.diag(sn.vec(M("d", 2, 3))) * sn.kron(p, q).T, {"p": a, "q": b, "d": b[:, [0, 1, 1]]},
                 np.kron(a, b) @ np.diag(b[:, [0, 1, 1]].T.ravel()) @ np.kron(a, b).T),
    "rectangles": (sn.kron(M("e", 3, 2), q), {"e": a[:, :2], "q": b}, np.kron(a[:, :2], b)),
    "outer": (sn.kron(p, q) - sn.vec(M("e", 2, 3)) * sn.vec(M("e", 2, 3)).T, {"p": a, "q": b, "e": a[:2]},
              np.kron(a, b) - np.outer(a[:2].T.ravel(), a[:2].T.ravel())),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_a_structured_matrix_multiplies_and_solves(name):
    expr, values, wanted = OBJECTS[name]
    found = sn.compile(expr)(values)
    assert isinstance(found, StructuredMatrix) and found.shape == wanted.shape and found.dtype == float
    np.testing.assert_allclose(found.to_dense(), wanted, atol=1e-12)
    np.testing.assert_allclose(np.asarray(found), wanted, atol=1e-12)
    x, X = rng.normal(size=wanted.shape[1]), rng.normal(size=(wanted.shape[1], 3))
    np.testing.assert_allclose(found.matvec(x), wanted @ x, atol=1e-12)
    np.testing.assert_allclose(found.matvec(x[:, None]), wanted @ x[:, None], atol=1e-12)
    np.testing.assert_allclose(found @ X, wanted @ X, atol=1e-12)
    np.testing.assert_allclose(found.matmat(X), wanted @ X, atol=1e-12)
    z = rng.normal(size=wanted.shape[0])
    np.testing.assert_allclose(found.rmatvec(z), wanted.T @ z, atol=1e-12)
    if wanted.shape[0] == wanted.shape[1]:
        np.testing.assert_allclose(wanted @ found.solve(z), z, atol=1e-9)
        np.testing.assert_allclose(found.T.solve(found.T @ X), X, atol=1e-8)
    np.testing.assert_allclose(sn.evaluate(expr, values), wanted, atol=1e-12)  # an array, as for any expression
    kernel = pickle.loads(pickle.dumps(sn.compile(expr)))
    np.testing.assert_allclose(kernel(values).to_dense(), wanted, atol=1e-12)
    single = sn.compile(expr)({n: np.asarray(x, np.float32) for n, x in values.items()})
    assert single.dtype == np.float32 and single.to_dense().dtype == np.float32


def test_what_does_not_fit_is_said():
    found = sn.compile(sn.kron(p, q))({"p": a, "q": b})
    with pytest.raises(ValueError, match=r"matvec: the matrix is 6×6, and an array of shape \(5,\) does not fit"):
        found.matvec(np.ones(5))
    with pytest.raises(ValueError, match=r"@: the matrix is 6×6.*first axis must have 6 entries"):
        found @ np.ones((5, 6))
    with pytest.raises(ValueError, match="the matrix must be square, and it is 6×4"):
        sn.compile(sn.kron(M("e", 3, 2), q))({"e": a[:, :2], "q": b}).solve(np.ones(6))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        sn.compile(sn.kron(p, q))({"p": np.ones((3, 3)), "q": b}).solve(np.ones(6))
    E, F = M("E", 50, 50), M("F", 100, 100)
    large = sn.compile(sn.kron(E, F) + sn.kron(E.T, F.T))({E: np.eye(50), F: np.eye(100)})
    with pytest.raises(ValueError, match=r"5000 rows without a structure.*scipy.sparse.linalg.minres"):
        large.solve(np.ones(5000))


def test_the_hessian_of_a_factorisation_is_never_built():
    big, left, right = M("T", 3000, 3000), M("U", 3000, 5), M("V", 3000, 5)
    H = sn.compile(sn.hessian(sn.norm(big - left * right.T) ** 2, left))
    value = rng.normal(size=(3000, 5))
    found = H({right: value})
    assert found.shape == (15000, 15000)  # 1.8 GB
    x = rng.normal(size=15000)
    wanted = 2 * x.reshape(3000, 5, order="F") @ value.T @ value
    np.testing.assert_allclose(found.matvec(x), wanted.ravel(order="F"), rtol=1e-9)
    np.testing.assert_allclose(found.solve(found @ x), x, rtol=1e-9)


def test_scipy_takes_it_for_a_linear_operator():
    linalg = pytest.importorskip("scipy.sparse.linalg")
    H = sn.compile(sn.hessian(factorised + sn.norm(U) ** 2, U))({V: rng.normal(size=(5, 2))})
    x, info = linalg.cg(H, np.arange(8.0), rtol=1e-12)
    assert info == 0
    np.testing.assert_allclose(x, H.solve(np.arange(8.0)), rtol=1e-8)
    np.testing.assert_allclose(linalg.aslinearoperator(H).rmatvec(x), H.T @ x)


# -- the section "Second order"


def test_the_section_second_order():
    d = sn.derive(sn.binary_cross_entropy(X * w, y, axis=1), w, order=2)
    assert [section.title for section in d.sections] == ["Forward", "Backward", "Second order"]
    assert [e.role for e in d.second_order] == ["hessian"] and d.second_order[0].of == (w, w)
    assert "Second order\n  ∂²L/∂w² = Xᵀ⋅diag(T₁ ∘ (1 − T₁))⋅X/m" in str(d)
    assert r"\frac{\partial^{2} L}{\partial {w}^{2}} &=" in d.latex()
    assert "diag" in d.mathml() and "DiagonalMatrix" in d.mathematica() and "∂²L" in d.pretty()
    assert "H = (X.T @ (T1*(T2*T1)*X))/m" in d.compile().source  # no diagonal matrix is built
    assert str(sn.derive(sn.norm(w), w, order=1)) == str(sn.derive(sn.norm(w), w))


NETS = {
    "two layers": (sn.squared_error(sn.affine(B.T, sn.tanh(sn.affine(B, W * Z, w)), M("c", 2, 1)), Y), [B, w]),
    "logistic": (sn.binary_cross_entropy(X * w, sn.sigmoid(y), axis=1) + s * sn.norm(w) ** 2 / 2, [w, s]),
    "factors": (factorised, [U, V]),
    "softmax": (sn.cross_entropy(sn.affine(W, Z, M("c", 2, 1)), Y), [W, M("c", 2, 1)]),
    "scalars": (sn.norm(s * w - t * v) ** 2, [s, t]),
}


@pytest.mark.parametrize("name", NETS)
def test_compiled_derivations_of_second_order(name):
    loss, wrt = NETS[name]
    d = sn.derive(loss, wrt, order=2)
    values = values_for(loss)
    kernel = d.compile()
    value, gradients, hessians = kernel({n: values[n] for n in kernel.arguments})
    plain = sn.derive(loss, wrt).compile()
    wanted, slopes = plain({n: values[n] for n in plain.arguments})
    assert value == pytest.approx(wanted, rel=1e-14)
    for i, first in enumerate(wrt):
        np.testing.assert_allclose(gradients[first], slopes[first], rtol=1e-12)
        for second in wrt[i:]:
            found = hessians[first if first == second else (first.name, second.name)]
            alone = sn.hessian(loss, first, second)
            np.testing.assert_allclose(
                dense(found), dense(sn.evaluate(alone, needed(alone, values))), rtol=1e-9, atol=1e-12
            )
    for notation in sn.NOTATIONS:
        assert d.render(notation)
    assert d.compile(outputs=["L", wrt[0]])({n: values[n] for n in kernel.arguments})["L"] == pytest.approx(wanted)


def test_a_wrong_order_is_refused():
    with pytest.raises(ValueError, match=r"order must be 1 \(gradients\) or 2 \(Hessians as well\), not 3"):
        sn.derive(sn.norm(w), w, order=3)


@pytest.mark.parametrize(
    "use, error, message",
    [
        (lambda: sn.hessian(A * w, w), TypeError, "the loss must be a scalar, but A\\*w is a 3×1 matrix"),
        (lambda: sn.hessian(sn.norm(A), w), ValueError, "the loss does not depend on w; it depends on A"),
        (lambda: sn.hessian(sn.norm(w), w, v), ValueError, "the loss does not depend on v; it depends on w"),
        (lambda: sn.hessian(sn.norm(w), A * w), TypeError, r"hessian: A\*w is no symbol"),
        (lambda: sn.jacobian(A * w, v), ValueError, "F does not depend on v; it depends on A, w"),
        (lambda: sn.jacobian("A", A), TypeError, "F: 'A' is text"),
        (lambda: sn.jacobian(sympy.Symbol("a") > 1, w), TypeError, "jacobian: give a matrix or scalar expression"),
        (lambda: sn.jacobian(A * w, [A, w]), TypeError, "jacobian: give one symbol, not a list"),
        (lambda: sn.hessian(sn.norm(A * w), (A, w)), TypeError, r"give one symbol, not a tuple.*order=2"),
        (lambda: sn.hessian(sn.norm(A * w), "q"), KeyError, "q is no symbol of the expression, which has A, w"),
        (lambda: sn.diag(A), sympy.ShapeError, r"diag: A is 3×3, and a column or row is needed.*sn.diagonal\(A\)"),
        (lambda: sn.diagonal(B), sympy.ShapeError, "diagonal: B is no square matrix"),
        (lambda: sn.kron(A, 3), sympy.ShapeError, "kron: 3 is a scalar"),
        (lambda: sn.vec(s), sympy.ShapeError, "vec: s is a scalar"),
    ],
)
def test_bad_input(use, error, message):
    with pytest.raises(error, match=message):
        use()


# -- Gauss–Newton


RESIDUALS = {
    "linear": (sn.norm(X * w - y) ** 2 / 2, w, "Xᵀ⋅X"),
    "mean": (sn.squared_error(X * w, y, axis=1), w, "Xᵀ⋅X/m"),
    "logistic": (sn.binary_cross_entropy(X * w, y, axis=1), w, "Xᵀ⋅diag(sigmoid(X⋅w) ∘ (1 − sigmoid(X⋅w)))⋅X/m"),
    "ridge": (sn.norm(X * w - y) ** 2 / 2 + s * sn.norm(w) ** 2 / 2, w, None),
    "one layer": (sn.squared_error(sn.tanh(W * Z), Y), W, None),
    "two layers": (sn.squared_error(B.T * sn.tanh(B * W * Z), Y), B, None),
    "softmax": (sn.cross_entropy(W * Z, Y), W, None),
    "softmax, two layers": (sn.cross_entropy(B.T * sn.tanh(B * W * Z), Y), W, None),
    "softmax, rows": (sn.cross_entropy(sn.tanh(Z.T * W.T), Y.T, axis=1), W, None),
    "logits, two layers": (sn.binary_cross_entropy(B.T * sn.tanh(B * W * Z), Y), W, None),
    "penalty": (sn.cross_entropy(B.T * sn.tanh(B * W * Z), Y) + s * sn.norm(W) ** 2, W, None),
    "factors": (factorised, U, "2⋅(Vᵀ⋅V ⊗ I)"),
}


def by_hand(loss, symbol, values):
    """Give Jᵀ·D·J by differences, J of the residuals or logits and D of the loss in them."""
    parts = {
        "one layer": (sn.tanh(W * Z), "square"), "two layers": (B.T * sn.tanh(B * W * Z), "square"),
        "softmax": (W * Z, "softmax"), "softmax, two layers": (B.T * sn.tanh(B * W * Z), "softmax"),
        "softmax, rows": (sn.tanh(W * Z), "softmax"), "logits, two layers": (B.T * sn.tanh(B * W * Z), "logits"),
        "penalty": (B.T * sn.tanh(B * W * Z), "softmax"),
    }  # fmt: skip
    F, kind = parts[loss]
    kernel = sn.compile(F)
    f = lambda at: kernel.function(*[at[n] for n in kernel.arguments])
    J, n = columns(f, values, symbol.name), values["Z"].shape[1]
    out = f(values)
    if kind == "square":
        D = np.eye(out.size) / n
    elif kind == "logits":
        P = 1 / (1 + np.exp(-out))
        D = np.diag((P * (1 - P)).ravel(order="F")) / n
    else:
        P = np.exp(out) / np.exp(out).sum(0)
        D = np.zeros((out.size, out.size))
        for j, p in enumerate(P.T):
            D[2 * j : 2 * j + 2, 2 * j : 2 * j + 2] = (np.diag(p) - np.outer(p, p)) / n
    return J.T @ D @ J + (2 * values["s"] * np.eye(symbol.shape[0] * symbol.shape[1]) if loss == "penalty" else 0)


@pytest.mark.parametrize("name", RESIDUALS)
def test_gauss_newton(name):
    loss, symbol, text = RESIDUALS[name]
    found = sn.gauss_newton(loss, symbol)
    if text is not None:
        assert sn.formula(found) == text
    values = values_for(loss)
    value = dense(sn.compile(found)(needed(found, values)))
    if name in ("linear", "mean", "logistic", "ridge", "factors"):
        exact = sn.hessian(loss, symbol)  # the residuals are linear in the symbol
        np.testing.assert_allclose(value, dense(sn.evaluate(exact, needed(exact, values))), atol=1e-12)
    else:
        np.testing.assert_allclose(value, by_hand(name, symbol, values), atol=1e-7)
    assert np.linalg.eigvalsh(value).min() > -1e-12


@pytest.mark.parametrize(
    "loss",
    [sn.sum(sn.tanh(W * Z)), sn.norm(W * Z), sn.sum(sn.exp(W)), sn.squared_error(W * Z, Y) + sn.sum(sn.sin(W)),
     sn.norm(W) ** 4, sn.squared_error(W * Z, Y) * sn.norm(W) ** 2, sn.squared_error(W * Z, Y) + sn.sum(W * W.T * Y)],
    ids=str,
)  # fmt: skip
def test_gauss_newton_of_another_loss_is_refused(loss):
    with pytest.raises(ValueError, match=r"gauss_newton: .* is no sum of squares and no cross-entropy; write the loss"):
        sn.gauss_newton(loss, W)


# -- checking


def test_check_hessian():
    for name, (loss, row, column) in LOSSES.items():
        if name in ("none", "scalar", "log det"):  # a determinant may be negative
            continue
        loss = sn.sum(loss) if getattr(loss, "is_Matrix", False) else loss
        wrt = [row] if column in (None, row) else [row, column]
        check = sn.check_hessian(loss, values_for(loss), wrt)
        assert check.ok, (name, str(check))
        assert len(check.rows) == len(wrt) * (len(wrt) + 1) // 2
    assert "Hessian" in check.summary and check.method == "complex" and "symbolic" in str(check)
    assert sn.check_hessian(sn.norm(w) ** 2 / 2, {w: np.ones((3, 1))}, method="central").ok
    with pytest.raises(ValueError, match="method: 'mpmath' is not known; use one of auto, complex, central"):
        sn.check_hessian(sn.norm(w), {w: np.ones((3, 1))}, method="mpmath")


def test_a_wrong_hessian_is_noticed(monkeypatch):
    from sympy import HadamardProduct

    from symnet.calculus.linear import MATRICES

    row = MATRICES[HadamardProduct]
    monkeypatch.setitem(MATRICES, HadamardProduct, lambda e, known: 2 * row(e, known))
    loss = sn.binary_cross_entropy(X * w, y, axis=1)
    check = sn.check_hessian(loss, values_for(loss), w)
    assert not check.ok and check.summary == "1 of 1 Hessians are WRONG: w"


@pytest.mark.parametrize("method", ["complex", "central", "mpmath"])
@pytest.mark.parametrize(
    "name", ["logistic regression", "log-sum-exp", "factors, mixed", "softmax regression", "inverse"]
)
def test_hessians_can_be_derived_again(name, method):
    loss, row, column = LOSSES[name]
    third = sn.norm(sn.hessian(loss, row, column)) ** 2
    assert sn.check_gradients(third, values_for(third), method=method).ok


def test_a_diagonal_matrix_is_its_own_transpose():
    d = sn.diag(w)
    assert sn.evaluate(d.T * A, {w: np.ones((3, 1)), A: np.eye(3)}).tolist() == np.eye(3).tolist()
    assert sn.compile(B.T * d.T * B).source.count("diagflat") == 0
    assert sn.formula(sn.gradient(sn.inner(B, d * B), B)) == "2⋅diag(w)⋅B"


def test_a_hessian_that_is_zero_but_for_rounding_is_right():
    r = M("r", 1, 3)  # a softmax of one number is 1
    for loss in (sn.norm(sn.softmax(s * r)) ** 2, sn.norm(sn.softmax(M("q", 1, 2) * sn.tanh(M("p", 2, 3)))) ** 2):
        assert sn.check_hessian(loss, values_for(loss)).ok
