"""Loss and gradients of the benchmark nets in NumPy, as someone who knows both backpropagation and NumPy writes them.

Each function takes the inputs X, the targets Y (samples are columns) and the parameters W1, b1, W2, b2, …, and gives
the loss and the list of gradients in the order of the parameters. Arrays are updated in place where their old value
is spent, every value is computed once, and nothing overflows. It knows nothing of symnet.
"""

import numpy as np
from numpy import add, exp, log, maximum, minimum, subtract, tanh, vdot


def xor(X, Y, W1, b1, W2, b2):
    """Two sigmoid layers, squared error."""
    n = X.shape[1]
    A1 = 1.0 / (1.0 + exp(minimum(-(W1 @ X + b1), 709.0)))
    A2 = 1.0 / (1.0 + exp(minimum(-(W2 @ A1 + b2), 709.0)))
    R = A2 - Y
    loss = vdot(R, R) / (2 * n)
    D2 = R * A2 * (1.0 - A2) / n
    D1 = (W2.T @ D2) * A1 * (1.0 - A1)
    return loss, [D1 @ X.T, row_sums(D1), D2 @ A1.T, row_sums(D2)]


def tanh_classifier(X, Y, W1, b1, W2, b2):
    """A tanh layer and a linear one, softmax and cross-entropy."""
    A1 = tanh_layer(W1, X, b1)
    loss, D2 = softmax_cross_entropy(affine(W2, A1, b2), Y)
    D1 = W2.T @ D2
    D1 *= tanh_slope(A1)
    return loss, [D1 @ X.T, row_sums(D1), D2 @ A1.T, row_sums(D2)]


def relu_classifier(X, Y, W1, b1, W2, b2, W3, b3):
    """Two relu layers and a linear one, softmax and cross-entropy."""
    A1 = relu_layer(W1, X, b1)
    A2 = relu_layer(W2, A1, b2)
    loss, D3 = softmax_cross_entropy(affine(W3, A2, b3), Y)
    D2 = W3.T @ D3
    D2 *= A2 > 0
    D1 = W2.T @ D2
    D1 *= A1 > 0
    return loss, [D1 @ X.T, row_sums(D1), D2 @ A1.T, row_sums(D2), D3 @ A2.T, row_sums(D3)]


def tanh_chain(X, Y, *parameters):
    """Any number of tanh layers, squared error."""
    weights, biases = parameters[::2], parameters[1::2]
    layers = [X]
    for W, b in zip(weights, biases, strict=True):
        layers.append(tanh_layer(W, layers[-1], b))
    n = X.shape[1]
    D = layers[-1] - Y
    loss = vdot(D, D) / (2 * n)
    D /= n
    gradients = []
    for k in reversed(range(len(weights))):
        D *= tanh_slope(layers.pop())
        gradients += [row_sums(D), D @ layers[-1].T]
        if k:
            D = weights[k].T @ D
    return loss, gradients[::-1]


def affine(W, X, b):
    Z = W @ X
    Z += b
    return Z


def tanh_layer(W, X, b):
    Z = affine(W, X, b)
    return tanh(Z, out=Z)


def relu_layer(W, X, b):
    Z = affine(W, X, b)
    return maximum(Z, 0.0, out=Z)


def tanh_slope(A):
    S = A * A
    return subtract(1.0, S, out=S)


def row_sums(D):
    return add.reduce(D, axis=1, keepdims=True)


def softmax_cross_entropy(Z, Y):
    # spends Z; each column of Y sums to 1, so the logarithms of the sums need no weights
    n = Z.shape[1]
    Z -= maximum.reduce(Z, axis=0)
    E = exp(Z)
    sums = add.reduce(E, axis=0)
    loss = (add.reduce(log(sums)) - vdot(Y, Z)) / n
    E /= sums
    E -= Y
    E /= n
    return loss, E


class Adam:
    """Steps of Adam on `relu_classifier`, in arrays that it keeps: algorithm 1 of Kingma and Ba."""

    def __init__(self, parameters):
        self.parameters = [p.copy() for p in parameters]
        self.means = [np.zeros_like(p) for p in parameters]
        self.squares = [np.zeros_like(p) for p in parameters]
        self.steps = 0

    def step(self, X, Y, rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        """Take a step; give the loss before it."""
        self.steps += 1
        length, weight = rate / (1 - beta1**self.steps), 1 - beta2**self.steps
        loss, gradients = relu_classifier(X, Y, *self.parameters)
        for p, g, m, v in zip(self.parameters, gradients, self.means, self.squares, strict=True):
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            g *= g
            g *= 1 - beta2
            v += g
            way = np.divide(v, weight, out=g)
            np.sqrt(way, out=way)
            way += epsilon
            np.divide(m, way, out=way)
            way *= length
            p -= way
        return loss


def descend_xor(X, Y, parameters, rate, steps):
    """Full-batch gradient descent on `xor`; give the last loss and the parameters."""
    parameters = [np.array(p, dtype=float) for p in parameters]
    loss = np.inf
    for _ in range(steps):
        loss, gradients = xor(X, Y, *parameters)
        for p, g in zip(parameters, gradients, strict=True):
            p -= rate * g
    return loss, parameters
