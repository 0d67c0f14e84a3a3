"""Stable forms are found by rewriting, which comes to an end whatever SymPy knows of the arguments."""

import numpy as np
import pytest
import sympy as sp

import symnet as sn
from symnet.expressions.growth import GROWTH
from symnet.expressions.machine import planck
from symnet.expressions.precise import precise

x, y = sp.symbols("x y", real=True)
AROUND = {
    "abs": sp.Abs, "sqrt": sp.sqrt, "abs of sqrt": lambda f: sp.Abs(sp.sqrt(f)), "sqrt of abs": lambda f: sp.sqrt(sp.Abs(f)),
    "log": sp.log, "log of abs": lambda f: sp.log(sp.Abs(f)), "reciprocal": lambda f: 1 / f, "log1p": lambda f: sp.log(1 + f),
    "reciprocal root": lambda f: sp.Abs(1 / sp.sqrt(f)), "beside exp": lambda f: f * sp.exp(x), "sign": lambda f: sp.sign(f) * f,
    "cube root": lambda f: sp.Abs(f) ** sp.Rational(1, 3), "two powers": lambda f: sp.Abs(f * sp.sqrt(f)), "power": lambda f: f**y,
}  # fmt: skip
INSIDE = [
    x, -x, x / y, 1 / x, -1 / x, sp.atan(1 / x), sp.atan(x / (y**2 + 1)), sp.atan(sp.atanh(x / 2)), sp.log(x), sp.sqrt(x), sp.tan(x),
    sp.Abs(x / y), -sp.Abs(x / y), x**2 / y, sp.exp(x), -sp.exp(1 / x), sp.Symbol("z"), 1 + 1 / sp.Abs(x), sp.Abs(1 / x) * sp.Abs(y),
]  # fmt: skip


@pytest.mark.sampled(4)
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("f", GROWTH, ids=lambda f: f.__name__)
def test_rewriting_ends_and_once_is_enough(f, around):
    for u in INSIDE:
        once = precise(AROUND[around](f(u)))
        again = precise(once)
        # what planck leaves beside its exponential has a planck in it
        exponents = [len(e.atoms(sp.exp)) + len(e.atoms(*GROWTH)) for e in (once, again)]
        assert f is planck or exponents[1] <= exponents[0], f"{u}: {once}, then {again}"


A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("u", [1 / x, sp.atan(1 / x), sp.atan(sp.atanh(x)), x / sp.Abs(x), sp.Abs(1 / x) + 1])
@pytest.mark.parametrize("f", [sn.sigmoid, sn.softplus, sp.cosh, sp.sech], ids=lambda f: f.__name__)
def test_roots_in_moduli_of_what_may_be_infinite_have_their_values(f, u):
    values = np.array([[0.3, -0.7], [0.05, -0.9]])
    loss = sn.sum(sn.elementwise(lambda t: sp.Abs(sp.sqrt(f(u.subs(x, t)))), A))
    found, gradients = sn.derive(loss, A).compile()({A: values})
    exact = sp.sqrt(f(u)).rewrite(sp.exp)
    of = sn.compile(exact)
    wanted = [of({x: t}) for t in values.ravel()]
    assert np.isclose(found, sum(wanted), rtol=1e-13)
    slopes = [(of({x: t + 1e-6}) - of({x: t - 1e-6})) / 2e-6 for t in values.ravel()]
    np.testing.assert_allclose(gradients[A].ravel(), slopes, rtol=1e-6, atol=1e-8)
