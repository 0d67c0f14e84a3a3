"""Different expressions never read the same, in no notation, and neither do different names on one page."""

from itertools import combinations

import pytest
import sympy
from sympy import (
    Abs,
    Determinant,
    E,
    Float,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Identity,
    Inverse,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Rational,
    S,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    pi,
    symbols,
)  # fmt: skip

import symnet as sn
from symnet.expressions import Total, maximum, minimum, relu, sigmoid, softplus, step
from symnet.notation import NOTATIONS, Reading, render, writer
from symnet.program import Equation, Section

A, B, C = (sn.matrix(name, 3, 3) for name in "ABC")
b, c = sn.vector("b", 3), sn.vector("c", 3)
x, y, z = symbols("x y z", real=True)
k = Symbol("k", positive=True)


def entrywise(f, *matrices):
    return sn.elementwise(f, *matrices)


def case(*conditions):
    return entrywise(lambda t, u: Piecewise((t, conditions[0](t, u)), (u, True)), A, B)


MATRICES = [
    A, B, 2 * A, A / 2, -A, k * A, A / k, A + B, A - B, B - A, -(A + B), -A + 2 * B, A * B, B * A, A * B * C,
    A.T, A.T * B.T, Transpose(A * B), (A + B).T, A.T + B, Inverse(A), Inverse(A).T, Inverse(A + B),
    A**2, A**-2, A**4, HadamardPower(A, 2), HadamardPower(A, 4), HadamardPower(A, k), HadamardPower(A, -2), A**3 * B,
    HadamardProduct(A, B), HadamardProduct(A, HadamardPower(B, 2)), HadamardPower(HadamardProduct(A, B), 2),
    HadamardProduct(A, B + C), HadamardProduct(A, B) + C, HadamardProduct(A * B, C), A * HadamardProduct(B, C),
    HadamardProduct(A, B) * C, HadamardProduct(A, B.T), sn.softmax(A), sn.softmax(A, axis=1), sn.softmax(A.T),
    sn.log_softmax(A), sn.log_softmax(A, axis=1), sn.softmax(A).T, sn.softmax(sn.softmax(A), axis=1),
    sn.softmax(sn.softmax(A, axis=1)), Identity(3), OneMatrix(3, 3), ZeroMatrix(3, 3), Identity(3) + A,
    OneMatrix(3, 3) + A, b * c.T, c * b.T, b * OneMatrix(1, 3), OneMatrix(3, 1) * b.T, sympy.ImmutableMatrix(3, 3, range(9)),
    sympy.ImmutableMatrix(3, 3, range(9)).T, sn.tanh(A), sn.tanh(A + B), sn.tanh(A) + B, sn.exp(A), sn.log(A), sn.sqrt(A),
    sn.abs(A), sn.sign(A), sn.sin(A), sn.cos(A), sn.sigmoid(A), sn.relu(A), sn.softplus(A), sn.relu(-A), -sn.relu(A),
    entrywise(step, A), entrywise(step, -A), entrywise(lambda t, u: step(t - u), A, B),
    entrywise(lambda t, u: step(u - t), A, B), entrywise(lambda t: step(t - 1), A), entrywise(lambda t: step(1 - t), A),
    entrywise(Max, A, B), entrywise(Min, A, B), entrywise(Max, A, B, C), entrywise(lambda t: Max(t, k), A),
    entrywise(Heaviside, A), entrywise(lambda t: 1 / t, A), entrywise(lambda t, u: t / u, A, B),
    entrywise(lambda t, u: u / t, A, B), entrywise(lambda t, u, v: t / (u * v), A, B, C),
    entrywise(lambda t, u, v: t / u * v, A, B, C), entrywise(lambda t, u, v: (t + u) / v, A, B, C),
    entrywise(lambda t, u, v: t + u / v, A, B, C), entrywise(lambda t, u, v: t / (u + v), A, B, C),
    entrywise(lambda t, u, v: t / u + v, A, B, C), entrywise(lambda t: t + 3, A), entrywise(lambda t: 1 - t, A),
    entrywise(lambda t: t**2 - 1, A), entrywise(lambda t: (t - 1) ** 2, A), entrywise(lambda t: t ** Rational(1, 3), A), entrywise(lambda t: k**t, A), entrywise(lambda t: 2**t, A), 2 * HadamardPower(A, 12),
    sn.leaky_relu(A, 0.1), sn.leaky_relu(A, 0.1000001), sn.leaky_relu(A, k), sn.silu(A), 0.1 * A, 0.1000001 * A,
    case(lambda t, u: t > u), case(lambda t, u: t < u), case(lambda t, u: t >= u), case(lambda t, u: sympy.Ne(t, u)),
    case(lambda t, u: (t > 0) & ((u > 0) | (t > u))), case(lambda t, u: ((t > 0) & (u > 0)) | (t > u)),
    case(lambda t, u: (t > 0) & (u > 0)), case(lambda t, u: (t > 0) | (u > 0)), sn.unit(3, 0) * b.T,
    sn.unit(3, 2) * b.T, sn.let("H", A * B), A * sn.let("H", A * B), A * Inverse(A + B), Inverse(A) * B, Inverse(A * B),
]  # fmt: skip

COLUMNS = [
    b, c, A * b, A.T * b, b + c, b - c, sn.unit(3, 0), sn.unit(3, 2), OneMatrix(3, 1), A * OneMatrix(3, 1),
    A.T * OneMatrix(3, 1), sn.logsumexp(A, axis=1), sn.logsumexp(A + B, axis=1), sn.logsumexp(A).T, sn.softmax(b),
    sn.softmax(b, axis=1), sn.log_softmax(b), A * sn.unit(3, 0), A * sn.unit(3, 1), ZeroMatrix(3, 1),
    entrywise(lambda t: t + 3, b), entrywise(lambda t: t + 2, b), b * k, b / k,
]  # fmt: skip

SCALARS = [
    x, y, -x, x + y, x - y, -(x + y), x * y, x / y, x / (y * z), x / y * z, x / (y + z), x / y + z, x**2, x**12,
    (x + y) ** 2, x + y**2, x**y, x ** (y + 1), x**y + 1, (x**y) ** z, x ** (y**z), x ** (-y), 2 * x, 2 * 3**x, 23**x,
    2**x, 12**x, x * 2**y, Float(0.1), Float(0.1000001), Float(1e-20), Float("0.1", 30), E - 20, Rational(1, 10), pi, E,
    S.Infinity, pi * x, pi**2, E * x, sympy.exp(x), sympy.exp(-x), sympy.sqrt(x), sympy.sqrt(2 * x),
    sympy.sqrt(2) * sympy.sqrt(y), x ** Rational(3, 2), x ** Rational(1, 3), Abs(x), Abs(x + y), Abs(x) + y, Abs(x) ** 3,
    sigmoid(x), softplus(x), relu(x), step(x), step(-x), step(x - y), step(y - x), maximum(x, y), maximum(y, z),
    minimum(x, y), minimum(y, z), -maximum(-x, -y),
    Max(x, y, z), Min(x, y), sympy.sign(x), sympy.tanh(x), sympy.sin(x), sympy.sin(x) ** 2, sympy.sin(x**2),
    sympy.log(x), 1 / sympy.log(x), sympy.atan2(x, y), sympy.atan2(y, x), sympy.erf(x), Heaviside(x), Heaviside(x, 0),
    sn.sum(A), sn.sum(A) ** 2, sn.sum(A * B), sn.sum(HadamardProduct(A, A)), sn.sum(HadamardProduct(A, A)) ** 2,
    sn.sum(HadamardProduct(A, B)), sn.sum(HadamardProduct(A, B, C)), sn.norm(A), sn.norm(A) ** 3, 2 * sn.norm(A),
    sn.norm(2 * B), sn.norm(A + B), sn.norm(A) + sn.norm(B), sn.norm1(A), Trace(A), Trace(A * B * C), Trace(A.T * B * C),
    Determinant(A), Determinant(A + B), 1 / Determinant(A), sn.sum(sn.softmax(A) * B), sn.sum(sn.softmax(A, axis=1) * B),
    A[0, 1], A[1, 0], B[0, 1], Total(A.T * B), sn.inner(A, B.T), sn.let("r", sn.sum(A)), x * sn.let("r", sn.sum(A)),
]  # fmt: skip

NAMES = [
    "W1", "W_1", "W 1", "W.1", "W__1", "W__2", "W", "W₁", "W²", "Wᵀ", "w1", "lambda", "λ", "Lambda", "a_1", "a1",
    "a_b_1", "a_b1", "ab_1", "xbar", "x̄", "x̅", "barx", "xnorm", "xabs", "|x|", "x", "xhat", "x + y", "f(x)", "I", "pi",
    "π", "e", "E", "oo", "∞", "2", "0.1", "1", "N", "C", "C_", "C$", "AB", "A B", "A", "B", "alpha_beta", "alphabeta",
    "a_long_name", "a_long__name", "_a", "a_", "a{b}", r"\alpha", "alpha", "<b>", "“x”", "x'", "x′", "xprime", "a-b",
    "Total", "Ramp", "tanh",
]  # fmt: skip

GROUPS = {"matrices": MATRICES, "columns": COLUMNS, "scalars": SCALARS}


def clashes(expressions, written):
    places = {}
    for expr, text in zip(expressions, written, strict=True):
        places.setdefault(text, []).append(expr)
    return {text: same for text, same in places.items() if len(same) > 1}


def page_of(expressions):
    return [Section("Page", tuple(Equation(Symbol("q"), expr) for expr in expressions))]


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("group", GROUPS)
def test_different_expressions_read_differently(group, notation):
    expressions = GROUPS[group]
    style = NOTATIONS[notation]()
    with style.drawing():
        written = [str(Reading(style).write(expr)) for expr in expressions]
    assert not clashes(expressions, written)


@pytest.mark.parametrize("group", GROUPS)
def test_different_expressions_have_different_strings(group):
    assert not clashes(GROUPS[group], map(str, GROUPS[group]))


def test_the_expressions_are_different():
    for expressions in GROUPS.values():
        assert all(a != b for a, b in combinations(expressions, 2))
    assert sum(map(len, GROUPS.values())) > 200


@pytest.mark.parametrize("notation", NOTATIONS)
def test_different_names_read_differently_on_one_page(notation):
    symbols = [*map(Symbol, NAMES), pi, E, S.Infinity, Identity(3), Float(0.1), S.One, Symbol("x") ** 2, x + y]
    page = page_of(symbols)
    assert not clashes(symbols, [writer(page, Symbol("q"), notation)(symbol) for symbol in symbols])


@pytest.mark.parametrize("notation", NOTATIONS)
def test_pairs_of_names_read_differently(notation):
    for first, second in combinations(map(Symbol, NAMES), 2):
        page = page_of([first, second])
        texts = [writer(page, Symbol("q"), notation)(symbol) for symbol in (first, second)]
        assert texts[0] != texts[1], (first, second)


def test_a_name_is_read_as_ever_where_nothing_clashes():
    page = page_of([Symbol("W1"), Symbol("a_1"), Symbol("lambda"), Symbol("I")])
    assert [writer(page, Symbol("q"))(e.rhs) for e in page[0].equations] == ["W₁", "a₁", "λ", "I"]


def test_the_first_name_keeps_its_form():
    page = page_of([sn.matrix("W1", 2, 2) * sn.matrix("W_1", 2, 2)])
    shown = {notation: writer(page, Symbol("q"), notation)(page[0].equations[0].rhs) for notation in NOTATIONS}
    assert shown["unicode"] == shown["pretty"] == "W₁⋅W_1"
    assert shown["latex"] == r"W_{1} \text{W\_1}"
    assert shown["mathematica"] == "W1 . W$1"
    assert render(page, Symbol("q")).splitlines() == ["Page", "  q = W₁⋅W_1"]
