"""Handwritten digits: a 64-64-10 network written as a formula, derived, printed, checked, trained and tested.

Run `python examples/digits.py [FOLDER]`; two pictures are saved in FOLDER (here by default).
"""

import os
import sys
from pathlib import Path

import numpy as np

import symnet as sn


def load():
    """Give training and test data: pixels between 0 and 1, a sample a column, and one-hot targets."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        sys.exit("digits.py needs scikit-learn and matplotlib: pip install 'symnet[examples]'")
    images, digits = load_digits(return_X_y=True)
    x, x_test, d, d_test = train_test_split(images / 16, digits, test_size=0.25, random_state=0, stratify=digits)
    return x.T, np.eye(10)[:, d], x_test.T, d_test


def network():
    """Give the scores Z2 of the ten digits, the loss, and the parameters."""
    X, Y = sn.matrix("X", 64, "n"), sn.matrix("Y", 10, "n")
    W1, b1 = sn.matrix("W1", 64, 64), sn.vector("b1", 64)
    W2, b2 = sn.matrix("W2", 10, 64), sn.vector("b2", 10)
    scores = sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2)
    return scores, sn.cross_entropy(scores, Y), [W1, b1, W2, b2]


def pictures(run, x_test, d_test, predicted, folder):
    """Save the loss curve and a page of test digits with what they were taken for; mistakes are red."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.semilogy(range(1, len(run.history) + 1), run.history)
    axes.set(xlabel="epoch", ylabel="cross-entropy", title="Training loss")
    figure.savefig(folder / "digits_loss.png", dpi=150)

    wrong = np.flatnonzero(predicted != d_test)
    shown = [*wrong, *np.flatnonzero(predicted == d_test)][:60]
    figure, grid = plt.subplots(6, 10, figsize=(10, 6.8), layout="constrained")
    for cell, i in zip(grid.flat, shown, strict=True):
        cell.imshow(x_test[:, i].reshape(8, 8), cmap="gray_r")
        miss = predicted[i] != d_test[i]
        label = f"{predicted[i]}, not {d_test[i]}" if miss else predicted[i]
        cell.set_title(label, color="crimson" if miss else "black", fontsize=10)
        cell.axis("off")
    figure.suptitle(f"Predicted digits: all {len(wrong)} mistakes of {len(d_test)}, then digits that were right")
    figure.savefig(folder / "digits_predictions.png", dpi=150)


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    x_train, y_train, x_test, d_test = load()
    scores, loss, parameters = network()
    print(sn.derive(loss, parameters), end="\n\n")

    weights = {p: np.random.default_rng(0).normal(0, 0.3, p.shape) for p in parameters}
    print(sn.check_gradients(loss, weights | {"X": x_train[:, :50], "Y": y_train[:, :50]}, parameters), end="\n\n")

    epochs = 20 if os.environ.get("SYMNET_QUICK") == "1" else 150
    data = {"X": x_train, "Y": y_train}
    run = sn.train(loss, data, parameters, sn.GradientDescent(0.5), epochs=epochs, batch_size=32, seed=0)
    predicted = sn.evaluate(scores, run.parameters | {"X": x_test}).argmax(axis=0)
    right = (predicted == d_test).sum()
    print(f"loss {run.history[0]:.4f} after the first epoch, {run.loss:.4f} after {epochs}")
    print(f"test accuracy {right / len(d_test):.2%}: {right} of {len(d_test)} digits it has never seen")
    pictures(run, x_test, d_test, predicted, folder)
    print(f"saved {folder / 'digits_loss.png'} and {folder / 'digits_predictions.png'}")


if __name__ == "__main__":
    main()
