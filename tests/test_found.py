"""Kinds of input that once gave a wrong number or an error of SymPy's: slices of blocks, shared adjoints, nested sizes."""

import pickle
from itertools import product

import numpy as np
import pytest
from sympy import (
    Abs,
    Determinant,
    DotProduct,
    Dummy,
    Float,
    HadamardProduct,
    Heaviside,
    Identity,
    ImmutableMatrix,
    Integer,
    Lambda,
    MatAdd,
    MatMul,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Rational,
    Symbol,
    Trace,
    acosh,
    asin,
    atanh,
    cosh,
    exp,
    log,
    preorder_traversal,
    sign,
    sin,
    sqrt,
)
from sympy.core.cache import clear_cache

import symnet as sn
from symnet.expressions import Elementwise, stable
from symnet.program import entrywise, looking
from symnet.program.factoring import _sum

X, W = sn.matrix("X", 3, 2), sn.matrix("W", 3, 3)
SLICES = [slice(a, b, s) for a, b, s in product((None, 0, 1, 4, -2), (None, 1, 3, -1), (None, 2, -1, -2, -3))]
rng = np.random.default_rng(5)
XS, WS = rng.normal(size=(3, 2)), rng.normal(size=(3, 3))


@pytest.mark.parametrize("sizes", [(1, 4), (4, 1), (2, 3), (1, 2, 2), (3, 1, 1)], ids=str)
@pytest.mark.parametrize("axis", [0, 1])
def test_every_slice_of_a_stack_is_numpys(sizes, axis):
    shapes = [(size, 2) if axis == 0 else (2, size) for size in sizes]
    blocks = [sn.matrix(f"B{k}", *shape) for k, shape in enumerate(shapes)]
    values = {B: rng.normal(size=shape) for B, shape in zip(blocks, shapes, strict=True)}
    whole, stacked = np.concatenate(list(values.values()), axis), (sn.vstack if axis == 0 else sn.hstack)(*blocks)
    for s in SLICES:
        key = (s, slice(None)) if axis == 0 else (slice(None), s)
        wanted = whole[key]
        if wanted.size:
            part = stacked[key]
            assert part.shape == wanted.shape
            used = {B: v for B, v in values.items() if part.has(B)}
            np.testing.assert_array_equal(sn.evaluate(part, used), wanted)


FACTS = [{}, {"symmetric": True}, {"diagonal": True}, {"positive_definite": True}]
OF_SUMS = [
    lambda A, B: sn.sum(sn.tanh(A + B)), lambda A, B: Trace((A + B) ** 3), lambda A, B: sn.sum(sn.exp((A + B).T)),
    lambda A, B: log(Determinant((A + B) * (A + B).T + Identity(3))), lambda A, B: sn.norm(A + B - W) ** 2,
]  # fmt: skip


def _drawn(facts, generator):
    D = generator.normal(size=(3, 3))
    if "positive_definite" in facts:
        return D @ D.T + np.eye(3)
    return {"symmetric": D + D.T, "diagonal": np.diag(np.diag(D))}.get(next(iter(facts), ""), D)


@pytest.mark.parametrize("number, facts", [*enumerate(product(FACTS, FACTS))], ids=str)
def test_symbols_with_one_adjoint_both_count_along_their_directions(number, facts):
    (first, second), loss, generator = facts, number % len(OF_SUMS), np.random.default_rng(number)
    values, moves = zip(*[(_drawn(f, generator), _drawn(f, generator)) for f in (first, second)], strict=True)
    found = []
    for declared in (facts, ({}, {})):
        A, B = (sn.matrix(name, 3, 3, **f) for name, f in zip("AB", declared, strict=True))
        u, v = (sn.matrix(name, 3, 3, **f) for name, f in zip("UV", facts, strict=True))
        along = sn.jvp(OF_SUMS[loss](A, B), [A, B], [u, v])
        again = sn.jvp(along, [A, B], [u, v])
        known = dict(zip((A, B, u, v, W), (*values, *moves, WS), strict=True))
        found.append([sn.evaluate(e, {s: x for s, x in known.items() if e.has(s)}) for e in (along, again)])
    np.testing.assert_allclose(*found, rtol=1e-9)


SIZED = [Abs, sign, lambda t: Abs(Abs(t)), lambda t: sign(Abs(t)), lambda t: t * Abs(t), lambda t: Abs(t) ** 3]


@pytest.mark.parametrize("number", range(8))
def test_closed_products_of_nested_sizes_and_signs(number):
    choose = np.random.default_rng(number)
    inner = [sn.sin(X), abs(sn.sin(X)), X, abs(X)]
    factors = [sn.elementwise(SIZED[choose.integers(6)], inner[choose.integers(4)]) for _ in range(3)]
    product_ = HadamardProduct(*factors, abs(sn.sin(X)))
    for loss in (sn.sum(product_), sn.sum(sn.tanh(HadamardProduct(product_, X)))):
        d = sn.derive(loss, X)
        wanted = d.compile()({X: XS})[1][X]
        np.testing.assert_allclose(sn.evaluate(d.closed(X), {X: XS}), wanted, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(
            sn.evaluate(sn.canonical(product_), {X: XS}), sn.evaluate(product_, {X: XS}), rtol=1e-12
        )


@pytest.mark.parametrize("write", [
    lambda c: W - c * Identity(3), lambda c: W + c * Identity(3), lambda c: W - c * W, lambda c: W * W - 2 * c * W.T,
])  # fmt: skip
@pytest.mark.parametrize("M", [W * W.T + Identity(3), W], ids=str)
def test_a_log_determinant_in_front_of_a_matrix_that_is_taken_away(write, M):
    assert sn.check_gradients(sn.sum(sn.tanh(write(log(Determinant(M) ** 2)))), {W: WS}).ok


def test_what_is_put_in_is_not_bound_by_a_function_inside():
    t = sn.tanh(X).variables[0]  # the variable that entrywise functions bind
    within = sn.sum(sn.elementwise(Lambda(t, t**2 + t), X))
    assert within.xreplace({t: t + 1}) == within
    free = sn.sum(sn.elementwise(lambda a, s: a * s, X, 3 * Dummy("s", real=True)))
    (s,) = free.free_symbols - {X}
    moved = free.xreplace({s: t})
    assert moved.free_symbols == {X, t}
    assert sn.evaluate(moved.xreplace({t: 2}), {X: XS}) == pytest.approx(6 * XS.sum())


def test_an_entry_of_a_product_with_an_explicit_matrix():
    c = sn.vector("c", 2)
    loss = (c.T * ImmutableMatrix([[0, 0], [-2, -2]]) * c)[0, 0]
    np.testing.assert_allclose(sn.evaluate(sn.gradient(loss, c), {c: [[1], [2]]}), [[-4], [-10]])


def test_a_function_that_is_constant_once_its_parts_have_names():
    def one(t):  # SymPy sees that it is 1 where asin(t/2) has a name, which is real
        return sign(asin(t / 2) ** 2 + 1)

    A = sn.elementwise(lambda t: one(t) * t + asin(t / 2), X)
    B = sn.elementwise(lambda t: one(t) * t**2 - asin(t / 2), X)
    found = sn.compile({"A": A, "B": B})({X: XS / 2})
    np.testing.assert_allclose(found["A"], XS / 2 + np.arcsin(XS / 4), rtol=1e-12)
    np.testing.assert_allclose(found["B"], XS**2 / 4 - np.arcsin(XS / 4), rtol=1e-12)


@pytest.mark.parametrize("u", [
    sn.sum(sn.exp(X)), Trace(W * W.T), sn.norm(X) ** 2 + 1, sn.norm(W), Determinant(W * W.T), sn.max(sn.exp(W)),
], ids=str)  # fmt: skip
def test_an_even_power_of_the_size_of_a_root_is_what_is_under_it(u):
    (w,) = u.free_symbols & {X, W}
    for power in (2, 4):
        loss = Abs(sqrt(u), evaluate=False) ** power + u
        assert sn.check_gradients(loss, {w: XS if w is X else WS}).ok
        assert sn.evaluate(loss, {w: XS if w is X else WS}) == pytest.approx(
            sn.evaluate(u + u ** (power // 2), {w: XS if w is X else WS})
        )


@pytest.mark.parametrize(
    "whole", [3, np.int64(3), np.int32(3), np.uint8(3), np.array(3), np.array(3, np.int16)], ids=repr
)
@pytest.mark.parametrize("narrow", [np.float32(1.1), np.array(1.1, np.float32), np.full((2, 2), 1.1, np.float32)])
def test_a_whole_number_does_not_widen_what_stands_beside_it(whole, narrow):
    a, k = sn.matrix("a", 2, 2) if narrow.ndim else Symbol("a"), Symbol("k")
    kernel = sn.derive(k**2 * (sn.sum(a) if narrow.ndim else a) ** 2, [a]).compile()
    value, gradients = kernel({a: narrow, k: whole})
    assert value.dtype == gradients[a].dtype == np.float32


CONSTANT = Symbol("c", real=True)
OVERFLOWING = [  # each is a plain formula of a scalar, spread over a matrix of ones
    (lambda E: sn.log(sn.exp(-HadamardProduct(E, E))), lambda c: -(c**2)),
    (lambda E: sn.log(sn.exp(E)), lambda c: c),
    (lambda E: sn.log(sn.let("H", sn.exp(HadamardProduct(E, E)))), lambda c: c**2),
    (lambda E: sn.sqrt(HadamardProduct(E, E)), abs),
    (lambda E: sn.log(1 - sn.sigmoid(HadamardProduct(E, E))), lambda c: -np.logaddexp(0, c**2)),
]


@pytest.mark.parametrize("square", [True, False])
@pytest.mark.parametrize("spread", ["symbol", "sum"])
@pytest.mark.parametrize("written, wanted", OVERFLOWING)
def test_what_is_the_same_in_each_entry_is_as_stable_as_a_scalar(written, wanted, spread, square):
    m = Symbol("m", integer=True, positive=True)
    data = sn.matrix("A", 1, m)
    c = CONSTANT if spread == "symbol" else sn.sum(data)
    loss = sn.sum(written(c * OneMatrix(m, m) if square else c * OneMatrix(2, m))) + sn.sum(data)
    kernel = sn.derive(loss, [CONSTANT if spread == "symbol" else data]).compile()
    for value in (-300.0, -2.0, 3.0, 300.0):
        found, _ = kernel({data: [[value - 1.0, 1.0]]} | ({CONSTANT: value} if spread == "symbol" else {}))
        np.testing.assert_allclose(found, 4 * wanted(value) + value, rtol=1e-13)


@pytest.mark.parametrize("f", [f for f in sn.SCALARS if f not in (Heaviside, Piecewise, log)], ids=lambda f: f.__name__)
def test_every_function_of_a_number_is_a_number(f):
    # of numbers whose sign SymPy cannot tell while they are written
    numbers = [cosh(sin(Float(1.05) * log(2))) * sn.sigmoid(log(3)), -log(2) / 7, 1 + log(5)]
    for count, sign_of in product((1, 2, 3), (1, -1)):
        try:
            value = f(*[sign_of * x for x in numbers[:count]], evaluate=False)
        except TypeError:  # another number of arguments
            continue
        if len(value.args) != count or not isinstance(value, f):
            continue
        plain = complex(value)
        np.testing.assert_allclose(complex(exp(value * sqrt(2))), np.exp(plain * 2**0.5), rtol=1e-12)
        if not plain.imag:
            np.testing.assert_allclose(sn.evaluate(value, {}), plain.real, rtol=1e-12, atol=1e-15)


# -- a single 1 is the identity of its size


SINGLE = OneMatrix(1, 1)


@pytest.mark.parametrize("size", [3, "n"])
def test_sums_over_a_single_row_or_column_are_the_matrix_itself(size):
    x = sn.matrix("x", 1, size)
    assert sn.sum(x, axis=0) == sn.mean(x, axis=0) == SINGLE * x == x
    assert sn.sum(x.T, axis=1) == sn.mean(x.T, axis=1) == x.T * SINGLE == x.T
    assert "1⋅" not in str(sn.derive(sn.norm(sn.tanh(sn.sum(x, axis=0))) ** 2, x))


def test_products_with_a_single_one_are_like_terms():
    u, one = sn.tanh(sn.matrix("M", 1, 3)), OneMatrix(3, 1)
    plain = sn.canonical(MatMul(u, one))
    for other in (MatMul(SINGLE, u, one), MatMul(u, one, SINGLE)):
        assert sn.canonical(other) == plain
        assert sn.canonical(MatAdd(other, MatMul(u, one))) == sn.canonical(2 * plain)
    assert sn.canonical(SINGLE) == SINGLE


@pytest.mark.parametrize("fact", ["symmetric", "positive_definite", "diagonal"])
def test_a_declared_matrix_of_one_entry_has_the_gradient_of_any(fact):
    D, E, M = sn.matrix("D", 1, 1, **{fact: True}), sn.matrix("D", 1, 1), sn.matrix("M", 1, 3)
    for loss in (
        lambda d: sn.norm(sn.tanh(M + d * OneMatrix(1, 3))) ** 2,
        lambda d: sn.norm(sn.tanh(sn.sum(sn.layer_norm(M, 0, None, d), axis=0))) ** 2,
    ):
        assert str(sn.gradient(loss(D), D)) == str(sn.gradient(loss(E), E))


def test_a_sum_whose_terms_are_one_when_typed_is_that_product():
    A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
    of_two = {(SINGLE, A[:1, :], B): Rational(2, 3), (A[:1, :], B): Rational(2, 3)}  # SymPy drops the single 1
    assert _sum(of_two) == Rational(4, 3) * A[:1, :] * B


@pytest.mark.parametrize("f", [lambda t: atanh(t / 2), lambda t: asin(t / 2), lambda t: acosh(2 + t * t), sqrt])
def test_what_sympy_takes_for_complex_is_computed_as_it_is_written(f):
    A, at = sn.matrix("A", 2, 2), [[0.3, 0.4], [0.9, 1.2]]
    a = sn.elementwise(f, A)
    loss = sn.sum(sn.tanh(sn.exp(-sn.hadamard(a, a))))
    form = sn.gradient(loss, A)  # exp(-a²) beside the slope of tanh is looked through
    assert sn.check_gradients(loss, {A: at}, A).ok
    assert np.allclose(sn.evaluate(form, {A: at}), sn.derive(loss, A).compile()({A: at}).gradients[A], rtol=1e-12)


def test_a_number_beside_the_sigmoid_of_its_negative_is_not_turned_for_ever():
    a, b = sn.sigmoid(Integer(1)), -exp(sn.sigmoid(Integer(1)))
    for form in (exp(-b) * sn.sigmoid(b), exp(a) * sn.sigmoid(-a), exp(log(-b)) * sn.sigmoid(-log(-b))):
        assert stable(stable(form)) == stable(form) and abs(stable(form).evalf() - form.evalf()) < 1e-12


SQUARE = sn.matrix("S", 2, 2)
REAL = {
    "trace": Trace(sn.sign(SQUARE) ** 2 + SQUARE**3),
    "determinant": Determinant(sn.sin(SQUARE) ** 2),
    "entry": (sn.tanh(SQUARE) ** 2)[0, 1],
    "dot": DotProduct(sn.tanh(SQUARE)[:, 0], SQUARE[:, 1]),
}


@pytest.mark.parametrize("scalar", REAL.values(), ids=list(REAL))
def test_a_scalar_of_matrices_is_real(scalar):
    values = {SQUARE: [[0.3, -0.7], [0.2, 0.9]]}
    assert scalar.is_extended_real and scalar.conjugate() == scalar
    size = sn.evaluate(scalar, values)
    assert sn.evaluate(Abs(scalar), values) == pytest.approx(abs(size)), Abs(scalar)
    assert sn.check_gradients(Abs(scalar) * scalar**2, values, SQUARE).ok
    assert "conjugate" not in str(Abs(scalar)) + str(sn.derive(Abs(scalar), SQUARE))


def _deep(layers):
    H, W = sn.matrix("H", 1, 1), sn.matrix("W", 1, 1)
    for _ in range(layers):
        H = sn.sin(W * H + W) - H / 2
    return (W * H * W)[0, 0], sn.sum(H), sn.norm(H), Trace(W * H), Determinant(W * H)


def _parts_written(layers, kind, write):
    written = []
    own = MatMul.__new__
    with pytest.MonkeyPatch.context() as patch:
        scalar = _deep(layers)[kind]
        clear_cache()  # in which SymPy keeps what it has sorted
        patch.setattr(
            MatMul, "__new__", staticmethod(lambda cls, *args, **kwargs: written.append(1) or own(cls, *args, **kwargs))
        )
        write(scalar)
    return len(written)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize(
    "write",
    [
        lambda s: Abs(s * Symbol("a")),
        lambda s: sqrt(s**2 * Symbol("b")),
        lambda s: sqrt(Piecewise((s * Symbol("c"), s > Rational(1, 7)), (s**2, True)) ** 2),
    ],
)
def test_sympys_signs_go_through_no_net(kind, write):
    assert _parts_written(20, kind, write) <= _parts_written(10, kind, write)  # the ways to a layer grow as 2**layers


CASES = lambda t: Piecewise((t * Rational(1, 3), t > Rational(1, 7)), (t**2, True))  # noqa: E731 - as a user writes it


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "f",
    [CASES, lambda t: log(1 + exp(t)) + t * sn.tanh(t), lambda t: t / (1 + t * t)],
    ids=["cases", "sum", "quotient"],
)
def test_chains_of_functions_are_not_multiplied_out_in_closed_forms(f, monkeypatch):
    largest = []
    own = looking.put_in

    def watched(body, values):
        whole = own(body, values)
        largest.append(0 if whole is None else sum(1 for _ in preorder_traversal(whole)))
        assert whole is None or not (body.has(Piecewise) and any(v.has(Piecewise) for v in values.values()))
        return whole

    for module in (looking, entrywise):
        monkeypatch.setattr(module, "put_in", watched)
    A, a = sn.matrix("A", 2, 2), rng.normal(size=(2, 2))
    H = A
    for _ in range(7):
        H = sn.hadamard(sn.elementwise(f, H), A)
    loss = sn.sum(sn.exp(-sn.hadamard(H, H)))
    form = sn.gradient(loss, A)
    assert largest and max(largest) <= 3 * looking.LARGEST
    wanted = sn.derive(loss, A).compile()({A: a}).gradients[A]
    assert np.allclose(sn.evaluate(form, {A: a}), wanted, rtol=1e-10)


def test_a_deep_scalar_is_sorted_without_its_text(monkeypatch):
    written = []
    own = Elementwise._sympystr
    monkeypatch.setattr(Elementwise, "_sympystr", lambda self, printer: written.append(1) or own(self, printer))
    H, W = sn.matrix("H", 2, 3), sn.matrix("W", 2, 2)
    for _ in range(14):
        H = sn.sin(W * H) - H / 2
    one, other = sn.sum(H), sn.sum(sn.tanh(H))
    assert one.sort_key() != other.sort_key()
    assert sorted([other, one], key=lambda s: s.sort_key()) == sorted([one, other], key=lambda s: s.sort_key())
    assert not written


OF_NETS = {
    "larger": lambda a, b, c: Max(a, -b),
    "larger of one": lambda a, b, c: Max(a, a),
    "larger with a number": lambda a, b, c: Max(a, b, c, 0),
    "smaller": lambda a, b, c: Min(a, c),
    "cases": lambda a, b, c: Piecewise((a, a > 0), (b, True)),
    "one case": lambda a, b, c: Piecewise((a, True)),
    "cases in cases": lambda a, b, c: Piecewise((Piecewise((a, b > 1), (b, True)), a < c), (c * b, True)),
    "sign": lambda a, b, c: sign(a**2) * a,
    "step": lambda a, b, c: Heaviside(a) * b,
    "exponential of a logarithm": lambda a, b, c: exp(log(a**2)),
    "odd": lambda a, b, c: sin(-a) + Abs(-b),
    "root of a square": lambda a, b, c: sqrt(4 * a**2 * b**2),
    "quotient": lambda a, b, c: exp(a + b) / exp(b),
    "size of a size": lambda a, b, c: Abs(Abs(a) + 1) + Max(Abs(b), 0),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("f", OF_NETS.values(), ids=list(OF_NETS))
def test_sympys_functions_of_a_deep_net_are_those_of_a_number(f, number):
    c, W = Symbol("c"), sn.matrix("W", 1, 1)
    values = {sn.matrix("H", 1, 1): [[0.3]], W: [[-0.6]], c: 0.37}
    a, b = _deep(6)[number], sn.tanh(W)[0, 0] * _deep(5)[number]
    numbers = [Float(float(sn.evaluate(s, values))) for s in (a, b)]
    expr = f(a, b, c)
    assert sn.evaluate(expr, values) == pytest.approx(float(f(*numbers, Float(0.37))), rel=1e-9)
    assert f(a, b, c) == expr and expr.has(W) and W in expr.free_symbols
    assert pickle.loads(pickle.dumps(expr)) == expr
    put = sn.evaluate(expr.xreplace({W: 2 * sn.matrix("V", 1, 1)}), {**values, sn.matrix("V", 1, 1): [[0.2]]})
    assert put == pytest.approx(sn.evaluate(expr, {**values, W: [[0.4]]}), rel=1e-9)
