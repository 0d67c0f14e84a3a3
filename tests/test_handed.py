"""What people hand over: the forms of arrays, class numbers, weights and bias in one matrix; each right and wrong."""

import numpy as np
import pytest
import sympy as sp
from mistaken import numbers
from sympy.matrices.exceptions import ShapeError

import symnet as sn

X, Y, W, b = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("W", 2, 3), sn.vector("b", 2)
LOSS = sn.squared_error(sn.affine(W, X, b), Y)
VALUES = numbers(21, X=(3, 7), Y=(2, 7), W=(2, 3), b=(2, 1))


def right(v):
    D = (np.reshape(v["W"], (2, 3)) @ v["X"] + np.reshape(v["b"], (2, 1)) - v["Y"]) / 7
    return {"W": D @ np.transpose(v["X"]), "b": D.sum(1, keepdims=True)}


def single(arrays):
    return {k: np.asarray(a, np.float32) for k, a in arrays.items()}


FORMS = {
    "plain": lambda v, g: (v, g),
    "one axis": lambda v, g: (v, g | {"b": g["b"].ravel()}),
    "one axis everywhere": lambda v, g: (v | {"b": v["b"].ravel()}, g | {"b": g["b"].ravel()}),
    "lists": lambda v, g: ({k: a.tolist() for k, a in v.items()}, {k: a.tolist() for k, a in g.items()}),
    "single": lambda v, g: (single(v), single(g)),
    "from single": lambda v, g: (single(v), g),
    "half": lambda v, g: (v, {k: a.astype(np.float16) for k, a in g.items()}),
    "symbols": lambda v, g: ({{"X": X, "Y": Y, "W": W, "b": b}[k]: a for k, a in v.items()}, {W: g["W"], b: g["b"]}),
    "the loss first": lambda v, g: (v, (sn.evaluate(LOSS, v), g)),
    "the loss last": lambda v, g: (v, (g, sn.evaluate(LOSS, v))),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_arrays(name):
    assert sn.diagnose(LOSS, *FORMS[name](VALUES, right(VALUES))).ok
    values, turned = FORMS[name](VALUES, {k: -g for k, g in right(VALUES).items()})
    assert sn.diagnose(LOSS, values, turned).faults[0].kind == "sign"


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_function_gets_the_precision_that_is_given(kind):
    types = set()

    def gradients(v):
        types.update(a.dtype for a in v.values())
        return right(v)

    assert sn.diagnose(LOSS, {k: a.astype(kind) for k, a in VALUES.items()}, gradients).ok and types == {np.dtype(kind)}


# -- weights and bias in one


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("key", ["W", "Theta"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("rows", [False, True])
def test_weights_and_bias_in_one_matrix(rows, last, key, wrong):
    axis, turn = (1, np.transpose) if rows else (0, np.asarray)
    P, V, c = (sn.matrix(n, *s[:: -1 if rows else 1]) for n, *s in (("X", 3, "n"), ("W", 2, 3), ("b", 2, 1)))
    T = sn.matrix("Y", *(("n", 2) if rows else (2, "n")))
    loss = sn.squared_error(sn.affine(V, P, c, axis=axis), T, axis=axis)

    def gradients(v):
        g = right({k: turn(a) for k, a in v.items()})
        parts = [g["W"] * (3 if wrong else 1), g["b"]]
        return {key: turn(np.hstack(parts if last else parts[::-1]))}

    values = {k: turn(a) for k, a in VALUES.items()}
    for given in (gradients, gradients(values)):
        found = sn.diagnose(loss, values, given)
        which = f"{'last' if last else 'first'} {'row' if rows else 'column'}"
        assert found.ok is not wrong and which in str(found), str(found)
        if wrong:
            assert [str(w) for w in found.wrong] == ["W"] and found.faults[0].factor == pytest.approx(3)


def test_two_layers_in_two_matrices():
    W1, b1, V, c = sn.matrix("W1", 4, 3), sn.vector("b1", 4), sn.matrix("V", 2, 4), sn.vector("c", 2)
    loss = sn.squared_error(sn.affine(V, sn.tanh(sn.affine(W1, X, b1)), c), Y)
    values = numbers(22, X=(3, 7), Y=(2, 7), W1=(4, 3), b1=(4, 1), V=(2, 4), c=(2, 1))

    def gradients(v):
        A = np.tanh(v["W1"] @ v["X"] + v["b1"])
        D = (v["V"] @ A + v["c"] - v["Y"]) / 7
        B = v["V"].T @ D
        ones = np.ones((1, 7))
        return {"Theta1": B @ np.vstack([ones, v["X"]]).T, "Theta2": D @ np.vstack([ones, A]).T}

    found = sn.diagnose(loss, values, gradients)
    assert found.faults[0].kind == "missing-activation-derivative" and str(found).count("is read as one matrix") == 2


# -- class numbers, samples, scalars


def classes(v, s=1.0):
    E = np.exp(v["X"] @ v["W"])
    P = E / E.sum(1, keepdims=True)
    P[np.arange(6), np.ravel(v["Y"])] -= 1
    return {"W": s * v["X"].T @ P / 6}


@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, lambda a: a[:, None]], ids=["array", "list", "column"])
def test_class_numbers(form):
    Z, T = sn.matrix("X", "n", 4), sn.matrix("Y", "n", 3)
    loss = sn.cross_entropy(Z * sn.matrix("W", 4, 3), T, axis=1)
    values = numbers(23, X=(6, 4), W=(4, 3)) | {"Y": form(np.array([0, 2, 1, 1, 0, 2]))}
    assert sn.diagnose(loss, values, classes).ok
    assert sn.diagnose(loss, values, lambda v: classes(v, -1.0)).faults[0].kind == "sign"
    with pytest.raises(ShapeError, match="Y is n×3.*class labels, they run from 0 to 2, and 3 is none.*one_hot"):
        sn.diagnose(loss, values | {"Y": np.array([0, 2, 1, 1, 0, 3])}, classes(values))


w, Xr, y = sn.vector("w", 3), sn.matrix("X", "n", 3), sn.vector("y", "n")
LINEAR = sn.squared_error(Xr * w, y, axis=1)
ROWS = numbers(24, w=(3, 1), X=(7, 3), y=(7, 1))
SHAPES = {
    "a row a sample": (lambda X, d: X * d / 7, "wrong-sum", "sum over the samples"),
    "a column a sample": (lambda X, d: (X * d).T / 7, "wrong-sum", "sum over the samples"),
    "one axis": (lambda X, d: -(X * d).sum(0) / 7, "sign", "sign"),
    "the mean twice": (lambda X, d: (X * d).mean(0) / 7, "constant-factor", "mean"),
    "every pair": (lambda X, d: X.T @ (X @ ROWS["w"] - ROWS["y"].ravel()) / 7, "reshaped", "y has one axis"),
    "every pair turned": (lambda X, d: X.T @ ((X @ ROWS["w"]).ravel() - ROWS["y"]) / 7, "reshaped", "one axis"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_samples(name):
    gradient, kind, word = SHAPES[name]
    found = sn.diagnose(LINEAR, ROWS, {"w": gradient(ROWS["X"], ROWS["X"] @ ROWS["w"] - ROWS["y"])})
    assert found.faults[0].kind == kind and word in found.faults[0].words and len(found.explanations[0]) == 1, str(
        found
    )


@pytest.mark.parametrize("form", [float, np.array, lambda g: np.array([g]), lambda g: np.array([[g]]), lambda g: [g]])
def test_scalar_parameters(form):
    u, c, t, s = (sp.Symbol(name, real=True) for name in "ucts")
    loss, values = (sp.tanh(u * t + c) - s) ** 2, {"u": 0.7, "c": -0.2, "t": 1.5, "s": 0.3}
    gradients = {str(p): float(g) for p, g in sn.derive(loss, [u, c]).compile()(values)[1].items()}
    assert sn.diagnose(loss, values, {k: form(g) for k, g in gradients.items()}).ok
    assert sn.diagnose(loss, values, {k: form(-g) for k, g in gradients.items()}).faults[0].kind == "sign"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([right(VALUES)["W"], right(VALUES)["b"]], TypeError, ["list", "{'W': …, 'b': …}"]),
        ((1.0, [right(VALUES)["W"], right(VALUES)["b"]]), TypeError, ["{'W': …, 'b': …}"]),
        (np.zeros(8), TypeError, ["ndarray", "vector apart"]),
        ({**right(VALUES), "W": np.zeros(6)}, ValueError, ["W", "(6,)", ".reshape(2, 3)"]),
        ({**right(VALUES), "W": np.zeros((3, 2))}, ValueError, ["W", "transpose"]),
        ({**right(VALUES), "b": np.zeros((1, 2))}, ValueError, ["b", "transpose"]),
        ({**right(VALUES), "W": np.zeros((2, 4))}, ValueError, ["W", "first column is a bias's"]),
    ],
    ids=["list", "loss and list", "vector", "flat", "turned", "a row", "both"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(given, error, words):
    with pytest.raises(error) as raised:
        sn.diagnose(LOSS, VALUES, given)
    for word in words:
        assert word in str(raised.value), raised.value


# -- weights and bias of a step in one matrix


@pytest.mark.parametrize("mistake", ["", "sum"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("axis", [1, 0])
def test_a_step_of_weights_and_bias_in_one_matrix(axis, last, mistake):
    draw = np.random.default_rng(3)
    W, b, X, Y = sn.matrix("W", 3, 4), sn.vector("b", 3), sn.matrix("X", 4, "n"), sn.matrix("Y", 3, "n")
    if axis == 0:
        W, b = sn.matrix("W", 4, 3), sn.matrix("b", 1, 3)
    score = sn.affine(W, X, b) if axis == 1 else sn.affine(W, sn.transpose(X), b, axis=1)
    target = Y if axis == 1 else sn.transpose(Y)
    loss = sn.squared_error(sn.tanh(score), target, axis=1 - axis)
    values = {"X": draw.normal(size=(4, 6)), "Y": draw.normal(size=(3, 6))}
    parts = {"W": draw.normal(size=tuple(map(int, W.shape))), "b": draw.normal(size=tuple(map(int, b.shape)))}
    kernel = sn.derive(loss, [W, b]).compile()
    g = {str(w): a for w, a in kernel({**values, **parts})[1].items()}
    g = {n: a * (6 if mistake else 1) for n, a in g.items()}

    def stacked(of):
        return np.concatenate([of["W"], of["b"]] if last else [of["b"], of["W"]], axis=axis)

    before = stacked(parts)
    kept = before.copy()
    found = sn.diagnose_update(loss, {"Theta": before}, {"Theta": before - 0.1 * stacked(g)}, 0.1, values)
    assert found.ok == (mistake == "") and np.array_equal(before, kept), str(found)
    if mistake:
        assert {str(w) for w in found.wrong} == {"W", "b"} and "as one matrix of weights and bias" in str(found)
        assert found.faults[0].kind != "unknown", str(found)
