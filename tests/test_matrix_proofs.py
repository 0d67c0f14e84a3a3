"""Proofs entry by entry of functions of a matrix as a whole, which are written out for two rows or columns."""

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Symbol

import symnet as sn
from symnet.expressions import by_entries

X, A, W, R = sn.matrix("X", 2, 2), sn.matrix("A", 2, 2), sn.matrix("W", 3, 2), sn.matrix("R", 2, 3)
v, u, s, k = sn.vector("v", 2), sn.vector("u", 3), Symbol("s"), Symbol("k", integer=True, positive=True)
THREE = sn.matrix("T", 3, 3)
PROVED = {
    "expm": (sn.sum(sn.expm(X)), X, None, "formulas"),
    "expm of a diagonal": (sn.sum(sn.expm(sn.diag(v))), v, None, "points"),
    "expm of one number": (sn.sum(sn.expm(s * A[:1, :1])), s, None, "formulas"),
    "power": (sn.sum(X**k), X, {"k": 3}, "formulas"),
    "power, negative": (sn.trace(X ** (-k)), X, {"k": 2}, "formulas"),
    "power of a product": (sn.sum((R * W) ** k), R, {"k": 2}, "formulas"),
    "pinv, square": (sn.sum(sn.pinv(X)), X, None, "formulas"),
    "pinv, column": (sn.norm(sn.pinv(u)) ** 2, u, None, "formulas"),
    "nuclear norm, tall": (sn.nuclear_norm(W), W, None, "points"),
    "nuclear norm, wide": (sn.nuclear_norm(sn.tanh(R)), R, None, "points"),
    "nuclear norm, column": (sn.nuclear_norm(u), u, None, "formulas"),
    "spectral norm": (sn.spectral_norm(X), X, None, "points"),
    "spectral norm, tall": (sn.spectral_norm(W) ** 2, W, None, "points"),
}


@pytest.mark.parametrize("name", PROVED)
def test_functions_of_a_matrix_are_proved(name):
    loss, symbol, sizes, method = PROVED[name]
    proof = sn.prove(loss, symbol, sizes)
    assert proof.ok and proof.method == method, proof


@pytest.mark.parametrize("node", [sn.expressions.Expm, sn.expressions.NuclearNorm, sn.expressions.MatrixPower])
def test_a_wrong_gradient_of_a_function_of_a_matrix_is_no_proof(node, monkeypatch):
    rule = sn.RULES[node]
    monkeypatch.setitem(sn.RULES, node, lambda G, Y, *args: (2 * rule(G, Y, *args)[0], *rule(G, Y, *args)[1:]))
    loss = {"Expm": sn.sum(sn.expm(X)), "NuclearNorm": sn.nuclear_norm(X), "MatrixPower": sn.sum(X**k)}[node.__name__]
    assert not sn.prove(loss, X, {"k": 3}).ok


REFUSED = {
    "expm": (sn.trace(sn.expm(THREE * sn.expm(THREE))), THREE, ["matrix exponential", "at most two", "are 3", "sizes"]),
    "nuclear norm": (sn.nuclear_norm(THREE), THREE, ["singular values", "at most two", "are 3", "check_gradients"]),
    "spectral norm": (sn.spectral_norm(THREE), THREE, ["singular value", "at most two", "are 3", "check_gradients"]),
    "power": (sn.sum(X**k), X, ["matrix power", "exponent k", "sizes={'k': 3}"]),
    "power by trace": (sn.trace(X**k), X, ["matrix power", "sizes={'k': 3}"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_written_out_says_what_to_do(name):
    loss, symbol, words = REFUSED[name]
    with pytest.raises(ValueError) as refused:
        sn.prove(loss, symbol)
    assert all(word in str(refused.value) for word in words)
    assert sn.check_gradients(
        loss, {s: 3 if s == k else 0.1 + np.eye(int(s.shape[0])) for s in loss.free_symbols}, symbol
    )


def _by_values(f, M):
    U, S, Vt = np.linalg.svd(M, full_matrices=False)
    return f(U, S, Vt)


CLOSED = {
    "exponential": (
        lambda M: by_entries.exponential(M),
        lambda M: np.array(mpmath.expm(M).tolist(), float),
        [(2, 2), (1, 1)],
    ),
    "pseudo-inverse": (by_entries.pseudo_inverse, np.linalg.pinv, [(2, 2), (3, 2), (2, 4), (3, 3)]),
    "sum": (
        by_entries.sum_of_singular_values,
        lambda M: _by_values(lambda U, S, Vt: S.sum(), M),
        [(2, 2), (3, 2), (1, 3)],
    ),
    "largest": (by_entries.largest_singular_value, lambda M: np.linalg.norm(M, 2), [(2, 2), (3, 2), (2, 4), (3, 1)]),
    "polar": (by_entries.polar, lambda M: _by_values(lambda U, S, Vt: U @ Vt, M), [(2, 2), (3, 2), (2, 4), (1, 3)]),
    "leading": (
        by_entries.leading,
        lambda M: _by_values(lambda U, S, Vt: U[:, :1] @ Vt[:1], M),
        [(2, 2), (4, 2), (2, 3), (3, 1)],
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms_are_the_functions(name):
    ours, theirs, shapes = CLOSED[name]
    rng = np.random.default_rng(0)
    for shape in shapes:
        M = rng.integers(-5, 6, size=shape)
        found = sympy.N(ours(sympy.Matrix(M)), 30)
        found = np.array(found.tolist(), complex).real if hasattr(found, "tolist") else complex(found).real
        np.testing.assert_allclose(found, theirs(M.astype(float)), rtol=1e-12, atol=1e-12)


def test_the_solution_of_sylvesters_equation_is_one():
    H, C = sympy.Matrix([[3, 1], [1, 2]]), sympy.Matrix([[1, 4], [-2, 5]])
    Y = by_entries.sylvester(H, C)
    assert H * Y + Y * H == C
