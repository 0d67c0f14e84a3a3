"""What SymPy writes out entry by entry is gathered to the products it comes from, and only where it is one."""

import numpy as np
import pytest
import sympy as sp
from sympy import Symbol, Trace, tanh

import symnet as sn
from symnet.expressions import gathered

A, B, P = sn.matrix("A", 3, 3), sn.matrix("B", 3, 3), sn.matrix("P", 3, 2)
x, y, t = sn.vector("x", 3), sn.vector("y", 3), Symbol("t")
An, Bn, xn, yn = sn.matrix("An", "n", "n"), sn.matrix("Bn", "n", "n"), sn.vector("xn", "n"), sn.vector("yn", "n")
rng = np.random.default_rng(3)
VALUES = {A: (3, 3), B: (3, 3), P: (3, 2), x: (3, 1), y: (3, 1), An: (4, 4), Bn: (4, 4), xn: (4, 1), yn: (4, 1)}
VALUES = {s: rng.normal(size=shape) for s, shape in VALUES.items()} | {t: 0.6}

PRODUCTS = [
    ((x.T * A * x)[0, 0], A * x + A.T * x, x), ((xn.T * An * xn)[0, 0], An * xn + An.T * xn, xn), ((x.T * x)[0, 0], 2 * x, x),
    ((xn.T * xn)[0, 0], 2 * xn, xn), ((x.T * A * y)[0], A.T * x, y), ((xn.T * An * yn)[0, 0], An.T * xn, yn),
    ((x.T * (A + B) * y)[0, 0], A.T * x + B.T * x, y), (sum(A[i, i] for i in range(3)), sp.Identity(3), A),
    (sum(A[i, j] ** 2 for i in range(3) for j in range(3)), 2 * A, A), (t * (x.T * A * y)[0, 0] + t, t * A * y, x),
    ((x.T * A * B * y)[0, 0], A * B * y, x), ((xn.T * An * Bn * yn)[0, 0], An * Bn * yn, xn),
    ((x.T * A * y)[0, 0] - 2 * (y.T * A * x)[0, 0], A * y - 2 * A.T * y, x),
    ((xn.T * sn.tanh(An * yn))[0, 0], sn.tanh(An * yn), xn),
]  # fmt: skip


def value(expr):
    return sn.evaluate(expr, {s: v for s, v in VALUES.items() if expr.has(s)})


@pytest.mark.parametrize("written, wanted, symbol", PRODUCTS, ids=lambda e: str(e)[:40])
def test_an_entry_of_a_product_has_the_gradient_of_the_product(written, wanted, symbol):
    closed = sn.gradient(written, symbol)
    np.testing.assert_allclose(value(closed), value(wanted), rtol=1e-12)
    assert len(str(closed)) <= len(str(wanted)) + 4


@pytest.mark.parametrize("size", [20, 50])
def test_large_products_are_gathered_too(size):
    M, v = sn.matrix("M", size, size), sn.vector("v", size)
    assert sn.gradient((v.T * M * v)[0, 0], v) == (M + M.T) * v


def as_loops(expr):
    """Compute a sum of entries by SymPy alone."""
    explicit = {s: sp.Matrix(v) if np.ndim(v) else v for s, v in VALUES.items() if expr.has(s)}
    for s, v in explicit.items():
        expr = expr.xreplace(
            {s[i, j]: v[i, j] for i in range(v.rows) for j in range(v.cols)} if s.is_Matrix else {s: v}
        )
    return float(expr.doit())


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(60))
def test_sums_of_entries_keep_their_value_whatever_is_recognised(seed):
    generator = np.random.default_rng(seed)
    entries = [M[i, j] for M in (A, B, P, x, y) for i in range(M.shape[0]) for j in range(M.shape[1])]
    wholes = [
        (x.T * A * y)[0, 0],
        (x.T * B * x)[0, 0],
        (A * B)[1, 2],
        (P.T * A * P)[0, 1],
        Trace(A * B).rewrite(sp.Sum).doit(),
    ]
    parts = [wholes[k] for k in generator.integers(len(wholes), size=generator.integers(1, 4))]
    for _ in range(generator.integers(4)):
        parts.append(sp.Mul(*[entries[k] for k in generator.integers(len(entries), size=3)]))
    expr = sp.Add(*[int(c) * p for c, p in zip(generator.integers(-2, 4, size=len(parts)), parts, strict=True)])
    if expr.free_symbols:
        assert value(expr + t) == pytest.approx(as_loops(expr) + VALUES[t], rel=1e-9, abs=1e-12)


def test_what_is_no_product_stays():
    assert gathered(x[0, 0] * A[0, 0] + x[1, 0] * A[1, 1]) is None
    assert gathered(x[0, 0] + 2 * x[1, 0] + tanh(x[2, 0])) is None
    missing = sp.Add(*(x.T * A * x)[0, 0].expand().args[1:])
    assert gathered(missing) is None


def test_a_net_with_a_memory_and_a_loss_for_each_step_is_derived_in_steps_not_in_ways_through_it():
    U, W, s, loss = sn.matrix("U", 3, 2), sn.matrix("W", 2, 3), sn.vector("s", 2), 0
    for k in range(60):  # a step has two ways to the one before, so there are 2⁶⁰ through all
        y = W * sn.tanh(U * s)
        s, loss = s / 2 + y, loss + sn.squared_error(y, sn.vector(f"t{k}", 2))
    assert set(sn.derive(loss, [U, W]).gradient_names) == {U, W}
