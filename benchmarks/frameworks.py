"""The compiled function of loss and gradients against PyTorch (autograd) and JAX (jit) on the CPU, where installed."""

import importlib
from functools import partial

import numpy as np

from benchmarks.kernels import compiled
from benchmarks.nets import NETS, Net, agree
from benchmarks.timing import interleaved, seconds, table


def loss_of(functions, net: Net, X, Y, *parameters):
    """Give the loss of a net in any library whose arrays have operators; `functions` are its functions by name."""
    H, n = X, X.shape[1]
    for activation, W, b in zip(net.activations, parameters[::2], parameters[1::2], strict=True):
        H = functions[activation](W @ H + b)
    if net.loss == "squared_error":
        return ((H - Y) ** 2).sum() / (2 * n)
    return -(Y * functions["log_softmax"](H)).sum() / n


def with_torch(torch, net: Net):
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


def with_jax(jax, net: Net):
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


FRAMEWORKS = {"torch": ("PyTorch", with_torch), "jax": ("JAX", with_jax)}


def report(smoke: bool) -> None:
    """Print the ratio for each net and framework, or that the framework is not installed."""
    for module, (name, build) in FRAMEWORKS.items():
        try:
            framework = importlib.import_module(module)
        except ModuleNotFoundError:
            print(f"\n{name} is not installed: no comparison with it")
            continue
        rows = [_row(net, build(framework, net), smoke) for net in NETS]
        title = f"Loss and gradients, one call, against {name} {framework.__version__} on the CPU"
        table(title, ("net", "dtype", "symnet", name, "ratio"), rows)


def _row(net: Net, call, smoke: bool) -> tuple[str, ...]:
    function, arguments = compiled(net)
    loss, gradients = call()
    agree((np.asarray(loss), [np.asarray(g) for g in gradients]), function(*arguments), net.dtype)
    # Long turns: the threads that one library leaves waiting slow the start of the other's turn.
    rounds, block = (3, 1e-3) if smoke else (51, 3e-2)
    ours, theirs = interleaved(lambda: function(*arguments), call, rounds=rounds, block=block)
    return net.name, net.dtype.__name__, seconds(ours), seconds(theirs), f"{ours / theirs:.2f}"
