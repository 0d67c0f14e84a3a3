"""What the rules of `train(…, backend="auto")` rest on: how long each backend takes to be made, and then for a step.

Of each step the least of many short turns counts, the backends in turn; each is made in a kernel of its own.
"""

from dataclasses import replace
from time import perf_counter as clock

import numpy as np

import symnet as sn
from benchmarks.nets import NETS, Net
from benchmarks.timing import seconds, table
from benchmarks.workspace import fastest
from symnet.training.choosing import BACKENDS
from symnet.training.step import Step, compiled_step

# fmt: off
SIZES = (
    Net("2-2-2, batch 4", np.float64, (2, 2, 2), ("sigmoid", "sigmoid"), "squared_error", 4, None),
    Net("2-3-1, batch 4", np.float64, (2, 3, 1), ("sigmoid", "sigmoid"), "squared_error", 4, None),
    Net("4-8-3, batch 16", np.float64, (4, 8, 3), ("tanh", "identity"), "cross_entropy", 16, None),
    Net("8-16-4, batch 32", np.float64, (8, 16, 4), ("tanh", "identity"), "cross_entropy", 32, None),
    Net("16-32-10, batch 32", np.float32, (16, 32, 10), ("tanh", "identity"), "cross_entropy", 32, None),
    *NETS[1:],
)
# fmt: on


def step_of(net: Net, optimizer: object) -> Step:
    """Give the compiled step of a net."""
    return compiled_step(sn.derive(*net.written()), optimizer, net.dtype)  # type: ignore[arg-type]


def measured(net: Net, optimizer: object, rounds: int) -> dict[str, tuple[float, float]]:
    """Give, for each backend whose kernel a step can have, the seconds to make it and those of a step."""
    step, arrays = step_of(net, optimizer), net.arrays()
    arguments = step.kernel.bind({**arrays, **step.rates(0), **step.state_arrays(arrays)})
    found, functions = {}, {}
    for name in ("numpy", "workspace", "c"):
        make = BACKENDS[name].kernel
        assert make is not None
        kernel = replace(make(step.kernel), _functions={})
        begun = clock()
        functions[name] = kernel.function
        loss, _ = functions[name](*arguments)
        found[name] = clock() - begun, loss
    for _, loss in found.values():
        np.testing.assert_allclose(loss, found["numpy"][1], rtol=1e-3)
    best = fastest(*[lambda f=f: f(*arguments) for f in functions.values()], rounds=rounds, block=1e-3)
    return {name: (found[name][0], time) for name, time in zip(functions, best, strict=True)}


def report(smoke: bool) -> None:
    """Print the table."""
    rows = []
    for net in SIZES[:2] if smoke else SIZES:
        for optimizer in (sn.GradientDescent(0.1), sn.Adam()):
            times = measured(net, optimizer, 2 if smoke else 60)
            made = [seconds(times[name][0]) for name in times]
            steps = [seconds(times[name][1]) for name in times]
            fastest_one = min(times, key=lambda name: times[name][1])
            rows.append((net.name, type(optimizer).__name__, *made, *steps, BACKENDS[fastest_one].said))
    head = ("net", "optimizer", "NumPy made", "workspace", "C", "step in NumPy", "workspace", "C", "fastest step")
    table("A step of training in each backend, and the time to make it", head, rows)


if __name__ == "__main__":
    report(smoke=False)
