"""Sums, traces and entries are wholes for SymPy, and products that are not taken apart keep their coefficients."""

import sys

import numpy as np
import pytest
import sympy as sp
from sympy import Symbol
from sympy.core.cache import clear_cache

import symnet as sn
from symnet.expressions import Elementwise
from symnet.expressions.interned import DeepProduct, DeepTranspose
from symnet.expressions.operands import raw
from symnet.program.canonical import canonical_node, turned
from symnet.program.factoring import _content, as_typed, collected, written

A, B, x = sn.matrix("A", 3, 3), sn.matrix("B", 3, 3), sn.vector("x", 3)
alpha = Symbol("alpha", real=True)
SCALARS = {
    "trace": sp.Trace, "det": sp.Determinant, "entry": lambda M: M[0, 1], "sum": sn.sum, "norm": sn.norm,
    "dot": lambda M: sp.DotProduct(M * x, x), "cosine": lambda M: sn.cosine_similarity(M, B), "mean": sn.mean,
    "form": lambda M: (x.T * M * x)[0, 0], "reciprocal": lambda M: 1 / (1 + sn.sum(M)),
}  # fmt: skip
INSIDE = {
    "numbers beside": lambda: 1 + sn.sigmoid(A), "common divisor": lambda: A / 2 - B,
    "repeated": lambda: A * B + sp.OneMatrix(3, 3) * sn.logsumexp(A, axis=None), "scaled": lambda: sn.sum(A) * A + B,
}  # fmt: skip
ALGORITHMS = {
    "Max": lambda s: sp.Max(s, alpha), "margin": lambda s: sp.Max(0, 1 - s * alpha), "Min": lambda s: sp.Min(s, sn.sum(A)),
    "nested": lambda s: sp.Max(0, 1 - sp.Max(s, alpha) * alpha), "Abs": lambda s: sp.Abs(s * alpha - 1),
    "simplify": sp.simplify, "factor_terms": sp.factor_terms, "radsimp": sp.radsimp, "cancel": sp.cancel,
    "together": sp.together, "factor": sp.factor, "expand": sp.expand, "signsimp": sp.signsimp,
    "cases": lambda s: sp.Piecewise((s, s > alpha), (alpha, True)), "collect": lambda s: sp.collect(s * alpha + s, alpha),
    "sin": sp.sin, "sqrt": lambda s: sp.sqrt(s**2 + 1), "method": lambda s: (s * alpha).simplify(),
    "powsimp": sp.powsimp, "trigsimp": sp.trigsimp, "nsimplify": sp.nsimplify, "separatevars": sp.separatevars,
}  # fmt: skip
VALUES = {
    A: np.array([[0.5, -0.3, 0.8], [0.1, 0.9, -0.4], [0.7, 0.2, 0.6]]), x: np.array([[0.3], [-0.8], [1.2]]), alpha: 0.7,
    B: np.array([[-0.2, 0.4, 0.5], [0.9, -0.6, 0.3], [0.1, 0.8, -0.7]]),
}  # fmt: skip


def _value(expr):
    return sn.evaluate(expr, VALUES)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("inside", INSIDE)
def test_sympys_algorithms_do_not_look_into_matrices(name, inside):
    scalars = {kind: scalar(INSIDE[inside]()) for kind, scalar in SCALARS.items()}
    found = {kind: ALGORITHMS[name](s) for kind, s in scalars.items()}  # in which SymPy mixed up scalars and matrices
    given = sn.compile({**{("is", kind): s for kind, s in scalars.items()}, **found})
    numbers = given({s: v for s, v in VALUES.items() if s.name in given.arguments})
    t = Symbol("t", real=True)
    other = sn.sum(A) if name == "Min" else alpha
    wanted = ALGORITHMS[name](t).xreplace({sn.sum(A): sp.Float(_value(other)), alpha: sp.Float(VALUES[alpha])})
    for kind in SCALARS:
        assert np.isclose(numbers[kind], float(wanted.subs(t, numbers["is", kind]))), kind


def test_sympys_algorithms_are_taught_wherever_they_stand():
    for algorithm in (sp.factor_terms, sp.signsimp, sp.simplify, sp.radsimp):
        name = algorithm.__name__
        others = [m for n, m in sys.modules.items() if n.startswith("sympy.") and callable(vars(m).get(name))]
        assert others and all(vars(m)[name] is algorithm for m in others), name
    assert sp.factor_terms([2 * alpha + 2]) == [sp.Mul(2, alpha + 1, evaluate=False)]
    assert sp.simplify(A / 2 - B) == A / 2 - B
    assert sp.simplify("t + t") == 2 * Symbol("t") and sp.factor_terms(2) == 2  # as SymPy reads it
    assert sp.simplify(sp.Gt(sn.sum(A) * 2 - sn.sum(A), 0)) == sp.Gt(sn.sum(A), 0)


@pytest.mark.parametrize("f", [sp.Abs, sp.sign, lambda s: sp.Abs(sp.sign(s)), lambda s: sp.sqrt(sp.sign(s) ** 2)])
def test_a_difference_of_sums_is_turned_once(f):
    # each of the two differences is the other with a sp.sign, and SymPy would turn it to and fro
    kl = sn.kl_divergence(sn.softmax(A), sn.softmax(2 * A), axis=0)
    hinge = sn.categorical_hinge(A, B, axis=0)
    for s in (kl, -kl, hinge, -hinge, sn.sum(A) / 2 - sn.sum(B) / 2, sn.norm(B) - sn.norm(A)):
        assert np.isclose(_value(f(s)), float(f(sp.Float(_value(s)))))


def test_closed_forms_of_a_difference_within_a_modulus_come_to_an_end():
    P, Y = sn.matrix("P", 3, 2), sn.matrix("Y", 3, 2)
    loss = sp.Abs(sn.categorical_hinge(P, Y, axis=0))
    values = {P: [[0.2, 0.8], [0.0, 0.1], [0.8, -0.3]], Y: [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]}
    d = sn.derive(loss, [P, Y])
    for s in (P, Y):
        np.testing.assert_allclose(sn.evaluate(d.closed(s), values), d.compile()(values)[1][s], atol=1e-14)


def _deep(levels):
    H = A
    for _ in range(levels):
        H = H + sn.tanh(B * H)
    return H


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "scalar",
    [*(SCALARS[k] for k in ("trace", "det", "entry", "sum", "norm", "dot", "form")), lambda M: 3 / sn.sum(M) ** 2],
)
def test_a_deep_scalar_is_sorted_without_its_text(scalar, monkeypatch):
    written = []
    own = Elementwise._sympystr
    monkeypatch.setattr(Elementwise, "_sympystr", lambda A, printer: written.append(1) or own(A, printer))
    counts = []
    for levels in (8, 11):
        one, other = scalar(_deep(levels)), scalar(2 * _deep(levels))
        found = {one, other, alpha, 2 * one, 1 / one, alpha * one**alpha, sn.sum(A), sp.Trace(A), sp.sin(one)}
        clear_cache()
        written.clear()
        keys = [sp.default_sort_key(e) for e in found]
        assert sorted(keys) == sorted(reversed(keys)) and len(set(keys)) == len(found)
        counts.append(len(written))
    assert counts[1] <= counts[0]  # the texts of small parts; the ways to a layer grow as 2**layers


INNER = {
    "deep": lambda: DeepProduct(sp.Integer(2), A), "deep of two": lambda: DeepProduct(sp.Integer(2), A, B),
    "deep minus": lambda: DeepProduct(sp.S.NegativeOne, sp.HadamardProduct(A, B)),
    "deep turned": lambda: DeepTranspose(DeepProduct(sp.Integer(3), A)),
    "turned": lambda: raw(sp.Transpose, DeepProduct(sp.Integer(3), A)), "symbol": lambda: DeepProduct(alpha, A),
    "plain": lambda: A,
}  # fmt: skip
OUTER = {
    "scaled": lambda X: raw(sp.MatMul, sp.Integer(-2), X), "by a symbol": lambda X: raw(sp.MatMul, alpha, X),
    "beside": lambda X: raw(sp.MatMul, X, B), "scaled beside": lambda X: raw(sp.MatMul, sp.Integer(3), X, B),
    "sum": lambda X: raw(sp.MatAdd, X, B), "sum of scaled": lambda X: raw(sp.MatAdd, raw(sp.MatMul, sp.Integer(-1), X), B),
    "turned": lambda X: raw(sp.Transpose, X), "entrywise": lambda X: raw(sp.HadamardProduct, X, B),
    "twice": lambda X: raw(sp.MatAdd, X, raw(sp.MatMul, sp.Integer(2), X)), "squared": lambda X: raw(sp.MatMul, X, X),
    "scaled turned": lambda X: raw(sp.MatMul, sp.Integer(-2), raw(sp.Transpose, X)),
}  # fmt: skip


def _number(M):
    # by NumPy alone, node by node
    if isinstance(M, sp.MatrixSymbol):
        return VALUES[M]
    if not M.is_Matrix:
        return float(M.subs(alpha, VALUES[alpha]))
    parts = [_number(a) for a in M.args]
    if isinstance(M, sp.Transpose):
        return parts[0].T
    if isinstance(M, sp.MatAdd):
        return sum(parts)
    result = parts[0]
    for a, p in zip(M.args[1:], parts[1:], strict=True):
        result = (
            result * p if isinstance(M, sp.HadamardProduct) or np.ndim(result) == 0 or not a.is_Matrix else result @ p
        )
    return result


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
def test_a_coefficient_inside_a_product_counts_once(inner, outer):
    M = OUTER[outer](INNER[inner]())
    wanted = _number(M)
    np.testing.assert_allclose(_value(turned(M)), wanted.T, rtol=1e-13)
    np.testing.assert_allclose(_value(canonical_node(M, *M.args)), wanted, rtol=1e-13)
    np.testing.assert_allclose(_value(turned(canonical_node(M, *M.args))), wanted.T, rtol=1e-13)


@pytest.mark.parametrize("numbers", [(-2, 2), (2, 4), (sp.Rational(1, 3), sp.Rational(2, 3)), (-4, -4)])
@pytest.mark.parametrize("common", [1 - alpha, (1 - alpha) ** 2, (1 - alpha) * sp.sin(alpha - 1), 1 - sn.sum(A) / 3])
def test_a_common_factor_that_is_0_divides_nothing(numbers, common):
    # 2·(1 − s) is 2 − 2·s for SymPy, which 1 − s does not divide
    m, n = numbers
    terms = {(A,): sp.Mul(m, common, sp.sin(x[0, 0])), (B,): sp.Mul(n, common, Symbol("t"))}
    c, inner = _content(terms)
    assert all(sp.simplify(c * inner[f] - terms[f]) == 0 for f in terms)
    assert not any(p.exp.is_negative for d in inner.values() for p in d.atoms(sp.Pow))
    values = {**VALUES, alpha: 1.0, Symbol("t"): 2.0, A: np.eye(3)}  # where each factor is 0
    np.testing.assert_array_equal(sn.evaluate(written(terms), values), np.zeros((3, 3)))


def _windows(M):
    return sn.elementwise(lambda t: t**3 - t, sn.conv2d(M, A, (1, 1, 3), kernel=(1, 3), padding=(0, 1)))


@pytest.mark.parametrize("moved", [lambda M: M, lambda M: M.T, _windows, lambda M: _windows(M).T])
@pytest.mark.parametrize("axis", [0, 1])
def test_sums_of_exponentials_are_found_wherever_their_entries_stand(moved, axis):
    M = 10 * sn.relu(moved(10 * B))
    loss = sn.sum(sn.log(sn.sum(sn.exp(M), axis=axis)))
    stable = sn.sum(sn.logsumexp(M, axis=axis))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isclose(_value(loss), _value(stable), rtol=1e-13)
        np.testing.assert_allclose(_value(sn.gradient(loss, B)), _value(sn.gradient(stable, B)), rtol=1e-12)


@pytest.mark.parametrize("f", [sp.cosh, sp.sinh, sp.tanh])
def test_hyperbolic_functions_take_no_long_argument_apart(f, monkeypatch):
    x, y, w = Symbol("x", real=True), Symbol("y", real=True), Symbol("w")
    assert f(x).is_real and sp.cosh(x**3 * y + 1).is_positive and sp.tanh(x * y).is_finite
    assert f(2 * sp.pi * sp.I + x).is_real and sp.cosh(sp.I * sp.pi / 3).is_positive  # as SymPy knows
    long = sum((sp.Abs(w) + x**k) ** (y + k) for k in range(8))  # whose sp.sign SymPy does not know
    monkeypatch.setattr(sp.Add, "as_real_imag", lambda *_, **__: pytest.fail("taken apart"))
    assert f(long).is_real in (True, None) and f(long).is_positive in (True, None)


@pytest.mark.parametrize("kind", [sp.HadamardProduct, sp.KroneckerProduct, sp.MatAdd])
@pytest.mark.parametrize("scalar", [2, alpha, sn.sum(A), 1 + sn.norm(B), sn.tanh(sn.vector("one", 1)) + 2])
def test_a_scalar_among_matrices_is_named_with_the_way_out(kind, scalar):
    for args in ((A, scalar), (scalar, A), (A, B, scalar)):
        with pytest.raises(TypeError, match="is a scalar and no matrix; (write c|sn.hadamard)"):
            kind(*args)
    assert np.isclose(_value(sn.sum(sn.hadamard(A, alpha))), _value(alpha * sn.sum(A)))


def test_an_entrywise_product_of_scalars_is_their_product():
    one = sn.matrix("one", 1, 1)
    for s in (alpha, sn.sum(A), sn.tanh(one) + 2):
        assert sp.HadamardProduct(s, s) == s**2
    assert sp.HadamardProduct(sn.tanh(one) + 2, one) == (sn.tanh(one) + 2) * sn.sum(one)
    with pytest.raises(AttributeError, match="with a function of SymPy's"):
        (sn.tanh(one) + 2).applyfunc(sp.tanh)


@pytest.mark.parametrize(
    "terms",
    [
        (A, B),
        (B, A.T, 2 * A),
        (A, 2 * A),
        (A + B, B),
        (A, sp.ZeroMatrix(3, 3)),
        (3 * A * B, A, -B),
        (A, sp.eye(3).as_immutable()),
    ],
)
def test_sums_are_as_sympy_has_them(terms):
    whole = as_typed(sp.MatAdd, *terms)
    assert whole == raw(sp.MatAdd, *terms).doit(deep=False)
    for c in (sp.Integer(2), sp.Rational(-1, 3)):
        assert as_typed(sp.MatMul, c, whole) == raw(sp.MatMul, c, whole).doit(deep=False) == c * whole


def test_sums_of_settled_terms_ask_nothing_of_sympy(monkeypatch):
    for kind in (sp.MatAdd, sp.HadamardProduct):
        monkeypatch.setattr(kind, "doit", lambda *_, **__: pytest.fail("looked through"))
    whole = as_typed(sp.MatAdd, *[k * sn.tanh(k * A) for k in range(2, 40)])
    assert len(whole.args) == 38
    assert len(as_typed(sp.MatMul, sp.Integer(3), whole).args) == 38


@pytest.mark.parametrize("c", [sp.zoo, sp.nan, sp.zoo * alpha])
def test_what_divides_by_0_whatever_the_values_has_no_closed_form(c):
    with pytest.raises(ValueError, match="no closed form: a part of the loss divides by what is 0"):
        collected([(c, (A,)), (alpha, (B,))])


def test_what_sympy_cannot_factor_is_said_without_names_of_its_own():
    D, E, P = sn.matrix("D", 3, 3, diagonal=True), sn.matrix("E", 3, 3), sn.matrix("P", 3, "n")
    for expr in (E - D, E * (E - D), sn.softmax(E - D), sn.attention(E - D, E, P)):
        with pytest.raises(TypeError, match="its factor, cancel and their like are for scalars") as refused:
            sp.factor(expr)
        assert "Dummy" not in str(refused.value)
