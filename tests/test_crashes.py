"""SymPy rebuilds, sorts and folds what a loss is made of; it never trips over our nodes, however the loss is written."""

import random

import numpy as np
import pytest
import sympy as sp
from sympy import (
    Abs,
    Derivative,
    Determinant,
    DotProduct,
    HadamardProduct,
    Identity,
    Integral,
    Lambda,
    MatAdd,
    MatPow,
    Max,
    Min,
    Piecewise,
    Rational,
    Subs,
    Symbol,
    Trace,
    atan,
    cos,
    exp,
    log,
    sign,
    sin,
    sqrt,
    tanh,
)

import symnet as sn
from symnet.backends.emitter import Code, signed_sum

A, B, S = (sn.matrix(name, 3, 3) for name in "ABS")
x, y, F, R = sn.vector("x", 3), sn.vector("y", 3), sn.matrix("F", 1, 1), sn.matrix("R", 2, 3)
t, u = Symbol("t"), Symbol("u")
SYMBOLS = (A, B, S, x, y, F, R, t, u)


def values_for(seed, scale=0.6):
    generator = np.random.default_rng(seed)
    return {s: generator.normal(size=s.shape) * scale if s.is_Matrix else float(generator.normal()) for s in SYMBOLS}


# -- random losses: scalars of matrices inside functions of SymPy's, as they come; each with what NumPy makes of it


def quadratic(M, v):
    return float((v.T @ M @ v).item())


MATRICES = [
    (lambda: A, lambda v: v[A]), (lambda: A * B.T, lambda v: v[A] @ v[B].T), (lambda: A / 2 - B, lambda v: v[A] / 2 - v[B]),
    (lambda: 2 * A * B.T, lambda v: 2 * v[A] @ v[B].T), (lambda: sn.tanh(A - B / 2), lambda v: np.tanh(v[A] - v[B] / 2)),
    (lambda: HadamardProduct(A, B), lambda v: v[A] * v[B]), (lambda: -A, lambda v: -v[A]),
    (lambda: A.applyfunc(Lambda(u, u**2 + u)), lambda v: v[A] ** 2 + v[A]), (lambda: A.T * A + Identity(3), lambda v: v[A].T @ v[A] + np.eye(3)),
    (lambda: sn.elementwise(lambda a: Piecewise((a**2, a > 0), (a / 3, True)), A), lambda v: np.where(v[A] > 0, v[A] ** 2, v[A] / 3)),
    (lambda: x * y.T * t, lambda v: v[x] @ v[y].T * v[t]), (lambda: sn.let("K", A * B), lambda v: v[A] @ v[B]),
    (lambda: sn.softmax(A + B), lambda v: np.exp(v[A] + v[B]) / np.exp(v[A] + v[B]).sum(0)),
]  # fmt: skip
OF_MATRICES = [
    (lambda M: sn.sum(M), lambda m: m.sum()), (lambda M: Trace(M), np.trace), (lambda M: sn.norm(M) ** 2, lambda m: (m**2).sum()),
    (lambda M: Trace(3 * M * M.T), lambda m: 3 * (m**2).sum()), (lambda M: sn.mean(M), np.mean), (lambda M: M.trace(), np.trace),
    (lambda M: sn.entry(M, 0, 1), lambda m: m[0, 1]), (lambda M: M[2, 0], lambda m: m[2, 0]),
    (lambda M: Determinant(M * M.T + Identity(3)), lambda m: np.linalg.det(m @ m.T + np.eye(3))), (lambda M: sn.sum(M / 2 - S), None),
]  # fmt: skip
SCALARS = [
    (lambda: t, lambda v: v[t]), (lambda: u, lambda v: v[u]), (lambda: DotProduct(x, y), lambda v: float((v[x].T @ v[y]).item())),
    (lambda: (x.T * A * y)[0, 0], lambda v: float((v[x].T @ v[A] @ v[y]).item())), (lambda: F[0, 0], lambda v: float(v[F].item())),
    (lambda: Abs(t) + sign(u), lambda v: abs(v[t]) + np.sign(v[u])), (lambda: exp(-x.T * x), lambda v: np.exp(-quadratic(np.eye(3), v[x]))),
    (lambda: x.T * A * x + log(2 + t**2), lambda v: quadratic(v[A], v[x]) + np.log(2 + v[t] ** 2)),
    (lambda: sn.sum(sn.elementwise(lambda a, s: a * s, R, sn.sum(A.applyfunc(Lambda(u, u**2))))), lambda v: v[R].sum() * (v[A] ** 2).sum()),
    (lambda: sn.sum(sn.let("H", 3 * F)), lambda v: 3 * float(v[F].item())), (lambda: Determinant(F * F.T + Identity(1)), lambda v: float(v[F].item()) ** 2 + 1),
]  # fmt: skip
FUNCTIONS = [
    (tanh, np.tanh), (lambda s: log(1 + s**2), lambda v: np.log(1 + v**2)), (lambda s: Max(0, 1 - s), lambda v: max(0, 1 - v)),
    (lambda s: exp(-(s**2)), lambda v: np.exp(-(v**2))), (lambda s: sqrt(1 + s**2), lambda v: np.sqrt(1 + v**2)), (sin, np.sin), (cos, np.cos),
    (lambda s: Min(s, t * 2), None), (lambda s: Piecewise((s**2, s > 1), (2 * s - 1, True)), lambda v: v**2 if v > 1 else 2 * v - 1),
    (atan, np.arctan), (Abs, abs), (lambda s: s**3 / (1 + s**2), lambda v: v**3 / (1 + v**2)), (lambda s: sn.tanh(s), np.tanh),
    (lambda s: (1 + s**2) ** Rational(3, 2), lambda v: (1 + v**2) ** 1.5), (lambda s: sn.softplus(s), lambda v: np.logaddexp(0, v)),
    (lambda s: sn.let("q", s) * 2, lambda v: 2 * v), (lambda s: (1 + s**2) ** t, None),
]  # fmt: skip


def of_matrix(choose):
    M, m = choose(MATRICES)
    f, g = choose(OF_MATRICES)
    if g is None:
        return f(M()), lambda v: float((m(v) / 2 - v[S]).sum())
    return f(M()), lambda v: float(g(m(v)))


def scalar(generator, depth):
    choose = generator.choice
    if depth == 0:
        if generator.random() < 0.5:
            return of_matrix(choose)
        s, value = choose(SCALARS)
        return s(), value
    kind = generator.randrange(5)
    e, value = scalar(generator, depth - 1)
    if kind < 2:
        f, g = choose(FUNCTIONS)
        number = FUNCTIONS.index((f, g))
        if g is None:
            g = (lambda v, s: min(s, 2 * v[t])) if number == 7 else (lambda v, s: (1 + s**2) ** v[t])
            return f(e), lambda v: g(v, value(v))
        return f(e), lambda v: g(value(v))
    other, its = scalar(generator, generator.randrange(depth))
    return [
        lambda: (e + other, lambda v: value(v) + its(v)),
        lambda: (e * other - 2 * other, lambda v: value(v) * its(v) - 2 * its(v)),
        lambda: (Piecewise((e, other > e), (other, True)), lambda v: value(v) if its(v) > value(v) else its(v)),
    ][kind - 2]()


def loss_of(seed):
    """Give a random loss with its value, names by `let` taken once only."""
    generator = random.Random(seed)
    while True:
        loss, value = scalar(generator, 3)
        named = [node.args[0].name for node in loss.atoms(type(sn.let("K", A)), type(sn.let("q", t)))]
        if loss.has(A, x, F, t) and len(set(named)) == len(named):
            return loss, value


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(60))
def test_random_losses_are_written_derived_and_closed(seed):
    loss, value = loss_of(seed)
    given = values_for(seed)
    used = {s: v for s, v in given.items() if s in loss.free_symbols}
    assert sn.evaluate(loss, used) == pytest.approx(value(given), rel=1e-9, abs=1e-11)
    for symbol in [s for s in (A, x, F, t) if loss.has(s)][:2]:
        closed = sp.sympify(sn.gradient(loss, symbol))
        assert not closed.has(Derivative, Subs, Integral)
        found = sn.evaluate(closed, {s: v for s, v in given.items() if s in closed.free_symbols})
        numeric = np.zeros(np.shape(given[symbol]))
        for place in np.ndindex(numeric.shape):
            ends = []
            for h in (1e-6, -1e-6):
                moved = np.array(given[symbol], float)
                moved[place] += h
                ends.append(value({**given, symbol: moved if moved.ndim else float(moved)}))
            numeric[place] = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(found, numeric, rtol=1e-4, atol=1e-5 * max(1, np.abs(numeric).max()))


# -- 1×1 matrices as scalars, in whatever SymPy's operators and functions make of them

ONES = [
    (lambda: sqrt(x.T * x), lambda v: np.sqrt((v[x] ** 2).sum())), (lambda: (x.T * x) ** Rational(3, 2), lambda v: (v[x] ** 2).sum() ** 1.5),
    (lambda: Max(x.T * x, 1), lambda v: max((v[x] ** 2).sum(), 1)), (lambda: Min(x.T * A * x, t), lambda v: min(quadratic(v[A], v[x]), v[t])),
    (lambda: 1 / (x.T * x), lambda v: 1 / (v[x] ** 2).sum()), (lambda: (x.T * A * x) / (x.T * x), lambda v: quadratic(v[A], v[x]) / (v[x] ** 2).sum()),
    (lambda: 2 ** (x.T * x), lambda v: 2 ** (v[x] ** 2).sum()), (lambda: ((x.T * x) * A).trace(), lambda v: (v[x] ** 2).sum() * np.trace(v[A])),
    (lambda: sn.sum(A / (x.T * x)), lambda v: v[A].sum() / (v[x] ** 2).sum()), (lambda: Abs(x.T * A * x), lambda v: abs(quadratic(v[A], v[x]))),
    (lambda: x.T * A * x + log(2 + sn.norm(x)), lambda v: quadratic(v[A], v[x]) + np.log(2 + np.sqrt((v[x] ** 2).sum()))),
    (lambda: 3 - x.T * x, lambda v: 3 - (v[x] ** 2).sum()), (lambda: x.T * x * exp(-x.T * x), lambda v: (v[x] ** 2).sum() * np.exp(-(v[x] ** 2).sum())),
    (lambda: t - sn.tanh(x.T * A * x), lambda v: v[t] - np.tanh(quadratic(v[A], v[x]))), (lambda: (x.T * A * x) ** 2, lambda v: quadratic(v[A], v[x]) ** 2),
    (lambda: Piecewise((x.T * x, t > 0), (t, True)) + sn.sum(x), lambda v: ((v[x] ** 2).sum() if v[t] > 0 else v[t]) + v[x].sum()),
    (lambda: Max(0, 1 - t * Trace(2 * x * y.T)), lambda v: max(0, 1 - 2 * v[t] * float((v[x] * v[y]).sum()))),
    (lambda: sp.simplify(t * Trace(2 * x * y.T) + log(1 + Trace(x * x.T))), lambda v: 2 * v[t] * float((v[x] * v[y]).sum()) + np.log(1 + (v[x] ** 2).sum())),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(ONES)))
def test_a_one_by_one_matrix_is_a_scalar_in_every_place(number):
    write, value = ONES[number]
    loss, given = write(), values_for(number)
    assert np.sum(sn.evaluate(loss, {s: v for s, v in given.items() if s in loss.free_symbols})) == pytest.approx(
        value(given)
    )
    closed = sn.gradient(loss, x)
    found = sn.evaluate(closed, {s: v for s, v in given.items() if s in closed.free_symbols})
    for k in range(3):
        ends = [value({**given, x: given[x] + h * np.eye(3)[:, [k]]}) for h in (1e-6, -1e-6)]
        assert found[k, 0] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


def test_what_sympy_computes_by_itself_is_left_alone():
    M, N = sp.MatrixSymbol("M", 3, 3), sp.MatrixSymbol("N", 3, 3)
    assert (M / N) == M * N.I and (M**2).shape == (3, 3) and type(M + N) is MatAdd
    assert exp(sp.Matrix([[1]])) == sp.Matrix([[sp.E]])
    assert list(sp.preorder_traversal(t + u * 2)) == [t + 2 * u, *list(sp.preorder_traversal(t + 2 * u))[1:]]
    walk = sp.preorder_traversal((t + u) * 2 + tanh(u))
    met = []
    for part in walk:
        met.append(part)
        if part == tanh(u):
            walk.skip()
    assert u in met and len(met) == len(list(sp.preorder_traversal((t + u) * 2 + tanh(u)))) - 1


# -- deep and wide


def deep(levels=1000, start=A):
    H = start
    for _ in range(levels):
        H = sn.tanh(B * H)
    return H


METHODS = [
    str, repr, sp.latex, sp.pretty, hash, sp.srepr, lambda H: H.free_symbols, lambda H: H == deep(), lambda H: list(sp.preorder_traversal(H)),
    lambda H: H.atoms(), lambda H: H.has(A), lambda H: H / H, lambda H: H * H.T, lambda H: H.T, lambda H: MatPow(H * H.T, Rational(1, 2)),
    lambda H: H.expand(), sp.simplify, lambda H: H.doit(), lambda H: H.subs(A, B), lambda H: H.xreplace({A: B}), lambda H: H.replace(A, B),
    lambda H: H.as_dummy(), lambda H: H.equals(deep()), lambda H: H.count(A), lambda H: H.evalf(), lambda H: sp.count_ops(H), lambda H: Trace(H * H),
    lambda H: Determinant(H), lambda H: H[0, 1], lambda H: H.trace(), lambda H: HadamardProduct(H, H), lambda H: sorted([H, A], key=sp.default_sort_key),
]  # fmt: skip


@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", range(len(METHODS)))
def test_a_net_of_a_thousand_levels_is_no_burden(number):
    assert METHODS[number](deep()) is not None
    if number < 4:
        assert "…" in METHODS[number](deep()) and "…" not in METHODS[number](deep(20))


@pytest.mark.parametrize("ask", [lambda H: H.rewrite(exp), lambda H: H.replace(tanh, sin)])
def test_what_goes_to_the_ground_is_refused_where_it_is_too_deep(ask):
    with pytest.raises(ValueError, match="too many for SymPy's"):
        ask(deep())
    assert ask(deep(3)) is not None


BUILDING = [
    lambda H: t * H + sn.tanh(A * H), lambda H: HadamardProduct(H, B) + H, lambda H: H * A + H, lambda H: (H + A.T).applyfunc(tanh) * B + H,
    lambda H: (t * H + B).T - H * H, lambda H: H / 2 - A * H * A.T, lambda H: sn.hadamard(H, H) - H.T,
]  # fmt: skip


@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", range(len(BUILDING)))
def test_a_net_is_built_in_a_time_that_grows_with_its_levels(number):
    H, value = S, np.eye(3) * 0.1
    given = {A: values_for(1)[A] / 4, B: values_for(1)[B] / 4, t: 0.3}
    for _ in range(40):  # 2**40 is more than anybody waits for
        H = BUILDING[number](H)
    symbol = next(s for s in (A, B, S) if s in H.free_symbols)
    assert len(sn.derive(sn.sum(H), symbol).program.equations) < 600
    step = BUILDING[number](S)
    for _ in range(40):
        value = sn.evaluate(step, {s: v for s, v in {**given, S: value}.items() if s in step.free_symbols})
    whole = sn.evaluate(H, {s: v for s, v in {**given, S: np.eye(3) * 0.1}.items() if s in H.free_symbols})
    np.testing.assert_allclose(whole, value, rtol=1e-9, atol=1e-12)


def test_thousands_of_terms_are_added_and_run():
    total = A
    for k in range(2, 301):
        total = total + A * k if k % 2 else total + sn.tanh(k * B)
    assert len(sn.derive(sn.sum(total), A).program.equations) < 2000
    written = str(signed_sum([(k % 3 == 1, Code("a")) for k in range(5000)]))
    assert eval(written, {"a": 1}) == sum(-1 if k % 3 == 1 else 1 for k in range(5000))


PLAIN, OTHER, SQ = sp.Symbol("plain"), sp.Symbol("other"), sn.matrix("SQ", 3, 3)
REAL = {
    "a product": sp.Abs(PLAIN * sn.sum(SQ)),
    "a quotient": sp.Abs(sn.sum(SQ) / PLAIN),
    "a difference": sp.Abs(PLAIN - sn.sum(SQ)) * OTHER,
    "three": sp.Abs(PLAIN * OTHER * sn.sum(SQ)) ** 3,
    "sign": sp.sign(PLAIN * sn.sum(SQ)) * sp.Abs(OTHER * sp.Trace(SQ)),
    "inside": sp.exp(-sp.Abs(PLAIN * sn.norm(SQ) - OTHER)),
    "entries": sn.sum(sn.elementwise(lambda a: sp.Abs(PLAIN * a) * OTHER, SQ)),
}


@pytest.mark.parametrize("name", REAL)
def test_what_is_not_declared_real_is_real(name):
    loss = REAL[name]
    at = {PLAIN: -0.4, OTHER: 1.3, SQ: np.random.default_rng(1).normal(size=(3, 3))}
    for symbol in loss.free_symbols:
        assert not sn.gradient(loss, symbol).has(sp.im, sp.re)
    assert sn.check_gradients(loss, {w: at[w] for w in loss.free_symbols}).ok
