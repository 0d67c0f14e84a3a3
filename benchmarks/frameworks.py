"""A step of training, W ← W − η·∂L/∂W for all parameters: symnet's best backend against other libraries on the CPU.

PyTorch eager and compiled, JAX with one compiled step and with a compiled loop of steps, and autograd, those that are
installed. Each library is timed in processes of its own, taken in turn, since the threads of one make another several
times slower where they share a process; of each the least counts. What a library has reached after its first steps is
compared with NumPy by hand. `python -m benchmarks.frameworks torch 20 0.03` is one such process.
"""

import ctypes
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import numpy as np

import symnet as sn
from benchmarks import by_hand
from benchmarks.nets import NETS, Net
from benchmarks.processes import ROOT
from benchmarks.timing import seconds, table
from benchmarks.workspace import fastest
from symnet.backends import in_workspace, jax_function
from symnet.backends.c_kernel import load
from symnet.training.choosing import BACKENDS
from symnet.training.step import compiled_step

RATE = 0.01
# fmt: off
FIVE = (
    Net("2-2-2, batch 4, float64", np.float64,
        (2, 2, 2), ("sigmoid", "sigmoid"), "squared_error", 4, by_hand.xor),
    replace(NETS[1], name="64-32-10, batch 32, float32"),
    replace(NETS[1], name="64-32-10, batch 1500, float32", batch=1500),
    replace(NETS[2], name="784-256-128-10, batch 128, float32"),
    replace(NETS[3], name="ten layers of 256, batch 128, float32"),
)
# fmt: on
LOOPED = dict(zip([net.name for net in FIVE], (5000, 500, 20, 20, 2), strict=True))  # steps of a compiled loop
Run = tuple[Callable[[], object], int, Callable[[], list]]  # a call, its steps, and the parameters that it has reached


def loss_of(functions, net: Net, X, Y, *parameters):
    """Give the loss of a net in any library whose arrays have operators; `functions` are its functions by name."""
    H, n = X, X.shape[1]
    for activation, W, b in zip(net.activations, parameters[::2], parameters[1::2], strict=True):
        H = functions[activation](W @ H + b)
    if net.loss == "squared_error":
        return ((H - Y) ** 2).sum() / (2 * n)
    return -(Y * functions["log_softmax"](H)).sum() / n


def stepping(step: Callable[[list], list], parameters: list) -> Run:
    """Give a run of single steps, each of which gives new parameters."""
    state = [parameters]

    def call() -> None:
        state[0] = step(state[0])

    return call, 1, lambda: state[0]


def with_symnet(_, net: Net) -> Iterator[tuple[str, Run]]:
    d = sn.derive(*net.written())
    kernel = compiled_step(d, sn.GradientDescent(RATE), net.dtype).kernel
    X, Y, *parameters = net.arrays().values()
    kernels = {"NumPy": kernel, "workspace": in_workspace(kernel, copy=True)}
    compiles = shutil.which("cc") is not None
    if compiles:
        kernels["C"] = BACKENDS["c"].kernel(kernel)
    for name, one in kernels.items():
        yield name, stepping(lambda p, f=one.function: f(X, Y, RATE, *p)[1], parameters)
    if compiles:
        yield "C, a loop of steps", in_c(d, net, X, Y, parameters)


def in_c(d, net: Net, X, Y, parameters: list) -> Run:
    """Give a run of many steps in a loop of C around the step of `Derivation.c`."""
    number = "float" if net.dtype == np.float32 else "double"
    text = d.c("net", number, sizes={"n": net.batch}, optimizer=sn.GradientDescent(RATE))
    names = [f"p{k}" for k in range(len(parameters))]
    arguments = f"const {number} *X, const {number} *Y, {number} eta, " + ", ".join(f"{number} *{p}" for p in names)
    loop = f"void loop(int steps, {arguments})\n{{\n    for (int k = 0; k < steps; k++) "
    library = load(text + loop + f"net_step(X, Y, eta, {', '.join(names)});\n}}\n")
    own = [np.array(p, order="C") for p in parameters]
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (X, Y, *own)]
    rate = ctypes.c_float(RATE) if number == "float" else ctypes.c_double(RATE)
    steps = LOOPED[net.name]
    return lambda: library.loop(steps, *pointers[:2], rate, *pointers[2:]), steps, lambda: own


def with_symnet_in_jax(jax, net: Net) -> Iterator[tuple[str, Run]]:
    """Give a run of many steps in a loop of JAX around the function that `backend="jax"` compiles."""
    jax.config.update("jax_enable_x64", True)
    f = jax_function(compiled_step(sn.derive(*net.written()), sn.GradientDescent(RATE), net.dtype).kernel)
    X, Y, *parameters = (jax.numpy.asarray(array) for array in net.arrays().values())
    steps, rate = LOOPED[net.name], net.dtype(RATE)
    many = jax.jit(lambda p: jax.lax.fori_loop(0, steps, lambda _, p: list(f(X, Y, rate, *p)[1]), p))
    call, _, reached = stepping(lambda p: jax.block_until_ready(many(p)), parameters)
    yield "JAX, a loop of steps", (call, steps, reached)


def with_torch(torch, net: Net) -> Iterator[tuple[str, Run]]:
    X, Y, *parameters = (torch.from_numpy(array) for array in net.arrays().values())
    own = [p.clone().requires_grad_() for p in parameters]
    loss = partial(loss_of, torch_functions(torch), net, X, Y)

    def step() -> None:
        gradients = torch.autograd.grad(loss(*own), own)
        with torch.no_grad():
            torch._foreach_add_(own, gradients, alpha=-RATE)

    yield "PyTorch eager", (step, 1, lambda: [p.detach() for p in own])


def with_compile(torch, net: Net) -> Iterator[tuple[str, Run]]:
    X, Y, *parameters = (torch.from_numpy(array) for array in net.arrays().values())
    loss = partial(loss_of, torch_functions(torch), net, X, Y)
    gradient = torch.func.grad(lambda p: loss(*p))

    @torch.compile
    def step(p):
        return [W - RATE * G for W, G in zip(p, gradient(p), strict=True)]

    yield "torch.compile", stepping(step, parameters)


def torch_functions(torch) -> dict[str, Callable]:
    same = {name: getattr(torch, name) for name in ("relu", "sigmoid", "tanh")}
    return {"identity": lambda Z: Z, "log_softmax": partial(torch.log_softmax, dim=0), **same}


def with_jax(jax, net: Net) -> Iterator[tuple[str, Run]]:
    functions = {
        "identity": lambda Z: Z, "log_softmax": partial(jax.nn.log_softmax, axis=0), "relu": jax.nn.relu,
        "sigmoid": jax.nn.sigmoid, "tanh": jax.numpy.tanh,
    }  # fmt: skip
    jax.config.update("jax_enable_x64", True)
    X, Y, *parameters = (jax.numpy.asarray(array) for array in net.arrays().values())
    gradient = jax.grad(lambda p: loss_of(functions, net, X, Y, *p))
    step = lambda p: [W - RATE * G for W, G in zip(p, gradient(p), strict=True)]
    steps = LOOPED[net.name]
    many = jax.jit(lambda p: jax.lax.fori_loop(0, steps, lambda _, p: step(p), p))
    one = jax.jit(step)
    yield "JAX jit", stepping(lambda p: jax.block_until_ready(one(p)), parameters)
    call, _, reached = stepping(lambda p: jax.block_until_ready(many(p)), parameters)
    yield "JAX fori_loop", (call, steps, reached)


def with_autograd(autograd, net: Net) -> Iterator[tuple[str, Run]]:
    numpy = importlib.import_module("autograd.numpy")
    functions = {
        "identity": lambda Z: Z, "relu": lambda Z: numpy.maximum(Z, 0), "tanh": numpy.tanh,
        "sigmoid": lambda Z: 1 / (1 + numpy.exp(-Z)),
        "log_softmax": lambda Z: Z - numpy.log(numpy.sum(numpy.exp(Z - Z.max(axis=0)), axis=0)) - Z.max(axis=0),
    }  # fmt: skip
    X, Y, *parameters = net.arrays().values()
    gradient = autograd.grad(lambda p: loss_of(functions, net, X, Y, *p))
    yield "autograd", stepping(lambda p: [W - RATE * G for W, G in zip(p, gradient(p), strict=True)], parameters)


LIBRARIES = {  # process: the package that it needs, how it is written, what it does, in the words of the table
    "symnet": ("symnet", with_symnet, ()),
    "symnet-jax": ("jax", with_symnet_in_jax, ()),
    "torch": ("torch", with_torch, ("PyTorch eager",)),
    "compile": ("torch", with_compile, ("torch.compile",)),
    "jax": ("jax", with_jax, ("JAX jit", "JAX fori_loop")),
    "autograd": ("autograd", with_autograd, ("autograd",)),
}


def time_nets(library: str, rounds: int, block: float) -> list[dict[str, float]]:
    """Give, for each net, the seconds of one step in each way that a library has; what they reach is compared."""
    package, written, _ = LIBRARIES[library]
    module, found = importlib.import_module(package), []
    for net in FIVE:
        runs = dict(written(module, net))
        for call, steps, reached in runs.values():
            call()
            check(net, steps, reached())
        times = fastest(*[call for call, _, _ in runs.values()], rounds=rounds, block=block)
        found.append({name: time / runs[name][1] for name, time in zip(runs, times, strict=True)})
    return found


def check(net: Net, steps: int, reached: list) -> None:
    """Assert that parameters are those that NumPy by hand reaches."""
    X, Y, *parameters = net.arrays().values()
    for _ in range(steps):
        _, gradients = net.by_hand(X, Y, *parameters)
        parameters = [W - net.dtype(RATE) * G for W, G in zip(parameters, gradients, strict=True)]
    precise = 1e-9 if net.dtype == np.float64 else 1e-3
    for mine, theirs in zip(reached, parameters, strict=True):
        np.testing.assert_allclose(np.asarray(mine), theirs, rtol=precise, atol=precise * np.abs(theirs).max())


def report(smoke: bool) -> None:
    """Print the times for each net and library, and which library is not installed."""
    found = [library for library, (package, _, _) in LIBRARIES.items() if find_spec(package)]
    for package in dict.fromkeys(package for package, _, _ in LIBRARIES.values() if not find_spec(package)):
        print(f"\n{package} is not installed: no comparison with it")
    if all(not LIBRARIES[library][2] for library in found):
        return
    effort, turns = (["2", "0.001"], 1) if smoke else (["25", "0.02"], 3)
    best: list[dict[str, float]] = [{} for _ in FIVE]
    for _ in range(turns):
        for library in found:
            for known, times in zip(best, _process(library, *effort), strict=True):
                known |= {way: min(time, known.get(way, np.inf)) for way, time in times.items()}
    others = [way for library in found for way in LIBRARIES[library][2]]
    rows, own = [], []
    for net, known in zip(FIVE, best, strict=True):
        ours = min((way for way in known if way not in others), key=lambda way: known[way])
        theirs = min((way for way in known if way in others), key=lambda way: known[way])
        ratio = f"{known[ours] / known[theirs]:.2f}"
        rows.append([net.name, f"{ours}, {seconds(known[ours])}", *(seconds(known[way]) for way in others), ratio])
        own.append([net.name, *(seconds(known[way]) if way in known else "" for way in _ways(best, others))])
    table("A step of training in each backend of symnet", ["net", *_ways(best, others)], own)
    head = ["net", "best of symnet", *others, "ratio to the best of them"]
    table("A step of training on the CPU, each library in processes of its own", head, rows)


def _ways(best: list[dict[str, float]], others: list[str]) -> list[str]:
    return [way for way in best[0] if way not in others]


def _process(library: str, rounds: str, block: str) -> list[dict[str, float]]:
    command = [sys.executable, "-m", "benchmarks.frameworks", library, rounds, block]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ})
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(time_nets(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
