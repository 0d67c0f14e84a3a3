"""How long it takes to build, derive and compile nets as they grow deeper."""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

import symnet as sn
from benchmarks.timing import seconds, table

SIZE = 4


def chain(names: Callable, depth: int):
    """Dense tanh layers: H ← tanh(W·H + b·1ᵀ)."""
    H = names("X")
    for k in range(depth):
        H = sn.tanh(sn.affine(names(f"W{k}"), H, names(f"b{k}")))
    return H


def residual(names: Callable, depth: int):
    """Residual layers in SymPy's own + and *: H ← H + tanh(W·H)."""
    H = names("X")
    for k in range(depth):
        H = H + sn.tanh(names(f"W{k}") * H)
    return H


def reused(names: Callable, depth: int):
    """Layers that use each activation five times: A ← tanh(U·A + V·A + A∘(W·A) + A)."""
    A = names("X")
    for k in range(depth):
        U, V, W = (names(f"{letter}{k}") for letter in "UVW")
        A = sn.tanh(U * A + V * A + sn.hadamard(A, W * A) + A)
    return A


def measure(net: Callable, depth: int, tag: str) -> tuple[float, float, float, int]:
    """Give the seconds to build the loss, to derive and to compile, and the number of equations.

    tag: ends every name, so that nothing that a cache still holds of an earlier measurement can be of use.
    """
    symbols = {}

    def names(name: str):
        columns = {"b": 1, "X": "n", "Y": "n"}.get(name[0], SIZE)
        return symbols.setdefault(name, sn.matrix(name + tag, SIZE, columns))

    gc.collect()  # an earlier measurement's garbage
    start = perf_counter()
    loss = sn.squared_error(net(names, depth), names("Y"))
    built = perf_counter()
    parameters = [symbol for name, symbol in symbols.items() if name not in "XY"]
    derivation = sn.derive(loss, parameters)
    derived = perf_counter()
    kernel = derivation.compile(dtype=float)
    function = kernel.function
    compiled = perf_counter()
    check_slope(function, kernel.arguments, [symbol.name for symbol in parameters])
    return built - start, derived - built, compiled - derived, len(derivation.equations)


def check_slope(function: Callable, arguments: tuple[str, ...], parameters: list[str]) -> None:
    """Assert that the gradients give the slope of the loss in a random direction, by a central difference."""
    draw = np.random.default_rng(0)
    shapes = {"b": (SIZE, 1), "X": (SIZE, 3), "Y": (SIZE, 3)}
    values = {name: 0.3 * draw.normal(size=shapes.get(name[0], (SIZE, SIZE))) for name in arguments}
    direction = {name: draw.normal(size=values[name].shape) for name in parameters}
    gradients = function(*values.values())[1]
    slope = sum(np.vdot(g, direction[name]) for g, name in zip(gradients, parameters, strict=True))
    h = 1e-6
    above, below = ({**values, **{p: values[p] + s * direction[p] for p in parameters}} for s in (h, -h))
    expected = (function(*above.values())[0] - function(*below.values())[0]) / (2 * h)
    np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-8)


def report(smoke: bool) -> None:
    """Print a table for each kind of net; a first small net warms up what is loaded once."""
    measure(chain, 3, "w")
    _by_depth(smoke)
    _shared("Residual net, H + tanh(W*H), built with + and *", residual, (4, 8) if smoke else (32, 64))
    _shared("Net that uses each activation five times", reused, (4, 8) if smoke else (25, 50))


def _by_depth(smoke: bool) -> None:
    depths, repeats = ((5, 10, 20), 1) if smoke else ((10, 100, 1000), 3)
    runs = [[measure(chain, depth, f"r{r}") for depth in depths] for r in range(repeats)]
    rows, totals = [], []
    for depth, found in zip(depths, zip(*runs, strict=True), strict=True):
        build, derive, compile_ = (median(f[k] for f in found) for k in range(3))
        totals.append(median(f[1] + f[2] for f in found))
        growth = f"{totals[-1] / totals[-2]:.1f}" if len(totals) > 1 else ""
        rows.append((str(depth), *map(seconds, (build, derive, compile_, totals[-1])), growth))
    head = ("layers", "build", "derive", "compile", "derive + compile", "growth")
    table("Chain of dense tanh layers; growth is the ratio to the line above", head, rows)


def _shared(title: str, net: Callable, depths: tuple[int, ...]) -> None:
    rows = []
    for depth in depths:
        build, derive, compile_, equations = measure(net, depth, "s")
        rows.append((str(depth), *map(seconds, (build, derive, build + derive, compile_)), str(equations)))
    table(title, ("layers", "build", "derive", "build + derive", "compile", "equations"), rows)
