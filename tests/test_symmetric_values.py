"""Values that are symmetric by the way they are made: a Gram matrix, Xᵀ·D·X, their inverses and functions.

Such a value stands once in a derivation, never beside its transpose, and a product is one value whatever its brackets.
"""

from itertools import combinations

import numpy as np
import pytest
from sympy import Determinant, Identity, Inverse, Symbol, Trace, Transpose

import symnet as sn

A, B, M, C = sn.matrix("A", 3, 5), sn.matrix("B", 3, 5), sn.matrix("M", 5, 5), sn.matrix("C", 3, 5)
S = sn.matrix("S", 5, 5, symmetric=True)
X, w, t, y, d = sn.matrix("X", "n", 3), sn.vector("w", "n"), sn.vector("t", "n"), sn.vector("y", 3), sn.vector("d", 5)
s = Symbol("s", positive=True)
I = Identity(3)  # noqa: E741
MADE = {
    "W·Wᵀ + s·I": A * A.T + s * I,
    "I + A·Aᵀ": I + A * A.T,
    "XᵀX + s·I": X.T * X + s * I,
    "Xᵀ·diag(w)·X + s·I": X.T * sn.diag(w) * X + s * I,
    "I + A·diag(d)·Aᵀ": I + A * sn.diag(sn.exp(d)) * A.T,
    "A·S·Aᵀ, S declared": A * (Identity(5) + sn.hadamard(S, S)) * A.T + s * I,
    "A·M·Mᵀ·Aᵀ": A * M * M.T * A.T + s * I,
    "A·Bᵀ + B·Aᵀ": A * B.T + B * A.T + 50 * I,
    "exp(A·Aᵀ)": sn.exp(A * A.T / 20) + s * I,
    "a product in other brackets": A * (M * (M.T * A.T)) + (A * M) * (M.T * A.T) + s * I,
    "expm": sn.expm(A * A.T / 20),
    "K∘K": sn.hadamard(A * A.T, A * A.T) + s * I,
}  # fmt: skip
LOSSES = {
    "log det": lambda K: sn.logdet(K),
    "inverse": lambda K: sn.inner(y, Inverse(K) * y),
    "both": lambda K: sn.inner(y, Inverse(K) * y) + sn.logdet(K),
    "det": lambda K: Determinant(K),
    "trace of the inverse": lambda K: Trace(Inverse(K)),
    "power": lambda K: Trace(K * K * K),
    "solved for a matrix": lambda K: sn.norm(Inverse(K) * C) ** 2,
    "both sides": lambda K: sn.inner(C, Inverse(K) * C * S),
}


def parameters(loss):
    return [p for p in (A, B, M, X, w, d, S, s) if p in loss.free_symbols]


def numbers(loss, seed=3):
    rng = np.random.default_rng(seed)
    sizes = {"n": 7}
    values = {}
    for symbol in loss.free_symbols:
        if symbol == s:
            values[symbol] = 1.5
        elif symbol.is_Matrix:
            drawn = rng.normal(size=[sizes.get(str(k)) or int(k) for k in symbol.shape])
            values[symbol] = drawn + drawn.T if symbol == S else np.abs(drawn) if symbol == w else drawn
    return values


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("made", MADE)
def test_a_symmetric_value_stands_once(made, loss):
    whole = LOSSES[loss](MADE[made])
    values = numbers(whole)
    derivation = sn.derive(whole, parameters(whole))
    assert sn.check_gradients(whole, values).ok
    found = derivation.compile(outputs=[e.lhs for e in derivation.equations if e.role != "gradient"])(values)
    found = {str(name): np.asarray(a) for name, a in found.items() if np.ndim(a) == 2 and min(np.shape(a)) > 1}
    for (one, a), (other, b) in combinations(found.items(), 2):
        same = a.shape == b.shape and np.allclose(a, b, rtol=1e-9)
        assert not same, f"{one} and {other} are one value:\n{derivation}"
        assert not (a.shape == b.T.shape and np.allclose(a, b.T, rtol=1e-9)), f"{one} is {other}ᵀ:\n{derivation}"
    for e in derivation.equations:
        for turned in e.rhs.atoms(Transpose):
            a = found.get(str(turned.args[0]))
            assert a is None or a.shape != a.T.shape or not np.allclose(a, a.T, rtol=1e-9), f"{turned}:\n{derivation}"


@pytest.mark.parametrize(
    ("loss", "symbol", "printed"),
    [
        (sn.inner(y, Inverse(MADE["W·Wᵀ + s·I"]) * y) + sn.logdet(MADE["W·Wᵀ + s·I"]), A, "2⋅(T₁⁻¹ − Z₁⋅Z₁ᵀ)⋅A"),
        (sn.logdet(MADE["W·Wᵀ + s·I"]), A, "2⋅T₁⁻¹⋅A"),
        (sn.logdet(I + A * sn.diag(d) * A.T), A, "2⋅T₂⁻¹⋅T₁ᵀ"),
        (sn.logdet(X.T * sn.diag(w) * X), X, "2⋅T₁⋅T₂⁻¹"),
        (sn.inner(y, sn.expm(A * A.T) * y), A, "2⋅L_expm(T₁, y⋅yᵀ)⋅A"),
        (sn.inner(MADE["A·Bᵀ + B·Aᵀ"], MADE["A·Bᵀ + B·Aᵀ"] ** 2), A, "6⋅T₃⋅B"),
    ],
)
def test_what_is_printed(loss, symbol, printed):
    assert f"∂L/∂{symbol} = {printed}\n" in f"{sn.derive(loss, symbol)}\n"


def test_a_product_in_other_brackets_is_computed_once():
    n = 40
    P, Q, R = (sn.matrix(name, n, n) for name in "PQR")
    two = sn.derive(sn.sum(sn.tanh((P * Q) * R)) + sn.sum(sn.exp(P * (Q * R))), P)
    one = sn.derive(sn.sum(sn.tanh(P * Q * R)) + sn.sum(sn.exp(P * Q * R)), P)
    assert len(two.equations) == len(one.equations)
    assert two.cost().operations == one.cost().operations
