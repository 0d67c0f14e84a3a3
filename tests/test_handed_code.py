"""Code that people hand over: functions of other arguments, what they return or keep, arrays of other libraries, digits."""

from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest
from mistaken import numbers

import symnet as sn

X, Y, W, b = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("W", 2, 3), sn.vector("b", 2)
LOSS = sn.squared_error(sn.affine(W, sn.tanh(X), b), Y)
VALUES = numbers(41, X=(3, 7), Y=(2, 7), W=(2, 3), b=(2, 1))


def right(v):
    T = np.tanh(v["X"])
    D = (v["W"] @ T + v["b"] - v["Y"]) / 7
    return {"W": D @ T.T, "b": D.sum(1, keepdims=True)}


G = right(VALUES)


class Tensor:
    """An array as PyTorch hands it over: it is read only where it keeps no gradient and lies on the processor."""

    def __init__(self, array, error=None):
        self.array, self.error, self.shape = array, error, array.shape

    def __array__(self, dtype=None, copy=None):
        if self.error is not None:
            raise self.error
        return self.array

    def detach(self):
        return self


class Cache:
    def __init__(self, W, b):
        self.W, self.b = W, b


def updates(v):
    for name, g in right(v).items():
        v[name] -= 0.1 * g


NOT_READ = {
    "nothing": (lambda v: None, ["not NoneType", "return"]),
    "in place": (updates, ["return"]),
    "pairs": (list(G.items()), ["dict(…)"]),
    "items": (G.items(), ["dict(…)"]),
    "values": (G.values(), [".values()"]),
    "named tuple": (namedtuple("Grads", "W b")(**G), ["._asdict()"]),
    "namespace": (SimpleNamespace(**G), ["vars(…)"]),
    "object": (lambda v: Cache(**right(v)), ["vars(…)"]),
    "each by name": (lambda X, Y, W, b: G, ["f(**values)"]),
    "keywords": (lambda **v: right(v), ["f(**values)"]),
    "weights and data": (lambda W, X: G, ["f(values['W'], values['X'])"]),
    "a cache": (lambda v, cache: G, ["f(…, …)"]),
    "no argument": (lambda: G, ["def f(values)"]),
    "with gradient": ({"W": Tensor(G["W"], RuntimeError("requires grad"))}, ["for W", "grad", ".detach().cpu().numpy()"]),
    "elsewhere": ({"W": Tensor(G["W"], TypeError("cuda"))}, ["for W", "cuda", ".detach().cpu().numpy()"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_no_dictionary_is_told_what_to_write(name):
    given, words = NOT_READ[name]
    with pytest.raises(TypeError) as raised:
        sn.diagnose(LOSS, VALUES, given)
    for word in words:
        assert word in str(raised.value), raised.value


def test_values_of_another_library():
    assert sn.diagnose(LOSS, {k: Tensor(a) for k, a in VALUES.items()}, {k: Tensor(a) for k, a in G.items()}).ok
    with pytest.raises(TypeError, match=r"^X: .*grad.*\.detach"):
        sn.diagnose(LOSS, VALUES | {"X": Tensor(VALUES["X"], RuntimeError("requires grad"))}, G)


def test_a_function_whose_own_mistake_is_a_type_error():
    with pytest.raises(RuntimeError, match="your function raised TypeError"):
        sn.diagnose(LOSS, VALUES, lambda v: {"W": len(3)})


# -- what a function keeps


def adding(names, start=0.0):
    kept = {k: np.full_like(g, start) for k, g in G.items()}

    def gradients(v):
        for name, g in right(v).items():
            kept[name] = kept[name] + g if name in names else g
        return kept

    return gradients


@pytest.mark.parametrize("names", [("W",), ("b",), ("W", "b")])
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_gradients_that_are_added_to_those_before(names, start):
    found = sn.diagnose(LOSS, VALUES, adding(names, start))
    assert found.faults[0].kind == "extra-term" and "call before" in found.faults[0].words, str(found)
    assert tuple(w.name for w in found.wrong) == names


def test_buffers_that_are_filled_again_are_right():
    buffers = {k: np.empty_like(g) for k, g in G.items()} | {"Z1": np.empty((2, 7))}

    def gradients(v):
        for name, g in right(v).items():
            buffers[name][...] = g
        buffers["Z1"][...] = v["W"] @ np.tanh(v["X"]) + v["b"]
        return buffers

    loss = sn.squared_error(sn.tanh(sn.affine(W, X, b)), Y)
    assert sn.diagnose(LOSS, VALUES, lambda v: {k: a for k, a in gradients(v).items() if k != "Z1"}).ok
    assert "Z1" in {e.lhs.name for e in sn.derive(loss, [W]).forward}


def test_random_numbers_are_to_be_handed_over():
    draw = np.random.default_rng(0)
    with pytest.raises(ValueError, match="asked again with the same values.*dropout"):
        sn.diagnose(LOSS, VALUES, lambda v: {k: g * (draw.random(g.shape) < 0.5) for k, g in right(v).items()})


def test_a_function_that_does_not_look_at_its_weights():
    found = sn.diagnose(LOSS, VALUES, lambda v: {k: -g for k, g in G.items()})
    assert found.faults[0].kind == "sign" and "the same for all weights" in str(found), str(found)


def test_nan_at_other_weights_is_told():
    found = sn.diagnose(
        LOSS, VALUES, lambda v: {k: g / (v["b"][0, 0] == VALUES["b"][0, 0]) for k, g in right(v).items()}
    )
    assert found.ok and "at other weights the gradient for W has an infinite value" in str(found), str(found)


# -- few digits


@pytest.mark.parametrize("decimals", [3, 4, 5])
def test_rounded_gradients_are_right_to_their_digits(decimals):
    found = sn.diagnose(LOSS, VALUES, {k: np.round(g, decimals) for k, g in G.items()})
    assert found.ok and f"{decimals} decimals" in str(found), str(found)
    off = {"W": np.round(G["W"] + 2 * 10.0**-decimals, decimals), "b": np.round(G["b"], decimals)}
    assert [w.name for w in sn.diagnose(LOSS, VALUES, off).wrong] == ["W"]


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_one_or_two_digits_are_too_few(decimals):
    assert not sn.diagnose(LOSS, VALUES, {k: np.round(g / 3, decimals) for k, g in G.items()}).ok


@pytest.mark.parametrize("cut", [np.trunc, np.floor, np.round])
@pytest.mark.parametrize("kind", [int, float])
def test_fractions_that_are_cut_off(cut, kind):
    values = VALUES | {"Y": 9 * VALUES["Y"]}
    for given in (
        {k: cut(g).astype(kind) for k, g in right(values).items()},
        lambda v: {k: cut(g).astype(kind) for k, g in right(v).items()},
    ):
        found = sn.diagnose(LOSS, values, given)
        assert "fractions are cut off" in found.faults[0].words and len(found.wrong) == 2, str(found)


# -- the same forms in a step


def test_forms_of_a_step():
    before = {"W": VALUES["W"], "b": VALUES["b"]}
    after = {k: a - 0.1 * G[k] for k, a in before.items()}
    data = {k: VALUES[k] for k in "XY"}
    for rate in (0.1, np.array(0.1), np.float64(0.1)):
        assert sn.diagnose_update(LOSS, before, after | {"b": after["b"].ravel()}, rate, data).ok
    with pytest.raises(ValueError, match="transpose"):
        sn.diagnose_update(LOSS, before, after | {"b": after["b"].T}, 0.1, data)


def test_class_numbers_as_floats():
    T, labels = sn.matrix("Y", 2, "n"), np.array([0.0, 1, 1, 0, 1, 0, 0])
    loss = sn.cross_entropy(sn.affine(W, X, b), T)
    values = VALUES | {"Y": np.eye(2)[:, labels.astype(int)]}
    g = sn.derive(loss, [W, b]).compile()(values)[1]
    assert sn.diagnose(loss, values | {"Y": labels}, {W: g[W], b: g[b]}).ok


@pytest.mark.parametrize("scale", [0.1, 3.0])  # with none and with some of the samples beyond the margin
def test_a_wrong_function_of_the_data_alone_is_tried_at_other_weights_and_data(scale):
    X, Y, w = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n"), sn.matrix("w", 1, 2)
    rng = np.random.default_rng(1)
    values = {"X": rng.normal(size=(2, 6)), "Y": np.sign(rng.normal(size=(1, 6))), "w": scale * rng.normal(size=(1, 2))}
    loss = sn.sum(sn.relu(1 - sn.hadamard(Y, w * X)))
    found = sn.diagnose(loss, values, lambda v: {"w": -v["Y"] @ v["X"].T})
    assert found.faults[0].kind == "missing-factor" and "the factor [T₁ > 0] is missing" in str(found), str(found)
    assert "the same for all weights" not in str(found)
