"""Gradients in the forms that the Matrix Cookbook and matrixcalculus.org print, where the rules alone would say more."""

import numpy as np
import pytest
import sympy
from sympy import BlockDiagMatrix, BlockMatrix, Determinant, Identity, Matrix, Symbol

import symnet as sn

x, y, v, u = sn.vector("x", "n"), sn.vector("y", "n"), sn.vector("v", 3), sn.vector("u", 3)
A, b = sn.matrix("A", "m", "n"), sn.vector("b", "m")
X, B, C, S = sn.matrix("X", 3, 3), sn.matrix("B", 3, 3), sn.matrix("C", 2, 2), sn.matrix("S", 3, 3, symmetric=True)
T, W = sn.matrix("T", 6, 6), sn.matrix("W", 3, 2)
p, q, r = (Symbol(name) for name in "pqr")
SHORT = {
    # projections to the unit sphere
    "unit, inner": (sn.inner(x / sn.norm(x), y), x, "(y − ⟨x, y⟩⋅x/‖x‖²)/‖x‖"),
    "unit, distance": (sn.norm(x / sn.norm(x) - y) ** 2 / 2, x, "(⟨x, y⟩⋅x/‖x‖² − y)/‖x‖"),
    "unit, twice the distance": (sn.norm(y - x / sn.norm(x)) ** 2, x, "2⋅(⟨x, y⟩⋅x/‖x‖² − y)/‖x‖"),
    "cosine": (sn.inner(x, y) / (sn.norm(x) * sn.norm(y)), x, "(y − ⟨x, y⟩⋅x/‖x‖²)/(‖x‖⋅‖y‖)"),
    "cosine similarity of two vectors": (sn.cosine_similarity(v, u), v, "(u − ⟨u, v⟩⋅v/‖v‖²)/(‖u‖⋅‖v‖)"),
    "cosine similarity of two rows": (sn.cosine_similarity(v.T, u.T, axis=1), u, "(v − ⟨u, v⟩⋅u/‖u‖²)/(‖u‖⋅‖v‖)"),
    "unit of a product": (sn.inner(A * x / sn.norm(A * x), b), x, "Aᵀ⋅(b − ⟨b, A⋅x⟩⋅A⋅x/‖A⋅x‖²)/‖A⋅x‖"),
    "Rayleigh": (sn.inner(v / sn.norm(v), S * v / sn.norm(v)), v, "2⋅(S⋅v − ⟨v, S⋅v⟩⋅v/‖v‖²)/‖v‖²"),
    # one softmax of all entries, and none of its own for each axis
    "softmax of all": (sympy.log(sn.sum(sn.exp(X))), X, "unvec(softmax(vec(X)), 3, 3)"),
    "softmax of all, scaled": (sympy.log(sn.sum(sn.exp(p * X))) / p, X, "unvec(softmax(vec(p⋅X)), 3, 3)"),
    "share of all": (sn.sum(sn.exp(X)) ** -1 * sn.sum(sn.hadamard(B, sn.exp(X))), B, "unvec(softmax(vec(X)), 3, 3)"),
    # SymPy's own norms have absolute values
    "norm of a list": (Matrix([p, q, r]).norm(), p, "p/sqrt(p² + q² + r²)"),
    "norm of a list, squared": (Matrix([p, q]).norm() ** 2, q, "2q"),
    "norm of entries": (Matrix(v).norm(), v, "v/‖v‖"),
    "norm of a matrix": (Matrix(X).norm(), X, "X/‖X‖"),
    "power of a size": (sympy.Abs(p) ** 3, p, "3|p|²⋅sign(p)"),
    # Kronecker products
    "⊗, norm": (sn.norm(sn.kron(X, C)) ** 2, X, "2‖C‖²⋅X"),
    "⊗, norm of the right": (sn.norm(sn.kron(C, X)) ** 2, X, "2‖C‖²⋅X"),
    "⊗, fit": (sn.norm(sn.kron(X, C) - T) ** 2, X, "2‖C‖²⋅X − 2⋅unvec(paired(T, 3, 3)⋅vec(C), 3, 3)"),
    "⊗, trace": (sn.trace(sn.kron(X, C)), X, "tr(C)⋅I"),
    "⊗, log det": (sn.logdet(sn.kron(X, C)), X, "2⋅X⁻ᵀ"),
    # blocks
    "det of blocks": (Determinant(BlockDiagMatrix(X, C)), X, "det(C)⋅det(X)⋅X⁻ᵀ"),
    "det of the other block": (sn.det(BlockDiagMatrix(X, C)), C, "det(C)⋅det(X)⋅C⁻ᵀ"),
    "log det of blocks": (sn.logdet(BlockDiagMatrix(X, C)), X, "X⁻ᵀ"),
    "inverse of blocks": (sn.trace(BlockDiagMatrix(X, C).inv()), X, "−Xᵀ⁻²"),
    "block of a difference": (sn.norm(X[:2, :] - B[1:, :]) ** 2 / 2, X, "placed(X[:2, :] − B[1:, :], [:2, :], 3×3)"),
    "blocks side by side": (sn.norm(sn.hstack(X, B)) ** 2 / 2, X, "X"),
    # sums
    "softmax, weighted": (sn.inner(sn.softmax(x), y), x, "(y − ⟨y, softmax(x)⟩) ∘ softmax(x)"),
    "square of a sum": (sn.sum(x) ** 2 / 2, x, "sum(x)⋅1"),
}


@pytest.mark.parametrize("name", SHORT)
def test_closed_forms_are_as_short_as_published(name):
    loss, symbol, wanted = SHORT[name]
    assert sn.formula(sn.gradient(loss, symbol)) == wanted


@pytest.mark.parametrize("name", SHORT)
def test_short_forms_are_the_derivative(name):
    loss, symbol, _ = SHORT[name]
    closed, rng = sn.gradient(loss, symbol), np.random.default_rng(0)
    given = {}
    for s in sorted(loss.free_symbols | closed.free_symbols, key=str):
        if getattr(s, "is_Matrix", False):
            shape = [{"n": 4, "m": 3}.get(str(size), size) for size in s.shape]
            square = rng.normal(size=[int(size) for size in shape])
            given[s] = square + square.T if s == S else square
        elif str(s) not in ("m", "n"):
            given[s] = rng.normal()
    kernel = sn.compile(closed)
    direct = sn.derive(loss, symbol).compile()
    assert sn.check_gradients(loss, {k: g for k, g in given.items() if k.name in direct.arguments}, symbol)
    _, gradients = direct({k: g for k, g in given.items() if k.name in direct.arguments})
    found = kernel({k: g for k, g in given.items() if k.name in kernel.arguments} | {})
    np.testing.assert_allclose(found, gradients[symbol], rtol=1e-10, atol=1e-12)


def test_blocks_that_are_no_triangle_stay():
    whole = BlockMatrix([[X, W], [W.T, C]])
    assert sn.formula(sn.gradient(sn.logdet(whole), C)) == "([X, W; Wᵀ, C]⁻ᵀ)[3:, 3:]"
    triangle = BlockMatrix([[X, W], [sympy.ZeroMatrix(2, 3), C]])
    assert "det(C)" in sn.formula(sn.gradient(Determinant(triangle), C))
    assert sn.canonical(sn.kron(Identity(2), X).inv()) == sn.canonical(sn.kron(Identity(2), X.inv()))
