"""Handwritten digits seen through learnt windows: two convolutions, each a matrix product, pooled, and a linear layer.

Run `python examples/convolution.py [FOLDER]`; the picture goes to FOLDER, here by default. SYMNET_QUICK=1 trains less.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the products are small: threads would wait for each other

import numpy as np

import symnet as sn

try:
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ImportError as error:
    sys.exit(f"convolution.py needs scikit-learn and matplotlib ({error}): pip install 'symnet[examples]'")

TRAINED, HELD_BACK, SIGNED = "#2f5fa8", "#d0702f", "RdBu_r"


def network(first=16, second=32):
    """Give the scores of the ten digits, one sample a column, the layers before them, the loss, and the parameters."""
    X, Y = sn.matrix("X", 64, "n"), sn.matrix("Y", 10, "n")  # an image of 8×8 a column
    K1, b1 = sn.matrix("K1", first, 9), sn.vector("b1", first)  # kernels of 3×3, one a row
    K2, b2 = sn.matrix("K2", second, 9 * first), sn.vector("b2", second)
    W, c = sn.matrix("W", 10, 4 * second), sn.vector("c", 10)
    seen = sn.relu(sn.conv2d(K1, X, shape=(1, 8, 8), padding="same", bias=b1))
    parts = sn.relu(sn.conv2d(K2, sn.max_pool2d(seen, 2), padding="same", bias=b2))
    scores = sn.affine(W, sn.max_pool2d(parts, 2), c)
    return scores, seen, sn.cross_entropy(scores, Y), [K1, b1, K2, b2, W, c]


def started(parameters, rng):
    """Give random kernels whose outputs are about as large as their inputs, and small biases."""
    shapes = {p: tuple(map(int, p.shape)) for p in parameters}
    return {p: rng.normal(0, np.sqrt(2 / s[1]), s) if s[1] > 1 else rng.uniform(0, 0.1, s) for p, s in shapes.items()}


def moved(x, y):
    """Give images as they are, and moved by one pixel in each direction, with their targets."""
    framed = np.pad(x.reshape(8, 8, -1), ((1, 1), (1, 1), (0, 0)))
    places = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    return np.hstack([framed[a : a + 8, b : b + 8].reshape(x.shape) for a, b in places]), np.tile(y, len(places))


def draw(run, seen, x, digit, path):
    """Draw the curves, the kernels of the first layer, and what each of them sees in one digit."""
    kernels = run.parameters["K1"].reshape(-1, 3, 3)
    maps = sn.evaluate(seen, {"X": x} | run.parameters).reshape(len(kernels), 8, 8)
    figure = Figure(figsize=(11, 4.9), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.5), wspace=0.04)
    losses, rates = left.subplots(2, 1, sharex=True)
    passes = np.arange(1, len(run.history["loss"]) + 1)
    losses.semilogy(passes, run.history["loss"], color=TRAINED, label="trained on")
    losses.semilogy(passes, run.history["validation_loss"], color=HELD_BACK, label="held back")
    losses.set_title("cross-entropy", loc="left", fontsize=10)
    losses.legend(frameon=False)
    rates.plot(passes, 100 * np.array(run.history["accuracy"]), color=HELD_BACK)
    rates.axhline(98, color="#999999", linewidth=0.8, linestyle=":")
    rates.set_title("digits that are right, held back, in %", loc="left", fontsize=10)
    rates.set(xlabel="passes over the data", ylim=(92, 100.2), xticks=passes[:: -(-len(passes) // 7)])
    for axes in (losses, rates):
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.01)
    right.suptitle(
        f"the kernels that were learnt, red for ink and blue for paper, and what each sees in a {digit}", fontsize=10
    )
    strength = np.abs(kernels).max()
    for row, axes in enumerate(right.subplots(4, 8).reshape(-1, 2)):
        axes[0].imshow(kernels[row], cmap=SIGNED, vmin=-strength, vmax=strength)
        axes[1].imshow(maps[row], cmap="gray_r", vmin=0, vmax=maps.max())
        for one in axes:
            one.set(xticks=[], yticks=[])
            one.spines[:].set(color="#bbbbbb", linewidth=0.6)
    figure.savefig(path, dpi=150)


def main():
    folder = Path(*sys.argv[1:2])
    folder.mkdir(parents=True, exist_ok=True)
    images, digits = load_digits(return_X_y=True)  # grey levels from 0 to 16, a row each
    split = train_test_split(images / 16, digits, test_size=0.25, random_state=0, stratify=digits)
    x, x_test, y, y_test = split[0].T, split[1].T, sn.one_hot(split[2], 10), sn.one_hot(split[3], 10)

    scores, seen, loss, parameters = network()
    print(sn.derive(loss, parameters), end="\n\n")
    start = started(parameters, np.random.default_rng(0))
    print(check := sn.check_gradients(loss, {"X": x[:, :8], "Y": y[:, :8]} | start, parameters), end="\n\n")
    check.raise_if_failed()

    epochs, batch = 3 if os.environ.get("SYMNET_QUICK") == "1" else 20, 64
    x, y = moved(x, y)
    rate = sn.cosine_decay(0.003, steps=epochs * -(-x.shape[1] // batch))
    run = sn.train(
        loss, {"X": x, "Y": y}, start, sn.AdamW(rate, decay=0.02), epochs=epochs, batch_size=batch, seed=0,
        validation={"X": x_test, "Y": y_test}, metrics={"accuracy": sn.accuracy(scores, sn.matrix("Y", 10, "n"))},
    )  # fmt: skip
    found = sn.evaluate(scores, {"X": x_test} | run.parameters).argmax(axis=0)
    print(f"loss {run.history['loss'][0]:.4f} in the first pass over {x.shape[1]} images, {run.loss:.4f} in the last")
    print(f"test accuracy {np.mean(found == split[3]):.2%} of {found.size} digits it has never seen")
    draw(run, seen, x_test[:, :1], split[3][0], folder / "convolution.png")
    print(f"saved {folder / 'convolution.png'}")


if __name__ == "__main__":
    main()
