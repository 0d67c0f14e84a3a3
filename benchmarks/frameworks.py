"""The compiled function of loss and gradients against PyTorch (autograd) and JAX (jit) on the CPU, where installed.

Each library is timed in processes of its own, taken in turn: the threads of one make another several times slower
where they share a process. `python -m benchmarks.frameworks torch 51 0.03` is one such process.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from statistics import median

import numpy as np

from benchmarks.kernels import compiled
from benchmarks.nets import NETS, Net, agree
from benchmarks.processes import ROOT
from benchmarks.timing import interleaved, seconds, table


def loss_of(functions, net: Net, X, Y, *parameters):
    """Give the loss of a net in any library whose arrays have operators; `functions` are its functions by name."""
    H, n = X, X.shape[1]
    for activation, W, b in zip(net.activations, parameters[::2], parameters[1::2], strict=True):
        H = functions[activation](W @ H + b)
    if net.loss == "squared_error":
        return ((H - Y) ** 2).sum() / (2 * n)
    return -(Y * functions["log_softmax"](H)).sum() / n


def with_symnet(_, net: Net) -> Callable:
    function, arguments = compiled(net)
    return lambda: function(*arguments)


def with_torch(torch, net: Net) -> Callable:
    functions = {
        "identity": lambda Z: Z,
        "log_softmax": partial(torch.log_softmax, dim=0),
        **{name: getattr(torch, name) for name in ("relu", "sigmoid", "tanh")},
    }
    X, Y, *parameters = (torch.from_numpy(array) for array in net.arrays().values())
    for parameter in parameters:
        parameter.requires_grad_()

    def call():
        loss = loss_of(functions, net, X, Y, *parameters)
        return loss.detach(), torch.autograd.grad(loss, parameters)

    return call


def with_jax(jax, net: Net) -> Callable:
    functions = {
        "identity": lambda Z: Z,
        "log_softmax": partial(jax.nn.log_softmax, axis=0),
        "relu": jax.nn.relu,
        "sigmoid": jax.nn.sigmoid,
        "tanh": jax.numpy.tanh,
    }
    jax.config.update("jax_enable_x64", True)
    arrays = [jax.numpy.asarray(array) for array in net.arrays().values()]
    step = jax.jit(jax.value_and_grad(partial(loss_of, functions, net), argnums=tuple(range(2, len(arrays)))))
    return lambda: jax.block_until_ready(step(*arrays))


LIBRARIES = {"symnet": ("symnet", with_symnet), "torch": ("PyTorch", with_torch), "jax": ("JAX", with_jax)}


def time_nets(module: str, rounds: int, block: float) -> list[float]:
    """Give the seconds of one call for each net in one library; afterwards compare its numbers with those by hand."""
    library = importlib.import_module(module)
    calls = [LIBRARIES[module][1](library, net) for net in NETS]
    times = [interleaved(call, rounds=rounds, block=block)[0] for call in calls]
    for net, call in zip(NETS, calls, strict=True):
        loss, gradients = call()
        agree((np.asarray(loss), [np.asarray(g) for g in gradients]), net.by_hand(*net.arrays().values()), net.dtype)
    return times


def report(smoke: bool) -> None:
    """Print the times for each net and library, and which library is not installed."""
    found = [module for module in LIBRARIES if module == "symnet" or find_spec(module)]
    missing = [name for module, (name, _) in LIBRARIES.items() if module not in found]
    for name in missing:
        print(f"\n{name} is not installed: no comparison with it")
    if found == ["symnet"]:
        return
    effort, turns = (["3", "0.001"], 1) if smoke else (["51", "0.02"], 3)
    runs = [{module: _process(module, *effort) for module in found} for _ in range(turns)]
    times = {module: [median(t) for t in zip(*(run[module] for run in runs), strict=True)] for module in found}
    head, rows = ["net", "dtype", "symnet"], [[net.name, net.dtype.__name__] for net in NETS]
    for module in found:
        head += [] if module == "symnet" else [LIBRARIES[module][0], "ratio"]
        for row, ours, theirs in zip(rows, times["symnet"], times[module], strict=True):
            row += [seconds(ours)] if module == "symnet" else [seconds(theirs), f"{ours / theirs:.2f}"]
    table("Loss and gradients, one call, each library in processes of its own, on the CPU", head, rows)


def _process(module: str, rounds: str, block: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.frameworks", module, rounds, block]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    print(json.dumps(time_nets(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
