"""A network as lists of layers of neurons, in functional style; values and updates are derived from its loss.

A neuron is [value, weight, …], a layer a list of neurons, a network the list input, hidden, output. Nothing is changed
in place: `compute` gives a new network with its values, `propagate` one with its weights updated on one sample.
"""

import os
from functools import cache, reduce

import numpy as np

import symnet as sn


def network(*sizes, seed=None):
    """Give a network with every weight drawn uniformly from [-1, 1]."""
    rng = np.random.default_rng(seed)
    shapes = zip(sizes[1:], sizes, strict=False)
    layers = [[[0.0, *rng.uniform(-1, 1, inputs).tolist()] for _ in range(outputs)] for outputs, inputs in shapes]
    return [[[0.0]] * sizes[0], *layers]


@cache
def derived(sizes):
    """Derive loss, values and gradients of a sigmoid network from its loss, once for each tuple of layer sizes."""
    x, t = sn.vector("x", sizes[0]), sn.vector("t", sizes[-1])
    weights = [sn.matrix(f"W{k}", *shape) for k, shape in enumerate(zip(sizes[1:], sizes, strict=False), 1)]
    values = [reduce(lambda a, W: sn.sigmoid(W * a), weights[:k], x) for k in range(1, len(sizes))]
    loss = sn.inner(t - values[-1], t - values[-1]) / 2
    derivation = sn.derive(loss, weights)
    return weights, values, derivation, derivation.compile()


def weights_of(net):
    return {f"W{k}": np.array([neuron[1:] for neuron in layer]) for k, layer in enumerate(net[1:], 1)}


def compute(net, inputs):
    """Give the network with the value of every neuron filled in."""
    weights, formulas, *_ = derived(tuple(map(len, net)))
    x, Ws = np.reshape(inputs, (-1, 1)), weights_of(net)
    given = [{"x": x, **{W.name: Ws[W.name] for W in weights[:k]}} for k in range(1, len(net))]
    values = [inputs, *(sn.evaluate(f, g)[:, 0].tolist() for f, g in zip(formulas, given, strict=True))]
    return [
        [[v, *neuron[1:]] for v, neuron in zip(vs, layer, strict=True)] for vs, layer in zip(values, net, strict=True)
    ]


def gradients(net, inputs, target):
    """Give ½·Σ(t − o)² of one sample, and its gradients by name."""
    weights, _, _, kernel = derived(tuple(map(len, net)))
    value, found = kernel({"x": np.reshape(inputs, (-1, 1)), "t": np.reshape(target, (-1, 1)), **weights_of(net)})
    return value, {W.name: found[W] for W in weights}


def propagate(net, inputs, target, rate):
    """Give the network after one step of gradient descent on one sample."""
    found = gradients(net, inputs, target)[1]
    new = [(W - rate * found[name]).tolist() for name, W in weights_of(net).items()]
    return [
        net[0],
        *([[n[0], *w] for n, w in zip(layer, W, strict=True)] for layer, W in zip(net[1:], new, strict=True)),
    ]


def main():
    samples = [([0.0, 0.0], [0.0]), ([0.0, 1.0], [1.0]), ([1.0, 0.0], [1.0]), ([1.0, 1.0], [1.0])]
    net = network(2, 3, 1, seed=1)
    print(derived(tuple(map(len, net)))[2], end="\n\n")
    for epoch in range(50 if os.environ.get("SYMNET_QUICK") else 2000):
        net = reduce(lambda n, sample: propagate(n, *sample, 0.5), samples, net)
        if epoch in (0, 9, 49, 499, 1999):
            print(f"after {epoch + 1:4} passes the loss is {sum(gradients(net, *s)[0] for s in samples):.4f}")
    for inputs, target in samples:
        print(inputs, "→", f"{compute(net, inputs)[-1][0][0]:.3f}", "wanted", target[0])


if __name__ == "__main__":
    main()
