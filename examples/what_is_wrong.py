"""What is wrong with this backpropagation? The update rule of the question symnet grew from, diagnosed.

A neuron is its incoming weights; one hidden layer, logistic sigmoid, no biases, one update per sample. The update of
the hidden layer forgets the factor of the input, and it propagates through output weights updated a line before.
"""

from math import exp

import numpy as np

import symnet as sn

RATE = 0.5


def sigmoid(z):
    return 1 / (1 + exp(-z))


def layer(weights, inputs):
    return [sigmoid(sum(w * v for w, v in zip(neuron, inputs, strict=True))) for neuron in weights]


def step(W1, W2, x, t, corrected=False):
    """Give the weights after one update on one sample, as it was printed in the question, or corrected."""
    h = layer(W1, x)
    o = layer(W2, h)
    delta2 = [(tk - ok) * ok * (1 - ok) for tk, ok in zip(t, o, strict=True)]
    new2 = [[w + RATE * d * v for w, v in zip(neuron, h, strict=True)] for neuron, d in zip(W2, delta2, strict=True)]
    through = W2 if corrected else new2
    delta1 = [
        hj * (1 - hj) * sum(d * neuron[j] for d, neuron in zip(delta2, through, strict=True)) for j, hj in enumerate(h)
    ]
    new1 = [
        [w + RATE * d * (v if corrected else 1) for w, v in zip(neuron, x, strict=True)]
        for neuron, d in zip(W1, delta1, strict=True)
    ]
    return new1, new2


def main():
    W1, W2 = [[0.15, -0.48], [-0.91, 0.66], [0.37, 0.82]], [[-0.54, 0.97, 0.21]]
    sample, target = [0.5, -1.25], [1.0]

    x, t, S1, S2 = sn.vector("x", 2), sn.vector("t", 1), sn.matrix("W1", 3, 2), sn.matrix("W2", 1, 3)
    loss = sn.squared_error(sn.sigmoid(S2 * sn.sigmoid(S1 * x)), t)
    print(sn.derive(loss, [S1, S2]), end="\n\n")
    for corrected in (False, True):
        after = step(W1, W2, sample, target, corrected)
        print("The rule as corrected:" if corrected else "The rule as printed:")
        before, data = {S1: W1, S2: W2}, {x: np.reshape(sample, (2, 1)), t: [target]}
        print(sn.diagnose_update(loss, before, dict(zip((S1, S2), after, strict=True)), RATE, data), end="\n\n")


if __name__ == "__main__":
    main()
