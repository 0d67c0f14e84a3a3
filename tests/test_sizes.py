"""Sizes as people write them, and symbols that are the sizes of matrices where SymPy takes them for numbers."""

import numpy as np
import pytest
import sympy as sp
from sympy import Symbol

import symnet as sn

X = sn.matrix("X", 2, "n")
n = X.shape[1]
WRITTEN = [
    ("n", "n"), ("2*n", "2*n"), (" n + 1 ", "n + 1"), ("3*32*32", "3072"), ("4", "4"), ("n*m - k", "-k + m*n"),
    ("n_1", "n_1"), ("\u03bb", "\u03bb"),
]  # fmt: skip
MAKERS = {
    "matrix": lambda size: sn.matrix("S", size, 2).shape[0],
    "columns": lambda size: sn.matrix("S", 2, size).shape[1],
    "vector": lambda size: sn.vector("S", size).shape[0],
    "unit": lambda size: sn.unit(size, 0).shape[0],
    "causal_mask": lambda size: sn.causal_mask(size).shape[0],
    "mlp": lambda size: sn.mlp(X, [size]).output.shape[0],
    "parse": lambda size: sn.parse("sum(S)", S=(size, 3)).args[0].shape[0],
}  # fmt: skip


@pytest.mark.parametrize("text, wanted", WRITTEN)
@pytest.mark.parametrize("who", MAKERS)
def test_text_is_the_size_that_it_says(who, text, wanted):
    size = MAKERS[who](text)
    assert str(size) == wanted
    assert {s.name for s in size.free_symbols} <= {"n", "m", "k", "n_1", "\u03bb"}
    assert all(s.is_integer and s.is_positive for s in size.free_symbols)


@pytest.mark.parametrize(
    "text", ["", " ", "3x", "n+", "n/2", "2**n", "n.m", "f(n)", "n m", "0", "n - n", "-3", "9" * 12]
)
@pytest.mark.parametrize("who", MAKERS)
def test_text_that_is_no_size_is_told(who, text):
    with pytest.raises((TypeError, ValueError), match="write|such as|must be a positive whole number"):
        MAKERS[who](text)


def test_a_size_that_is_a_product_is_computed_with():
    S = sn.matrix("S", "2*n", 2)
    loss = sn.sum(S * X) + sn.mean(S)
    values = {S: np.ones((6, 2)), X: np.ones((2, 3))}
    assert sn.evaluate(loss, values) == 37
    with pytest.raises(ValueError, match="S is 2\\*n×2"):
        sn.evaluate(loss, {**values, S: np.ones((5, 2))})
    assert sn.reshape(X, ("2*n", 1)).shape == (2 * n, 1)
    with pytest.raises(ValueError, match="no size m"):
        sn.reshape(X, ("2*m", 1))


REFUSED = [
    lambda e, s: sp.limit(e, s, sp.oo), lambda e, s: sp.Limit(e, s, 3), lambda e, s: sp.summation(e, (s, 1, 5)),
    lambda e, s: sp.Sum(e, (s, 1, 5)), lambda e, s: sp.integrate(e, (s, 1, 2)), lambda e, s: sp.integrate(e, s),
    lambda e, s: sp.product(e, (s, 1, 3)), lambda e, s: sp.series(e, s, 1, 3), lambda e, s: e.limit(s, sp.oo),
    lambda e, s: e.diff(s), lambda e, s: sp.diff(e, s), lambda e, s: e.series(s, 1, 3),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
@pytest.mark.parametrize("symbol", [n, Symbol("n")], ids=["size", "name"])
def test_nothing_is_summed_or_taken_to_its_limit_over_a_size(number, symbol):
    for expr in (sn.mean(X), symbol * sn.norm(X), sp.Trace(X * X.T) / symbol, sn.mean(sn.tanh(X))):
        with pytest.raises(TypeError, match="n is the size of .*X"):
            REFUSED[number](expr, symbol)
    other = Symbol("t")
    if number != 6:  # a product of matrices in scalars is SymPy's
        REFUSED[number](other * sn.sum(sn.matrix("A", 2, 2)), other)


def test_a_size_is_replaced_by_its_name_or_by_any_symbol_of_it():
    k, x = Symbol("k", integer=True, positive=True), np.ones((2, 3))
    for expr in (
        X,
        X * X.T,
        sn.tanh(X),
        sn.mean(X),
        2 * n * sn.sum(X),
        Symbol("n") * sn.norm(X),
        sp.Trace(X * X.T) / n,
    ):
        wanted = sn.evaluate(expr, {X: x})
        for old in ("n", n, Symbol("n"), Symbol("n", positive=True)):
            for new in (expr.subs(old, 3), expr.subs({old: 3}), expr.subs([(old, k), (k, 3)])):
                fixed = sn.matrix("X", 2, 3)
                assert new.free_symbols == {fixed}
                np.testing.assert_allclose(sn.evaluate(new, {fixed: x}), wanted)
    for wrong in (-3, 2.5, 0, sp.oo):
        with pytest.raises(ValueError, match="n: a size must be a positive whole number"):
            sn.mean(X).subs("n", wrong)
    assert X.subs("n", 4).shape == X.subs(Symbol("n"), 4).shape == (2, 4)
    assert (Symbol("t") * sn.sum(X)).subs("t", 2) == 2 * sn.sum(X)


@pytest.mark.parametrize("name", ["n", "n₁", "ℓ", "n_{train}", "n'", r"\ell", "λ"])
def test_a_name_of_a_size_stays_as_it_is(name):
    X = sn.matrix("X", name, 3)
    assert X.shape[0] == sp.Symbol(name, integer=True, positive=True)
    assert sn.sum(X).subs(name, 5) == sn.sum(sn.matrix("X", 5, 3))
