"""A whole is real unless `I`, or a scalar that may be complex, stands beside its matrices; sizes do not count."""

import pytest
from sympy import (
    DiagMatrix,
    DotProduct,
    Function,
    FunctionMatrix,
    HadamardProduct,
    I,
    Identity,
    Inverse,
    KroneckerProduct,
    Lambda,
    MatAdd,
    MatMul,
    Matrix,
    MatrixSymbol,
    OneMatrix,
    Trace,
    ZeroMatrix,
    exp,
    log,
    sqrt,
    symbols,
    tanh,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction as Each
from sympy.matrices.expressions.fourier import DFT
from sympy.matrices.expressions.matexpr import MatrixElement
from test_residual import calls

import symnet as sn

n, z = symbols("n z")  # which may be complex
r = symbols("r", real=True)
f = Function("f")
A, X, v = MatrixSymbol("A", 3, 3), MatrixSymbol("X", n, n), MatrixSymbol("v", n, 1)
REAL = [
    A, r * A, X * Identity(n), OneMatrix(n, n), ZeroMatrix(n, n), OneMatrix(n, n) * X, Inverse(X), X.T, DiagMatrix(v),
    v * v.T, KroneckerProduct(X, A), HadamardProduct(X, X), X[1:n, 1:n], Trace(X) * A, Matrix([[r, 1], [2, r]]),
    Each(tanh, X), Each(log, X), Each(sqrt, X), Each(Lambda(z, r * exp(z)), X), Each(Lambda(z, z * z.conjugate()), X),
    FunctionMatrix(n, n, Lambda((z, r), (-1) ** z + r)), sn.tanh(X), sn.kron(X, A),
]  # fmt: skip
UNKNOWN = [
    I * A, z * A, A + I * A, OneMatrix(n, n) * X * z, Inverse(z * X), (I * A)[:2, :2], Trace(z * X) * A,
    Matrix([[z, r], [2, r]]), Each(Lambda(r, z * r), X), Each(Lambda(z, I * z), X), Each(f, X), Each(tanh, z * X),
    FunctionMatrix(n, n, Lambda((r, z), I * r + z)), DFT(4), DFT(4) * MatrixSymbol("B", 4, 4),
]  # fmt: skip


@pytest.mark.parametrize("expr", REAL, ids=str)
def test_matrices_are_real_whatever_their_sizes(expr):
    for whole in (Trace(expr), MatrixElement(expr, 0, 0)):
        assert whole.is_real is True and whole.conjugate() == whole, whole


@pytest.mark.parametrize("expr", UNKNOWN, ids=str)
def test_what_may_be_complex_is_not_called_real(expr):
    for whole in (Trace(expr), MatrixElement(expr, 0, 0)):
        assert whole.is_real is None and whole.conjugate() != whole, whole


def test_a_dot_product_is_real():
    assert DotProduct(v, v).is_real is True and DotProduct(I * v, v).is_real is None


def _doubled(levels):
    H = A
    for _ in range(levels):
        H = MatAdd(H, HadamardProduct(H, H))
    return H


def test_what_is_shared_is_asked_once():
    assert calls(lambda: Trace(_doubled(60)).is_real) < 100_000
    assert calls(lambda: Trace(MatAdd(_doubled(30), MatMul(r, _doubled(30)))).is_real) < 100_000
    whole = Trace(_doubled(60))
    assert whole.is_real is True and calls(lambda: whole.is_real) < 10


def test_wholes_in_each_other_are_asked_without_one_call_inside_another():
    c, of = A[0, 0], A[0, 0] * I
    for _ in range(1500):
        c, of = Trace(MatMul(c, A)), Trace(MatMul(of, A))
    assert c.is_real is True and of.is_real is None
