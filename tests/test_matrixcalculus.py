"""The examples and the function table of matrixcalculus.org: the textbook's formula, and no longer one."""

import re
from pathlib import Path

import pytest
import sympy
from sympy import Symbol, log

import symnet as sn

m, n = sympy.symbols("m n", integer=True, positive=True)
A, S, X = sn.matrix("A", m, n), sn.matrix("S", n, n), sn.matrix("X", n, n)
B, C = sn.matrix("B", n, n), sn.matrix("C", n, n)
a, b, w, x, y, v = (sn.vector(name, n) for name in "abwxyv")
t, y_m = sn.vector("t", m), sn.vector("y", m)
M = sn.matrix("A", n, n)  # of the table
p, q = Symbol("p"), Symbol("q")
labels = sn.exp(-sn.hadamard(t, A * w))

EXAMPLES = {
    "½xᵀAx": ((x.T * S * x) / 2, x, "(S + Sᵀ)⋅x/2"),
    "½xᵀAx in A": ((x.T * S * x) / 2, S, "x⋅xᵀ/2"),
    "(y⊙v)ᵀx": (sn.hadamard(y, v).T * x, x, "v∘y"),
    "(y⊙v)ᵀx in v": (sn.hadamard(y, v).T * x, v, "x∘y"),
    "a^b": (p**q, p, "p^(q − 1)⋅q"),
    "a^b in b": (p**q, q, "p^(q)⋅log(p)"),
    "‖Ax−y‖₁": (sn.norm1(A * x - y_m), x, "Aᵀ⋅sign(A⋅x − y)"),
    "‖Ax−y‖₁ in A": (sn.norm1(A * x - y_m), A, "sign(A⋅x − y)⋅xᵀ"),
    "‖Ax−y‖": (sn.norm(A * x - y_m), x, "Aᵀ⋅(A⋅x − y)/‖A⋅x − y‖"),
    "‖Ax−y‖²": (sn.norm(A * x - y_m) ** 2, x, "2⋅Aᵀ⋅(A⋅x − y)"),
    "‖Ax−y‖² in A": (sn.norm(A * x - y_m) ** 2, A, "2⋅(A⋅x − y)⋅xᵀ"),
    "logistic": (sn.sum(sn.log(labels + 1)), w, "−Aᵀ⋅(t∘sigmoid(−(A⋅w) ∘ t))"),
    "tr(AXᵀBXC)": (sn.trace(S * X.T * B * X * C), X, "B⋅X⋅C⋅S + Bᵀ⋅X⋅Sᵀ⋅Cᵀ"),
    "log det X⁻¹": (sn.logdet(sn.inv(X)), X, "−X⁻ᵀ"),
    "log det X⁻¹, SymPy's": (log(sympy.Determinant(X.inv())), X, "−X⁻ᵀ"),
    "sin(x)ᵀy": (sn.sin(x).T * y, x, "cos(x)∘y"),
    "sin(x)ᵀy in y": (sn.sin(x).T * y, y, "sin(x)"),
    # Petersen and Pedersen, The Matrix Cookbook
    "49, det X": (sn.det(X), X, "det(X)⋅X⁻ᵀ"),
    "57, log |det X|": (sn.logdet(X), X, "X⁻ᵀ"),
    "61, aᵀX⁻¹b": (a.T * sn.inv(X) * b, X, "−X⁻ᵀ⋅a⋅bᵀ⋅X⁻ᵀ"),
    "63, tr(AX⁻¹B)": (sn.trace(S * sn.inv(X) * B), X, "−X⁻ᵀ⋅Sᵀ⋅Bᵀ⋅X⁻ᵀ"),
    "70, aᵀXb": (a.T * X * b, X, "a⋅bᵀ"),
    "100, tr(XA)": (sn.trace(X * S), X, "Sᵀ"),
    "121, tr(Xᵏ)": (sn.trace(X ** Symbol("k", integer=True)), X, "k⋅(X^(k − 1))ᵀ"),
    "tr expm X": (sn.trace(sn.expm(X)), X, "expm(X)ᵀ"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_reads_as_in_a_textbook(name):
    loss, symbol, wanted = EXAMPLES[name]
    assert sn.formula(sn.gradient(loss, symbol)) == wanted


def test_jacobians():
    assert sn.formula(sn.jacobian(A * sn.exp(x), x)) == "A⋅diag(exp(x))"
    assert sn.formula(sn.jacobian(sn.power(a, b), a)) == "diag(a∘^(b − 1) ∘ b)"
    assert sn.formula(sn.jacobian(sn.power(a, b), b)) == "diag(a∘^(b) ∘ log(a))"
    assert sn.formula(sn.hessian((x.T * S * x) / 2, x)) == "(S + Sᵀ)/2"
    assert sn.formula(sn.hessian(sn.sin(x).T * y, x)) == "−diag(sin(x)∘y)"


README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
ROWS = [
    re.findall(r"`([^`]*)`", line)
    for line in README[README.index("| there | here |") :].split("\n\n")[0].splitlines()[2:]
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_table_of_functions_is_true(row):
    _, here, wanted = row
    known = {"sn": sn, "x": x, "y": y, "A": M, "B": B, "n": n, "OneMatrix": sympy.OneMatrix}
    found = eval(here, known)
    scalar = found if not getattr(found, "is_Matrix", False) else sn.sum(found) if found.shape[1] == 1 else None
    if scalar is None:  # of a matrix: the inner product with B
        scalar = sn.inner(found, B)
    symbol = x if x in found.free_symbols else M
    if symbol in found.free_symbols:
        assert sn.formula(sn.gradient(scalar, symbol)) == wanted
    else:
        assert sn.formula(found) == wanted
