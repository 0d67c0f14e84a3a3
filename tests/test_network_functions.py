"""All that networks use against numbers that PyTorch gave, and against differences.

Each case is a formula of one matrix X. Its value and the gradient of its product with G are compared with PyTorch's
(version 2.13, in double precision), products with the Hessian with differences of gradients.
"""

from functools import reduce

import numpy as np
import pytest
import sympy

import symnet as sn

X, V, Y = sn.matrix("X", 2, 3), sn.matrix("V", 2, 3), sn.matrix("Y", 2, 3)
AT = np.array([[-3.5, -1.2, 0.4], [2.5, 0.7, -0.3]])
G = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
B = np.array([[0.2, 1.1, -0.6], [-0.4, 0.9, 1.3]])
T = np.array([[1.0, -0.5, 0.0], [0.3, 2.0, -2.0]])
POSITIVE = (T > 0).astype(float)
CASES = {
    "gelu": sn.gelu(X),
    "gelu tanh": sn.gelu(X, approximate="tanh"),
    "silu": sn.silu(X),
    "elu": sn.elu(X),
    "elu 0.7": sn.elu(X, 0.7),
    "celu 2": sn.celu(X, 2),
    "selu": sn.selu(X),
    "leaky_relu": sn.leaky_relu(X),
    "softplus": sn.softplus(X),
    "mish": sn.mish(X),
    "hardtanh": sn.hardtanh(X),
    "relu6": sn.relu6(4 * X),
    "hardsigmoid": sn.hardsigmoid(X),
    "hardswish": sn.hardswish(X),
    "softsign": sn.softsign(X),
    "log_sigmoid": sn.log_sigmoid(X),
    "max 0": sn.max(X, axis=0),
    "max 1": sn.max(X, axis=1),
    "max": sn.max(X),
    "min 0": sn.min(X, axis=0),
    "min": sn.min(X),
    "prod 0": sn.prod(X, axis=0),
    "prod 1": sn.prod(X, axis=1),
    "prod": sn.prod(X),
    "var 0": sn.var(X, axis=0),
    "var 1, ddof 1": sn.var(X, axis=1, ddof=1),
    "var": sn.var(X),
    "std 1": sn.std(X, axis=1),
    "std, ddof 1": sn.std(X, ddof=1),
    "logsumexp 1": sn.logsumexp(X, axis=1),
    "softmax 0": sn.softmax(X, axis=0),
    "softmax 1": sn.softmax(X, axis=1),
    "log_softmax 1": sn.log_softmax(X, axis=1),
    "layer_norm 1": sn.layer_norm(X, axis=1),
    "layer_norm 0": sn.layer_norm(X),
    "layer_norm 1, gain, bias": sn.layer_norm(X, 1, np.array([[1.5, 0.5, -1.0]]), np.array([[0.1], [0.2], [0.3]])),
    "batch_norm 1": sn.batch_norm(X),
    "rms_norm 1": sn.rms_norm(X, axis=1),
    "attention": sn.attention(X, B, Y),
    "attention, causal": sn.attention(X, B, Y, sn.causal_mask(2)),
    "huber": sn.huber(X, Y, 0.8),
    "binary_cross_entropy": sn.binary_cross_entropy(X, POSITIVE),
    "hinge": sn.hinge(X, 2 * POSITIVE - 1),
    "categorical_hinge": sn.categorical_hinge(X, sn.one_hot([0, 1, 1], 2)),
    "kl_divergence": sn.kl_divergence(np.exp(B) / np.exp(B).sum(axis=0), sn.softmax(X)),
    "cosine_similarity": sn.cosine_similarity(X, Y),
    "triplet": sn.triplet(X, Y, B),
    "focal": sn.focal(X, POSITIVE),
    "focal, alpha": sn.focal(X, POSITIVE, 1.5, 0.25),
}
# fmt: off
GOLDEN = {
    "gelu": ([[-0.000814201, -0.138083604, 0.262168696], [2.484475836, 0.530625443, -0.114626573]], [[-0.001410880, 0.117953595, 1.605459595], [1.556416628, 0.244153525, -0.200754174]]),
    "gelu tanh": ([[-0.000616197, -0.138297230, 0.262161169], [2.484915733, 0.530570134, -0.114629076]], [[-0.001211321, 0.117726134, 1.605317668], [1.556927364, 0.244089304, -0.200778411]]),
    "silu": ([[-0.102592807, -0.277770259, 0.239475064], [2.310354549, 0.467731440, -0.127667244]], [[-0.035136676, -0.018001887, 1.389583916], [1.649101667, 0.205846695, -0.264164992]]),
    "elu": ([[-0.969802616, -0.698805788, 0.4], [2.5, 0.7, -0.259181779]], [[0.015098691, -0.301194211, 2.0], [1.5, 0.25, -0.555613665]]),
    "elu 0.7": ([[-0.678861831, -0.489164051, 0.4], [2.5, 0.7, -0.181427245]], [[0.010569084, -0.210835948, 2.0], [1.5, 0.25, -0.388929565]]),
    "celu 2": ([[-1.652452113, -0.902376727, 0.4], [2.5, 0.7, -0.278584047]], [[0.086886971, -0.548811636, 2.0], [1.5, 0.25, -0.645530982]]),
    "selu": ([[-1.705009340, -1.228569995, 0.420280394], [2.626752468, 0.735490691, -0.455667315]], [[0.026544999, -0.529529345, 2.101401974], [1.576051481, 0.262675246, -0.976824019]]),
    "leaky_relu": ([[-0.035, -0.012, 0.4], [2.5, 0.7, -0.003]], [[0.005, -0.01, 2.0], [1.5, 0.25, -0.0075]]),
    "softplus": ([[0.029750418, 0.263282467, 0.913015252], [2.578889734, 1.103186048, 0.554355244]], [[0.014656115, -0.231475216, 1.197375320], [1.386212729, 0.167046943, -0.319168112]]),
    "mish": ([[-0.104095754, -0.308835796, 0.289030534], [2.471392304, 0.561148377, -0.151133177]], [[-0.036380206, 0.002008761, 1.674035005], [1.561694295, 0.242198717, -0.306383157]]),
    "hardtanh": ([[-1.0, -1.0, 0.4], [1.0, 0.7, -0.3]], [[0.0, 0.0, 2.0], [0.0, 0.25, -0.75]]),
    "relu6": ([[0.0, 0.0, 1.6], [6.0, 2.8, 0.0]], [[0.0, 0.0, 8.0], [0.0, 1.0, 0.0]]),
    "hardsigmoid": ([[0.0, 0.3, 0.566666666], [0.916666666, 0.616666666, 0.45]], [[0.0, -0.166666671, 0.333333343], [0.250000007, 0.041666667, -0.125000003]]),
    "hardswish": ([[0.0, -0.36, 0.226666666], [2.291666666, 0.431666666, -0.135]], [[0.0, -0.1, 1.266666666], [2.0, 0.183333333, -0.3]]),
    "softsign": ([[-0.777777777, -0.545454545, 0.285714285], [0.714285714, 0.411764705, -0.230769230]], [[0.024691358, -0.206611570, 1.020408163], [0.122448979, 0.086505190, -0.443786982]]),
    "log_sigmoid": ([[-3.529750418, -1.463282467, -0.513015252], [-0.078889734, -0.403186048, -0.854355244]], [[0.485343884, -0.768524783, 0.802624679], [0.113787270, 0.082953056, -0.430831887]]),
    "max 0": ([[2.5, 0.7, 0.4]], [[0.0, 0.0, 2.0], [0.5, -1.0, 0.0]]),
    "max 1": ([[0.4], [2.5]], [[0.0, 0.0, 0.5], [-1.0, 0.0, 0.0]]),
    "max": (2.5, [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
    "min 0": ([[-3.5, -1.2, -0.3]], [[0.5, -1.0, 0.0], [0.0, 0.0, 2.0]]),
    "min": (-3.5, [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    "prod 0": ([[-8.75, -0.84, -0.12]], [[1.25, -0.7, -0.6], [-1.75, 1.2, 0.8]]),
    "prod 1": ([[1.68], [-0.525]], [[-0.24, -0.7, 2.1], [0.21, 0.75, -1.75]]),
    "prod": (-0.882, [[0.252, 0.735, -2.205], [-0.3528, -1.26, 2.94]]),
    "var 0": ([[9.0, 0.9025, 0.1225]], [[-1.5, 0.95, 0.7], [1.5, -0.95, -0.7]]),
    "var 1, ddof 1": ([[3.843333333], [2.013333333]], [[-1.033333333, 0.116666666, 0.916666666], [-1.533333333, 0.266666666, 1.266666666]]),
    "var": (3.392222222, [[-1.088888888, -0.322222222, 0.211111111], [0.911111111, 0.311111111, -0.022222222]]),
    "std 1": ([[1.600694293], [1.158543146]], [[-0.215184402, 0.024295013, 0.190889388], [-0.441167092, 0.076724711, 0.364442380]]),
    "std, ddof 1": (2.017589320, [[-0.323818790, -0.095823927, 0.062781194], [0.270950416, 0.092519654, -0.006608546]]),
    "logsumexp 1": ([[0.600602135], [2.703845700]], [[0.008281349, 0.082599692, 0.409118957], [-0.815588206, -0.134815823, -0.049595969]]),
    "softmax 0": ([[0.002472623, 0.130108474, 0.668187772], [0.997527376, 0.869891525, 0.331812227]], [[-0.002466509, -0.141475324, 0.609710401], [0.002466509, 0.141475324, -0.609710401]]),
    "softmax 1": ([[0.016562699, 0.165199385, 0.818237914], [0.815588206, 0.134815823, 0.049595969]], [[-0.016224121, -0.409621424, 0.425845545], [0.228454993, -0.130756423, -0.097698569]]),
    "log_softmax 1": ([[-4.100602135, -1.800602135, -0.200602135], [-0.203845700, -2.003845700, -3.003845700]], [[0.475155950, -1.247799078, 0.772643127], [0.684411793, 0.115184176, -0.799595969]]),
    "layer_norm 1": ([[-1.291103892, 0.145769794, 1.145334098], [1.323496346, -0.230173277, -1.093323068]], [[0.403118462, -0.982604909, 0.579486447], [-0.039291243, 0.110035952, -0.070744708]]),
    "layer_norm 0": ([[-0.999999444, -0.999994459, 0.999959186], [0.999999444, 0.999994459, -0.999959186]], [[-1.85185e-07, -7.289571e-06, 0.000320660], [1.85185e-07, 7.289571e-06, -0.000320660]]),
    "layer_norm 1, gain, bias": ([[-1.836655839, 0.272884897, -0.845334098], [2.085244519, 0.084913361, 1.393323068]], [[-0.062848552, 0.153201473, -0.090352921], [0.232227631, -0.650221505, 0.417993874]]),
    "batch_norm 1": ([[-1.291103892, 0.145769794, 1.145334098], [1.323496346, -0.230173277, -1.093323068]], [[0.403118462, -0.982604909, 0.579486447], [-0.039291243, 0.110035952, -0.070744708]]),
    "rms_norm 1": ([[-1.628933348, -0.558491433, 0.186163811], [1.656873417, 0.463924557, -0.198824810]], [[0.262107829, -0.455328477, 0.927458706], [-0.012610134, -0.116198229, -0.376253923]]),
    "attention": ([[0.400169287, 1.642252542, -1.713802034], [0.847231006, 0.045603548, -0.436482838]], [[0.290970124, 0.096990041, -0.921405393], [-0.063534398, -0.021178132, 0.201192261]]),
    "attention, causal": ([[1.0, -0.5, 0.0], [0.847231006, 0.045603548, -0.436482838]], [[0.0, 0.0, 0.0], [-0.063534398, -0.021178132, 0.201192261]]),
    "huber": (2.268333333, [[-0.266666666, -0.233333333, 0.133333333], [0.266666666, -0.266666666, 0.266666666]]),
    "binary_cross_entropy": (1.914159721, [[-0.323562589, 0.077158405, 0.199562553], [-0.025286060, -0.110604075, 0.141852494]]),
    "hinge": (2.3, [[-0.333333333, 0.0, 0.333333333], [0.0, -0.333333333, 0.333333333]]),
    "categorical_hinge": (2.9, [[-0.333333333, 0.0, 0.333333333], [0.333333333, 0.0, -0.333333333]]),
    "kl_divergence": (1.449245298, [[-0.214394561, -0.139908507, 0.179359765], [0.214394561, 0.139908507, -0.179359765]]),
    "cosine_similarity": (0.228642036, [[0.035610351, 0.086536677, -0.32], [0.049854492, 0.148348590, -0.426666666]]),
    "triplet": (0.778453629, [[-0.037109504, 0.174047013, -0.100319936], [-0.059223842, -0.264614002, 0.607138329]]),
    "focal": (1.270815790, [[-0.369864037, 0.011361864, 0.159081362], [-0.000425194, -0.031951574, 0.064136146]]),
    "focal, alpha": (0.439406269, [[-0.089728859, 0.014894894, 0.132982226], [-0.000322478, -0.011721599, 0.062686418]]),
}
# fmt: on


def loss_of(F):
    """Give the product with the first numbers of G, a scalar."""
    if not F.is_Matrix:
        return F
    rows, cols = F.shape
    return sn.inner(F, G.reshape(-1)[: rows * cols].reshape(int(rows), int(cols)))


VALUES = {X: AT, Y: T}


def test_every_case_has_numbers():
    assert set(CASES) == set(GOLDEN)


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_pytorch(name):
    value, gradient = GOLDEN[name]
    loss = loss_of(CASES[name])
    kernel = sn.derive(loss, X).compile()
    given = {s: VALUES[s] for s in (X, Y) if s in loss.free_symbols}
    np.testing.assert_allclose(sn.evaluate(CASES[name], given), value, rtol=0, atol=2e-8)
    np.testing.assert_allclose(kernel(given)[1][X], gradient, rtol=0, atol=2e-8)


@pytest.mark.parametrize("name", CASES)
def test_products_with_the_hessian_and_checks(name):
    loss = loss_of(CASES[name])
    given = {s: VALUES[s] for s in (X, Y) if s in loss.free_symbols}
    gradient, formula = sn.compile(sn.gradient(loss, X)), sn.hvp(loss, X, V)
    product = sn.evaluate(formula, {s: v for s, v in (given | {V: B}).items() if s in formula.free_symbols})
    at = lambda h: gradient({s: v for s, v in (given | {X: AT + h * B}).items() if s.name in gradient.arguments})
    numeric = (at(1e-5) - at(-1e-5)) / 2e-5
    np.testing.assert_allclose(product, numeric, rtol=0, atol=2e-8 * max(1, np.abs(numeric).max()))
    assert sn.check_gradients(loss, given, X).ok


@pytest.mark.parametrize("name", CASES)
def test_single_precision_stays_and_large_entries_do_no_harm(name):
    loss = loss_of(CASES[name])
    kernel = sn.derive(loss, X).compile(dtype=np.float32)
    for size in (1.0, 1e3):
        given = {s: (v * size).astype(np.float32) for s, v in VALUES.items() if s in loss.free_symbols}
        value, gradients = kernel(given)
        assert gradients[X].dtype == np.float32 and np.isfinite(gradients[X]).all() and np.isfinite(value)
    if not name.startswith("layer_norm 0"):  # which is all rounding with two entries a column
        np.testing.assert_allclose(kernel({s: VALUES[s] for s in given})[1][X], GOLDEN[name][1], rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_formulas_in_every_notation(name):
    d = sn.derive(loss_of(CASES[name]), X)
    for text in (str(d), d.latex(), d.mathml(), d.mathematica(), d.pretty()):
        assert text and "Lambda" not in text and "Dummy" not in text


# -- what papers print


PAPERS = [
    (sn.gelu(X), "∂L/∂X = X∘φ(X) + Φ(X)"),
    (sn.elu(X), "∂L/∂X = exp(X)∘[X ≤ 0] + [X > 0]"),
    (sn.hardtanh(X), "∂L/∂X = [1 > X]∘[X + 1 > 0]"),
    (sn.softsign(X), "∂L/∂X = 1 ⊘ ((|X| + 1)∘²)"),
    (sn.var(X), "∂L/∂X = (X − mean(X, axis=None))/3"),
    (sn.var(X, axis=1), "∂L/∂X = 2⋅(X − mean(X, axis=1))/3"),
    (sn.max(X, axis=0), "∂L/∂X = hardmax(X)"),
    (sn.prod(X, axis=0), "∂L/∂X = prod_of_others(X)"),
    (sn.huber(X, Y), "∂L/∂X = clip(X − Y, −1, 1)/3"),
    (sn.hinge(X, Y), "∂L/∂X = −(Y∘[1 > Y∘X])/3"),
    (sn.categorical_hinge(X, Y), "∂L/∂X = (hardmax(T₁) − Y)/3"),
    (sn.kl_divergence(Y, sn.softmax(X)), "∂L/∂X = (softmax(X) − Y)/3"),
    (sn.dropout(X, Y, 0.8), "∂L/∂X = 1.25⋅Y"),
]


@pytest.mark.parametrize(("F", "line"), PAPERS, ids=[line[7:40] for _, line in PAPERS])
def test_gradients_are_those_of_papers(F, line):
    assert line in str(sn.derive(sn.sum(F) if F.is_Matrix else F, X))


def test_layer_norm_prints_as_in_the_paper():
    n_in, W, Z = sn.matrix("X", 5, "n"), sn.matrix("W", 4, 5), sn.matrix("Y", 4, "n")
    lines = str(sn.derive(sn.squared_error(sn.layer_norm(W * n_in), Z), W)).split("\n")
    assert lines == [
        "Forward",
        "  Z₁ = W⋅X",
        "  X̂₁ = (Z₁ − mean(Z₁)) ⊘ sqrt(var(Z₁) + 10⁻⁵)",
        "  T₁ = X̂₁ − Y",
        "  L  = ‖T₁‖²/(2n)",
        "Backward",
        "  Z̅₁ = ((T₁ − mean(T₁) − X̂₁∘mean(X̂₁∘T₁)) ⊘ sqrt(var(Z₁) + 10⁻⁵))/n",
        "  ∂L/∂W = Z̅₁⋅Xᵀ",
    ]


@pytest.mark.parametrize("norm", [sn.layer_norm, sn.batch_norm, sn.rms_norm])
def test_hessians_through_a_normalisation(norm):
    loss = sn.squared_error(norm(V * X.T), sn.matrix("Q", 2, 2))
    values = {V: B, X: AT, "Q": [[1, 2], [3, -1]]}
    assert sn.check_hessian(loss, values, V).ok


# -- extremes, products, masks


def test_ties_share_the_derivative():
    tied = np.array([[2.0, 1.0, 5.0], [2.0, 3.0, 5.0]])
    along = sn.gradient(sn.sum(sn.max(X, axis=0)), X)
    np.testing.assert_array_equal(sn.evaluate(along, {X: tied}), [[0.5, 0, 0.5], [0.5, 1, 0.5]])
    whole = sn.gradient(sn.min(X), X)
    np.testing.assert_array_equal(sn.evaluate(whole, {X: [[1, 1, 2], [3, 1, 4]]}), np.array([[1, 1, 0], [0, 1, 0]]) / 3)


@pytest.mark.parametrize("zeros", [[], [0], [0, 2], [0, 1, 3]])
def test_products_with_entries_that_are_0(zeros):
    x, v = sn.vector("x", 4), sn.vector("v", 4)
    at = np.array([[1.5], [-2.0], [0.5], [3.0]])
    at[zeros] = 0
    others = [np.prod(np.delete(at, k)) for k in range(4)]
    pairs = [[0 if k == m else np.prod(np.delete(at, [k, m])) for m in range(4)] for k in range(4)]
    np.testing.assert_allclose(sn.evaluate(sn.gradient(sn.prod(x), x), {x: at})[:, 0], others, rtol=1e-14)
    direction = np.array([[1.0], [2.0], [-1.0], [0.5]])
    product = sn.evaluate(sn.hvp(sn.prod(x), x, v), {x: at, v: direction})
    np.testing.assert_allclose(product, pairs @ direction, rtol=1e-14)
    for axis, P in ((0, X), (1, X.T)):
        found = sn.evaluate(sn.hvp(sn.norm(sn.prod(P, axis=axis)) ** 2, X, V), {X: AT, V: B})
        slope = sn.compile(sn.gradient(sn.norm(sn.prod(P, axis=axis)) ** 2, X))
        np.testing.assert_allclose(found, (slope({X: AT + 1e-5 * B}) - slope({X: AT - 1e-5 * B})) / 2e-5, rtol=1e-6)


def test_third_derivatives_of_a_product():
    x, u, v = sn.vector("x", 4), sn.vector("u", 4), sn.vector("v", 4)
    inner = sn.inner(sn.hvp(sn.prod(x), x, u), v)
    values = {x: [[1.5], [0.0], [0.5], [3.0]], u: [[1.0], [2.0], [0.5], [1.0]], v: [[0.3], [1.0], [2.0], [-1.0]]}
    assert sn.check_gradients(inner, values).ok and sn.prove(inner, x).ok


def test_what_is_masked_is_left_out():
    M = sn.matrix("M", 2, 3)
    at, mask = np.array([[1e4, -1e4, 0.0], [1.0, 2.0, 3.0]]), np.array([[0, 1, 1], [1, 0, 1]])
    found = sn.evaluate(sn.masked_softmax(X, M, axis=1), {X: at, M: mask})
    np.testing.assert_allclose(found, [[0, 0, 1], [np.exp(-2) / (1 + np.exp(-2)), 0, 1 / (1 + np.exp(-2))]])
    nothing = sn.evaluate(sn.masked_softmax(X, M), {X: at, M: np.array([[0, 1, 0], [0, 0, 1]])})
    np.testing.assert_array_equal(nothing, [[0, 1, 0], [0, 0, 1]])
    loss = sn.inner(sn.masked_softmax(X, M, axis=1), Y)
    for method in ("central", "complex", "mpmath"):
        assert sn.check_gradients(loss, {X: AT, M: mask, Y: T}, X, method=method).ok
    boolean = sn.derive(loss, X).compile()({X: AT, M: mask.astype(bool), Y: T})[1][X]
    np.testing.assert_array_equal(boolean, sn.derive(loss, X).compile()({X: AT, M: mask, Y: T})[1][X])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("causal", [False, True])
def test_the_logarithm_of_masked_weights(axis, causal):
    Z, M, T = (sn.matrix(name, 4, 4) for name in "ZMT")
    rng = np.random.default_rng(0)
    mask = np.tril(np.ones((4, 4))) if causal else np.array([[1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0], [0, 1, 1, 0.0]])
    values = {Z: rng.normal(size=(4, 4)), M: mask, T: mask * rng.random((4, 4))}
    weights = sn.evaluate(sn.masked_softmax(Z, M, axis=axis), values)
    logs = sn.log_softmax(Z - 1e9 * (1 - (sn.causal_mask(4) if causal else M)), axis=axis)
    loss, slopes = sn.derive(-sn.sum(sn.hadamard(T, logs)), Z).compile()(
        {s: v for s, v in values.items() if s != M or not causal}
    )
    assert np.isclose(loss, -(values[T][mask > 0] * np.log(weights[mask > 0])).sum(), rtol=1e-12)
    right = weights * values[T].sum(axis=axis, keepdims=True) - values[T]
    np.testing.assert_allclose(slopes[Z], right, atol=1e-12)


def test_attention_does_not_overflow():
    Q, K, W = sn.matrix("Q", "n", 4), sn.matrix("K", "n", 4), sn.matrix("W", "n", 2)
    rng = np.random.default_rng(0)
    q, k, w = 1e4 * rng.normal(size=(6, 4)), rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    loss = sn.sum(sn.tanh(sn.attention(Q, K, W, sn.causal_mask("n"))))
    value, gradients = sn.derive(loss, [Q, K, W]).compile()({Q: q, K: k, W: w})
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in gradients.values())
    np.testing.assert_allclose(sn.evaluate(sn.attention(Q, K, W, sn.causal_mask("n")), {Q: q, K: k, W: w})[0], w[0])


# -- recurrent cells


def weights(cell):
    """Give the numbers that PyTorch's cells were given: sines, another start for each gate."""
    found = {}
    for k, name in enumerate(
        ["_i", "_f", "_o", "_c"] if cell.name == "lstm" else ["_z", "_r", "_h"] if cell.name == "gru" else [""]
    ):
        for letter, start in (("W", 0), ("U", 10), ("b", 20)):
            symbol = cell.parameters[f"{letter}{name}"]
            shape = tuple(map(int, symbol.shape))
            found[symbol] = np.sin(np.arange(np.prod(shape)) * 1.3 + k + start).reshape(shape)
    return found


STEPS = [sn.matrix(f"x{t}", 2, "n") for t in range(3)]
INPUTS = dict(zip(STEPS, np.array([[[0.5], [-1.0]], [[1.5], [0.25]], [[-0.75], [2.0]]]), strict=True))


def test_rnn_is_that_of_pytorch():
    cell = sn.rnn(2, 3)
    found = sn.evaluate(reduce(cell, STEPS, cell.start("n")), INPUTS | weights(cell))
    np.testing.assert_allclose(found[:, 0], [0.938811689242596, 0.303184597889795, -0.425509971719278], rtol=1e-12)


def test_lstm_is_that_of_pytorch():
    cell = sn.lstm(2, 3)
    H, C = reduce(cell, STEPS, cell.start("n"))
    given = INPUTS | weights(cell)
    np.testing.assert_allclose(
        sn.evaluate(H, given)[:, 0], [-0.28874273226027, 0.01961915429349, -0.18968133474114], rtol=1e-11
    )
    np.testing.assert_allclose(
        sn.evaluate(C, given)[:, 0], [-1.433388846028103, 0.06696075740881, -0.379419205873127], rtol=1e-11
    )


def test_gru_is_that_of_its_paper():
    cell = sn.gru(2, 3)
    given = weights(cell)
    sigma = lambda x: 1 / (1 + np.exp(-x))
    gate = lambda letter, x, h: (
        sum(given[cell.parameters[f"{m}_{letter}"]] @ part for m, part in (("W", x), ("U", h)))
        + given[cell.parameters[f"b_{letter}"]]
    )
    h = np.zeros((3, 1))
    for x in INPUTS.values():
        z, r = sigma(gate("z", x, h)), sigma(gate("r", x, h))
        h = z * h + (1 - z) * np.tanh(gate("h", x, r * h))
    np.testing.assert_allclose(sn.evaluate(reduce(cell, STEPS, cell.start("n")), INPUTS | given), h, rtol=1e-12)


@pytest.mark.parametrize("make", [sn.rnn, sn.lstm, sn.gru])
@pytest.mark.parametrize("axis", [0, 1])
def test_cells_are_trained_through_time(make, axis):
    cell = make(2, 3, axis=axis)
    steps = [s if axis == 0 else sn.matrix(s.name, "n", 2) for s in STEPS]
    state = reduce(cell, steps, cell.start("n"))
    H = state[0] if make is sn.lstm else state
    target = sn.matrix("t", *((3, "n") if axis == 0 else ("n", 3)))
    loss = sn.squared_error(H, target, axis=axis)
    turn = (lambda v: v) if axis == 0 else (lambda v: v.T)
    given = {s: turn(v) for s, v in zip(steps, INPUTS.values(), strict=True)} | {
        target: turn(np.array([[0.1], [0.5], [-0.2]]))
    }
    plain = sn.rnn(2, 3) if make is sn.rnn else make(2, 3)
    given |= {s: turn(v) for s, v in zip(cell.parameters, weights(plain).values(), strict=True)}
    assert sn.check_gradients(loss, given, list(cell.parameters)).ok
    run = sn.train(loss, {k: v for k, v in given.items() if k not in set(cell.parameters)}, cell.parameters,
                   sn.Adam(0.05), epochs=3, seed=0)  # fmt: skip
    assert len(run.history) == 0 or run.loss < 10


# -- data, and mistakes


def test_embeddings_and_dropout():
    E, chosen = sn.matrix("E", 2, 5), sn.matrix("O", 5, "n")
    table = np.arange(10.0).reshape(2, 5)
    labels = sn.one_hot([4, 0, 4], 5)
    np.testing.assert_array_equal(sn.evaluate(sn.embedding(E, chosen), {E: table, chosen: labels}), table[:, [4, 0, 4]])
    turned = sn.embedding(sn.matrix("E", 5, 2), sn.matrix("O", "n", 5), axis=1)
    np.testing.assert_array_equal(sn.evaluate(turned, {"E": table.T, "O": labels.T}), table[:, [4, 0, 4]].T)
    keep = sympy.Symbol("keep", positive=True)
    np.testing.assert_array_equal(
        sn.evaluate(sn.dropout(X, Y, keep), {X: AT, Y: POSITIVE, keep: 0.5}), 2 * AT * POSITIVE
    )


def test_names_of_activations():
    A = sn.matrix("A", 2, "n")
    for name in ("gelu", "elu", "selu", "mish", "hardtanh", "softsign", "relu6", "celu", "hardswish", "hardsigmoid"):
        assert name in sn.mlp(A, [3, 1], activation=name).activation.__name__


tall = sn.matrix("S", "n", 3)
MISTAKES = [
    (lambda: sn.max(X, axis=2), ValueError, "axis must be 0"),
    (lambda: sn.prod(X, axis="rows"), ValueError, "axis must be 0"),
    (lambda: sn.var(X, axis=1, ddof=3), ValueError, r"var: X is 2×3; ddof must be a number from 0 to less than the 3"),
    (lambda: sn.std(X, ddof=-1), ValueError, "std: ddof must be a number from 0 on, not -1"),
    (lambda: sn.min(sn.sum(X)), TypeError, "min: .* is a scalar already"),
    (lambda: sn.layer_norm(X, axis=3), ValueError, "axis must be 0"),
    (lambda: sn.layer_norm(tall), ValueError, "layer_norm: S is n×3, so its samples are the n rows: write axis=1"),
    (lambda: sn.layer_norm(X, gain=sn.vector("g", 3)), sympy.ShapeError, "the gain g is 3×1, .*; make it 2×1"),
    (lambda: sn.batch_norm(X, bias=sn.matrix("b", 2, 2)), sympy.ShapeError, "the bias b is 2×2, but X is 2×3"),
    (lambda: sn.layer_norm(X, epsilon=-1), ValueError, "epsilon must be a number from 0 on, not -1"),
    (lambda: sn.layer_norm(X, epsilon="1e-5"), TypeError, "epsilon"),
    (lambda: sn.dropout(X, sn.matrix("M", 3, 2), 0.5), sympy.ShapeError, "the mask M is 3×2, but X is 2×3"),
    (lambda: sn.dropout(X, Y, 0), ValueError, "keep, the share of entries that stay, must be a number above 0 and at most 1, not 0"),
    (lambda: sn.dropout(X, Y, 1.5), ValueError, "not 1.5"),
    (lambda: sn.embedding(X, Y), sympy.ShapeError, "the table X is 2×3, with 3 words, but Y is 2×3, for 2"),
    (lambda: sn.attention(X, X.T, Y), sympy.ShapeError, "attention: queries and keys are rows of one length"),
    (lambda: sn.attention(X, Y, Y.T), sympy.ShapeError, "attention: there is one value for each key"),
    (lambda: sn.attention(X, Y, V, sn.matrix("M", 3, 3)), sympy.ShapeError, "the mask M is 3×3, but what it is for is 2×2"),
    (lambda: sn.attention(X, Y, V, "causal"), TypeError, "attention: the mask"),
    (lambda: sn.causal_mask(0), ValueError, "causal_mask: a size must be a positive whole number"),
    (lambda: sn.gelu(X, approximate=True), ValueError, 'approximate must be "none" or "tanh", not True'),
    (lambda: sn.elu(X, alpha=Y), TypeError, "elu: alpha must be a finite number or a Symbol, not the matrix Y"),
    (lambda: sn.celu(X, alpha=0), ValueError, "celu: alpha must be a positive number, not 0"),
    (lambda: sn.clip(X, 2, 1), ValueError, "clip: the lower end 2 is above the upper end 1"),
    (lambda: sn.huber(X, Y, delta=0), ValueError, "huber: delta must be a positive number, not 0"),
    (lambda: sn.hinge(X, sn.matrix("Y", 3, 2)), sympy.ShapeError, "hinge: X is 2×3 but Y is 3×2: one of them is transposed"),
    (lambda: sn.focal(X, Y, gamma=-1), ValueError, "focal: gamma must be a number from 0 on, not -1"),
    (lambda: sn.focal(X, Y, alpha=2), ValueError, "focal: alpha, .* must be a number from 0 to 1, not 2"),
    (lambda: sn.triplet(X, Y, V, margin=X), TypeError, "triplet: the margin must be a number from 0 on or a Symbol"),
    (lambda: sn.rnn(0, 3), ValueError, "rnn: inputs: a size must be a positive whole number"),
    (lambda: sn.lstm(2, 3)(sn.gru(2, 3).start("n"), STEPS[0]), TypeError, r"lstm: the state is a pair \(H, C\)"),
    (lambda: sn.gru(2, 3)(sn.gru(2, 3).start("n"), X.T), sympy.ShapeError, "gru: the input .* is 3×2, but the cell has 2 inputs"),
    (lambda: sn.rnn(2, 3)(sn.rnn(2, 4).start("n"), STEPS[0]), sympy.ShapeError, "rnn: the state .* the cell has 3 units"),
    (lambda: sn.rnn(2, 3)(sn.rnn(2, 3).start(7), STEPS[0]), sympy.ShapeError, "they have one number of samples"),
    (lambda: sn.rnn(2, 3, activation="tanhh"), ValueError, "did you mean 'tanh'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_are_told_in_the_users_words(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


@pytest.mark.parametrize("zero", ["neither", "first", "second", "both"])
@pytest.mark.parametrize(("shape", "axis"), [((3, "n"), 0), (("n", 3), 1), ((3, 1), 0)])
def test_a_cosine_with_an_epsilon_is_that_of_pytorch(shape, axis, zero):
    A, B = sn.matrix("A", *shape), sn.matrix("B", *shape)
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=[4 if size == "n" else size for size in shape]) for _ in "AB")
    sample = (slice(None), 0) if axis == 0 else (0, slice(None))
    for array, names in ((a, ("first", "both")), (b, ("second", "both"))):
        array[sample] *= zero not in names
    kernel = sn.derive(sn.cosine_similarity(A, B, axis=axis, epsilon=1e-8), [A, B]).compile()
    loss, slopes = kernel({A: a, B: b})
    p, q = (np.linalg.norm(M, axis=axis, keepdims=True) for M in (a, b))
    over = np.maximum(p, 1e-8) * np.maximum(q, 1e-8)
    cosines = (a * b).sum(axis=axis, keepdims=True) / over
    assert np.isclose(loss, cosines.mean(), rtol=1e-12)
    for symbol, mine, other, size in ((A, a, b, p), (B, b, a, q)):
        away = np.where(size > 1e-8, cosines * mine / np.where(size > 0, size, 1) ** 2, 0)
        np.testing.assert_allclose(slopes[symbol], (other / over - away) / cosines.size, rtol=1e-9)
    if zero == "neither":
        plain = sn.derive(sn.cosine_similarity(A, B, axis=axis), [A, B]).compile()({A: a, B: b})
        assert np.isclose(loss, plain.loss, rtol=1e-12)
        np.testing.assert_allclose(slopes[A], plain.gradients[A], rtol=1e-9, atol=1e-15)
