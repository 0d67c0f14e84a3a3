"""A convolution, forward and its gradients in kernels and images, against strided views by hand and PyTorch.

16 images of 3×32×32, 16 kernels of 3×3, a squared error. The hand-written functions are the best of several; each has
the images in the layout that it likes best. What differs is the least time of many turns, taken one after the other.
"""

from importlib.util import find_spec

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import symnet as sn
from benchmarks.timing import seconds, table

N, C, SIZE, OUT = 16, 3, 32, 16
WIDE = SIZE - 2


def columns(X, T, K):
    """Images are columns, as symnet has them: the samples are next to each other in memory."""
    n = X.shape[1]
    U = sliding_window_view(X.reshape(C, SIZE, SIZE, n), (3, 3), axis=(1, 2))
    U = U.transpose(0, 4, 5, 1, 2, 3).reshape(9 * C, -1)
    D = K @ U
    D -= T.reshape(OUT, -1)
    loss = np.vdot(D, D) / (2 * n)
    D /= n
    V = (K.T @ D).reshape(C, 3, 3, WIDE, WIDE, n)
    G = np.zeros((C, SIZE, SIZE, n), X.dtype)
    for a in range(3):
        for b in range(3):
            G[:, a : a + WIDE, b : b + WIDE] += V[:, a, b]
    return loss, [D @ U.T, G.reshape(X.shape)]


def rows(X, T, K):
    """Images are rows, as most libraries have them."""
    n = len(X)
    U = sliding_window_view(X.reshape(n, C, SIZE, SIZE), (3, 3), axis=(2, 3))
    U = U.transpose(0, 1, 4, 5, 2, 3).reshape(n, 9 * C, -1)
    D = K @ U
    D -= T.reshape(n, OUT, -1)
    loss = np.vdot(D, D) / (2 * n)
    D /= n
    V = (K.T @ D).reshape(n, C, 3, 3, WIDE, WIDE)
    G = np.zeros((n, C, SIZE, SIZE), X.dtype)
    for a in range(3):
        for b in range(3):
            G[:, :, a : a + WIDE, b : b + WIDE] += V[:, :, a, b]
    return loss, [np.tensordot(D, U, ((0, 2), (0, 2))), G.reshape(n, -1)]


def by_torch(x, t, k):
    """Give a function of no arguments: PyTorch's convolution and its gradients."""
    import torch

    X = torch.tensor(np.ascontiguousarray(x.T)).reshape(N, C, SIZE, SIZE).requires_grad_()
    K = torch.tensor(k).reshape(OUT, C, 3, 3).requires_grad_()
    T = torch.tensor(np.ascontiguousarray(t.T)).reshape(N, OUT, WIDE, WIDE)

    def run():
        loss = ((torch.nn.functional.conv2d(X, K) - T) ** 2).sum() / (2 * N)
        return loss, torch.autograd.grad(loss, [K, X])

    return run


def least(calls, turns):
    """Give the least seconds of one call of each, run in turn."""
    from timeit import Timer

    timers = {name: Timer(call) for name, call in calls.items()}
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(turns):
        for name, timer in timers.items():
            found[name] = min(found[name], timer.timeit(1))
    return found


def report(smoke: bool) -> None:
    """Print the times and what they are of the best by hand."""
    lines = []
    for dtype in (np.float64, np.float32):
        rng = np.random.default_rng(0)
        x, t, k = (rng.normal(size=s).astype(dtype) for s in ((C * SIZE**2, N), (OUT * WIDE**2, N), (OUT, 9 * C)))
        X, T, K = sn.matrix("X", len(x), "n"), sn.matrix("T", len(t), "n"), sn.matrix("K", *k.shape)
        loss = sn.squared_error(sn.conv2d(K, X, shape=(C, SIZE, SIZE)), T)
        kernel = sn.derive(loss, [K, X]).compile(dtype=dtype)
        arrays = [{"X": x, "T": t, "K": k}[name] for name in kernel.arguments]
        xr, tr = np.ascontiguousarray(x.T), np.ascontiguousarray(t.T)
        for wanted in (columns(x, t, k), rows(xr, tr, k)):
            found = kernel.function(*arrays)
            np.testing.assert_allclose(found[0], wanted[0], rtol=1e-4)
            np.testing.assert_allclose(found[1][0], wanted[1][0], rtol=1e-2, atol=1e-2)
        calls = {
            "symnet": lambda f=kernel.function, a=arrays: f(*a),
            "by hand, images as columns": lambda a=(x, t, k): columns(*a),
            "by hand, images as rows": lambda a=(xr, tr, k): rows(*a),
        }
        if find_spec("torch") is not None:
            calls["PyTorch"] = by_torch(x, t, k)
            np.testing.assert_allclose(calls["PyTorch"]()[0].item(), found[0], rtol=1e-4)
        times = least(calls, 3 if smoke else 300)
        for name, time in times.items():
            lines.append((name, dtype.__name__, seconds(time), f"{times['symnet'] / time:.2f}"))
    table(
        "A convolution and its gradients, 16 images of 3×32×32", ("", "dtype", "one call", "symnet's time / it"), lines
    )
