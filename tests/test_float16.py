"""Numbers of 16 bits end at 65504 and have three digits: what is computed of them loses no more than its last rounding."""

import pickle

import numpy as np
import pytest

import symnet as sn

N = 100_000
v, V, w = sn.vector("v", "n"), sn.matrix("V", 2, "n"), sn.vector("w", 2)
n = v.shape[0]
VALUES = {
    "v": np.full((N, 1), 3, np.float16), "V": np.full((2, N), 3, np.float16), "w": np.ones((2, 1), np.float16),
}  # fmt: skip
SUMS = {  # a long sum, and what it is
    "mean": (sn.mean(v), 3), "mean of squares": (sn.norm(v) ** 2 / n, 9), "by the number": (sn.sum(v) / n, 3),
    "length": (sn.norm(v) / 100, 948.6833 / 100), "mse": (sn.mse(V, 2 * V), 9), "rows": (sn.mean(V, axis=1), [[3], [3]]),
    "product": (V * v / n, [[9], [9]]), "spread": (sn.std(V - 2 * V, axis=1), [[0], [0]]),
    "softmax": (sn.logsumexp(V, axis=1), [[3 + np.log(N)]] * 2), "loss": (sn.squared_error(w.T * V, V[0, :]), 4.5),
    "too large": (sn.sum(v), np.inf),
}  # fmt: skip
RUNS = {
    "numpy": lambda e: sn.compile(e),
    "pickled": lambda e: pickle.loads(pickle.dumps(sn.compile(e))),
    "jax": lambda e: pytest.importorskip("jax") and sn.compile(e, backend="jax"),
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("run", RUNS)
def test_long_sums_lose_no_more_than_the_last_rounding(run, name):
    expr, wanted = SUMS[name]
    kernel = RUNS[run](expr)
    found = kernel({k: VALUES[k] for k in kernel.arguments})
    assert found.dtype == np.float16
    np.testing.assert_allclose(np.asarray(found, float), wanted, rtol=1e-3)


WAYS = {
    "a kernel": lambda d, values: d.compile()(values),
    "a dtype": lambda d, values: d.compile(dtype=np.float16)({k: a.astype(float) for k, a in values.items()}),
    "a workspace": lambda d, values: d.compile(workspace=True)(values),
    "the bare function": lambda d, values: _bare(d.compile(dtype=np.float16), values),
    "JAX": lambda d, values: pytest.importorskip("jax") and d.compile(backend="jax")(values),
}


def _bare(kernel, values):
    loss, (slope,) = kernel.function(*kernel.bind(values))
    return loss, {w: slope}


@pytest.mark.parametrize("way", WAYS)
def test_gradients_are_those_of_more_digits(way):
    loss = sn.squared_error(w.T * V, V[0, :])
    derivation, values = sn.derive(loss, w), {"V": VALUES["V"] / np.float16(10), "w": VALUES["w"]}
    value, slopes = WAYS[way](derivation, values)
    wanted, right = derivation.compile()({k: a.astype(float) for k, a in values.items()})
    assert value.dtype == slopes[w].dtype == np.float16
    np.testing.assert_allclose(np.float64(value), wanted, rtol=1e-3)
    np.testing.assert_allclose(slopes[w].astype(float), right[w], rtol=1e-3)


@pytest.mark.parametrize("backend", ["numpy", "workspace", "jax"])
def test_training_keeps_the_type(backend):
    if backend == "jax":
        pytest.importorskip("jax")
    data = {V: VALUES["V"] / np.float16(10)}
    run = sn.train(
        sn.squared_error(w.T * V, V[0, :]), data, {w: [[0], [0]]}, 5.0, epochs=20, backend=backend, progress=False
    )
    assert run.parameters[w].dtype == np.float16
    np.testing.assert_allclose(run.parameters[w].astype(float), 0.5, atol=0.01)


def test_a_loss_of_jax_takes_them_and_is_differentiated():
    jax = pytest.importorskip("jax")
    loss = sn.derive(sn.mse(v, 2 * v), v).to_jax()
    x = jax.numpy.asarray(VALUES["v"])
    assert float(loss(v=x)) == 9 and loss(v=x).dtype == np.float16
    assert jax.grad(lambda x: loss(v=x))(x).dtype == np.float16
