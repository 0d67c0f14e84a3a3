"""What a newcomer writes first: it works, or the error says what to write instead."""

import copy
import pickle

import numpy as np
import pytest
import sympy
from sympy import Symbol

import symnet as sn

X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
W, b = sn.matrix("W", 1, 2), sn.matrix("b", 1, 1)
LOSS = sn.squared_error(sn.affine(W, X, b), Y)
RNG = np.random.default_rng(0)
x = RNG.normal(size=(2, 6))
y = RNG.normal(size=(1, 6))


def refused(error, words, call):
    with pytest.raises(error) as raised:
        call()
    text = str(raised.value)
    for word in words:
        assert word in text, f"{word!r} is not in: {text}"


def quick(loss, data, parameters=None, **options):
    return sn.train(loss, data, parameters, **({"epochs": 2, "seed": 0, "progress": False} | options))


D = Symbol("d")
XD, WD, YD = sn.matrix("X", D, "n"), sn.matrix("W", 1, D), sn.matrix("Y", 1, "n")
R, U, V = sn.matrix("R", "n", "m"), sn.matrix("U", "n", 2), sn.matrix("V", 2, "m")
xr, wr, yr = sn.matrix("x", "n", 2), sn.vector("w", 2), sn.vector("y", "n")


@pytest.mark.parametrize(
    ("loss", "data", "words"),
    [
        (LOSS, {X: x}, ["Y has the size n of the samples and no data", "data", "parameters="]),
        (LOSS, {Y: y}, ["X has the size n of the samples and no data"]),
        (sn.squared_error(sn.mlp(X, [3, 1]).output, Y), {X: x}, ["Y", "n"]),
        (sn.squared_error(WD * XD, YD), {XD: x}, ["has the size", "no data"]),
        (sn.norm(R - U * V), {R: x.T}, ["U has the size n", "parameters="]),
        (sn.squared_error(xr * wr, yr, axis=1), {xr: x.T}, ["y has the size n of the samples and no data"]),
        (-sn.sum(yr.T * sn.tanh(xr * wr)), {xr: x.T}, ["y has the size n of the samples and no data"]),
    ],
)
def test_forgotten_data_is_not_trained(loss, data, words):
    refused(ValueError, words, lambda: quick(loss, data))


XF, YF, WF, BF = sn.matrix("X", 2, 6), sn.matrix("Y", 1, 6), sn.matrix("W", 1, 2), sn.matrix("B", 1, 6)
XR, YR, VR, PF = sn.matrix("x", 6, 2), sn.vector("y", 6), sn.vector("w", 2), sn.matrix("P", 3, 6)
W3 = sn.matrix("W3", 3, 2)


@pytest.mark.parametrize(
    ("loss", "data", "name"),
    [
        (sn.squared_error(WF * XF, YF), {XF: x}, "Y"),
        (sn.squared_error(sn.affine(WF, XF, b), YF), {XF: x}, "Y"),
        (sn.squared_error(sn.mlp(XF, [3, 1]).output, YF), {XF: x}, "Y"),
        (sn.squared_error(XR * VR, YR, axis=1), {XR: x.T}, "y"),
        (sn.squared_error(VR.T * XR.T, YR.T), {XR: x.T}, "y"),
        (sn.cross_entropy(W3 * XF, PF), {XF: x}, "P"),
        (sn.binary_cross_entropy(WF * XF, YF), {XF: x}, "Y"),
        (sn.binary_cross_entropy(sn.let("P", WF * XF), YF), {XF: x}, "Y"),
        (sn.norm(YF - sn.tanh(WF * XF)), {XF: x}, "Y"),
        (sn.squared_error(WF * XF, YF) + sn.norm(WF) ** 2, {XF: x}, "Y"),
        (sn.squared_error(WF * XF + BF, YF), {XF: x, YF: y}, "B"),
    ],
)
def test_forgotten_data_of_sizes_in_numbers_are_not_trained(loss, data, name):
    words = [f"{name} stands entry by entry beside ", "6 ", "no data; give its array in data", "parameters="]
    refused(ValueError, words, lambda: quick(loss, data))


SF, c = sn.vector("s", 2), sn.vector("c", 2)
T6, UF, VF = sn.matrix("T", 2, 6), sn.matrix("U", 2, 1), sn.matrix("V", 6, 1)


@pytest.mark.parametrize(
    ("loss", "data", "trained"),
    [
        (sn.norm(SF - c) ** 2, {c: [1.0, 2.0]}, {"s"}),
        (sn.sum(WF * SF) ** 2 + sn.norm(SF - c) ** 2, {c: [1.0, 2.0]}, {"W", "s"}),
        (sn.norm(T6 - UF * VF.T) ** 2, {T6: x}, {"U", "V"}),
        (sn.squared_error(sn.affine(WF, XF, b), YF), {XF: x, YF: y}, {"W", "b"}),
        (sn.squared_error(sn.affine(W3, XF, sn.vector("b", 3)), PF), {XF: x, PF: np.ones((3, 6))}, {"W3", "b"}),
        (sn.squared_error(W3 * c + sn.vector("b", 3), sn.vector("q", 3)), {c: [1, 2], "q": [1, 2, 3]}, {"W3", "b"}),
        (sn.norm(sn.hadamard(T6, XF) - 1) ** 2, {XF: x}, {"T"}),
    ],
)
def test_weights_of_sizes_in_numbers_are_trained(loss, data, trained):
    assert set(quick(loss, data).parameters.keys()) == {s for s in loss.free_symbols if s.name in trained}


def test_what_grows_with_the_data_is_trained_where_it_is_asked_for():
    assert set(quick(LOSS, {X: x}, [W, b, Y]).parameters) == {W, b, Y}
    assert set(quick(LOSS, {X: x}, {Y: y}).parameters) == {W, b, Y}
    assert set(quick(sn.norm(R - U * V), {R: x.T}, [U, V]).parameters) == {U, V}
    refused(ValueError, ["Y has the size n"], lambda: quick(LOSS, {X: x}, {W: [[1, 1]]}))


def test_weights_of_a_symbolic_number_of_features_are_trained():
    assert quick(sn.squared_error(WD * XD, YD), {XD: x, YD: y}).parameters["W"].shape == (1, 2)


def test_parameters_are_found_by_name():
    run = quick(LOSS, {X: x, Y: y})
    assert run.parameters["W"] is run.parameters[W]
    assert "W" in run.parameters and W in run.parameters and "Q" not in run.parameters
    assert run.parameters.get("b") is run.parameters[b] and run.parameters.get("Q") is None
    refused(KeyError, ["Q", "W, b"], lambda: run.parameters["Q"])


def test_evaluate_takes_what_it_needs():
    run = quick(LOSS, {X: x, Y: y})
    H = sn.affine(W, X, b)
    wanted = run.parameters[W] @ x + run.parameters[b]
    np.testing.assert_allclose(sn.evaluate(H, {X: x} | run.parameters), wanted)
    np.testing.assert_allclose(sn.evaluate(W * X, {X: x, Y: y, "Q": 1} | run.parameters), run.parameters[W] @ x)
    np.testing.assert_allclose(run.evaluate(H, {X: x}), wanted)
    np.testing.assert_allclose(run.evaluate(H, {"X": x, "Y": y}), wanted)
    np.testing.assert_allclose(run.evaluate(W), run.parameters[W])
    np.testing.assert_allclose(run.evaluate(W * X, {X: x, W: [[1, 1]]}), x.sum(axis=0, keepdims=True))
    big = sn.matrix("Weights", 1, 2)
    refused(KeyError, ["Weights", "Wieghts", "did you mean"], lambda: sn.evaluate(big * X, {X: x, "Wieghts": [[1, 1]]}))
    refused(KeyError, ["no value is given for X"], lambda: run.evaluate(H))


def test_a_number_as_optimizer_is_the_learning_rate():
    start = {W: [[0.5, 0.5]], b: [[0.0]]}
    for rate in (0.05, np.float32(0.25), 1):
        runs = [quick(LOSS, {X: x, Y: y}, start, optimizer=o) for o in (rate, sn.GradientDescent(float(rate)))]
        np.testing.assert_array_equal(runs[0].parameters[W], runs[1].parameters[W])


@pytest.mark.parametrize(
    ("optimizer", "error", "words"),
    [
        (sn.Adam, TypeError, ["sn.Adam()", "class"]),
        ("adam", TypeError, ["'adam'", "sn.Adam()"]),
        (lambda step: 0.1, TypeError, ["sn.GradientDescent(function)"]),
        (sn.cosine_decay(0.1, 5), TypeError, ["sn.GradientDescent(function)"]),
        (True, TypeError, ["True"]),
        ([0.1], TypeError, ["0.05"]),
        (0, ValueError, ["learning rate", "0"]),
        (-0.5, ValueError, ["learning rate", "-0.5"]),
    ],
)
def test_what_is_no_optimizer_is_refused(optimizer, error, words):
    refused(error, words, lambda: quick(LOSS, {X: x, Y: y}, optimizer=optimizer))


def test_two_nets_are_never_tied_by_chance():
    X2 = sn.matrix("V", 2, "n")
    first, second, named = sn.mlp(X, [8, 1]), sn.mlp(X, [8, 1]), sn.mlp(X, [8, 1], prefix="g_")
    assert first.output != second.output and str(first.output) == str(second.output)
    for pair in (first.output - second.output, first.output + sn.mlp(X2, [8, 1]).output):
        refused(ValueError, ["W1", "prefix=", "net(X2)"], lambda pair=pair: sn.derive(sn.norm(pair), first.parameters))
        refused(ValueError, ["prefix="], lambda pair=pair: quick(sn.norm(pair), {X: x, X2: x}))
        refused(ValueError, ["prefix="], lambda pair=pair: sn.evaluate(pair, {X: x, X2: x}))
    assert [p.name for p in named.parameters] == ["g_W1", "g_b1", "g_W2", "g_b2"]
    run = quick(sn.squared_error(first.output + named.output, Y), {X: x, Y: y})
    assert set(run.parameters) == {*first.parameters, *named.parameters}
    own = sn.matrix("W1", 8, 2)
    refused(ValueError, ["W1", "net.parameters"], lambda: sn.derive(sn.norm(first.output) + sn.norm(own), own))


def test_one_net_is_used_twice():
    X2 = sn.matrix("V", 2, "n")
    net = sn.mlp(X, [3, 1], sn.relu)
    assert net(X) == net.output != net(X2)
    loss = sn.squared_error(net.output + net.output + net(X2), Y)
    run = quick(loss, {X: x, X2: -x, Y: y})
    assert set(run.parameters) == set(net.parameters)
    assert sn.check_gradients(loss, {X: x, X2: -x, Y: y} | run.parameters, net.parameters).ok


def test_weights_of_a_net_are_found_by_name():
    net = sn.mlp(X, [3, 1])
    loss = sn.squared_error(net.output, Y) + sn.norm(net.parameters[0]) ** 2
    again = sn.mlp(X, [3, 1]).parameters
    for wanted in (net.parameters, again, [sn.matrix("W1", 3, 2)]):
        assert [w.name for w in sn.derive(loss, list(wanted)).wrt] == [w.name for w in wanted]
    assert quick(loss, {X: x, Y: y}, again).parameters["W1"].shape == (3, 2)
    assert quick(loss, {X: x, Y: y}, ["W1", "b1", "W2", "b2"]).parameters[again[0]].shape == (3, 2)
    assert sn.gradient(sn.norm(net.parameters[0]) ** 2, net.parameters[0]) == 2 * net.parameters[0]
    W1 = net.parameters[0]
    assert pickle.loads(pickle.dumps(W1)) == W1 == copy.deepcopy(W1)
    assert hash(copy.copy(W1)) == hash(W1) and W1 != again[0] and W1.func(*W1.args) == W1
    n = Y.shape[1]
    grown = sn.mlp(sn.matrix("F", "d", n), [1]).parameters[0]
    assert grown.subs(grown.shape[1], 5).shape == (1, 5)


def test_formulas_do_not_depend_on_which_call_made_the_net():
    texts = {str(sn.derive(sn.squared_error(net.output, Y), net.parameters))
             for net in (sn.mlp(X, [4, 3, 1], sn.silu) for _ in range(3))}  # fmt: skip
    assert len(texts) == 1


Z = sn.matrix("Z", 2, 3)
ENTRYWISE = {
    "relu": lambda z: np.maximum(z, 0),
    "Tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "swish": lambda z: z / (1 + np.exp(-z)),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "linear": lambda z: z,
    None: lambda z: z,
    sympy.tanh: np.tanh,
    sympy.sin: np.sin,
    sn.cos: np.cos,
    (lambda t: t / (1 + sympy.exp(-t))): lambda z: z / (1 + np.exp(-z)),
    (lambda t: t * sn.sigmoid(t)): lambda z: z / (1 + np.exp(-z)),
    (lambda t: sympy.Max(t, 0)): lambda z: np.maximum(z, 0),
    (lambda A: sn.let("H", sn.tanh(A))): np.tanh,
    (lambda A: sn.hadamard(A, A)): np.square,
    (lambda A: sn.softmax(A)): lambda z: np.exp(z) / np.exp(z).sum(axis=0),
    sn.softmax: lambda z: np.exp(z) / np.exp(z).sum(axis=0),
    sympy.Lambda(Symbol("t"), Symbol("t") ** 2): np.square,
}


@pytest.mark.parametrize("activation", ENTRYWISE, ids=lambda f: getattr(f, "__name__", str(f)))
def test_an_activation_in_every_form(activation):
    net = sn.mlp(Z, [2, 1], activation)
    values = {s: RNG.normal(size=s.shape) for s in (Z, *net.parameters)}
    W1, b1, W2, b2 = (values[s] for s in net.parameters)
    wanted = W2 @ ENTRYWISE[activation](W1 @ values[Z] + b1) + b2
    np.testing.assert_allclose(sn.evaluate(net.output, values), wanted, rtol=1e-13)


@pytest.mark.parametrize(
    ("activation", "error", "words"),
    [
        ("rleu", ValueError, ["'rleu'", "did you mean 'relu'"]),
        ("what", ValueError, ["'what'", "relu", "sigmoid"]),
        (3, TypeError, ["3", "sizes"]),
        (sn.sum, TypeError, ["activation", "no matrix"]),
        (lambda A: A.T, ValueError, ["activation", "keeps the shape"]),
    ],
)
def test_what_is_no_activation_is_refused(activation, error, words):
    refused(error, words, lambda: sn.mlp(Z, [4, 1], activation))


def test_a_net_stands_for_its_output():
    net = sn.mlp(X, [3, 1])
    H = net.output
    for f in (sn.squared_error, sn.binary_cross_entropy, sn.mse):
        assert f(net, Y) == f(H, Y)
    assert sn.tanh(net) == sn.tanh(H) and Y - net == Y - H and net.shape == H.shape and net.T == H.T
    run = quick(sn.squared_error(net, Y), {X: x, Y: y})
    np.testing.assert_array_equal(run.evaluate(net, {X: x}), run.evaluate(H, {X: x}))
    np.testing.assert_array_equal(sn.evaluate(net, {X: x} | run.parameters), run.evaluate(H, {X: x}))


def test_a_net_or_a_training_stands_for_its_parameters():
    net = sn.mlp(X, [3, 1])
    loss = sn.squared_error(net, Y)
    first = quick(loss, {X: x, Y: y}, net)
    assert set(first.parameters) == set(net.parameters)
    again = quick(loss, {X: x, Y: y}, first, epochs=1)
    assert again.history["loss"][0] < first.history["loss"][-1]
    assert sn.derive(loss, net).wrt == net.parameters


def test_symbols_to_derive_stand_in_a_list_or_beside_each_other():
    wanted = str(sn.derive(LOSS, [W, b]))
    for wrt in ((W, b), ([W], b), ((W, b),), ([W, b],)):
        assert str(sn.derive(LOSS, *wrt)) == wanted
    refused(ValueError, ["twice"], lambda: sn.derive(LOSS, W, W))
    assert str(sn.derive(LOSS, W, "b")) == str(sn.derive(LOSS, ["W", "b"])) == wanted


ROWS = {"squared_error": sn.squared_error, "binary_cross_entropy": sn.binary_cross_entropy,
        "cross_entropy": sn.cross_entropy}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("outputs", [1, 3])
def test_samples_as_rows_are_noticed(name, outputs):
    f, P, T = ROWS[name], sn.matrix("P", "n", outputs), sn.matrix("T", "n", outputs)
    refused(ValueError, [name, f"n×{outputs}", "axis=1", "axis=0"], lambda: f(P, T))
    refused(ValueError, ["X*v"], lambda: f(sn.matrix("X", "n", 2) * sn.matrix("v", 2, outputs), T))
    values = {P: RNG.random((5, outputs)), T: np.full((5, outputs), 1 / outputs)}
    assert f(P, T, axis=1) == f(P, T, axis=-1)
    columns = f(sn.matrix("P", outputs, "n"), sn.matrix("T", outputs, "n"))
    turned = {s.name: a.T for s, a in values.items()}
    assert sn.evaluate(f(P, T, axis=1), values) == pytest.approx(sn.evaluate(columns, turned))
    assert sn.evaluate(f(P, T, axis=0), {**values, T: np.full((5, outputs), 0.2)}) > 0
    assert f(sn.matrix("P", "n", "m"), sn.matrix("T", "n", "m")) and f(Z, Z) and f(Z, Z, axis=1)


@pytest.mark.parametrize("f", [sn.softmax, sn.log_softmax, sn.logsumexp])
def test_samples_as_rows_are_noticed_where_they_are_normalised(f):
    Zr, z = sn.matrix("Z", "n", 3), sn.vector("z", "n")
    refused(ValueError, [f.__name__, "Z is n×3", "axis=1"], lambda: f(Zr))
    refused(ValueError, [f.__name__, "X*v", "axis=1"], lambda: f(sn.matrix("X", "n", 2) * sn.matrix("v", 2, 3)))
    values = RNG.normal(size=(5, 3))
    turned = sn.evaluate(f(Zr.T), {Zr: values}).T
    np.testing.assert_allclose(sn.evaluate(f(Zr, axis=1), {Zr: values}), turned)
    assert sn.evaluate(f(Zr, axis=0), {Zr: values}).shape[1] == 3
    assert f(z) == f(z, axis=0) and f(z.T, axis=1) and f(sn.matrix("S", "n", "n")) and f(Z) == f(Z, axis=0)


def _log_sum_exp(a, axis=None, keepdims=False):
    return np.log(np.exp(a).sum(axis=axis, keepdims=keepdims))


OF_ALL = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod, "var": np.var, "std": np.std}
OF_ALL |= {"logsumexp": _log_sum_exp}


@pytest.mark.parametrize("shape", [(2, 3), (1, 4), ("m", "n"), ("n", 1)], ids=str)
@pytest.mark.parametrize("name", OF_ALL)
def test_no_axis_takes_all_entries_as_in_numpy(name, shape):
    f, A = getattr(sn, name), sn.matrix("A", *shape)
    a = RNG.normal(size=[5 if isinstance(k, str) else k for k in shape])
    everything = f(A, axis=None)
    assert not everything.is_Matrix and everything == f(A, None)
    assert sn.evaluate(everything, {A: a}) == pytest.approx(OF_ALL[name](a))
    for axis in (0, 1):
        assert sn.evaluate(f(A, axis=axis), {A: a}) == pytest.approx(OF_ALL[name](a, axis=axis, keepdims=True))
    assert sn.check_gradients(everything, {A: a}, A)
    if name != "logsumexp":
        assert f(A) == everything


def test_logsumexp_takes_each_sample_or_all_entries():
    Zs, z = sn.matrix("Z", 3, "n"), sn.vector("z", "n")
    assert sn.logsumexp(Zs) == sn.logsumexp(Zs, axis=0) == sn.logsumexp(Zs, axis="samples")
    assert sn.gradient(sn.logsumexp(z), z) == sn.gradient(sn.logsumexp(z, axis=None), z) == sn.softmax(z)
    assert sn.hessian(sn.logsumexp(z, axis=None), z) == sn.hessian(sn.sum(sn.logsumexp(z)), z)
    values = np.array([[1000.0, 0.0], [3.0, 1000.0], [-1000.0, 1.0]])
    assert sn.evaluate(sn.logsumexp(Zs, axis=None), {Zs: values}) == pytest.approx(1000 + np.log(2))
    refused(
        TypeError,
        ["logsumexp(Z) is a 1×n", "sn.sum", "sn.logsumexp(…, axis=None)"],
        lambda: sn.derive(sn.logsumexp(Zs), Zs),
    )
    refused(TypeError, ["sum", "scalar already"], lambda: sn.sum(sn.logsumexp(Zs, axis=None)))
    for text in ("logsumexp(Z)", "logsumexp(Z, axis=None)", "scipy.special.logsumexp(Z)", "sn.logsumexp(Z, axis=None)"):
        assert sn.parse(text, Z="3×n") == sn.logsumexp(Zs, axis=None)
    assert sn.parse("sn.sum(sn.logsumexp(Z))", Z="3×n") == sn.sum(sn.logsumexp(Zs))
    assert sn.parse("sum(logsumexp(Z, axis=1, keepdims=True))", Z="3×n") == sn.sum(sn.logsumexp(Zs, axis=1))


def test_samples_as_columns_are_noticed_where_rows_are_said():
    refused(ValueError, ["1×n", "columns", "axis"], lambda: sn.squared_error(Y, Y, axis=1))
    refused(ValueError, ["mlp", "n×2", "axis=1"], lambda: sn.mlp(sn.matrix("X", "n", 2), [3, 1]))
    assert sn.mlp(sn.matrix("X", "n", 2), [3, 1], axis=-1).shape[1] == 1


AXES = {
    "sum": sn.sum, "mean": sn.mean, "softmax": sn.softmax, "log_softmax": sn.log_softmax, "logsumexp": sn.logsumexp,
    "squared_error": lambda A, axis: sn.squared_error(A, A + A, axis=axis),
    "cross_entropy": lambda A, axis: sn.cross_entropy(A, A + A, axis=axis),
    "binary_cross_entropy": lambda A, axis: sn.binary_cross_entropy(A, A + A, axis=axis),
    "mlp": lambda A, axis: sn.mlp(A, [2], axis=axis).shape[0] + sympy.Symbol("s"),
    "affine": lambda A, axis: sn.affine(sn.matrix("M", 2, 2), sn.matrix("A", 2, 2), sn.vector("b", 2), axis),
}  # fmt: skip


@pytest.mark.parametrize("name", AXES)
def test_axes_are_counted_as_in_numpy(name):
    f = AXES[name]
    for axis, same in ((-1, 1), (-2, 0), (np.int64(1), 1), (sympy.Integer(0), 0)):
        assert f(Z, axis=axis) == f(Z, axis=same)
    for wrong in (2, -3, True, False, 1.5, 1.0, "0", (0, 1)):
        refused(ValueError, ["axis must be 0", "or 1", repr(wrong)], lambda wrong=wrong: f(Z, axis=wrong))


SCALAR, L2 = Symbol("t"), sn.norm(W) ** 2
X3, Y3, W3 = sn.matrix("X", "n", 2), sn.matrix("Y", 3, "n"), sn.matrix("W", 3, 2)
VALUES = {X: x, Y: y, W: [[1.0, 2.0]], b: [[0.0]]}
GUESSES = {
    # what symbols and formulas are made of
    "matrix without columns": (lambda: sn.matrix("W", 2), TypeError, ["W", "rows and columns", "sn.vector"]),
    "a size with a point": (lambda: sn.matrix("W", 2.0, 3), ValueError, ["W", "2.0"]),
    "a vector of two sizes": (lambda: sn.vector("v", (3, 2)), TypeError, ["(3, 2)"]),
    "softmax of a scalar": (lambda: sn.softmax(SCALAR), TypeError, ["softmax", "t is a scalar"]),
    "log_softmax of a scalar": (lambda: sn.log_softmax(SCALAR), TypeError, ["log_softmax", "t is a scalar"]),
    "logsumexp of a scalar": (lambda: sn.logsumexp(2), TypeError, ["logsumexp", "2 is a scalar"]),
    "sum of a scalar": (lambda: sn.sum(SCALAR), TypeError, ["sum", "t is a scalar"]),
    "mean of a scalar": (lambda: sn.mean(SCALAR), TypeError, ["mean", "t is a scalar"]),
    "norm of a scalar": (lambda: sn.norm(SCALAR), TypeError, ["norm", "t is a scalar"]),
    "norm1 of a scalar": (lambda: sn.norm1(SCALAR), TypeError, ["norm1", "t is a scalar"]),
    "inner of a scalar": (lambda: sn.inner(SCALAR, W), TypeError, ["inner", "t is a scalar"]),
    "inner of two shapes": (lambda: sn.inner(W, W.T), ValueError, ["inner", "W is 1×2", "write W"]),
    "hadamard of two shapes": (lambda: sn.hadamard(W3, W), ValueError, ["hadamard", "3×2", "1×2"]),
    "hadamard of nothing": (lambda: sn.hadamard(), TypeError, ["hadamard"]),
    "an entry that is not there": (lambda: sn.entry(W, 5, 0), ValueError, ["W is 1×2", "[5, 0]"]),
    "an entry from the end": (lambda: sn.entry(W, 0, -1), ValueError, ["W is 1×2", "[0, -1]"]),
    "an entry of a scalar": (lambda: sn.entry(SCALAR, 0, 0), TypeError, ["entry", "t is a scalar"]),
    "an entry by halves": (lambda: sn.entry(W, 0, 0.5), TypeError, ["entry", "0.5"]),
    "a unit by name": (lambda: sn.unit(3, "1"), TypeError, ["unit", "'1'"]),
    "affine of a scalar": (lambda: sn.affine(SCALAR, X, b), TypeError, ["affine", "t is a scalar"]),
    "affine, samples as rows": (lambda: sn.affine(W3, X3, sn.vector("b", 3)), ValueError, ["X is n×2", "axis=1", "X.T"]),
    "affine, W turned": (lambda: sn.affine(W3.T, X, sn.vector("b", 3)), ValueError, ["W.T is 2×3", "X is 2×n", "write W"]),
    "affine, b of another layer": (lambda: sn.affine(W3, X, sn.vector("b", 2)), ValueError, ["b is 2×1", "3×1"]),
    "relu_dot of a scalar": (lambda: sn.relu_dot(SCALAR, X), TypeError, ["relu_dot", "t is a scalar"]),
    "elementwise of a name": (lambda: sn.elementwise("tanh", W), TypeError, ["'tanh'", "sympy.tanh"]),
    "elementwise of nothing": (lambda: sn.elementwise(sympy.tanh), TypeError, ["nothing"]),
    "tanh of a truth": (lambda: sn.tanh(sympy.true), TypeError, ["tanh", "True"]),
    "let the other way round": (lambda: sn.let(sn.tanh(X), "H"), TypeError, ["let", "name"]),
    # losses
    "targets turned": (lambda: sn.squared_error(W * X, Y.T), ValueError, ["W*X is 1×n", "Y.T is n×1", "write Y"]),
    "targets as a row": (lambda: sn.squared_error(X3 * W.T, Y, axis=1), ValueError, ["n×1", "Y is 1×n", "write Y.T"]),
    "labels as targets": (
        lambda: sn.cross_entropy(W3 * X, Y), ValueError, ["W*X is 3×n", "Y is 1×n", "sn.one_hot(labels, 3)"],
    ),
    "labels inside": (
        lambda: sn.cross_entropy(W3 * sn.matrix("X", 2, 4), np.array([0, 1, 2, 1])), ValueError, ["sn.one_hot(labels, 3)"],
    ),
    "targets as a list": (lambda: sn.mse(W * X, [[1, 2]]), TypeError, ["mse", "list", "numpy.array"]),
    "no targets": (lambda: sn.mse(W * X, None), TypeError, ["mse", "None"]),
    # nets
    "mlp without sizes": (lambda: sn.mlp(X, None), TypeError, ["sizes", "[16, 10]"]),
    "mlp, sizes as text": (lambda: sn.mlp(X, "31"), TypeError, ["sizes", "'31'"]),
    "mlp, sizes beside each other": (lambda: sn.mlp(X, 2, 3), TypeError, ["sizes", "sn.mlp(X, [2, 3])"]),
    "mlp of a number": (lambda: sn.mlp(2, [3, 1]), TypeError, ["mlp", "2", "input"]),
    "a weight that is not there": (lambda: sn.mlp(X, [3, 1]).parameters["W9"], KeyError, ["W9", "W1, b1, W2, b2"]),
    # deriving
    "a net as the loss": (lambda: quick(sn.mlp(X, [3, 1]), {X: x}), TypeError, ["loss must be a scalar", "1×n"]),
    "gradient for two": (lambda: sn.gradient(LOSS, [W, b]), TypeError, ["one symbol", "sn.derive"]),
    "gradient by another name": (lambda: sn.gradient(LOSS, "Q"), KeyError, ["Q is no symbol", "W, X, b, Y"]),
    "derive by an array": (lambda: sn.derive(LOSS, np.ones((1, 2))), TypeError, ["symbol"]),
    # values
    "arrays without names": (lambda: sn.evaluate(LOSS, [x, y]), TypeError, ["dictionary", "list"]),
    "an expression as name": (lambda: sn.evaluate(LOSS, {**VALUES, W * X: x}), TypeError, ["W*X", "no symbol"]),
    "nothing as value": (lambda: sn.evaluate(LOSS, {**VALUES, X: None}), TypeError, ["X", "None"]),
    "a symbol as value": (lambda: sn.evaluate(LOSS, {**VALUES, X: X}), TypeError, ["X is 2×n", "no array"]),
    "a size for proving": (lambda: sn.prove(L2, W, 2), TypeError, ["sizes", "2"]),
    # training
    "data without names": (lambda: quick(LOSS, [x, y]), TypeError, ["data", "dictionary", "arrays"]),
    "no data": (lambda: quick(LOSS, None), TypeError, ["data", "dictionary"]),
    "a number of parameters": (lambda: quick(LOSS, {X: x, Y: y}, 3), TypeError, ["parameters", "int"]),
    "parameters without names": (lambda: quick(LOSS, {X: x, Y: y}, [np.ones((1, 2))]), TypeError, ["parameters", "ndarray"]),
    "a seed by name": (lambda: quick(LOSS, {X: x, Y: y}, seed="a"), ValueError, ["seed", "'a'"]),
    "a seed below 0": (lambda: quick(LOSS, {X: x, Y: y}, seed=-1), ValueError, ["seed", "-1"]),
    "an initializer by name": (lambda: quick(LOSS, {X: x, Y: y}, initializer="he"), TypeError, ["'he'", "sn.glorot()"]),
    "an initializer not called": (
        lambda: quick(LOSS, {X: x, Y: y}, initializer=sn.glorot), TypeError, ["initializer=sn.glorot()"],
    ),
    "a number as initializer": (lambda: quick(LOSS, {X: x, Y: y}, initializer=0.1), TypeError, ["sn.normal(0.1)"]),
    "an initializer of one": (
        lambda: quick(LOSS, {X: x, Y: y}, initializer=lambda shape: 0), TypeError, ["(shape, generator)", "W"],
    ),
    "an initializer of another shape": (
        lambda: quick(LOSS, {X: x, Y: y}, initializer=lambda s, g: np.ones(3)), ValueError, ["W", "(1, 2)", "(3,)"],
    ),
    "uniform by name": (lambda: sn.uniform("a", "b"), ValueError, ["uniform", "'a'"]),
    "normal by name": (lambda: sn.normal("a"), ValueError, ["deviation", "'a'"]),
    "one multiplier for all": (lambda: quick(LOSS, {X: x, Y: y}, multipliers=0.1), TypeError, ["multipliers", "optimizer="]),
    "a callback that is none": (lambda: quick(LOSS, {X: x, Y: y}, callback="print"), TypeError, ["callback", "'print'"]),
}  # fmt: skip


@pytest.mark.parametrize("name", GUESSES)
def test_a_wrong_guess_is_answered_in_the_users_words(name):
    call, error, words = GUESSES[name]
    refused(error, words, call)


def test_more_that_works():
    assert sn.matrix("W", (2, 3)) == sn.matrix("W", 2, 3)
    assert sn.mse(W * X, Y, axis=1) == sn.mse(W * X, Y, axis=0) == sn.mse(W * X, Y)
    wanted = str(sn.derive(LOSS, [W, b]))
    for wrt in ({W: 1, b: 2}, {b, W}, (w for w in (W, b))):
        assert str(sn.derive(LOSS, wrt)) == wanted
    net = sn.mlp(X, [3, 1])
    loss = sn.squared_error(net, Y)
    run = quick(loss, {X: x, Y: y}, seed=np.random.default_rng(0))
    assert run.history["loss"] == quick(loss, {X: x, Y: y}, seed=np.random.default_rng(0)).history["loss"]
    assert sn.check_gradients(loss, {X: x, Y: y} | run.parameters, net).ok
    assert sn.check_gradients(loss, {X: x, Y: y} | run.parameters, run).ok
    assert net.parameters["W2"] is net.parameters[2] and net.parameters[:2] == (net.parameters[0], net.parameters[1])
    assert sn.gradient(LOSS, [W]) == sn.gradient(LOSS, W)
    assert pickle.loads(pickle.dumps(net.parameters)) == net.parameters


@pytest.mark.parametrize("f", [sn.squared_error, sn.mse, sn.cross_entropy, sn.binary_cross_entropy])
def test_a_loss_of_what_is_no_matrix_is_refused(f):
    for wrong in (Symbol("t"), 1, sn.norm(Y)):
        refused(TypeError, [f.__name__, "no matrix"], lambda wrong=wrong: f(wrong, Y))
        refused(TypeError, [f.__name__, "no matrix"], lambda wrong=wrong: f(Y, wrong))


@pytest.mark.parametrize("f", [sympy.Max, sympy.Min])
def test_a_function_of_two_is_no_activation(f):
    refused(TypeError, ["activation", "sn.relu"], lambda: sn.mlp(X, [2, 2], activation=f))


def test_values_that_are_no_dictionary_are_refused_by_a_result_as_well():
    net = sn.mlp(X, [2], prefix="given_")
    start = {p: np.ones([int(size) for size in p.shape]) for p in net.parameters}
    run = sn.train(sn.norm(net.output) ** 2, {X: np.ones((int(X.shape[0]), 4))}, start, epochs=1)
    for wrong in (np.ones((3, 4)), [1, 2], "X", 3):
        refused(TypeError, ["dictionary"], lambda wrong=wrong: run.evaluate(net, wrong))


SINGLE = sn.matrix("A", 3, 3)
GUESSED_WRONG = {
    "stop_gradient": "a symbol for that part", "normalize": r"sn.divide\(A, OneMatrix\(m, 1\)\*sn.norm", "sort":
    "numpy.sort", "median": "numpy.median", "sqrtm": "scipy.linalg.sqrtm", "logm": "scipy.linalg.logm", "loggamma":
    "sympy.loggamma", "erf": "sympy.erf", "flatten": r"sn.reshape\(A, -1\)", "floor": "numpy.floor", "svd": "numpy.linalg",
    "images": "sn.conv2d", "channels": "sn.conv2d", "rsqrt": "Rational", "asin": "sn.arcsin", "prelu": "Piecewise",
}  # fmt: skip


@pytest.mark.parametrize("name", GUESSED_WRONG)
def test_a_name_of_another_library_leads_to_what_does_it(name):
    with pytest.raises(AttributeError, match=f"no attribute {name!r}; write .*{GUESSED_WRONG[name]}"):
        getattr(sn, name)


UNIT = sn.divide(SINGLE, sympy.OneMatrix(3, 1) * sn.norm(SINGLE, axis=0))
SAID = [
    (lambda: sn.divide(SINGLE, sn.norm(SINGLE, axis=0)), r"for the same in every row write OneMatrix\(3, 1\)\*"),
    (lambda: sn.hadamard(sn.mean(SINGLE, axis=1), SINGLE), r"in every column write .*\*OneMatrix\(1, 3\)"),
    (lambda: sn.elementwise(sympy.Max, SINGLE, SINGLE[0, :]), r"in every row write OneMatrix\(3, 1\)\*"),
    (lambda: SINGLE[[0, 1], :], "sn.vstack"), (lambda: SINGLE[:, [0, 1]], "sn.hstack"), (lambda: SINGLE[[0, 1]], "sn.vstack"),
    (lambda: SINGLE[np.array([0, 1]), :], "sn.vstack"), (lambda: SINGLE[None], r"write A\[i, j\]"),
    (lambda: sn.evaluate(SINGLE / 10**400, {SINGLE: np.eye(3)}), "too large for floating-point"),
    (lambda: SINGLE + float("nan"), "nan beside A"), (lambda: SINGLE * float("nan"), "nan beside A"),
    (lambda: sympy.Trace(Symbol("s")), "s is a scalar"), (lambda: sympy.Determinant(Symbol("s")), "s is a scalar"),
    (lambda: sympy.Inverse(Symbol("s")), "s is a scalar"), (lambda: sympy.Trace(3), "3 is a scalar"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(SAID)))
def test_what_is_no_formula_is_told_with_what_to_write(number):
    attempt, said = SAID[number]
    with pytest.raises((TypeError, ValueError, IndexError), match=said):
        attempt()


def test_columns_of_length_one_as_the_message_says():
    a = np.arange(1.0, 10).reshape(3, 3)
    np.testing.assert_allclose(sn.evaluate(UNIT, {SINGLE: a}), a / np.linalg.norm(a, axis=0))
