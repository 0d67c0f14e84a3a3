"""Attention and layer norm, loss and gradients, against NumPy written by hand, on the same arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

import symnet as sn
from benchmarks.timing import interleaved, seconds, table

TOKENS, SIZE = 128, 64


def attention_by_hand(Q: Any, K: Any, V: Any, Y: Any) -> Any:
    """Give the loss ‖attention − Y‖²/(2n) and its gradients in Q, K and V."""
    n, d = Q.shape
    S = (Q / d**0.5) @ K.T
    S -= S.max(axis=1, keepdims=True)
    P = np.exp(S, out=S)
    P /= P.sum(axis=1, keepdims=True)
    R = P @ V - Y
    G = R / n
    dP = G @ V.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True))
    dS /= d**0.5
    return np.vdot(R, R) / (2 * n), (dS @ K, dS.T @ Q, P.T @ G)


def layer_norm_by_hand(X: Any, W: Any, g: Any, b: Any, Y: Any) -> Any:
    """Give the loss ‖g∘X̂ + b − Y‖²/(2n), X̂ the layer norm of W·X, and its gradients in W, g and b."""
    m, n = Y.shape
    Z = W @ X
    D = Z - Z.mean(axis=0, keepdims=True)
    r = 1 / np.sqrt((D * D).mean(axis=0, keepdims=True) + 1e-5)
    H = D * r
    R = g * H + b - Y
    G = R / n
    A = G * g
    dZ = (A - A.mean(axis=0, keepdims=True) - H * (H * A).mean(axis=0, keepdims=True)) * r
    return np.vdot(R, R) / (2 * n), (dZ @ X.T, (G * H).sum(axis=1, keepdims=True), G.sum(axis=1, keepdims=True))


def _attention() -> tuple[Any, list[Any], Callable[..., Any]]:
    Q, K, V, Y = (sn.matrix(name, "n", SIZE) for name in "QKVY")
    loss = sn.squared_error(sn.attention(Q, K, V), Y, axis=1)
    return loss, [Q, K, V, Y], attention_by_hand


def _layer_norm() -> tuple[Any, list[Any], Callable[..., Any]]:
    X, Y, W = sn.matrix("X", SIZE, "n"), sn.matrix("Y", SIZE, "n"), sn.matrix("W", SIZE, SIZE)
    g, b = sn.vector("g", SIZE), sn.vector("b", SIZE)
    loss = sn.squared_error(sn.layer_norm(W * X, gain=g, bias=b), Y)
    return loss, [X, W, g, b, Y], layer_norm_by_hand


def report(smoke: bool) -> None:
    """Print the ratio for each."""
    rounds, block = (3, 1e-3) if smoke else (201, 5e-3)
    rows = []
    for name, make in (("attention", _attention), ("layer norm", _layer_norm)):
        for dtype in (np.float64, np.float32):
            loss, symbols, by_hand = make()
            wrt = symbols[:3] if name == "attention" else symbols[1:4]
            kernel = sn.derive(loss, wrt).compile(dtype=dtype)
            rng = np.random.default_rng(0)
            arrays = {
                s.name: rng.normal(size=[TOKENS if str(k) == "n" else int(k) for k in s.shape]).astype(dtype)
                for s in symbols
            }
            ours, theirs = [arrays[n] for n in kernel.arguments], [arrays[s.name] for s in symbols]
            for a, b in zip(kernel.function(*ours)[1], by_hand(*theirs)[1], strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5 if dtype is np.float32 else 1e-12)
            times = interleaved(
                lambda f=kernel.function, a=ours: f(*a), lambda f=by_hand, a=theirs: f(*a), rounds=rounds, block=block
            )
            rows.append(
                (f"{name}, {TOKENS} × {SIZE}", dtype.__name__, *map(seconds, times), f"{times[0] / times[1]:.2f}")
            )
    head = ("loss and gradients", "dtype", "symnet", "NumPy by hand", "ratio")
    table("Attention and layer norm, one call", head, rows)
