"""A step of `train(backend="jax")` against a loop of JAX written by hand over one batch, and how long compiling takes.

The loop by hand sums the losses, as the history needs them. Both in turn, the least of many: of a run, the least of ten
parts of equal length, which its history tells.
"""

import sys
from functools import partial
from importlib.util import find_spec
from time import perf_counter as clock

import numpy as np

import symnet as sn
from benchmarks.frameworks import loss_of
from benchmarks.nets import NETS, Net
from benchmarks.timing import seconds, table

RATE = 0.01


def by_hand(jax, net: Net, steps: int):
    """Give a function that takes so many steps of descent on one batch, and gives the seconds of one."""
    jnp, lax = jax.numpy, jax.lax
    functions = {
        "identity": lambda Z: Z,
        "log_softmax": partial(jax.nn.log_softmax, axis=0),
        **{"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh},
    }
    X, Y, *parameters = map(jnp.asarray, net.arrays().values())
    gradient = jax.value_and_grad(lambda ps, X, Y: loss_of(functions, net, X, Y, *ps))

    def step(_, carry):
        total, state = carry
        loss, gradients = gradient(state, X, Y)
        return total + loss, [p - RATE * g for p, g in zip(state, gradients, strict=True)]

    loop = jax.jit(lambda state: lax.fori_loop(0, steps, step, (jnp.zeros((), net.dtype), state)))
    jax.block_until_ready(loop(parameters))

    def spent() -> float:
        start = clock()
        jax.block_until_ready(loop(parameters))
        return (clock() - start) / steps

    return spent


def with_symnet(net: Net, steps: int, batches: int):
    """Give a function that trains for so many steps, and gives the seconds of one, and those before the first."""
    (loss, parameters), arrays = net.written(), net.arrays()
    start = {W: arrays[W.name] for W in parameters}
    data = {name: np.tile(arrays[name], batches) for name in ("X", "Y")}

    def spent() -> tuple[float, float]:
        begun = clock()
        run = sn.train(
            loss, data, start, RATE, steps=steps, batch_size=net.batch, seed=0, progress=False, backend="jax"
        )
        whole, times = clock() - begun, run.history["seconds"]
        part = max(1, len(times) // 10)
        parts = np.diff(np.array([0.0, *times])[::part]) / (part * batches)
        return float(parts.min()), whole - times[-1]

    return spent


def report(smoke: bool) -> None:
    """Print the ratios for two nets, with all samples at each step and with shuffled batches."""
    if find_spec("jax") is None:
        print("\nTraining with JAX: not installed")
        return
    import jax

    rows = []
    for net, number in ((NETS[0], 400_000), (NETS[1], 20_000)):
        number //= 100 if smoke else 1
        with jax.enable_x64(True):
            hand = by_hand(jax, net, max(100, number // 20))
        ours = {"all samples": with_symnet(net, number, 1), "100 batches, shuffled": with_symnet(net, number, 100)}
        turns = []
        for _ in range(1 if smoke else 7):
            with jax.enable_x64(True):
                theirs = min(hand() for _ in range(5))
            turns.append((theirs, {name: call() for name, call in ours.items()}))
        best = min(theirs for theirs, _ in turns)
        for name in ours:
            mine, compiling = (min(turn[name][k] for _, turn in turns) for k in (0, 1))
            rows.append((f"{net.name}, {name}", seconds(best), seconds(mine), f"{mine / best:.2f}", seconds(compiling)))
    head = ("net", "fori_loop by hand", "train", "train / by hand", "before the first step")
    table('A step of train(backend="jax")', head, rows)


if __name__ == "__main__":
    report("--smoke" in sys.argv)
