"""Handwritten digits: a 64-64-10 network written as a formula, derived, printed, checked, trained and tested.

Run `python examples/digits.py [FOLDER]`; the two pictures go to FOLDER, here by default. SYMNET_QUICK=1 trains less.
"""

import os
import sys
from pathlib import Path

import numpy as np

import symnet as sn

try:
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ImportError as error:
    sys.exit(f"digits.py needs scikit-learn and matplotlib ({error}): pip install 'symnet[examples]'")


def network():
    """Give the scores of the ten digits, one sample a column, the loss, and the parameters."""
    X, Y = sn.matrix("X", 64, "n"), sn.matrix("Y", 10, "n")
    W1, b1, W2, b2 = sn.matrix("W1", 64, 64), sn.vector("b1", 64), sn.matrix("W2", 10, 64), sn.vector("b2", 10)
    scores = sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2)
    return scores, sn.cross_entropy(scores, Y), [W1, b1, W2, b2]


def draw_predictions(images, digits, predicted, path):
    figure, right = Figure(figsize=(9, 7), layout="constrained"), predicted == digits
    figure.suptitle(f"{right.sum()} of {len(digits)} test digits are right; the mistakes come first, in red")
    for i, axes in zip(np.argsort(right, kind="stable")[:60], figure.subplots(6, 10).flat, strict=True):
        color = "#222222" if right[i] else "#c8202f"
        axes.imshow(images[i].reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        axes.set_title(predicted[i] if right[i] else f"{predicted[i]}, not {digits[i]}", color=color)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(color=color, linewidth=0.4 if right[i] else 1.5)
    figure.savefig(path, dpi=150)


def main():
    folder = Path(*sys.argv[1:2])
    folder.mkdir(parents=True, exist_ok=True)
    images, digits = load_digits(return_X_y=True)  # 8×8 grey levels from 0 to 16, a row each
    split = train_test_split(images, digits, test_size=0.25, random_state=0, stratify=digits)
    x, x_test = ((part.T - split[0].mean()) / split[0].std() for part in split[:2])
    y, wanted = np.eye(10)[:, split[2]], split[3]

    scores, loss, parameters = network()
    print(sn.derive(loss, parameters), end="\n\n")
    rng = np.random.default_rng(0)
    some = {"X": x[:, :50], "Y": y[:, :50]} | {p: rng.normal(0, 0.2, p.shape) for p in parameters}
    print(check := sn.check_gradients(loss, some, parameters), end="\n\n")
    check.raise_if_failed()

    how = {"epochs": 20 if os.environ.get("SYMNET_QUICK") == "1" else 100, "batch_size": 32, "seed": 0}
    run = sn.train(loss, {"X": x, "Y": y}, parameters, sn.GradientDescent(0.1), **how)
    predicted = sn.evaluate(scores, {"X": x_test} | run.parameters).argmax(axis=0)
    print(f"loss {run.history['loss'][0]:.4f} in the first pass over {x.shape[1]} digits, {run.loss:.4f} in the last")
    print(f"test accuracy {np.mean(predicted == wanted):.2%} of {wanted.size} digits it has never seen")
    run.plot(folder / "digits_loss.png")
    draw_predictions(split[1], wanted, predicted, folder / "digits_predictions.png")
    print(f"saved {folder / 'digits_loss.png'} and {folder / 'digits_predictions.png'}")


if __name__ == "__main__":
    main()
