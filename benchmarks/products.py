"""How many matrix products a kernel computes: with weights and biases, 3L − 1 for L layers.

L forwards, L for the gradients of the weights, and L − 1 that carry the adjoint back to the first layer. The data need
no gradient, so there is no product for one.
"""

import symnet as sn
from benchmarks.timing import table


def products(layers: int) -> int:
    """Give the number of products in the source of a net of tanh layers with squared error."""
    X, Y = sn.matrix("X", 4, "n"), sn.matrix("Y", 4, "n")
    net = sn.mlp(X, [4] * layers)
    return sn.derive(sn.squared_error(net.output, Y), net.parameters).compile(dtype=float).source.count(" @ ")


def report(smoke: bool) -> None:
    """Print the number of products by depth; raise `AssertionError` where there is one too many."""
    rows = []
    for layers in (1, 2, 3) if smoke else (1, 2, 3, 10, 100):
        found = products(layers)
        assert found == 3 * layers - 1, (layers, found)
        rows.append((str(layers), str(found), str(3 * layers - 1)))
    table("Matrix products in loss and gradients", ("layers", "products", "3L − 1"), rows)
