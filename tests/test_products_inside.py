"""An entrywise product that is a value of its own stands as that value in longer products, in whatever order they come.

So the adjoint that is printed for it is the derivative of the loss in all that is printed of it.
"""

from collections import Counter

import numpy as np
import pytest
from sympy import HadamardProduct

import symnet as sn

W, A, B, C = sn.matrix("W", 3, 3), sn.matrix("A", 3, 5), sn.matrix("B", 3, 5), sn.matrix("C", 3, 5)
ONE, TWO = sn.tanh(W * A), sn.sigmoid(W * B)
P = sn.hadamard(ONE, TWO)
Q = sn.hadamard(P, B)
LOSSES = {
    "after": sn.squared_error(W * P, C) + sn.sum(sn.tanh(sn.hadamard(B, P))),
    "before": sn.sum(sn.tanh(sn.hadamard(B, ONE, TWO))) + sn.squared_error(W * P, C),
    "another order of factors": sn.sum(sn.exp(P)) + sn.sum(sn.exp(sn.hadamard(TWO, B, ONE))),
    "only summed": sn.sum(sn.exp(P)) + sn.sum(sn.hadamard(C, B, ONE, TWO)),
    "three one in another": sn.sum(sn.tanh(sn.hadamard(Q, C))) + sn.squared_error(W * P, C) + sn.sum(sn.exp(Q)),
    "a factor twice": sn.sum(sn.exp(P)) + sn.sum(sn.exp(sn.hadamard(ONE, P))),
    "scaled": sn.sum(sn.exp(2 * P)) + sn.sum(sn.exp(sn.hadamard(B, -P))),
}  # fmt: skip
VALUES = {S: np.random.default_rng(k).normal(size=S.shape) for k, S in enumerate((W, A, B, C))}


@pytest.mark.parametrize("name", LOSSES)
def test_a_product_that_is_printed_is_used(name):
    loss = LOSSES[name]
    derivation = sn.derive(loss, W)
    products = [Counter(e.rhs.args) for e in derivation.forward if isinstance(e.rhs, HadamardProduct)]
    longer = [Counter(p.args) for e in derivation.forward for p in e.rhs.atoms(HadamardProduct)]
    assert products or name == "scaled"
    assert not [one for one in products for other in longer if one < other], f"{derivation}"
    assert sn.check_gradients(loss, {s: a for s, a in VALUES.items() if s in loss.free_symbols}).ok


def test_the_printed_adjoint_is_the_derivative_by_the_printed_value():
    derivation = sn.derive(LOSSES["before"], W)
    found = derivation.compile(outputs=["T1", "Tbar1"])(VALUES)
    T = sn.matrix("T", 3, 5)
    right = sn.gradient(sn.sum(sn.tanh(sn.hadamard(B, T))) + sn.squared_error(W * T, C), T)
    assert np.allclose(found["Tbar1"], sn.evaluate(right, {T: found["T1"], W: VALUES[W], B: VALUES[B], C: VALUES[C]}))


def test_it_is_not_longer_than_with_a_name_for_the_product():
    named = sn.let("H", P)
    for user in (sn.tanh, sn.exp):
        plain = sn.squared_error(W * P, C) + sn.sum(user(sn.hadamard(B, P)))
        with_name = sn.squared_error(W * named, C) + sn.sum(user(sn.hadamard(B, named)))
        assert sn.derive(plain, W).cost().operations == sn.derive(with_name, W).cost().operations
