"""The table of rules is tested by being the table: a row without a sample fails, each sample is checked twice."""

import numpy as np
import pytest
import sympy
from losses import central_difference, values_of
from sympy import Add, Determinant, Expr, HadamardProduct, Inverse, MatAdd, MatMul, Trace, Transpose

import symnet as sn
from symnet.calculus import RULES
from symnet.expressions import (
    AvgPool,
    AvgUnpool,
    AxisMax,
    AxisProd,
    AxisVar,
    Channels,
    Diag,
    Diagonal,
    Elementwise,
    Fold,
    Hardmax,
    Images,
    Kron,
    Largest,
    LogSoftmax,
    LogSumExp,
    MaskedSoftmax,
    MaxPick,
    MaxPool,
    MaxUnpool,
    MeanOfAll,
    Means,
    OtherProducts,
    OverDeviation,
    OverRoot,
    Paired,
    RootMeanSquared,
    Smallest,
    Softmax,
    Standardised,
    Total,
    Unfold,
    Unpaired,
    Unvec,
    Variance,
    Vec,
)  # fmt: skip
from symnet.expressions.images import Geometry

A, B, C = sn.matrix("A", 3, 2), sn.matrix("B", 2, 3), sn.matrix("C", 3, 2)
S = sn.matrix("S", 2, 2)
a, v = sympy.Symbol("a"), sn.vector("v", 2)
IMAGE, x, z, u, U = (1, 2, 3), sn.vector("x", 6), sn.vector("z", 6), sn.vector("u", 4), sn.matrix("U", 4, 2)
PACKED = Geometry(IMAGE, (1, 2)).packed()
M, HALF = sympy.ImmutableMatrix([[1, 1], [0, 1]]), sympy.Rational(1, 2)
WITHOUT = (AxisMax, Hardmax)  # which say that they have none, or that it is 0

SAMPLES = {
    MatAdd: sn.sum(sn.tanh(A + 2 * C)),
    MatMul: sn.sum(sn.tanh(a * A * B)),
    Transpose: sn.norm(sn.tanh(A.T * C)),
    Inverse: sn.sum(sn.tanh(Inverse(S))),
    HadamardProduct: sn.sum(sn.tanh(HadamardProduct(A, C, A))),
    Elementwise: sn.sum(HadamardProduct(C, sn.elementwise(lambda x, y: sympy.sin(x * y) + x / y, A, C))),
    Total: sn.sum(A) ** 2,
    Trace: Trace(S) ** 3,
    Determinant: sympy.log(Determinant(S * S.T)),
    Softmax: sn.sum(HadamardProduct(sn.softmax(A), C)) + sn.sum(HadamardProduct(sn.softmax(A, axis=1), C)),
    LogSoftmax: sn.sum(HadamardProduct(sn.log_softmax(A), C)) + sn.norm(sn.log_softmax(A, axis=1)),
    LogSumExp: sn.norm(sn.logsumexp(A)) + sn.norm(sn.logsumexp(A, axis=1)),
    Diag: sn.sum(sn.tanh(S * sn.diag(v) * S)),
    Diagonal: sn.sum(HadamardProduct(sn.tanh(sn.diagonal(S * S)), v)),
    Vec: sn.norm(sn.tanh(sn.vec(A).T * sn.vec(C * S))),
    Unvec: sn.sum(sn.tanh(Unvec(sn.vec(A) - sn.vec(C), 2, 3) * A)),
    Kron: sn.sum(sn.tanh(sn.kron(A, S) * sn.kron(v, S))),
    Paired: sn.sum(sn.tanh(Paired(sn.kron(A, B), 3, 2) * sn.vec(B))),
    Unpaired: sn.sum(sn.tanh(Unpaired(sn.vec(A) * sn.vec(C).T, 2, 3, 3, 2) * sn.kron(A, B))),
    Unfold: sn.norm(sn.tanh(sn.unfold(x, 2, IMAGE, padding=(0, 1)))),
    Fold: sn.norm(sn.tanh(sn.fold(U, 2, IMAGE))),
    Images: sn.sum(sn.tanh(z.T * Images(S * B, sympy.Tuple(1, 3)))),
    Channels: sn.sum(sn.tanh(S * Channels(x, sympy.Tuple(1, 3)))),
    MaxPool: sn.norm(sn.max_pool2d(sn.tanh(x), (1, 2), 1, shape=IMAGE)),
    MaxPick: sn.norm(sn.tanh(MaxPick(x, z, PACKED))),
    MaxUnpool: sn.norm(sn.tanh(MaxUnpool(u, z, PACKED))),
    AvgPool: sn.norm(sn.avg_pool2d(sn.tanh(x), (1, 2), 1, shape=IMAGE)),
    AvgUnpool: sn.norm(sn.tanh(AvgUnpool(u, PACKED, 0))),
    Largest: sn.sum(HadamardProduct(v, sn.max(S, axis=1))) + sn.max(v) ** 2,
    Smallest: sn.sum(HadamardProduct(v, sn.min(S, axis=1))) + sn.min(v) ** 2,
    AxisProd: sn.norm(sn.prod(A * S, axis=0)) + sn.sum(HadamardProduct(v, sn.prod(A.T, axis=1))) + sn.prod(S),
    OtherProducts: sn.norm(OtherProducts(A, 0)) ** 2 + sn.sum(OtherProducts(A * S, 1)) + sn.sum(OtherProducts(A, 0, C)),
    MaskedSoftmax: sn.sum(HadamardProduct(sn.masked_softmax(S, M, axis=1), S)),
    Means: sn.norm(Means(sn.tanh(A), 0)) + sn.sum(HadamardProduct(C, Means(HadamardProduct(A, A), 1))),
    AxisVar: sn.norm(sn.var(S, axis=0)) + sn.sum(HadamardProduct(v, sn.var(S.T, axis=1, ddof=1))),
    MeanOfAll: sn.norm(MeanOfAll(sn.tanh(A))) + sn.sum(HadamardProduct(C, MeanOfAll(HadamardProduct(A, A)))),
    Variance: sn.var(v) * sn.var(S, ddof=1),
    Standardised: sn.sum(HadamardProduct(S, Standardised(S, 0, HALF))),
    OverDeviation: sn.sum(HadamardProduct(S, OverDeviation(S, v * v.T, 1, HALF))),
    RootMeanSquared: sn.sum(HadamardProduct(v * v.T, RootMeanSquared(S, 0, HALF))),
    OverRoot: sn.sum(HadamardProduct(S, OverRoot(S, v * v.T, 1, HALF))),
    Add: sn.sum(sn.exp(A)) + 3 * a * sn.norm(C) + a**2,
    Expr: sympy.sqrt(sn.sum(sn.exp(A))) * sympy.tanh(a) / (1 + sn.norm(C)),
}


@pytest.mark.parametrize("node", [node for node in RULES if node not in WITHOUT])
def test_every_row_against_differences_and_entry_by_entry(node):
    assert node in SAMPLES, f"add a sample for {node.__name__} to SAMPLES"
    loss = SAMPLES[node]
    symbols = sorted(loss.free_symbols, key=str)
    derivation = sn.derive(loss, symbols)
    kernel = derivation.compile()
    values = values_of(kernel, seed=3)
    _, gradients = kernel(values)

    def f(given):
        return kernel.function(*[given[n] for n in kernel.arguments])[0]

    for symbol in derivation.wrt:
        numeric = central_difference(f, values, symbol.name)
        np.testing.assert_allclose(gradients[symbol], numeric, atol=1e-6 * max(1, np.abs(numeric).max()), rtol=0)
        proof = sn.prove(loss, symbol)
        assert proof.ok, proof


@pytest.mark.parametrize("node", [node for node in RULES if node not in WITHOUT])
def test_a_wrong_row_would_be_noticed(node, monkeypatch):
    """Break each row in turn: the check that everybody calls must fail."""
    loss = SAMPLES[node]
    symbols = [s for s in sorted(loss.free_symbols, key=str) if s != C]
    rule = RULES[node]

    def broken(G, Y, *args):
        return tuple(None if g is None else 2 * g for g in rule(G, Y, *args))

    monkeypatch.setitem(RULES, node, broken)
    kernel = sn.derive(loss, symbols).compile()
    assert not sn.check_gradients(loss, values_of(kernel, seed=3), symbols).ok


def test_a_class_of_sympys_can_be_taught(monkeypatch):
    from sympy import Adjoint

    loss = sn.sum(HadamardProduct(Adjoint(S), S))
    with pytest.raises(TypeError, match=r"no rule for Adjoint.*symnet.RULES.*symnet.OPERANDS"):
        sn.derive(loss, S)
    monkeypatch.setitem(sn.OPERANDS, Adjoint, lambda node: node.args)
    with pytest.raises(TypeError, match=r"no rule for Adjoint.*add a row to symnet.RULES"):
        sn.derive(loss, S)
    monkeypatch.setitem(RULES, Adjoint, lambda G, Y, P: (G.T,))
    with pytest.raises(TypeError, match=r"no NumPy code for Adjoint.*symnet.NUMPY"):
        sn.derive(loss, S).compile().source  # noqa: B018
    monkeypatch.setitem(sn.NUMPY, Adjoint, lambda c, node: c.full(node.args[0]).T)
    loss_value, gradients = sn.derive(loss, S).compile()({S: [[1, 2], [3, 4]]})
    assert loss_value == 29
    assert gradients[S].tolist() == [[2, 6], [4, 8]]


def test_structured_matrices_of_sympys():
    d, K = sympy.DiagMatrix(v), sympy.KroneckerProduct(A, S, B)
    loss = sn.sum(sn.tanh(S * d * S)) + sn.sum(sn.tanh(K)) + sn.norm(sympy.DiagonalOf(S * S)) ** 2
    loss += sn.norm(sympy.DiagonalMatrix(S) * S) ** 2
    ours = sn.sum(sn.tanh(S * sn.diag(v) * S)) + sn.sum(sn.tanh(sn.kron(A, sn.kron(S, B))))
    ours += sn.norm(sn.diagonal(S * S)) ** 2 + sn.norm(sn.diag(sn.diagonal(S)) * S) ** 2
    values = values_of(sn.derive(loss, [S, v, A]).compile(), seed=3)
    assert sn.evaluate(loss, values) == pytest.approx(sn.evaluate(ours, values), rel=1e-12)
    assert sn.check_gradients(loss, values).ok
    assert sn.prove(sn.sum(sn.tanh(d * S)) + sn.norm(sympy.DiagonalOf(S)) + sn.norm(sympy.DiagonalMatrix(S)), S).ok
    for notation in sn.NOTATIONS:
        assert sn.formula(loss, notation)
    assert sn.formula(sympy.KroneckerProduct(A, S) * 2) == "2⋅(A ⊗ S)"
