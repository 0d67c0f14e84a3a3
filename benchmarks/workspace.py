"""Kernels with a workspace against NumPy written by hand with fresh arrays, and the memory of a net of 100 layers.

The least of many short turns is given, since what else the machine does only ever adds.
"""

from time import perf_counter

import numpy as np

import symnet as sn
from benchmarks.kernels import compiled
from benchmarks.nets import NETS, agree
from benchmarks.timing import seconds, table

MIB = 2**20


def fastest(*calls, rounds: int, block: float) -> list[float]:
    """Give the least seconds of one call of each, run in turn."""
    best, numbers = [np.inf] * len(calls), [1] * len(calls)
    for turn in range(-2, rounds):
        for k, call in enumerate(calls):
            begun = perf_counter()
            for _ in range(numbers[k]):
                call()
            spent = (perf_counter() - begun) / numbers[k]
            if turn < 0:
                numbers[k] = max(1, round(block / spent))
            else:
                best[k] = min(best[k], spent)
    return best


def deep_memory(layers: int, width: int, batch: int):
    """Give the bytes of the workspace of a deep tanh net in float64."""
    X, Y = sn.matrix("X", width, "n"), sn.matrix("Y", width, "n")
    net = sn.mlp(X, [width] * layers)
    kernel = sn.derive(sn.squared_error(net.output, Y), net.parameters).compile(workspace=True)
    rng = np.random.default_rng(0)
    sizes = {s: [batch if str(size) == "n" else int(size) for size in s.shape] for s in kernel.symbols.values()}
    return kernel.memory({s: rng.normal(size=shape) / np.sqrt(width) for s, shape in sizes.items()})


def report(smoke: bool) -> None:
    """Print the ratios for each net, and the memory."""
    rows = []
    for net in NETS:
        function, arguments = compiled(net)
        own, _ = compiled(net, workspace=True)
        copied, _ = compiled(net, workspace=True, copy=True)
        arrays = list(net.arrays().values())
        for f in (own, copied):
            agree(f(*arguments), net.by_hand(*arrays), net.dtype)
        calls = [lambda f=f, a=arguments: f(*a) for f in (own, copied, function)]
        calls.append(lambda f=net.by_hand, a=arrays: f(*a))
        rounds = 3 if smoke else 2000 if net.sizes[0] < 100 else 150
        times = fastest(*calls, rounds=rounds, block=2e-4)
        rows.append((net.name, *map(seconds, times), *(f"{t / times[3]:.2f}" for t in times[:3])))
    head = (
        "net",
        "workspace",
        "copies",
        "fresh arrays",
        "NumPy by hand",
        "workspace/hand",
        "copies/hand",
        "fresh/hand",
    )
    table("Loss and gradients in a workspace", head, rows)
    rows = []
    for batch in (32,) if smoke else (32, 128, 500):
        memory = deep_memory(10 if smoke else 100, 64, batch)
        parts = (memory.block, memory.least, memory.all)
        ratios = (f"{memory.block / memory.least:.3f}", f"{memory.block / memory.all:.2f}")
        rows.append((str(batch), *(f"{part / MIB:.2f} MiB" for part in parts), *ratios))
    head = ("batch", "workspace", "alive at once", "all intermediates", "workspace/alive", "workspace/all")
    table(f"Memory of {10 if smoke else 100} tanh layers of 64, float64", head, rows)


if __name__ == "__main__":
    report(smoke=False)
