"""Inputs that random losses have found hard: each is right, or refused with the way out."""

import faulthandler
import time

import numpy as np
import pytest
import sympy
from sympy import Abs, ImmutableMatrix, Lambda, Max, Min, OneMatrix, Piecewise, Symbol, symbols
from sympy.combinatorics import Permutation
from sympy.matrices.expressions.permutation import MatrixPermute

import symnet as sn

A, B, C = (sn.matrix(name, 3, 3) for name in "ABC")
X, W = sn.matrix("X", 3, "n"), sn.matrix("W", 3, 3)
alpha, x, y = symbols("alpha x y")
a = np.array([[1.1, 0.2, 0.3], [0.4, 0.6, 0.1], [0.2, 0.1, 0.8]])
VALUES = {A: a, B: a.T + 0.5, C: a @ a, alpha: 0.7}
inner = sn.sum(sn.elementwise(lambda r, s: r * sympy.sin(s), A, B))
nothing = sn.squared_error(A, A)
case = Piecewise((sn.sum(A), sn.sum(B) > 0), (1, True))

RIGHT = {
    "a sum of two in a scalar operand": sn.sum(sn.elementwise(lambda t, q: t * q, C, sympy.sin(inner))),
    "a sum in the closure": sn.sum(sn.elementwise(lambda p, q: p * q * inner, C, C)),
    "a sum over ones": sn.sum(sn.elementwise(lambda t: t * sn.sum(sn.tanh(A)), OneMatrix(3, 3))) + sn.norm(A),
    "an operand that is 0": sn.inner(sn.elementwise(lambda t, q: t * sympy.sin(q) + t, B, alpha * nothing), C),
    "an operand that is 0, as a factor": sn.sum(
        sn.elementwise(lambda t, q: t * q + sympy.sin(t * q) + t, B, nothing) * A
    ),
    "scalar maximum": Max(sn.sum(A), 1) * sn.sum(B) + Min(alpha, alpha**2) * sn.sum(A),
    "scalars that are not declared real": Abs(alpha) * sn.sum(A) + sympy.sign(alpha) * sn.norm(B),
    "a case inside a condition": Piecewise((sn.sum(A), case > 2), (sn.norm(B), True)),
    "a scaled matrix of ones": sn.sum(sn.tanh(2 * OneMatrix(3, 3)) * A),
    "an entry of a composite": sn.softmax(A * B)[0, 1] * sn.tanh(A)[1, 2],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name):
    loss = RIGHT[name]
    wrt = sorted(loss.free_symbols & VALUES.keys(), key=str)
    values = {s: VALUES[s] for s in wrt}
    assert sn.check_gradients(loss, values, wrt, method="central").ok
    d = sn.derive(loss, wrt)
    kernel = d.compile()
    assert set(kernel.arguments) == {s.name for s in wrt}
    _, gradients = kernel(values)
    for w in wrt:
        assert np.shape(gradients[w]) == np.shape(values[w])
        closed = d.closed(w)
        found = sn.evaluate(closed, {s: v for s, v in values.items() if s in closed.free_symbols})
        np.testing.assert_allclose(found, gradients[w], rtol=1e-10, atol=1e-12)
    assert d.latex() and d.pretty() and d.mathml() and d.mathematica()


REFUSED = {
    "elementwise inside elementwise": (
        lambda: sn.sum(sn.elementwise(lambda s: sn.sum(sn.elementwise(lambda t: s * t, A)), B)), "depends on its entry",
    ),
    "applyfunc inside applyfunc": (
        lambda: sn.derive(sn.sum(A.applyfunc(Lambda(x, sn.sum(B.applyfunc(Lambda(y, x * y)))))), A), "depends on its entry",
    ),
    "a matrix as a case": (lambda: sn.derive(sn.sum(B) + Piecewise((A, alpha > 0), (B, True)), A), "where a scalar is meant"),
    "infinity": (lambda: sn.derive(sn.sum(sympy.oo * A), A), "write a finite one"),
    "floor entry by entry": (lambda: sn.derive(sn.sum(A.applyfunc(sympy.floor)), A), "floor"),
    "a sum of a scalar": (lambda: sn.sum(sn.norm(A)), "scalar already"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    build, words = REFUSED[name]
    with pytest.raises(TypeError, match=words):
        build()


def test_expressions_that_are_compiled_together_keep_their_names():
    Z1, p = sn.matrix("Z1", 3, 3), Symbol("p")
    assert sn.compile({"p": sn.sum(sn.tanh(A * B)), "q": sn.sum(Z1)}).arguments == ("A", "B", "Z1")
    found = sn.compile({"p": sn.sum(A), "q": p * sn.sum(A)})({A: a, p: 2.0})
    assert found["q"] == pytest.approx(2 * a.sum()) and found["p"] == pytest.approx(a.sum())
    with pytest.raises(ValueError, match="let: H"):
        sn.compile({"a": sn.sum(sn.let("H", A * B)), "b": sn.sum(sn.matrix("H", 3, 3))})


def test_a_closed_form_with_an_explicit_matrix_can_be_computed():
    fixed = ImmutableMatrix([[1, 2, 3]] * 3)
    closed = sn.gradient(sn.sum(sympy.HadamardProduct(fixed, A)) ** 2, A)
    np.testing.assert_allclose(
        sn.evaluate(closed, {A: a}), 2 * (np.array(fixed, float) * a).sum() * np.array(fixed, float)
    )


def residual(layers):
    H = X
    for _ in range(layers):
        H = H + sn.tanh(W * H)
    return H


@pytest.mark.parametrize("strange", [sympy.Adjoint, lambda H: MatrixPermute(H, Permutation([1, 0, 2]))])
def test_what_is_unknown_above_a_deep_net_is_refused_at_once(strange):
    faulthandler.dump_traceback_later(60, exit=True)
    try:
        with pytest.raises(TypeError, match="there is no rule for"):
            sn.derive(sn.sum(strange(residual(30))), W)
    finally:
        faulthandler.cancel_dump_traceback_later()


def test_closed_forms_of_residual_nets_grow_gently():
    def seconds(layers):
        d = sn.derive(sn.sum(residual(layers)), W)
        start = time.process_time()
        d.closed(W)
        return time.process_time() - start

    faulthandler.dump_traceback_later(60, exit=True)  # it was exponential: 12 levels took 7 s, 30 would never end
    try:
        assert seconds(30) >= 0
    finally:
        faulthandler.cancel_dump_traceback_later()
