"""The nets that are timed, each stated once as data, from which symnet's and the frameworks' versions are built."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import symnet as sn
from benchmarks import by_hand


@dataclass(frozen=True)
class Net:
    """A fully connected net: `activations` and `loss` are names; `by_hand` is its expert's version."""

    name: str
    dtype: type
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    batch: int
    by_hand: Callable

    def arrays(self) -> dict[str, np.ndarray]:
        """Give X, Y and the parameters W1, b1, W2, b2, …, in this order; one sample a column, one-hot classes in Y."""
        draw = np.random.default_rng(0)
        found = {"X": draw.normal(size=(self.sizes[0], self.batch))}
        outputs = self.sizes[-1]
        if self.loss == "cross_entropy":
            found["Y"] = np.eye(outputs)[:, draw.integers(outputs, size=self.batch)]
        else:
            found["Y"] = draw.uniform(size=(outputs, self.batch))
        for k in range(1, len(self.sizes)):
            before, after = self.sizes[k - 1 : k + 1]
            found[f"W{k}"] = draw.normal(size=(after, before)) / np.sqrt(before)
            found[f"b{k}"] = 0.1 * draw.normal(size=(after, 1))
        return {name: np.ascontiguousarray(array, dtype=self.dtype) for name, array in found.items()}

    def written(self) -> tuple:
        """Give the loss, and the symbols W1, b1, W2, b2, …"""
        X, Y = sn.matrix("X", self.sizes[0], "n"), sn.matrix("Y", self.sizes[-1], "n")
        H, parameters = X, []
        for k, activation in enumerate(self.activations, 1):
            W, b = sn.matrix(f"W{k}", self.sizes[k], self.sizes[k - 1]), sn.vector(f"b{k}", self.sizes[k])
            parameters += [W, b]
            H = sn.affine(W, H, b)
            if activation != "identity":
                H = getattr(sn, activation)(H)
        return getattr(sn, self.loss)(H, Y), parameters


# fmt: off
NETS = (
    Net("2-3-1 sigmoid, squared error, batch 4", np.float64,
        (2, 3, 1), ("sigmoid", "sigmoid"), "squared_error", 4, by_hand.xor),
    Net("64-32-10 tanh, cross-entropy, batch 32", np.float32,
        (64, 32, 10), ("tanh", "identity"), "cross_entropy", 32, by_hand.tanh_classifier),
    Net("784-256-128-10 relu, cross-entropy, batch 128", np.float32,
        (784, 256, 128, 10), ("relu", "relu", "identity"), "cross_entropy", 128, by_hand.relu_classifier),
    Net("ten layers of 256 tanh, squared error, batch 128", np.float32,
        (256,) * 11, ("tanh",) * 10, "squared_error", 128, by_hand.tanh_chain),
)
# fmt: on


def agree(found, expected, dtype) -> None:
    """Assert that two pairs of loss and gradients are the same numbers, in the same order and shapes."""
    exact = dtype == np.float64
    for a, b in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
        scale = np.abs(b).max()
        np.testing.assert_allclose(a, b, rtol=1e-10 if exact else 1e-3, atol=(1e-12 if exact else 1e-5) * scale)
