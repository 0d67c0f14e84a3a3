"""A network as nested lists, in functional style; its values and its updates are derived from one loss.

A neuron is [value, weight, …], a layer a list of neurons, a network a list of layers; the neurons of the first layer
have no weights. Nothing is changed in place: `compute` gives a new network with the values filled in, `propagate` a new
one with the weights updated. Neither contains calculus: they run what symnet derives from ½·Σ(t − o)².
"""

import os
from functools import cache, reduce
from itertools import pairwise

import numpy as np

import symnet as sn


def create(*sizes, seed=None):
    """Give a network with these layer sizes, its weights uniform in [-1, 1], its values 0."""
    draw = np.random.default_rng(seed).uniform
    inner = [[[0.0, *draw(-1, 1, inputs).tolist()] for _ in range(outputs)] for inputs, outputs in pairwise(sizes)]
    return [[[0.0] for _ in range(sizes[0])], *inner]


@cache
def derived(*sizes):
    """Give the derivation of a network of these sizes and its kernel, made once for each choice of sizes."""
    weights = [sn.matrix(f"W{k}", outputs, inputs) for k, (inputs, outputs) in enumerate(pairwise(sizes), 1)]
    output = reduce(lambda a, W: sn.sigmoid(W * a), weights, sn.vector("x", sizes[0]))
    derivation = sn.derive(sn.norm(sn.vector("t", sizes[-1]) - output) ** 2 / 2, weights)
    return derivation, derivation.compile()


def weights_of(network):
    return {f"W{k}": np.array([neuron[1:] for neuron in layer]) for k, layer in enumerate(network[1:], 1)}


def column(numbers):
    return np.array(numbers, float).reshape(-1, 1)


def compute(network, inputs):
    """Give the network with its values filled in: the forward equations of the derivation, one after the other."""
    known = weights_of(network) | {"x": column(inputs)}
    for name, formula in derived(*map(len, network))[0].forward[:-1]:  # the last is the loss, which needs a target
        known[name.name] = sn.evaluate(formula, {s: known[s.name] for s in formula.free_symbols})
    values = [known["x"], *(known[f"A{k}"] for k in range(1, len(network)))]
    fill = lambda layer, a: [[value, *neuron[1:]] for value, neuron in zip(a[:, 0].tolist(), layer, strict=True)]
    return list(map(fill, network, values))


def loss_and_gradients(network, target):
    """Give ½·Σ(t − o)² of a computed network and its gradients, one for each layer of weights."""
    data = {"x": column([neuron[0] for neuron in network[0]]), "t": column(target)}
    loss, gradients = derived(*map(len, network))[1](weights_of(network) | data)
    return loss, list(gradients.values())


def propagate(network, target, rate=0.5):
    """Give the computed network after one step of gradient descent towards the target."""
    new = map(lambda W, G: W - rate * G, weights_of(network).values(), loss_and_gradients(network, target)[1])
    update = lambda layer, W: [[neuron[0], *w] for neuron, w in zip(layer, W.tolist(), strict=True)]
    return [network[0], *map(update, network[1:], new)]


def main():
    # exclusive or; a third input that is always 1 does the work of biases, which this network does not have
    samples = [([0, 0, 1], [0]), ([0, 1, 1], [1]), ([1, 0, 1], [1]), ([1, 1, 1], [0])]
    network = create(3, 4, 1, seed=1)
    print(derived(*map(len, network))[0], end="\n\n")
    for epoch in range(1, (100 if os.environ.get("SYMNET_QUICK") == "1" else 2000) + 1):
        network = reduce(lambda net, sample: propagate(compute(net, sample[0]), sample[1]), samples, network)
        if epoch in (1, 10, 100, 500, 1000, 2000):
            print(f"pass {epoch:4}: loss {sum(loss_and_gradients(compute(network, x), t)[0] for x, t in samples):.4f}")
    for x, t in samples:
        print(f"{x[0]} xor {x[1]} is {t[0]}, the network says {compute(network, x)[-1][0][0]:.3f}")


if __name__ == "__main__":
    main()
