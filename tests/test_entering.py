"""What is no scalar and no matrix of real numbers is refused where it is written, and constants keep their shapes."""

import numpy as np
import pytest
import sympy
from sympy import HadamardProduct, Identity, OneMatrix, Trace, ZeroMatrix

import symnet as sn

A, B, W, X = sn.matrix("A", 2, 2), sn.matrix("B", 3, 3), sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")
lam = sympy.Symbol("lam")
NEITHER = [
    sympy.true, sympy.Eq(lam, 1), sympy.Poly(lam), sympy.Interval(0, 1), sympy.Tuple(1, 2), sympy.EmptySet, sympy.tanh,
    sympy.Lambda(lam, lam), sympy.Function("f"), sympy.nan, sympy.oo, sympy.zoo, sympy.I, 2j, float("nan"), 10**400, True,
    sympy.Array([1, 2]), sympy.Basic(), sympy.Order(lam), object(), int, None, "A", [1], range(2),
    np.zeros((0, 2)), np.array([[np.nan]]), np.array([[np.inf]]), np.ma.masked_array([[1.0]], [[1]]), np.array([["a"]]),
]  # fmt: skip


@pytest.mark.parametrize("value", NEITHER, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("f", [sn.tanh, sn.exp, sn.silu, lambda v: sn.elementwise(sympy.Max, A, v), sn.evaluate])
def test_what_is_neither_a_scalar_nor_a_matrix_is_refused(f, value):
    with pytest.raises((TypeError, ValueError)) as refused:
        f(value, {}) if f is sn.evaluate else f(value)
    assert len(str(refused.value)) > 25 and "object has no attribute" not in str(refused.value)


@pytest.mark.parametrize("f", [
    np.sin, float, lambda t: t if t > 0 else -t, lambda p, q: p, lambda: 1, "sin", None, [], lambda t: [t], lambda t: t.nothing,
], ids=lambda f: getattr(f, "__name__", type(f).__name__))  # fmt: skip
def test_a_function_that_symbols_do_not_suit_is_refused(f):
    with pytest.raises(TypeError, match="elementwise|scalar for each entry"):
        sn.elementwise(f, A)


@pytest.mark.parametrize(
    "size", [2.5, 2.0, 0, -1, True, None, [2], sympy.nan, sympy.oo, sympy.pi, A, sympy.Lambda(lam, lam)]
)
def test_a_size_is_a_positive_whole_number(size):
    with pytest.raises((TypeError, ValueError), match="size|expression"):
        sn.matrix("Q", size, 2)


def _deep(M):
    for _ in range(25):
        M = sn.tanh(M)
    return M


@pytest.mark.parametrize("make", [
    lambda: sn.mse(A, ZeroMatrix(3, 3)), lambda: sn.squared_error(A, OneMatrix(3, 3)), lambda: sn.relu_dot(A, Identity(3)),
    lambda: sn.binary_cross_entropy(A, OneMatrix(3, 3)), lambda: sn.cross_entropy(A, ZeroMatrix(3, 3)),
    lambda: sn.relu_dot(ZeroMatrix(2, 5), A), lambda: sn.affine(A, ZeroMatrix(3, 2), ZeroMatrix(2, 1)),
    lambda: _deep(A) + ZeroMatrix(3, 3), lambda: _deep(A) * Identity(3), lambda: Identity(3) * _deep(A),
    lambda: _deep(A) * ZeroMatrix(3, 3), lambda: _deep(A) - OneMatrix(3, 3), lambda: Trace(_deep(A) * OneMatrix(3, 2)),
])  # fmt: skip
def test_a_constant_of_another_shape_is_refused_before_it_falls_away(make):
    with pytest.raises(sympy.ShapeError):
        sn.compile(make())


def test_matrices_of_numbers_stand_where_symbols_do():
    one = sympy.Matrix([[2]])
    assert np.isclose(sn.evaluate(sn.sum(sn.tanh(one)), {}), np.tanh(2))
    assert np.isclose(sn.derive(sn.sum(HadamardProduct(A, sympy.eye(2))), A).compile()({A: np.eye(2)})[0], 2)
    with pytest.raises(TypeError, match="2×2"):
        sn.derive(np.eye(2), A)


@pytest.mark.parametrize("asked", [sympy.MatrixSymbol("W", 9, 9), sympy.Symbol("W")])
def test_a_symbol_of_another_shape_is_not_the_one_in_the_loss(asked):
    with pytest.raises((sympy.ShapeError, ValueError), match="W"):
        sn.derive(sn.norm(W * X) ** 2, asked)


@pytest.mark.parametrize("scalar", [
    sympy.Max(0, lam), sympy.Max(lam, lam**2), sympy.Min(lam, 1), sympy.Max(0, 1 - lam), sympy.Abs(lam),
], ids=lambda f: getattr(f, "__name__", type(f).__name__))  # fmt: skip
@pytest.mark.parametrize("place", [
    lambda c: sn.elementwise(lambda p, q: p * sympy.sin(q) / (1 + p**2), c * OneMatrix(2, 2), A),
    lambda c: sn.elementwise(lambda p, q: p * sympy.sin(q) / (1 + p**2), A, c),
])  # fmt: skip
def test_a_scalar_max_inside_an_entrywise_function(scalar, place):
    loss = sn.inner(place(scalar), A)
    values = {A: np.array([[0.3, -0.2], [0.7, 1.1]]), lam: 0.4}
    assert sn.check_gradients(loss, values, [A, lam]).ok


def test_a_number_that_makes_a_matrix_fall_away():
    zero = sn.elementwise(lambda t, q: t * q + sympy.sin(q * t), sn.tanh(A) - A, 0)
    assert zero == ZeroMatrix(2, 2)


@pytest.mark.parametrize("sizes", [2, "n", [1], {"n": 0}, {"n": 2.5}, {"n": "2"}, {"n": True}, {3: 2}, {"n": None}])
def test_the_sizes_of_a_proof_are_small_whole_numbers(sizes):
    with pytest.raises((TypeError, ValueError), match="prove"):
        sn.prove(sn.norm(W * X) ** 2, W, sizes)


@pytest.mark.parametrize("value", [0, -1, "1", float("nan"), float("inf"), None, sympy.I, lam, 10**400, [1], float])
def test_a_deviation_is_a_positive_number(value):
    with pytest.raises(ValueError, match="standard deviation"):
        sn.normal(value)


def test_a_rounding_error_is_no_imaginary_part():
    number = sn.sigmoid(sympy.sin(sympy.log(1 + sympy.sqrt(2))))  # what SymPy computes through complex numbers
    assert np.allclose(sn.evaluate(number * OneMatrix(1, 1), {}), 1 / (1 + np.exp(-np.sin(np.log(1 + 2**0.5)))))
