"""Shapes and dtypes are as declared, whatever a formula collapses to and in whichever way it is computed.

A matrix is an array of its shape, a scalar a number: Python's in float64, NumPy's in float32. Losses whose slopes
vanish, whose functions are constant, or which are made of sizes are where code is tempted to give 0.0.
"""

import itertools

import numpy as np
import pytest
import sympy
from sympy import Heaviside, Identity, Max, Min, OneMatrix, Piecewise, Symbol

import symnet as sn

A, B, b = sn.matrix("A", 2, 3), sn.matrix("B", 2, 3), sn.vector("b", 2)
X, S = sn.matrix("X", 3, "n"), sn.matrix("S", 3, 3)
n, t = X.shape[1], Symbol("t", real=True)
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(float)

BODIES = {  # entry by entry; most are constant, by pieces or altogether
    "sign": sympy.sign,
    "Heaviside": Heaviside,
    "one or two": lambda u: Piecewise((1, u > 0), (2, True)),
    "nothing or itself": lambda u: Piecewise((0, u > 0), (u, True)),
    "sine and cosine": lambda u: sympy.sin(u) ** 2 + sympy.cos(u) ** 2,
    "a square too many": lambda u: (u + 1) ** 2 - u**2 - 2 * u,
    "relu of sign": lambda u: Max(sympy.sign(u), 0),
    "power 0": lambda u: u**0 + sympy.sign(u),
    "clipped away": lambda u: Max(Min(u, 0), 0) + 0 * u,
    "step times 0": lambda u: 0 * Max(u, 0) + sympy.sign(u),
    "always 0": lambda u: (u + 1) ** 2 - u**2 - 2 * u - 1,
    "0 by Pythagoras": lambda u: sympy.sin(u) ** 2 + sympy.cos(u) ** 2 - 1,
    "never above 0": lambda u: Max(sympy.tanh(u) - 1, 0),
    "nowhere": lambda u: Heaviside(u) * Heaviside(-u - 1),
    "identity": lambda u: u,
}
SHELLS = {
    "sum": lambda E, M: sn.sum(E),
    "norm": lambda E, M: sn.norm(E) ** 2,
    "masked": lambda E, M: sn.sum(sn.hadamard(E, M)),
    "maximum": lambda E, M: Max(sn.sum(E), sn.sum(M), sn.norm(M)),
    "cases": lambda E, M: Piecewise((sn.sum(E), sn.sum(M) > 0), (sn.norm(M), True)),
}
SCALARS = {
    "exp of a size": sympy.exp(-n) * sn.sum(X),
    "maximum of a size": Max(n, 0) * sn.sum(X) + Max(n, 7),
    "only a size": sympy.sqrt(n) + sn.sum(X) / sn.sum(X),
    "cases of a scalar": Piecewise((t, t > 0), (2 * t, True)) * sn.norm(b),
    "constant cases": Piecewise((1, t > 0), (2, True)) + sn.sum(b),
    "ones": t**2 * sn.sum(OneMatrix(2, 3)) + sn.sum(b),
    "named constant": sn.sum(sn.hadamard(sn.let("H", t**2 * OneMatrix(2, 3)), sn.tanh(A))),
    "identity": sn.sum(t * Identity(3) + S),
    "spread": sn.sum(b * OneMatrix(1, 3) + 0 * A + sn.sign(A)),
    "scalar signs": sympy.sign(t) * sympy.Abs(t) + Heaviside(t) * sn.norm(b),
    "entry": sn.entry(A, 0, 1) + sn.entry(b, 1, 0) ** 0,
    "determinant": sympy.Determinant(S) + sympy.log(sympy.Determinant(S * S.T)),
    "log-sum-exp": sn.sum(sn.logsumexp(A)) + sn.sum(sn.softmax(A)),
}
LOSSES = {
    f"{shell} of {body}": SHELLS[shell](sn.elementwise(BODIES[body], M), M)
    for shell, body, M in itertools.product(SHELLS, BODIES, [b])
}
LOSSES |= {f"{body} of {M}": sn.sum(sn.elementwise(f, M)) + sn.norm(M) for body, f in BODIES.items() for M in (A, X)}
LOSSES |= SCALARS
LOSSES = {name: loss for name, loss in LOSSES.items() if loss.free_symbols - {n}}
assert len(LOSSES) > 90


def values_of(loss, dtype):
    draw = np.random.default_rng(3)
    found = {}
    for s in sorted(loss.free_symbols - {n}, key=str):
        shape = [4 if size == n else int(size) for size in s.shape] if s.is_Matrix else ()
        found[s] = np.asarray(draw.uniform(0.5, 1.5, shape) * draw.choice([-1, 1], shape), dtype)[()]
    return found


def is_declared(symbol, value, dtype):
    if symbol is not None and symbol.is_Matrix:
        shape = tuple(4 if size == n else int(size) for size in symbol.shape)
        return type(value) is np.ndarray and value.shape == shape and value.dtype == dtype and value.flags.writeable
    return type(value) is (float if dtype == DOUBLE else np.float32)


def parameters_of(loss):
    return sorted((s for s in loss.free_symbols - {n}), key=str)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE], ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_every_way_gives_what_is_declared(name, dtype):
    loss = LOSSES[name]
    values, wrt = values_of(loss, dtype), parameters_of(loss)
    derivation = sn.derive(loss, wrt)
    kernels = {"as given": derivation.compile(), "told": derivation.compile(dtype=dtype)}
    for way, kernel in kernels.items():
        found, gradients = kernel(values)
        assert is_declared(None, found, dtype), (way, type(found))
        for w in wrt:
            assert is_declared(w, gradients[w], dtype), (way, w, gradients[w])
    assert is_declared(None, sn.evaluate(loss, values), dtype)
    several = sn.compile({None: loss, **{w: derivation.closed(w) for w in wrt}})
    by_name = {"n": 4, **{s.name: v for s, v in values.items()}}
    for key, value in several({name: by_name[name] for name in several.arguments}).items():
        assert is_declared(key, value, dtype), (key, value)


@pytest.mark.parametrize("name", LOSSES)
def test_the_bare_function_gives_whole_arrays(name):
    loss = LOSSES[name]
    values, wrt = values_of(loss, DOUBLE), parameters_of(loss)
    kernel = sn.derive(loss, wrt).compile(dtype=float)
    found, gradients = kernel.function(*kernel.bind(values))
    assert np.shape(found) == ()
    for w, g in zip(wrt, gradients, strict=True):
        assert np.shape(g) == np.shape(values[w]), (w, g)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", LOSSES)
def test_checks_and_complex_steps_agree(name):
    values, wrt = values_of(LOSSES[name], DOUBLE), parameters_of(LOSSES[name])
    for method in ("complex", "central", "mpmath"):
        check = sn.check_gradients(LOSSES[name], values, wrt, method=method)
        assert check, (method, str(check))
        assert {r.parameter: r.shape for r in check.rows} == {w.name: np.shape(values[w]) for w in wrt}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE], ids=str)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("optimizer", [sn.GradientDescent(1e-3), sn.Adam(1e-3)], ids=["descent", "Adam"])
def test_what_training_gives(name, dtype, optimizer):
    loss = LOSSES[name]
    values = values_of(loss, dtype)
    data = {s: v for s, v in values.items() if s == X}
    starts = {s: v for s, v in values.items() if s != X} or {X: values[X]}
    data = data if starts.keys() != data.keys() else {}
    run = sn.train(loss, data, starts, optimizer, epochs=2, dtype=dtype)
    assert type(run.loss) is float and all(type(v) is float for v in run.history["loss"])
    for w, value in run.parameters.items():
        assert np.shape(value) == np.shape(values[w]) and value.dtype == dtype, (w, value)
