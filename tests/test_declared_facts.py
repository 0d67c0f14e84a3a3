"""What is declared of a matrix: formulas are shorter for it, arrays are checked, and only free entries move."""

import itertools
import pickle

import numpy as np
import pytest
import sympy
from sympy import (
    Abs,
    Determinant,
    HadamardProduct,
    Identity,
    Inverse,
    MatrixSymbol,
    OneMatrix,
    ShapeError,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    log,
)

import symnet as sn
from symnet.backends import as_stated
from symnet.expressions import as_tree, facts_of, from_tree

n = Symbol("n", integer=True, positive=True)
A, B, x, y = sn.matrix("A", n, n), sn.matrix("B", n, 4), sn.vector("x", n), sn.vector("y", n)
M, V = sn.matrix("M", n, n), sn.matrix("V", n, n, symmetric=True)
S = sn.matrix("S", n, n, symmetric=True)
D = sn.matrix("D", n, n, diagonal=True)
C = sn.matrix("C", n, n, positive_definite=True)
Q = sn.matrix("Q", n, n, orthogonal=True)
P = sn.matrix("P", 3, n, positive=True)
P2 = sn.matrix("P2", 3, n, positive=True)
Y = sn.matrix("Y", 3, n, one_hot="columns")
R = sn.matrix("R", n, 3, one_hot="rows")
Z, ZR = sn.matrix("Z", 3, n), sn.matrix("ZR", n, 3)
I = Identity(n)  # noqa: E741
FLAGS = ["symmetric", "diagonal", "positive_definite", "orthogonal", "positive"]
ALL = {**{flag: {flag: True} for flag in FLAGS}, "columns": {"one_hot": "columns"}, "rows": {"one_hot": "rows"}}


def equal(a, b):
    """Whether two expressions have one canonical form."""
    return sn.canonical(a) == sn.canonical(b)


def on_diagonal(G):
    return HadamardProduct(G, I)


# -- what a symbol is

together = [dict(ALL[a], **ALL[b]) for a, b in itertools.combinations(ALL, 2) if {a, b} != {"columns", "rows"}]


def declared(facts):
    """Give a square symbol with facts, None where they contradict each other."""
    try:
        return sn.matrix("K", 3, 3, **facts)
    except ValueError as error:
        assert "K cannot be" in str(error)
        return None


@pytest.mark.parametrize("facts", [*ALL.values(), *together], ids=lambda facts: "+".join(map(str, facts.items())))
def test_facts_are_kept_by_all_that_rebuilds_a_symbol(facts):
    K = declared(facts)
    if K is None:
        return
    assert isinstance(K, MatrixSymbol) and K.func(*K.args) == K and str(K) == repr(K) == "K"
    assert hash(pickle.loads(pickle.dumps(K))) == hash(K) and pickle.loads(pickle.dumps(K)).facts == K.facts
    assert K != MatrixSymbol("K", 3, 3) and sn.formula(K) == "K"
    loss = sn.norm(K * sn.vector("x", 3)) ** 2
    assert from_tree(as_tree(loss)) == loss
    for seed in range(4):  # some array is so, and is taken
        array = as_stated(K, np.random.default_rng(seed).normal(size=(3, 3)))
        assert np.array_equal(sn.evaluate(K, {K: array}), array)


def test_sizes_may_be_put_in():
    (inside,) = (x.T * S * x).subs(n, 4).atoms(type(S))
    assert inside == sn.matrix("S", 4, 4, symmetric=True)


def test_symmetric_is_implied():
    assert facts_of(D) == ("diagonal", "symmetric") and facts_of(C) == ("positive_definite", "symmetric")
    assert sn.matrix("D", n, n, diagonal=True, symmetric=True) == D
    assert sn.matrix("A", n, n, symmetric=False, one_hot=None) == A and type(A) is MatrixSymbol


@pytest.mark.parametrize("flag", ["symmetric", "diagonal", "positive_definite", "orthogonal"])
@pytest.mark.parametrize("shape", [(2, 3), ("n", "m"), (3, 1)], ids=str)
def test_a_fact_of_square_matrices_asks_for_one(flag, shape):
    with pytest.raises(ShapeError, match="K is .*×.*, but it is declared"):
        sn.matrix("K", *shape, **{flag: True})


def test_a_column_takes_the_facts_that_it_can_have():
    assert facts_of(sn.vector("v", n, positive=True)) == ("positive",)
    assert facts_of(sn.vector("v", n, one_hot="columns")) == ("one_hot_columns",)
    with pytest.raises(ShapeError, match="v is 3×1, but it is declared symmetric"):
        sn.vector("v", 3, symmetric=True)
    with pytest.raises(TypeError, match="symetric"):
        sn.vector("v", 3, symetric=True)


def test_facts_that_contradict_each_other_are_refused():
    refused = [facts for facts in together if declared(facts) is None]
    assert len(refused) == 9
    with pytest.raises(ValueError, match="K cannot be orthogonal and positive definite: only the identity is both"):
        sn.matrix("K", 3, 3, orthogonal=True, positive_definite=True)


@pytest.mark.parametrize("facts", [{"one_hot": True}, {"one_hot": "column"}, {"one_hot": 0}], ids=str)
def test_one_hot_says_where(facts):
    with pytest.raises(ValueError, match="'columns', each column has one, or 'rows'"):
        sn.matrix("K", 3, 3, **facts)


def test_a_flag_is_true_or_false():
    with pytest.raises(TypeError, match="K: symmetric is True or False, not 'yes'"):
        sn.matrix("K", 3, 3, symmetric="yes")


@pytest.mark.parametrize("other", [A.subs(A, MatrixSymbol("S", n, n)), sn.matrix("S", n, n, diagonal=True)], ids=str)
def test_one_name_has_one_declaration(other):
    with pytest.raises(ValueError, match="two symbols are called S: one is .*; declare it once"):
        sn.derive(sn.norm(S * x) ** 2 + sn.sum(other), x)


def test_a_symbol_asked_for_without_its_facts_is_that_of_the_loss():
    assert equal(sn.gradient(x.T * S * x, MatrixSymbol("S", n, n)), 2 * x * x.T - on_diagonal(x * x.T))


# -- formulas

FORMULAS = {
    "transpose": (S.T, S),
    "transpose by its class": (Transpose(S) * x, S * x),
    "transpose of a product": ((A * S * B).T, B.T * S * A.T),
    "transpose of an inverse": (Inverse(S).T, Inverse(S)),
    "transpose of a diagonal": (D.T * D, D * D),
    "QᵀQ": (Q.T * Q, I),
    "QQᵀ": (Q * Q.T, I),
    "within a product": (A * Q * Q.T * A, A * A),
    "around an inner one": (Q.T * Q.T * Q * Q * x, x),
    "inverse": (Q.inv() * x, Q.T * x),
    "inverse by its class": (Inverse(Q) * x, Q.T * x),
    "power": (Q**-2 * x, Q.T * Q.T * x),
    "inverse of a transpose": (Q.T.inv(), Q),
    "a reflection": (sn.matrix("H", n, n, orthogonal=True, symmetric=True) ** 2, I),
    "absolute value": (sn.abs(P), P),
    "sign": (sn.sign(P), OneMatrix(3, n)),
    "root of a square": (sn.sqrt(sn.hadamard(P, P)), P),
    "relu": (sn.relu(P), P),
    "of what is negative": (sn.relu(-2 * P), ZeroMatrix(3, n)),
    "by SymPy's own": (P.applyfunc(Abs), P),
    "of a transpose": (sn.abs(P.T), P.T),
    "of a sum": (sn.abs(P + 2 * P2), P + 2 * P2),
    "of two": (sn.elementwise(sympy.Max, P, -P2), P),
    "norm": (sn.norm1(P), sn.sum(P)),
    "columns of one-hot": (OneMatrix(1, 3) * Y, OneMatrix(1, n)),
    "rows of one-hot": (R * OneMatrix(3, 1), OneMatrix(n, 1)),
    "number of samples": (sn.sum(Y), n),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_shorter(name):
    written, wanted = FORMULAS[name]
    assert equal(written, wanted)


def test_an_entry_and_its_mirror_image_are_one():
    K, E = sn.matrix("K", 2, 2, symmetric=True), sn.matrix("E", 2, 2, diagonal=True)
    assert K[1, 0] == K[0, 1] and E[0, 1] == 0 and E[1, 1] != E[0, 0]
    G = sn.evaluate(sn.gradient(K[1, 0] ** 2 + K[1, 1], K), {K: [[1, 3], [3, 5]]})
    assert G.tolist() == [[0, 6], [6, 1]]
    assert sn.evaluate(Trace(K * E).diff(K[0, 1]), {K: np.eye(2), E: np.eye(2)}) == 0


STAYS = [
    sn.abs(sn.hadamard(P, Z)), sn.sqrt(sn.hadamard(P, P2)), sn.abs(P - P2), Q * A * Q.T, Q.T * sn.tanh(Q * x), S * A,
    sn.sum(P), sn.log(P),
]  # fmt: skip


@pytest.mark.parametrize("expr", STAYS, ids=str)
def test_what_does_not_follow_stays(expr):
    plain = expr.xreplace({s: MatrixSymbol(s.name, *s.shape) for s in (P, P2, Q, S)})
    assert str(sn.canonical(expr)) == str(sn.canonical(plain))


GRADIENTS = {  # Petersen and Pedersen, "The Matrix Cookbook", section 2.8 and 2.5
    "tr AS": (Trace(A * S), S, A + A.T - on_diagonal(A)),
    "tr AᵀS": (Trace(A.T * S), S, A + A.T - on_diagonal(A)),
    "xᵀSx": (x.T * S * x, S, 2 * x * x.T - on_diagonal(x * x.T)),
    "xᵀSy": (x.T * S * y, S, x * y.T + y * x.T - on_diagonal(x * y.T)),
    "tr S²": (Trace(S * S), S, 4 * S - 2 * on_diagonal(S)),
    "tr S": (Trace(S), S, I),
    "det": (Determinant(C), C, Determinant(C) * (2 * Inverse(C) - on_diagonal(Inverse(C)))),
    "log det": (log(Determinant(C)), C, 2 * Inverse(C) - on_diagonal(Inverse(C))),
    "tr AC⁻¹": (
        Trace(A * C.inv()), C,
        -Inverse(C) * (A + A.T) * Inverse(C) + on_diagonal(Inverse(C) * A * Inverse(C)),
    ),
    "tr AD": (Trace(A * D), D, on_diagonal(A)),
    "‖Dx − y‖²": (sn.norm(D * x - y) ** 2 / 2, D, on_diagonal((D * x - y) * x.T)),
    "xᵀSx in x": (x.T * S * x, x, 2 * S * x),
    "‖Sx − y‖² in x": (sn.norm(S * x - y) ** 2, x, 2 * S * (S * x - y)),
    "xᵀC⁻¹x in x": (x.T * C.inv() * x / 2, x, Inverse(C) * x),
    "log det of I + AAᵀ": (log(Determinant(I + A * A.T)), A, 2 * Inverse(I + A * A.T) * A),
    "‖QᵀQx − y‖²": (sn.norm(Q.T * Q * x - y) ** 2 / 2, x, x - y),
    "‖QA‖²": (sn.norm(Q * A) ** 2, A, 2 * A),
    "Σ|P∘Z|": (sn.sum(sn.hadamard(sn.abs(P), Z)), P, Z),
    "Σ log P": (sn.sum(sn.log(P)), P, sn.elementwise(lambda p: 1 / p, P)),
    "cross-entropy": (-sn.sum(sn.hadamard(Y, sn.log_softmax(Z))) / n, Z, (sn.softmax(Z) - Y) / n),
    "of logarithms": (-sn.sum(sn.hadamard(Y, sn.log(sn.softmax(Z)))) / n, Z, (sn.softmax(Z) - Y) / n),
    "as a trace": (-Trace(Y.T * sn.log(sn.softmax(Z))) / n, Z, (sn.softmax(Z) - Y) / n),
    "by the name": (sn.cross_entropy(Z, Y), Z, (sn.softmax(Z) - Y) / n),
    "rows": (-sn.sum(sn.hadamard(R, sn.log_softmax(ZR, axis=1))) / n, ZR, (sn.softmax(ZR, axis=1) - R) / n),
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_those_of_the_books(name):
    loss, w, wanted = GRADIENTS[name]
    assert equal(sn.gradient(loss, w), wanted)


def test_a_printed_gradient():
    assert sn.formula(sn.gradient(x.T * S * y, S)) == "x⋅yᵀ + y⋅xᵀ − (x⋅yᵀ) ∘ I"
    printed = str(sn.derive(sn.norm(S * x - y) ** 2, S))
    assert "∂L/∂S = T₁ + T₁ᵀ − T₁∘I" in printed and "T₁ = Z̅₁⋅xᵀ" in printed


def test_the_general_form_where_nothing_is_declared():
    targets = MatrixSymbol("Y", 3, n)
    loss = -sn.sum(sn.hadamard(targets, sn.log_softmax(Z))) / n
    ones = OneMatrix(3, 1) * OneMatrix(1, 3) * targets
    assert equal(sn.gradient(loss, Z), (HadamardProduct(sn.softmax(Z), ones) - targets) / n)


HESSIANS = [
    (x.T * S * x, 2 * S),
    ((x - y).T * C.inv() * (x - y) / 2, Inverse(C)),
    (sn.norm(S * x) ** 2, 2 * S * S),
    (sn.norm(Q * x - y) ** 2, 2 * I),
]


@pytest.mark.parametrize(("loss", "wanted"), HESSIANS, ids=lambda e: str(e)[:20])
def test_hessians_see_structure(loss, wanted):
    assert equal(sn.hessian(loss, x), wanted)


# -- what has no derivative


@pytest.mark.parametrize("w", [Q, Y, R], ids=str)
@pytest.mark.parametrize(
    "asked", [sn.gradient, sn.derive, lambda f, w: sn.hvp(f, w, w), sn.jacobian, lambda f, w: sn.jvp(f, w, w)],
    ids=["gradient", "derive", "hvp", "jacobian", "jvp"],
)  # fmt: skip
def test_no_derivative_where_nothing_moves_along_a_line(w, asked):
    with pytest.raises(ValueError, match=f"no derivative in {w.name}, which is declared"):
        asked(sn.sum(sn.tanh(w)), w)


@pytest.mark.parametrize("w", [S, D, C], ids=str)
def test_second_derivatives_of_entries_that_are_not_free(w):
    loss = Trace(w * w * A)
    for ask in (sn.hessian, sn.gauss_newton, sn.jacobian, lambda f, w: sn.derive(f, w, order=2)):
        with pytest.raises(ValueError, match=f"{w.name} is declared .* not all free"):
            ask(loss if ask is not sn.gauss_newton else sn.norm(w * x - y) ** 2, w)
    with pytest.raises(ValueError, match=f"{w.name} is declared .*, so its direction M must be as well"):
        sn.hvp(loss, w, M)


def free_entries(w, size):
    """Give the directions in which a symmetric or diagonal symbol can move, by entry."""
    pairs = [(i, j) for i in range(size) for j in range(i, size) if i == j or "diagonal" not in facts_of(w)]
    found = {}
    for i, j in pairs:
        found[i, j] = np.zeros((size, size))
        found[i, j][i, j] = found[i, j][j, i] = 1.0
    return found


def by_differences(loss, w, values, h=1e-5):
    """Give the derivative in the free entries, each moved together with its mirror image."""
    G = np.zeros(values[w].shape)
    for (i, j), E in free_entries(w, len(G)).items():
        up, down = (sn.evaluate(loss, {**values, w: values[w] + s * E}) for s in (h, -h))
        G[i, j] = G[j, i] = float(np.squeeze((up - down) / (2 * h)))
    return G


def second_directions(w):
    return sn.diag(y) if w is D else V


@pytest.mark.parametrize("w", [S, D, C], ids=str)
@pytest.mark.parametrize("loss", [lambda w: Trace(w * w * A * w), lambda w: sn.norm(sn.tanh(w * x)) ** 2,
                                  lambda w: sn.sum(sn.exp(w / 3))], ids=["cubic", "layer", "entries"])  # fmt: skip
def test_products_with_the_hessian_in_free_entries(w, loss):
    rng, f, d = np.random.default_rng(1), loss(w), second_directions(w)
    values = {s: as_stated(s, rng.normal(size=(3, 3)) / 2) for s in (w, A, V)} | {
        x: rng.normal(size=(3, 1)), y: rng.normal(size=(3, 1)),
    }  # fmt: skip
    product, G = sn.hvp(f, w, d), sn.gradient(f, w)
    wanted = {s: values[s] for s in product.free_symbols if s in values}
    moved = sn.evaluate(d, {s: values[s] for s in d.free_symbols if s in values})
    of_G = {s: values[s] for s in G.free_symbols if s in values}
    up, down = (sn.evaluate(G, {**of_G, w: values[w] + h * moved}) for h in (1e-5, -1e-5))
    assert np.allclose(sn.evaluate(product, wanted), (up - down) / 2e-5, atol=1e-8)


# -- losses at random: the gradient in the free entries


class Losses:
    """Draws losses over a square symbol with facts, shapes n×n and n×1 in between."""

    def __init__(self, seed, w):
        self.rng, self.w = np.random.default_rng(seed), w

    def pick(self, *makers):
        return makers[self.rng.integers(len(makers))]()

    def square(self, depth):
        if not depth:
            return self.pick(lambda: self.w, lambda: self.w, lambda: A, lambda: self.w.T, lambda: A.T, lambda: I)
        a, b = (lambda: self.square(depth - 1)), (lambda: self.square(depth - 1))
        return self.pick(
            lambda: a() * b(), lambda: a() + 2 * b(), lambda: a() - b(), lambda: sn.hadamard(a(), b()),
            lambda: sn.tanh(a()), lambda: a().T, lambda: sn.softmax(a()), lambda: self.column(depth - 1) * x.T,
            lambda: (I + a() * a().T / 9).inv(), lambda: sn.diag(self.column(depth - 1)),
        )  # fmt: skip

    def column(self, depth):
        if not depth:
            return self.pick(lambda: x, lambda: y)
        a = lambda: self.square(depth - 1)  # noqa: E731
        return self.pick(lambda: a() * x, lambda: sn.sigmoid(a() * y), lambda: a().T * self.column(depth - 1) - y)

    def loss(self):
        a = lambda: self.square(2)  # noqa: E731
        one = lambda: self.pick(  # noqa: E731
            lambda: Trace(a() * self.w), lambda: sn.norm(a() * x - y) ** 2, lambda: sn.sum(sn.hadamard(a(), self.w)),
            lambda: sn.inner(x, a() * self.w * y), lambda: log(Determinant(I + self.w * self.w.T)),
        )  # fmt: skip
        return one() + one() / 3


@pytest.mark.parametrize("seed", range(24))
def test_random_losses(seed):
    w = (S, D, C)[seed % 3]
    loss = Losses(seed, w).loss()
    rng = np.random.default_rng(seed)
    values = {s: as_stated(s, rng.normal(size=(3, 3)) / 3) for s in (w, A)} | {
        x: rng.normal(size=(3, 1)), y: rng.normal(size=(3, 1))
    }  # fmt: skip
    values = {s: a for s, a in values.items() if s in loss.free_symbols}
    G = sn.derive(loss, w).compile()(values)[1][w]
    assert np.allclose(G, by_differences(loss, w, values), rtol=1e-6, atol=1e-7)
    check = sn.check_gradients(loss, values)
    assert check.ok, str(check)


# -- arrays

rng = np.random.default_rng(0)
ANY = rng.normal(size=(3, 3))
WRONG = {
    "not symmetric": (S, ANY, r"S is declared symmetric.*\[0, 2\].*\[2, 0\]; give \(S \+ S.T\)/2"),
    "one entry": (S, np.array([[1, 2, 3], [2, 1, 4], [3, 4.001, 1]]), r"has 4 at \[1, 2\] and 4.001 at \[2, 1\]"),
    "not diagonal": (D, ANY + ANY.T, r"D is declared diagonal.* give numpy.diag\(numpy.diag\(D\)\)"),
    "indefinite": (C, np.diag([1.0, -2.0, 3.0]), r"least eigenvalue .* is -2 .* -2 at \[1, 1\]; add a multiple"),
    "semidefinite": (C, np.ones((3, 3)) - 1e-9 * np.eye(3), "C is declared positive definite"),
    "not symmetric either": (C, np.array([[2.0, 1], [0, 2]]), "C is declared symmetric"),
    "infinite": (C, np.diag([1.0, np.inf, 1.0]), r"C has an infinite value in it, first at \[1, 1\]"),
    "scaled": (Q, 2 * np.eye(3), r"Q is declared orthogonal, but Q.T @ Q .* has 4 at \[0, 0\] where 1 belongs"),
    "zero entry": (P, np.array([[1.0], [0.0], [2.0]]), r"P is declared positive, but .* has 0 at \[1, 0\]"),
    "negative": (P, np.array([[1.0], [3.0], [-2.0]]), r"P is declared positive, but .* has -2 at \[2, 0\]"),
    "shares": (Y, np.array([[0.2], [0.8], [0.0]]), r"Y is declared one-hot, .* has 0.2 at \[0, 0\]"),
    "two ones": (Y, np.array([[1, 1], [0, 1], [0, 0]]), r"has 2 ones in column 1 .* sn.one_hot\(labels, 3\)"),
    "no one": (R, np.array([[0, 1, 0], [0, 0, 0]]), r"has 0 ones in row 1 .* sn.one_hot\(labels, 3, axis=1\)"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_arrays_that_are_not_so_are_refused(name, dtype):
    w, array, words = WRONG[name]
    with pytest.raises(ValueError, match=words):
        sn.evaluate(sn.sum(sn.tanh(w)), {w: array.astype(dtype)})


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_what_rounding_makes_is_taken(dtype):
    X = rng.normal(size=(60, 60)).astype(dtype)
    gram = np.einsum("ki,kj->ij", X, X) @ np.eye(60, dtype=dtype) * dtype(1 / 3)
    noisy = gram * (1 + 4 * np.finfo(dtype).eps * rng.uniform(-1, 1, size=gram.shape)).astype(dtype)
    for w, array in [(S, noisy), (C, noisy + np.eye(60, dtype=dtype)), (Q, np.linalg.qr(X)[0])]:
        assert np.isfinite(sn.evaluate(sn.sum(sn.tanh(w)), {w: array.astype(dtype)}))


def test_an_array_stays_as_it_was():
    given = ANY + ANY.T
    before = given.copy()
    sn.check_gradients(x.T * S * x, {S: given, x: ANY[:, :1]}, S)
    assert np.array_equal(given, before)


@pytest.mark.parametrize("method", ["auto", "complex", "central", "mpmath"])
def test_the_logarithm_of_a_determinant_by_cholesky(method):
    loss, X = log(Determinant(C)) + Trace(C.inv() * A), ANY @ ANY.T + np.eye(3)
    kernel = sn.derive(loss, C).compile()
    assert "cholesky" in kernel.source and "det(" not in kernel.source
    wanted = np.linalg.slogdet(X)[1] + np.trace(np.linalg.solve(X, ANY))
    assert np.isclose(kernel({C: X, A: ANY})[0], wanted, rtol=1e-13)
    large = 1e3 * np.eye(200) + np.ones((200, 200))
    assert np.isclose(sn.evaluate(log(Determinant(C)), {C: large}), np.linalg.slogdet(large)[1])
    assert sn.check_gradients(loss, {C: X, A: ANY}, C, method).ok


# -- checks, proofs, diagnoses


@pytest.mark.parametrize("method", ["complex", "central", "mpmath"])
@pytest.mark.parametrize("w", [S, D, C], ids=str)
def test_numeric_gradients_move_free_entries(w, method):
    values = {w: as_stated(w, ANY), x: ANY[:, :1], y: ANY[:, 1:2]}
    loss = sn.norm(sn.tanh(w * x) - y) ** 2 + x.T * w * y
    check = sn.check_gradients(loss, values, w, method)
    assert check.ok, str(check)


def test_a_large_symmetric_matrix_is_probed():
    X = rng.normal(size=(20, 20))
    values = {S: X + X.T, x: rng.normal(size=(20, 1)), y: rng.normal(size=(20, 1))}
    assert sn.check_gradients(sn.norm(sn.tanh(S * x) - y) ** 2, values, S).ok
    wrong = sn.check_gradients(sn.norm(S * x - y) ** 2, values, [S, x])
    assert wrong.ok and len(wrong.rows) == 2


def test_a_check_leaves_out_what_does_not_move():
    values = {Q: np.linalg.qr(ANY)[0], x: ANY[:, :1], y: ANY[:, 1:2]}
    assert {row.parameter for row in sn.check_gradients(sn.norm(Q * x - y) ** 2, values).rows} == {"x", "y"}
    values = {S: ANY + ANY.T, x: ANY[:, :1]}
    assert {row.parameter for row in sn.check_hessian(sn.norm(sn.tanh(S * x)) ** 2, values).rows} == {"x"}


PROOFS = [
    (x.T * S * x, S), (sn.norm(D * x - y) ** 2, D), (log(Determinant(C)), C), (sn.norm(Q * x - y) ** 2, x),
    (sn.norm(Q.T * Q * x - y) ** 2, x), (sn.sum(sn.log(P)) + sn.norm1(P), P), (sn.norm(sn.tanh(S * x)) ** 2, S),
    (-sn.sum(sn.hadamard(Y, sn.log_softmax(Z))) / n, Z), (-sn.sum(sn.hadamard(R, sn.log_softmax(ZR, axis=1))), ZR),
    (sympy.sqrt(x.T * C.inv() * x), x), (sn.norm(sn.matrix("H", n, n, orthogonal=True, symmetric=True) ** 2 * x), x),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "w"), PROOFS, ids=lambda e: str(e)[:24])
def test_proofs_are_of_matrices_with_the_facts(loss, w):
    assert sn.prove(loss, w, {"n": 2}), sn.prove(loss, w, {"n": 2})


def test_a_proof_fails_where_a_formula_is_wrong(monkeypatch):
    monkeypatch.setattr("symnet.calculus.reverse.in_free_entries", lambda w, G: G)
    assert not sn.prove(x.T * S * y, S, {"n": 2})
    assert not sn.check_gradients(x.T * S * y, {S: ANY + ANY.T, x: ANY[:, :1], y: ANY[:, 1:2]}, S).ok


def test_a_diagnosis_names_what_is_missing():
    values = {"x": ANY[:, :1], "y": ANY[:, 1:2], "S": ANY + ANY.T}
    right = lambda v: {"S": (T := v["x"] @ v["y"].T) + T.T - np.diag(np.diag(T))}  # noqa: E731
    assert sn.diagnose(x.T * S * y, values, right).ok
    found = sn.diagnose(x.T * S * y, values, lambda v: {"S": v["x"] @ v["y"].T + v["y"] @ v["x"].T})
    assert "right:  ∂L/∂S = G + Gᵀ − G∘I" in str(found) and "G is the gradient as if S had no structure" in str(found)


def test_a_diagnosis_asks_about_matrices_with_the_facts():
    values = {"x": ANY[:, :1], "C": ANY @ ANY.T + np.eye(3), "Q": np.linalg.qr(ANY)[0]}

    def mine(v):
        np.linalg.cholesky(v["C"])
        assert np.allclose(v["Q"].T @ v["Q"], np.eye(3))
        T = v["x"] @ v["x"].T
        return {"C": 2 * T, "x": v["x"]}

    assert not sn.diagnose(x.T * C * x + sn.norm(Q * x) ** 2, values, mine).ok


# -- training

OPTIMIZERS = [
    sn.GradientDescent(0.02), sn.Momentum(0.02), sn.Nesterov(0.02), sn.SignSGD(0.01), sn.AdaGrad(0.1), sn.RMSProp(0.02),
    sn.Adam(0.05), sn.AdamW(0.05),
]  # fmt: skip


@pytest.mark.parametrize("w", [S, D], ids=str)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_a_step_keeps_what_is_declared(w, optimizer):
    data = {x: [[1.0], [2.0], [-1.0]], y: [[0.5], [1.0], [1.5]]}
    run = sn.train(sn.norm(w * x - y) ** 2, data, [w], optimizer, epochs=40, seed=0, progress=False)
    found = run.parameters[w]
    assert np.array_equal(found, found.T) and run.history["loss"][-1] < run.history["loss"][0]
    assert w is S or np.array_equal(found, np.diag(np.diag(found)))


NOT_TRAINED = {
    "C": (C, sn.norm(C * x - y) ** 2, r"write L\*L.T"),
    "P": (P, sn.norm(P * x) ** 2, r"write sn.exp\(V\)"),
    "Q": (Q, sn.norm(Q * x - y) ** 2, "with a matrix M that is free"),
    "Y": (Y, sn.norm(Y * x) ** 2, "softmax"),
}


@pytest.mark.parametrize("name", NOT_TRAINED)
def test_what_a_step_would_leave_is_not_trained(name):
    w, loss, way = NOT_TRAINED[name]
    data = {s: v for s, v in {x: ANY[:, :1], y: ANY[:, 1:2]}.items() if s in loss.free_symbols}
    for parameters in ([w], {w: as_stated(w, ANY)}):
        with pytest.raises(ValueError, match=f"{w.name} is declared .* cannot be trained: .*{way}"):
            sn.train(loss, data, parameters, progress=False)
    known = {s: v for s, v in data.items() if s != x}
    kept = sn.train(loss, {w: as_stated(w, ANY), **known}, {x: ANY[:, :1]}, epochs=2, progress=False)
    assert list(kept.parameters) == [x]
    still = sn.train(loss, known, [w, x], epochs=2, progress=False, multipliers={w: 0, x: 1}) if w is C else kept
    assert x in still.parameters


def test_a_start_that_is_not_so_is_refused():
    with pytest.raises(ValueError, match="S is declared symmetric"):
        sn.train(sn.norm(S * x) ** 2, {x: np.ones((3, 1))}, {S: ANY}, progress=False)


class AcrossRows:
    """An optimizer whose step mixes the entries of a row."""

    def hyperparameters(self):
        return {"eta": 0.1}

    def init(self, W):
        return {}

    def update(self, W, gradient, eta):
        return {W: W - eta * gradient * OneMatrix(W.shape[1], W.shape[1])}


def test_an_optimizer_that_mixes_entries_is_refused():
    with pytest.raises(ValueError, match="S is declared symmetric, and a step of AcrossRows makes something else"):
        sn.train(sn.norm(S * x - y) ** 2, {x: ANY[:, :1], y: ANY[:, 1:2]}, [S], AcrossRows(), progress=False)


def test_each_batch_of_a_stream_is_checked():
    T, net = sn.matrix("T", 3, "k", one_hot="columns"), sn.mlp(sn.matrix("X", 2, "k"), [3])
    good = {"X": np.ones((2, 2)), "T": sn.one_hot([0, 2], 3)}
    bad = {**good, "T": np.ones((3, 2)) / 3}
    with pytest.raises(ValueError, match="T is declared one-hot"):
        sn.train(sn.cross_entropy(net, T), [good, bad], net, epochs=1, progress=False)


def test_a_run_is_kept_with_what_is_declared(tmp_path):
    data = {x: [[1.0], [2.0], [-1.0]], y: [[0.5], [1.0], [1.5]]}
    loss, file = sn.norm(S * x - y) ** 2, tmp_path / "run.npz"
    whole = sn.train(loss, data, [S], sn.Adam(0.05), epochs=6, seed=0, progress=False)
    sn.train(loss, data, [S], sn.Adam(0.05), epochs=3, seed=0, progress=False, checkpoint=file)
    again = sn.resume(file, data, epochs=6, progress=False)
    (w,) = again.parameters
    assert w == S and np.array_equal(again.parameters[S], whole.parameters[S])
