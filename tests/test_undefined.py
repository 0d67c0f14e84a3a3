"""A function without a definition derives to f′(Z₁), in every notation; no `Derivative` of SymPy's is in any result."""

import pickle

import numpy as np
import pytest
from sympy import (
    Abs,
    Derivative,
    Function,
    Integral,
    Lambda,
    Max,
    Subs,
    Symbol,
    Trace,
    cos,
    exp,
    log,
    polygamma,
    sin,
    tanh,
)

import symnet as sn

f, g, phi = Function("f"), Function("g"), Function("phi")
t, u, r, s = (Symbol(name, real=True) for name in "turs")
W, X, Y = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
A, x, F = sn.matrix("A", 3, 3), sn.vector("x", 3), sn.matrix("F", 1, 1)
VALUES = {
    k: np.random.default_rng(1).normal(size=shape)
    for k, shape in {W: (2, 3), X: (3, 4), Y: (2, 4), A: (3, 3), x: (3, 1), F: (1, 1)}.items()
} | {t: 0.7, u: -0.4}
DEFINITIONS = {f: Lambda(r, tanh(r) * r), phi: Lambda(r, exp(-(r**2))), g: Lambda((r, s), sin(r) * r * s**2)}

LOSSES = [
    (sn.sum((W * X).applyfunc(f)), W), (sn.squared_error(sn.elementwise(f, W * X), Y), W), (f(t) * sn.sum(W), t),
    (f(t) * sn.sum(W) ** 2, W), (f(x.T * A * x), x), (f(F), F), (sn.sum(sn.elementwise(g, W, 2 * W)), W),
    (sn.sum(sn.elementwise(g, W, t)), t), (phi(f(t) ** 2), t), (f(sn.sum(sn.elementwise(phi, W * X))), W),
    (sn.norm(sn.elementwise(f, sn.elementwise(phi, W * X))) ** 2, W), (sn.sum(sn.elementwise(lambda a: f(2 * a) * a, W)), W),
    (Max(f(t), u) + Abs(f(u)), u), (log(1 + f(t) ** 2) * f(Trace(A)), A), (g(t, u * t), t), (sn.let("H", f(t)) ** 2, t),
    (sn.sum(sn.elementwise(lambda a: f(a) if u == 0 else f(f(a)), W)), W),
]  # fmt: skip


def with_definitions(expr):
    for function, definition in DEFINITIONS.items():
        expr = expr.subs(function, definition)
    return expr


def value(expr):
    return sn.evaluate(expr, {k: v for k, v in VALUES.items() if k in expr.free_symbols})


@pytest.mark.parametrize("loss, symbol", LOSSES, ids=str)
def test_a_derivative_by_name_is_the_derivative_of_what_is_put_in_its_place(loss, symbol):
    once = sn.gradient(loss, symbol)
    twice = sn.gradient(sn.sum(once) if once.is_Matrix else once, symbol)
    defined = sn.gradient(with_definitions(loss), symbol)
    np.testing.assert_allclose(value(with_definitions(once)), value(defined), rtol=1e-9)
    defined_twice = sn.gradient(sn.sum(defined) if defined.is_Matrix else defined, symbol)
    np.testing.assert_allclose(value(with_definitions(twice)), value(defined_twice), rtol=1e-9)
    for result in (once, twice):
        assert not result.has(Derivative, Subs, Integral)
    d = sn.derive(loss, symbol)
    for notation in sn.NOTATIONS:
        assert "Derivative(" not in d.render(notation) and "Subs" not in d.render(notation)
    for use in (d.compile, lambda: sn.compile(loss), lambda: value(loss)):
        with pytest.raises(TypeError, match=r"(f|g|phi) is a function without a definition .*subs"):
            use()


HIDDEN = sn.squared_error(sn.elementwise(f, W * X), Y)
PRINTED = {
    "unicode": "((f(W⋅X) − Y)/n ∘ f′(W⋅X))⋅Xᵀ",
    "latex": r"f'\left(W X\right)",
    "mathematica": "f'[W . X]",
    "mathml": "<mi>f′</mi>",
    "pretty": "f′(W⋅X)",
}


@pytest.mark.parametrize("notation", PRINTED)
def test_primes_in_every_notation(notation):
    assert PRINTED[notation].split(" ∘ ")[-1] in sn.formula(sn.gradient(HIDDEN, W), format=notation)


def test_the_derivation_reads_as_a_textbook_has_it():
    assert "Z̅₁ = ((A₁ − Y) ∘ f′(Z₁))/n" in str(sn.derive(HIDDEN, W))
    assert sn.formula(sn.gradient(sn.gradient(f(t), t), t)) == "f″(t)"
    assert sn.formula(sn.gradient(phi(t), t)) == "φ′(t)"
    assert sn.formula(sn.gradient(sn.gradient(g(t, u), t), u)) == "∂₁∂₂g(t, u)"
    assert sn.formula(sn.gradient(sn.gradient(g(t, u), t), u), format="mathematica") == "Derivative[1, 1][g][t, u]"
    assert sn.formula(sn.gradient(sn.gradient(g(t, u), t), u), format="latex").startswith(
        r"\partial_{1} \partial_{2} g"
    )


def test_higher_derivatives_have_names_of_their_own():
    slope = f(t)
    for _ in range(5):
        slope = sn.gradient(slope, t)
    assert sn.formula(slope) == "f⁽⁵⁾(t)"
    assert sn.formula(slope, format="mathematica") == "Derivative[5][f][t]"
    assert sn.formula(slope, format="latex").startswith("f^{(5)}")
    assert slope.subs(f, sin) == cos(t)


def test_a_definition_takes_its_place_and_the_rest_stays():
    half = sn.gradient(phi(f(t)), t).subs(f, tanh)
    assert sn.formula(half) == "(1 − tanh(t)²)⋅φ′(tanh(t))"
    loss = sn.sum((W * X).applyfunc(f))
    tanhs = sn.gradient(sn.sum(sn.tanh(W * X)), W)
    assert sn.gradient(loss.replace(f, tanh), W) == sn.gradient(loss.subs(f, tanh), W) == tanhs
    assert pickle.loads(pickle.dumps(sn.gradient(f(t) ** 2, t))) == sn.gradient(f(t) ** 2, t)
    assert sn.prove(loss, W, {"n": 2}).ok


@pytest.mark.parametrize("loss, name", [
    (polygamma(t, sn.sum(A) + u), "polygamma"), (sn.sum(sn.elementwise(lambda a: polygamma(t * a, 2), A)), "polygamma"),
])  # fmt: skip
def test_what_sympy_cannot_differentiate_is_refused_by_name(loss, name):
    with pytest.raises(TypeError, match=rf"no derivative of {name}"):
        sn.gradient(loss, t)


def test_only_what_is_asked_for_is_differentiated():
    assert sn.gradient(polygamma(t, u) * u, u) == u * polygamma(t + 1, u) + polygamma(t, u)  # not in t
