"""Parts of a formula with a symbol of their own, Σₖ, Πₖ, ∫, limits: computed, or refused; the symbol never gets out."""

import numpy as np
import pytest
import sympy as sp

import symnet as sn

A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
t, k, n = sp.Symbol("t"), sp.Symbol("k", integer=True), sp.Symbol("n", integer=True, positive=True)
VALUES = {A: np.array([[0.5, -1.4], [1.0, -0.3]]), B: np.array([[0.2, 0.7], [-0.6, 0.4]])}
NUMBERS = [
    sp.Sum(t, (t, 0, 3)), sp.Product(t, (t, 1, 3)), sp.Sum(1 / k**2, (k, 1, sp.oo)), sp.Subs(t**2 + 1, t, 2),
    sp.Subs(sp.Derivative(t**2, t), t, 1), 2 * sp.Sum(1 / sp.factorial(k), (k, 0, 4)) ** 2 / 9, sp.Sum(k * t, (k, 0, 2)).subs(t, 0.3),
]  # fmt: skip
FUNCTIONS = {
    "leaky": lambda c: sn.leaky_relu(A, c), "elu": lambda c: sn.elu(A, c), "clip": lambda c: sn.clip(A, -1, c),
    "huber": lambda c: sn.huber(A, B, c), "power": lambda c: sn.power(2 + sn.tanh(A), c), "focal": lambda c: sn.focal(A, sn.sigmoid(B), c),
    "entry by entry": lambda c: sn.elementwise(lambda s: sp.tanh(s * c), A), "Lambda": lambda c: A.applyfunc(sp.Lambda(t, t**2 * c)),
    "argument": lambda c: sn.elementwise(sp.atan2, A, c), "before a matrix": lambda c: c * A,
}  # fmt: skip


def _as_loss(e):
    return sn.sum(e) if e.is_Matrix else e


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_a_number_with_a_symbol_of_its_own_is_computed(name, number):
    found, wanted = (_as_loss(FUNCTIONS[name](c)) for c in (number, sp.Float(number.doit().evalf())))
    given = {s: v for s, v in VALUES.items() if found.has(s)}
    kernel = sn.derive(found, A).compile()
    assert set(kernel.arguments) == {s.name for s in given}
    (value, slopes), (right, right_slopes) = kernel(given), sn.derive(wanted, A).compile()(given)
    assert np.isclose(value, right, rtol=1e-12)
    np.testing.assert_allclose(slopes[A], right_slopes[A], rtol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "part", [sp.Integral(t, (t, 0, 1)), sp.Limit(sp.sin(t) / t, t, 0), sp.Sum(sp.sin(k) / k**3, (k, 1, sp.oo)) * sp.Integral(t, (t, 0, 2))],
    ids=str,
)  # fmt: skip
def test_integrals_and_limits_are_not_computed_unasked(name, part):
    if name == "before a matrix":
        pytest.skip("SymPy computes it where it is multiplied")
    with pytest.raises(TypeError, match=r"is not computed unasked; write what it is, such as its \.doit\(\)"):
        sn.derive(_as_loss(FUNCTIONS[name](part)), A)


@pytest.mark.parametrize("part", [sp.Integral(t, (t, 0, 1)), sp.Limit(sp.sin(t) / t, t, 0), sp.Subs(t, t, 1)], ids=str)
@pytest.mark.parametrize("place", [lambda c: c * sn.sum(A), lambda c: sn.sum(A) + sp.sin(c), lambda c: sn.sum(A) ** c])
def test_likewise_beside_a_loss(part, place):
    with pytest.raises(TypeError, match="is not computed unasked; write what it is"):
        sn.derive(place(part), A)


@pytest.mark.parametrize(
    "f, wanted",
    [
        (lambda s: sp.Sum(s**k / sp.factorial(k), (k, 0, 5)), lambda s: 1 + s + s**2 / 2 + s**3 / 6 + s**4 / 24 + s**5 / 120),
        (lambda s: sp.Product(1 + s * k, (k, 1, 3)), lambda s: (1 + s) * (1 + 2 * s) * (1 + 3 * s)),
        (lambda s: sp.Subs(sp.sin(t), t, s), sp.sin), (lambda s: sp.Derivative(s**3, s), lambda s: 3 * s**2),
        (lambda s: sp.Sum(s * A[0, 0] ** k, (k, 0, 2)), lambda s: s * (1 + A[0, 0] + A[0, 0] ** 2)),
        (lambda s: sp.Sum(s * k, (k, 0, n)), lambda s: s * n * (n + 1) / 2),
    ],
)  # fmt: skip
def test_sums_and_slopes_of_an_entry(f, wanted):
    found, right = (sn.derive(sn.sum(sn.elementwise(g, A)), A).compile() for g in (f, wanted))
    given = {name: {"A": VALUES[A], "n": 4}[name] for name in found.arguments}
    (value, slopes), (true, true_slopes) = found(given), right(given)
    assert np.isclose(value, true, rtol=1e-13) and np.allclose(slopes[A], true_slopes[A], rtol=1e-13)


@pytest.mark.parametrize(
    "f",
    [
        lambda f, s: sp.Derivative(f(s), s) * s, lambda f, s: sp.Derivative(f(2 * s), s), lambda f, s: sp.Derivative(f(s), (s, 2)),
        lambda f, s: sp.exp(sp.Derivative(s * f(s), s)), lambda f, s: sp.Derivative(s * sp.Derivative(f(s), s) + f(s), s), lambda f, s: sp.Sum(sp.Derivative(f(s * t), s), (t, 1, 3)),
    ],
)  # fmt: skip
def test_slopes_of_an_undefined_function_are_those_of_its_definition(f):
    g = sp.Function("g")
    loss, right = (sn.sum(sn.elementwise(lambda s, g=g: f(g, s), A)) for g in (g, sp.sin))
    for wanted, found in ((right, loss), (sn.gradient(right, A), sn.gradient(loss, A))):
        assert np.allclose(*(sn.evaluate(e.subs(g, sp.sin), {A: VALUES[A]}) for e in (wanted, found)), rtol=1e-13)


def test_slopes_by_what_is_no_symbol_are_sympys():
    f = sp.Function("f")
    loss = sn.sum(sn.elementwise(lambda s: sp.Derivative(f(s) ** 2, f(s)) + s, A))
    right = sn.sum(sn.elementwise(lambda s: 2 * f(s) + s, A))
    assert sn.gradient(loss, A) == sn.gradient(right, A)
