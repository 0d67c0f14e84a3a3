"""The compiled function of loss and gradients against NumPy written by hand, on the same arrays."""

import symnet as sn
from benchmarks.nets import NETS, Net, agree
from benchmarks.timing import interleaved, seconds, table


def compiled(net: Net, **options: bool) -> tuple:
    """Give symnet's bare function for a net, and the arrays in the order of its arguments; options of `compile`."""
    kernel = sn.derive(*net.written()).compile(dtype=net.dtype, **options)
    arrays = net.arrays()
    return kernel.function, [arrays[name] for name in kernel.arguments]


def report(smoke: bool) -> None:
    """Print the ratio for each net."""
    rounds, block = (3, 1e-3) if smoke else (401, 3e-3)
    rows = []
    for net in NETS:
        function, arguments = compiled(net)
        arrays = list(net.arrays().values())
        agree(function(*arguments), net.by_hand(*arrays), net.dtype)
        ours, theirs = interleaved(
            lambda f=function, a=arguments: f(*a), lambda f=net.by_hand, a=arrays: f(*a), rounds=rounds, block=block
        )
        rows.append((net.name, net.dtype.__name__, seconds(ours), seconds(theirs), f"{ours / theirs:.2f}"))
    table("Loss and gradients, one call", ("net", "dtype", "symnet", "NumPy by hand", "ratio"), rows)
