"""The table of rules is tested by being the table: a row without a sample fails, each sample is checked twice."""

import numpy as np
import pytest
import sympy
from losses import central_difference, values_of
from sympy import Add, Determinant, Expr, HadamardProduct, Inverse, MatAdd, MatMul, Trace, Transpose

import symnet as sn
from symnet.calculus import RULES
from symnet.expressions import (
    Adjugate,
    AvgPool,
    AvgUnpool,
    AxisMax,
    AxisProd,
    AxisVar,
    Channels,
    Diag,
    Diagonal,
    Elementwise,
    Entry,
    Explicit,
    Expm,
    ExpmSlope,
    Fold,
    Hardmax,
    Images,
    Kron,
    Largest,
    Leading,
    LogAbsDet,
    LogSoftmax,
    LogSumExp,
    MaskedSoftmax,
    MatrixPower,
    MaxPick,
    MaxPool,
    MaxUnpool,
    MeanOfAll,
    Means,
    NuclearNorm,
    OtherProducts,
    OverDeviation,
    OverRoot,
    Paired,
    Part,
    Pinv,
    Placed,
    Polar,
    PowerSlope,
    Reshape,
    Roll,
    RootMeanSquared,
    RunningSum,
    Smallest,
    Softmax,
    Solve,
    SpectralNorm,
    Stack,
    Standardised,
    Sylvester,
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
S3 = sn.matrix("S3", 3, 3)
a, v = sympy.Symbol("a"), sn.vector("v", 2)
IMAGE, x, z, u, U = (1, 2, 3), sn.vector("x", 6), sn.vector("z", 6), sn.vector("u", 4), sn.matrix("U", 4, 2)
PACKED = Geometry(IMAGE, (1, 2)).packed()
M, HALF = sympy.ImmutableMatrix([[1, 1], [0, 1]]), sympy.Rational(1, 2)
K = sympy.Symbol("K", integer=True)
WITHOUT = {AxisMax, Hardmax}  # they say that they have none, or that it is 0
NO_PROOF = {ExpmSlope, Leading, Pinv, Polar, Sylvester}  # of these samples it takes long; see test_matrix_proofs

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
    Diagonal: sn.sum(HadamardProduct(sn.diagonal(sn.tanh(S * S)), v)),
    Vec: sn.norm(sn.tanh(sn.vec(A).T * sn.vec(C * S))),
    Unvec: sn.sum(sn.tanh(Unvec(sn.vec(A) - sn.vec(C), 2, 3) * A)),
    Kron: sn.sum(sn.tanh(sn.kron(A, S) * sn.kron(v, S))),
    Paired: sn.sum(sn.tanh(Paired(sn.kron(A, B), 3, 2) * sn.vec(B))),
    Unpaired: sn.sum(sn.tanh(Unpaired(sn.vec(A) * sn.vec(C).T, 2, 3, 3, 2))),
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
    MeanOfAll: sn.norm(MeanOfAll(sn.tanh(A))) ** 2 + sn.sum(HadamardProduct(C, MeanOfAll(HadamardProduct(A, A)))),
    Variance: sn.var(v) * sn.var(S, ddof=1),
    Standardised: sn.sum(HadamardProduct(S, Standardised(S, 0, HALF))),
    OverDeviation: sn.sum(HadamardProduct(S, OverDeviation(S, v * v.T, 1, HALF))),
    RootMeanSquared: sn.sum(HadamardProduct(v * v.T, RootMeanSquared(S, 0, HALF))),
    OverRoot: sn.sum(HadamardProduct(S, OverRoot(S, v * v.T, 1, HALF))),
    Solve: sn.sum(sn.tanh(sn.solve(S, B))) + sn.sum(sn.tanh(A * S**-1)),
    LogAbsDet: sn.logdet(S * S.T),
    Adjugate: sn.sum(sn.tanh(sn.adjugate(S))),
    Part: sn.sum(sn.tanh((A * S)[1:, ::-1])) + sn.norm(A[:, 0]) ** 2,
    Placed: sn.sum(sn.tanh(Placed(v.T, 3, 3, 1, 1, 1, 0, 2, 2)) * S3),
    Entry: A[2, 1] ** 2 * sn.tanh(A)[0, 1],
    Stack: sn.sum(sn.tanh(sn.vstack(A, sn.hstack(v, 2 * v)) * S)),
    Reshape: sn.sum(sn.tanh(sn.reshape(A, (2, 3)) * C)),
    Roll: sn.sum(sn.tanh(sn.roll(A, 1, axis=0)) * S) + sn.sum(sn.tanh(sn.roll(A, -1, axis=1)) * S),
    RunningSum: sn.sum(sn.tanh(sn.cumsum(A, axis=0)) * S) + sn.sum(sn.tanh(sn.cumsum(A, axis=1)) * S),
    Explicit: sn.sum(sn.tanh(sympy.ImmutableMatrix([[a, 1], [a**2, A[1, 0]]]) * S)),
    Expm: sn.sum(sn.tanh(sn.expm(S))),
    ExpmSlope: sn.sum(sn.tanh(ExpmSlope(S, v * v.T))),
    MatrixPower: sn.sum(sn.tanh(S**K)),
    PowerSlope: sn.sum(sn.tanh(PowerSlope(S, K, v * v.T))),
    Pinv: sn.sum(sn.tanh(sn.pinv(A))) + sn.sum(sn.tanh(sn.pinv(B))),
    SpectralNorm: sn.spectral_norm(A) ** 2,
    NuclearNorm: sn.nuclear_norm(A) ** 2,
    Leading: sn.sum(sn.tanh(Leading(A) * S)),
    Polar: sn.sum(sn.tanh(Polar(A) * S)) + sn.sum(sn.tanh(S * Polar(B))),
    Sylvester: sn.sum(sn.tanh(Sylvester(A.T * A, S))),
    Add: sn.sum(sn.exp(A)) + 3 * a * sn.norm(C) + a**2,
    Expr: sympy.sqrt(sn.sum(sn.exp(A))) * sympy.tanh(a) / (1 + sn.norm(C)),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("node", [node for node in RULES if node not in WITHOUT])
def test_every_row_against_differences_and_entry_by_entry(node):
    assert node in SAMPLES, f"add a sample for {node.__name__} to SAMPLES"
    loss = SAMPLES[node]
    symbols = sorted(loss.free_symbols - {K}, key=str)
    derivation = sn.derive(loss, symbols)
    kernel = derivation.compile()
    values = values_of(kernel, seed=3) | ({"K": 3.0} if K in loss.free_symbols else {})
    _, gradients = kernel(values)

    def f(given):
        return kernel.function(*[given[n] for n in kernel.arguments])[0]

    for symbol in derivation.wrt:
        numeric = central_difference(f, values, symbol.name)
        np.testing.assert_allclose(gradients[symbol], numeric, atol=1e-6 * max(1, np.abs(numeric).max()), rtol=0)
        if node not in NO_PROOF:
            proof = sn.prove(loss, symbol, {"K": 2} if K in loss.free_symbols else None)
            assert proof.ok, proof


@pytest.mark.parametrize("node", [node for node in RULES if node not in WITHOUT])
def test_a_wrong_row_would_be_noticed(node, monkeypatch):
    """Break each row in turn: the check that everybody calls must fail."""
    loss = SAMPLES[node]
    symbols = [s for s in sorted(loss.free_symbols, key=str) if s not in (C, K)]
    rule = RULES[node]

    def broken(G, Y, *args):
        return tuple(None if g is None else 2 * g for g in rule(G, Y, *args))

    monkeypatch.setitem(RULES, node, broken)
    kernel = sn.derive(loss, symbols).compile()
    values = values_of(kernel, seed=3) | ({"K": 3.0} if K in loss.free_symbols else {})
    assert not sn.check_gradients(loss, values, symbols).ok


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
