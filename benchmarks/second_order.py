"""Hessians against NumPy written by hand, and against `jax.jit(jax.hessian(…))` where JAX is installed."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

import symnet as sn
from benchmarks.timing import interleaved, seconds, table


def logistic(m: int, n: int) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any] | None]:
    """Give the Hessian of logistic regression: ours, by hand, JAX's."""
    rng = np.random.default_rng(0)
    x, weights, targets = rng.normal(size=(m, n)), rng.normal(size=(n, 1)) / n, rng.integers(0, 2, (m, 1)) * 1.0
    X, w, y = sn.matrix("X", m, n), sn.vector("w", n), sn.vector("y", m)
    kernel = sn.compile(sn.hessian(sn.binary_cross_entropy(X * w, y, axis=1), w))
    arrays = [{"X": x, "w": weights}[name] for name in kernel.arguments]

    def by_hand() -> Any:
        s = 1 / (1 + np.exp(-(x @ weights)))
        return x.T @ (x * (s * (1 - s) / m))

    def loss(jnp: Any, w: Any) -> Any:
        return jnp.mean(jnp.logaddexp(0, x @ w) - targets[:, 0] * (x @ w))

    return lambda: kernel.function(*arrays), by_hand, _of_jax(loss, weights[:, 0])


def factors(m: int, k: int) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any] | None]:
    """Give the Hessian of ‖T − U·Vᵀ‖² in U: ours, structured; by hand, dense; JAX's, dense."""
    rng = np.random.default_rng(0)
    t, u, v = rng.normal(size=(m, m)), rng.normal(size=(m, k)), rng.normal(size=(m, k))
    T, U, V = sn.matrix("T", m, m), sn.matrix("U", m, k), sn.matrix("V", m, k)
    kernel = sn.compile(sn.hessian(sn.norm(T - U * V.T) ** 2, U))

    def loss(jnp: Any, u: Any) -> Any:
        return jnp.sum((t - u @ v.T) ** 2)

    return lambda: kernel({V: v}), lambda: 2 * np.kron(v.T @ v, np.eye(m)), _of_jax(loss, u)


def _of_jax(loss: Callable[[Any, Any], Any], at: Any) -> Callable[[], Any] | None:
    if find_spec("jax") is None:
        return None
    import jax

    jax.config.update("jax_enable_x64", True)
    hessian, point = jax.jit(jax.hessian(lambda w: loss(jax.numpy, w))), jax.numpy.asarray(at)
    return lambda: hessian(point).block_until_ready()


def report(smoke: bool) -> None:
    """Print the time of each Hessian and the ratios."""
    cases = {
        "logistic regression, n = 200": logistic(400, 200),
        "logistic regression, n = 1000": logistic(*((200, 100) if smoke else (2000, 1000))),
        "‖T − U·Vᵀ‖² in U, 300×300, k = 5": factors(*((20, 5) if smoke else (300, 5))),
    }
    rows = []
    for name, (ours, hand, jax) in cases.items():
        np.testing.assert_allclose(np.asarray(ours()), hand(), atol=1e-9)
        row = [name]
        for other in (hand, jax):
            if other is None:
                row += ["", ""]
                continue
            own, theirs = interleaved(ours, other, rounds=3 if smoke else 15, block=1e-3)
            row += [seconds(theirs), f"{own / theirs:.2g}"]
        rows.append((row[0], seconds(own), *row[1:]))
    table("Hessians, one call", ("loss", "symnet", "NumPy by hand", "ratio", "JAX", "ratio"), rows)
