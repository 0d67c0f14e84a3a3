"""What a user of SymPy tries first on our expressions is right, or is refused by us with what to write instead."""

import copy
import pickle

import numpy as np
import pytest
import sympy as sp
from sympy import (
    Abs,
    Determinant,
    DotProduct,
    Identity,
    Lambda,
    Max,
    OneMatrix,
    Permanent,
    Symbol,
    Trace,
    exp,
    floor,
    log,
    sign,
)  # fmt: skip
from sympy.matrices.exceptions import ShapeError

import symnet as sn

x, y, a = sn.vector("x", 3), sn.vector("y", 3), sn.vector("a", 3)
A, B = sn.matrix("A", 3, 3), sn.matrix("B", 3, 3)
W, X, Y = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
F, M = sn.matrix("F", 1, 1), sn.matrix("M", 1, 1)
lam, f = Symbol("lam"), Symbol("f")
rng = np.random.default_rng(0)
VALUES = {
    **{s: rng.normal(size=(3, 1)) for s in (x, y, a)},
    **{s: rng.normal(size=(3, 3)) for s in (A, B)},
    W: rng.normal(size=(2, 3)), X: rng.normal(size=(3, 5)), Y: rng.normal(size=(2, 5)), F: [[0.7]], M: [[-1.3]],
    lam: 0.6, f: 1.7,
}  # fmt: skip


def value(expr):
    expr = sp.sympify(expr)
    return sn.evaluate(expr, {s: VALUES[s] for s in VALUES if s in expr.free_symbols})


def slope(expr, symbol):
    """Give the gradient by central differences."""
    start, found = np.array(VALUES[symbol], float), np.zeros(np.shape(VALUES[symbol]))
    for place in np.ndindex(start.shape):
        ends = []
        for h in (1e-5, -1e-5):
            moved = start.copy()
            moved[place] += h
            ends.append(
                sn.evaluate(expr, {s: moved if s == symbol else v for s, v in VALUES.items() if s in expr.free_symbols})
            )
        found[place] = (np.sum(ends[0]) - np.sum(ends[1])) / 2e-5
    return found


LOSSES = [
    (log(1 + exp(-y.T * x)), x), (exp(-x.T * x) + Trace(x.T * A * x), x), (DotProduct(x, y), x), (DotProduct(x, A * x), x),
    (DotProduct(x.T, A * x), A), (x.T * A * x, x), ((a - y).T * (a - y) / 2, a), ((x.T * A * x)[0, 0], x),
    (sn.norm(x) ** 2 + (x.T * A * x)[0, 0], x), ((sn.unit(3, 1).T * B)[0, 0] ** 2, B), (Max(f, sn.sum(A / 2 - B)), A),
    (sn.tanh(log(Determinant(M * M.T + Identity(1)))), M), (Abs(lam) * sn.sum(A) ** 2, lam), (sign(lam) * sn.norm(A), A),
    (sn.sum(sn.let("H", 3 * F)) ** 2, F), (sn.sum(sn.exp(B).applyfunc(Lambda(f, f**lam))), lam),
    (sn.elementwise(lambda t, s: t * s, F, sn.sum(A.applyfunc(Lambda(f, f**2)))), F), (F, F), (F * F.T, F), (F[0, 0], F),
]  # fmt: skip


@pytest.mark.parametrize("loss, symbol", LOSSES, ids=str)
def test_scalars_written_as_sympy_writes_them(loss, symbol):
    closed = sn.gradient(loss, symbol)
    assert not closed.has(sp.Derivative, sp.Subs, sp.Integral)
    np.testing.assert_allclose(value(closed), slope(loss, symbol), rtol=1e-6, atol=1e-8)
    d = sn.derive(loss, symbol)
    at, gradients = d.compile()({s: VALUES[s] for s in d.program.inputs.values() if s in VALUES})
    assert isinstance(at, float)
    np.testing.assert_allclose(gradients[symbol], slope(loss, symbol), rtol=1e-6, atol=1e-8)


SCALARS = [
    sn.squared_error(W * X, Y), lam * sn.norm(W) ** 2, sn.norm(W), sn.sum(sn.tanh(W * X)) ** 2 + lam * sn.sum(W),
    exp(-lam * sn.norm(W)), sn.cross_entropy(W * X, sn.softmax(Y)), sn.sum(sn.let("H", W * X)) * f, sn.entry(W, 0, 1) * lam,
]  # fmt: skip


@pytest.mark.parametrize("loss", SCALARS, ids=str)
def test_diff_is_the_gradient_or_the_derivative(loss):
    np.testing.assert_allclose(value(loss.diff(W)), slope(loss, W), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(value(sp.diff(loss, W)), slope(loss, W), rtol=1e-6, atol=1e-8)
    assert value(loss.diff(W[0, 1])) == pytest.approx(slope(loss, W)[0, 1], rel=1e-6, abs=1e-8)
    for s in (lam, f):
        expected = slope(loss, s) if loss.has(s) else 0
        assert value(loss.diff(s)) == pytest.approx(float(expected), rel=1e-6, abs=1e-8)
    once, twice = loss.diff(lam), loss.diff(lam, 2)
    assert value(twice) == pytest.approx(float(slope(once, lam)) if once.has(lam) else 0, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("loss", [*SCALARS, sn.tanh(W * X), sn.let("H", W * X) - Y, sn.softmax(W * X)], ids=str)
def test_replacing_is_computing_with_the_replacement(loss):
    held = {**VALUES, W: 2 * np.array(VALUES[W]) + 1, lam: VALUES[lam] ** 2}
    wanted = sn.evaluate(loss, {s: held[s] for s in held if loss.has(s)})
    by = 2 * W + OneMatrix(2, 3)
    for new in (
        loss.subs(W, by).subs(lam, lam**2),
        loss.subs({W: by, lam: lam**2}),
        loss.xreplace({W: by, lam: lam**2}),
        loss.replace(W, by).replace(lam, lam**2),
    ):
        np.testing.assert_allclose(value(new), wanted, rtol=1e-10)
    ones = loss.subs(W, sp.ones(2, 3))
    assert not ones.has(W)
    with pytest.raises(TypeError, match="W is a 2×3 matrix and cannot be replaced by the scalar"):
        loss.subs(W, lam)
    with pytest.raises(ShapeError, match="W is 2×3 and cannot be replaced by A"):
        loss.xreplace({W: A})


@pytest.mark.parametrize("loss", SCALARS, ids=str)
@pytest.mark.parametrize("method", [sp.simplify, sp.expand, sp.factor, sp.together, lambda e: e.doit(), sp.signsimp])
def test_rewriting_keeps_the_value(loss, method):
    assert value(method(loss)) == pytest.approx(value(loss), rel=1e-12)


REFUSED = [
    (lambda: sn.gradient(exp(A), A), "sn.exp"),
    (lambda: sn.sum(sp.tanh(W * X)), "sn.tanh"),
    (lambda: sn.gradient(sp.sin(A), A), "sn.sin"),
    (lambda: sn.gradient(Permanent(A), A), "Permanent"),
    (lambda: sn.gradient(floor(sn.sum(A)), A), "floor"),
    (lambda: sn.gradient(sp.Integral(f * sn.sum(A), (f, 0, 1)), A), "Integral"),
    (lambda: sn.gradient(sp.Derivative(sn.sum(A) * f**2, f), A), "Derivative"),
    (lambda: sn.gradient(sp.Subs(sn.sum(A) * f**2, f, 2), A), "Subs"),
    (lambda: sn.tanh(W * X).diff(W), "differentiate a scalar"),
    *[(lambda e=e: e.diff(), "give the symbol") for e in (sn.sum(A), f * sn.sum(A), sp.Trace(A * A), f * A)],
    *[
        (lambda s=s, e=e: e.diff(s), "no symbol")
        for s in (2 * f, A.T, A * A, 2, None, b"A", np.ones(2), sp.ones(2, 2))
        for e in (sn.sum(A), f * sn.sum(A), sp.Trace(A * A), sp.cos(sp.Trace(A)))
    ],
    (lambda: sn.sum(A * X).diff([A, X]), "sn.derive"),
    (lambda: sn.sum(X).diff(X.shape[1]), "size"),
    (lambda: sp.lambdify(A, sn.norm(A)), "sn.compile"),
    (lambda: 1 / sn.tanh(A), "entry by entry"),
    (lambda: sn.derive(sn.sum(A), sp.ones(3, 3)), "no symbol"),
    (lambda: sn.derive(sn.sum(A), np.ones((3, 3))), "no symbol"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_cannot_be_done_is_refused_with_the_way_out(number):
    attempt, word = REFUSED[number]
    with pytest.raises((TypeError, ValueError), match=word):
        attempt()


v, u, s1 = sn.vector("v", 3), sn.vector("u", 3), Symbol("s1")
SQUARE = sn.matrix("Q", 3, 3)
BY_A_MATRIX = [
    (v.T * sn.tanh(u), v), (v.T * sn.tanh(SQUARE * v), v), (v.T * sn.softmax(SQUARE * v), SQUARE),
    (OneMatrix(1, 3) * sn.hadamard(v, v), v), (v.T * sn.tanh(v) + sn.norm(v) * sp.Identity(1), v),
    (v.T * sn.let("h", sn.tanh(u)), u), (sp.Determinant(sn.tanh(SQUARE)), SQUARE), (sp.DotProduct(v, sn.tanh(v)), v),
    (sp.DotProduct(v, SQUARE * u), SQUARE), (sp.Trace(sp.Inverse(sn.tanh(SQUARE))), SQUARE),
    (sp.exp(v.T * sn.tanh(u)), u), (v.T * sn.tanh(s1 * u), s1), (v.T * sn.relu(u) * s1, u),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BY_A_MATRIX)))
def test_diff_by_a_symbol_is_the_gradient(number):
    expr, symbol = BY_A_MATRIX[number]
    for found in (sp.diff(expr, symbol), expr.diff(symbol)):
        assert not found.has(sp.Derivative)
        rng = np.random.default_rng(number)
        at = {w: rng.normal(size=w.shape) if w.is_Matrix else 0.7 for w in sp.sympify(expr).free_symbols}
        np.testing.assert_allclose(sn.evaluate(found, at), sn.evaluate(sn.gradient(expr, symbol), at), rtol=1e-10)


def test_diff_of_a_matrix_by_a_matrix_is_refused_not_begun():
    for expr, symbol in [(sn.tanh(A) * B, A), (sn.sum(sn.tanh(A)).diff(A), A), (sn.tanh(s1 * A), s1)]:
        with pytest.raises(TypeError, match="differentiate a scalar"):
            sp.diff(expr, symbol)
    for twice in (sp.Trace(SQUARE * SQUARE), sp.Trace(SQUARE), v.T * SQUARE * v):
        with pytest.raises(TypeError, match="differentiate a scalar"):
            sp.diff(twice, SQUARE, 2)


SYMPYS_OWN = [
    ((v.T * SQUARE * v)[0, 0], v, (SQUARE + SQUARE.T) * v), (v[0, 0] ** 2 * v[1, 0], v, None),
    (sp.Trace(SQUARE * sp.Trace(SQUARE)), SQUARE, 2 * sp.Trace(SQUARE) * sp.Identity(3)), (SQUARE[0, 1], SQUARE, None),
    (sp.Trace(SQUARE * SQUARE), SQUARE, 2 * SQUARE.T), (sp.log(sp.Determinant(SQUARE)), SQUARE, None),
]  # fmt: skip


@pytest.mark.parametrize("expr, symbol, wanted", SYMPYS_OWN, ids=lambda e: str(e)[:30])
def test_diff_of_what_only_sympy_wrote_is_the_gradient_too(expr, symbol, wanted):
    found = expr.diff(symbol)
    assert found == sn.gradient(expr, symbol) and not found.has(sp.Derivative) and found.shape == symbol.shape
    assert wanted is None or found == wanted


def test_a_matrix_of_ones_is_unmistakable_in_text():
    assert str(sn.gradient(sn.sum(A), A)) == f"OneMatrix{tuple(A.shape)}"
    C = sn.matrix("C", 2, 3)
    for sums in (sn.sum(C, axis=0), sn.sum(C, axis=1), sn.gradient(sn.sum(C.T * C), C)):
        assert sp.sympify(str(sums), {"C": C}) == sums


def test_an_entry_of_a_large_product_is_not_written_out():
    Q, q = sn.matrix("Q", 300, 300), sn.vector("q", 300)
    assert sn.gradient((q.T * Q * q)[0, 0], q) == (Q + Q.T) * q
    assert (q.T * Q * q)[0, 0].diff(q) == (Q + Q.T) * q
    assert sn.gradient((Q * Q * q)[7, 0], q) == Q.T * Q.T * sn.unit(300, 7)


K, k1, N = sn.matrix("K", 4, 4), sn.vector("k1", 4), sn.matrix("N", 2, 2)
INVERSES = [
    sn.inv(K), sn.solve(K, k1), K**-1, K**-2, K.T**-1, sn.inv(K * K + K), sn.inv(sn.tanh(K)), K / K.T, 2 * sn.inv(K) + K,
    sn.hadamard(sn.inv(K), K), sn.inv(A) * A.T, sn.inv(N), sn.inv(N * N * N + N), N**-2, N**-7, (N + N.T) ** -1,
]  # fmt: skip


@pytest.mark.parametrize("expr", INVERSES, ids=str)
def test_an_entry_of_an_inverse_is_there_at_once(expr):
    at = {
        s: 4 * np.eye(*s.shape) + np.arange(1.0, 1 + np.prod(s.shape)).reshape(s.shape) / 7 for s in expr.free_symbols
    }
    entry = expr[1, 0]
    assert len(str(entry)) < 400
    assert sn.evaluate(entry, at) == pytest.approx(sn.evaluate(expr, at)[1, 0], rel=1e-10)
    (symbol, *_) = sorted(expr.free_symbols, key=str)
    assert sn.check_gradients(entry, at, symbol)
    assert sn.evaluate(entry.diff(symbol), at) == pytest.approx(sn.evaluate(sn.gradient(entry, symbol), at), rel=1e-8)


def test_a_quotient_of_matrices_is_sympys():
    np.testing.assert_allclose(value(A / sn.tanh(B)), VALUES[A] @ np.linalg.inv(np.tanh(VALUES[B])), rtol=1e-10)


def test_deep_and_wide_expressions_are_copied_and_derived():
    H = X
    for _ in range(1000):
        H = sn.tanh(A * H)
    loss = sn.sum(H)
    assert pickle.loads(pickle.dumps(loss)) is loss and copy.deepcopy(loss) is loss
    wide = sp.MatAdd(*[sn.tanh(k * A) for k in range(1, 301)], evaluate=False)
    assert len(sn.derive(sn.sum(wide), A).program.equations) < 3_000
    scalars = sp.Add(*[sn.sum(sn.tanh(k * A)) for k in range(1, 301)])
    assert len(sn.derive(scalars, A).program.equations) < 3_000


def test_free_symbols_of_a_function_with_a_parameter():
    assert sn.elementwise(Lambda(f, f**lam), A).free_symbols == {A, lam}
    assert value(sn.sum(sn.softplus(-OneMatrix(1, 3)))) == pytest.approx(3 * np.log1p(np.exp(-1)))


def test_several_are_replaced_at_once():
    for expr, other in (
        (sn.norm(v - 2 * u), sn.norm(u - 2 * v)),
        (SQUARE * v + u, SQUARE * u + v),
        (sp.Trace(u * v.T * SQUARE), sp.Trace(v * u.T * SQUARE)),
    ):
        swap = {v: u, u: v}
        for pairs in (swap, list(swap.items()), zip(swap, swap.values(), strict=True)):
            assert expr.subs(pairs, simultaneous=True) == expr.xreplace(swap) == other


@pytest.mark.parametrize(
    "expr", [SQUARE, 2 * SQUARE, SQUARE * v, SQUARE + SQUARE.T, sp.Trace(SQUARE), SQUARE**-1, s1 * sn.tanh(SQUARE)],
    ids=str,
)  # fmt: skip
def test_no_scalar_no_name_and_no_text_takes_the_place_of_a_matrix(expr):
    for new in (2, s1, 0.5):
        for pairs in ((SQUARE, new), ({SQUARE: new},), ([(SQUARE, new)],)):
            with pytest.raises(TypeError, match="OneMatrix"):
                expr.subs(*pairs)
    for old in ("Q", Symbol("Q")):
        with pytest.raises(TypeError, match="Q is a matrix here"):
            expr.subs(old, SQUARE.T)
    for new in ("2", "__import__('os')", None, [[1]]):
        with pytest.raises(TypeError, match="text|no SymPy expression|a list"):
            (s1 * expr).subs(s1, new)
    assert (s1 * expr).subs("s1", 2) == (s1 * expr).subs(s1, 2)


def test_what_is_made_of_numbers_is_a_number():
    at = {v: np.arange(3.0), SQUARE: np.diag([1.0, 2.0, 3.0]), u: np.ones(3), s1: 0.5}
    for expr in (sn.norm(v), s1 * sn.sum(sn.tanh(SQUARE * v)) - 1, sp.log(sn.norm(u) ** 2), sn.norm(v - u)):
        there = expr.subs({symbol: sp.Matrix(a) if s1 != symbol else a for symbol, a in at.items()})
        for found in (float(there), float(there.evalf()), complex(there)):
            assert found == pytest.approx(value_at(expr, at), rel=1e-14)
    with pytest.raises(TypeError):
        float(sn.norm(v))


def value_at(expr, at):
    return sn.evaluate(expr, {symbol: a for symbol, a in at.items() if symbol in expr.free_symbols})


def test_a_name_does_not_stand_for_a_matrix():
    loss, scale = sn.squared_error(v, u), Symbol("scale")
    for old in ("v", Symbol("v")):
        for expr in (loss, scale * loss, sp.exp(loss)):
            with pytest.raises(TypeError, match="v is a matrix here|text"):
                expr.subs(old, 2)
    assert (scale * loss).subs("scale", 2) == 2 * loss == (scale * loss).subs(scale, 2)


@pytest.mark.parametrize(
    "scalar",
    [sp.DotProduct(v, u), sp.Trace(SQUARE), sp.Determinant(SQUARE), SQUARE[0, 1], sn.norm(SQUARE), sn.logdet(SQUARE)],
    ids=lambda s: type(s).__name__,
)
def test_a_scalar_of_matrices_in_a_function_of_entries_is_differentiated(scalar):
    C = sn.matrix("C", 2, 3)
    loss = sn.sum(sn.elementwise(lambda t, q: t * q + sp.sin(q * t), C, scalar))
    rng = np.random.default_rng(0)
    at = {w: rng.normal(size=w.shape) for w in loss.free_symbols}
    assert scalar.free_symbols < loss.free_symbols == {C, *scalar.free_symbols}
    assert sn.check_gradients(loss, at)


@pytest.mark.parametrize("other", [sn.norm(A), 2 * Symbol("lam") + 1, sp.Trace(A)], ids=str)
def test_functions_within_a_scalar_keep_their_own_variables(other):
    # the sum stands in every entry, and the variables of its function are no variables of the one around it
    inner = sn.sum(sn.elementwise(lambda s, t: s * sp.sin(t), A, A.T))
    found = sn.elementwise(lambda p, q, r: p * sp.cos(q) * r, inner * OneMatrix(*B.shape), other, B)
    at = {s: v for s, v in VALUES.items() if s in found.free_symbols}
    number = sn.evaluate(other, {s: v for s, v in at.items() if s in other.free_symbols})
    expected = (VALUES[A] * np.sin(VALUES[A].T)).sum() * np.cos(number) * VALUES[B]
    np.testing.assert_allclose(sn.evaluate(found, at), expected, rtol=1e-12)


@pytest.mark.parametrize("size, power", [(2, -1), (3, -1), (3, -2), (2, -3), (2, -1)])
def test_an_inverse_is_written_out_where_all_of_it_is_asked_for(size, power):
    P = sp.MatrixSymbol("P", size, size)
    explicit = (P**power).as_explicit()
    assert not explicit.atoms(sp.MatPow) and isinstance(explicit, sp.ImmutableDenseMatrix)
    numbers = sp.Matrix(size, size, lambda i, j: sp.Rational(i + 2 * j + 5 * (i == j), 3))
    assert (explicit.subs(P, numbers.as_immutable()).doit() - numbers**power).is_zero_matrix
    product = (P.I.as_explicit() * P.as_explicit())[0, 0] if size == 2 else 1
    assert sp.simplify(product) == 1
