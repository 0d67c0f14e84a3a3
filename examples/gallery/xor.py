"""Exclusive or: what no single layer can do, by two hidden neurons.

The problem of Minsky and Papert (1969) and of the paper that made backpropagation known (Rumelhart, Hinton and
Williams, 1986).
"""

import numpy as np
from gallery_style import BLUE, ORANGE, plots, save, show, target

import symnet as sn


def main(folder):
    x, t = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0.0, 1, 1, 0]])
    X, T = sn.matrix("X", 2, "n"), sn.matrix("T", 1, "n")
    W1, b1, W2, b2 = sn.matrix("W1", 2, 2), sn.vector("b1", 2), sn.matrix("W2", 1, 2), sn.matrix("b2", 1, 1)
    logits = sn.affine(W2, sn.let("H", sn.tanh(sn.affine(W1, X, b1))), b2)
    loss = sn.binary_cross_entropy(logits, T)
    formulas = show(sn.derive(loss, W1, b1, W2, b2))

    run = sn.train(loss, {X: x, T: t}, [W1, b1, W2, b2], sn.Momentum(0.3), epochs=1000, seed=3)
    said = run.evaluate(sn.sigmoid(logits), {X: x}).ravel()
    for (p, q), answer, wanted in zip(x.T, said, t[0], strict=True):
        print(f"{p:.0f} xor {q:.0f} is {wanted:.0f}, the network says {answer:.4f}")
    assert abs(said - t[0]).max() < 0.01

    figure, (left, right) = plots(1, 2)
    a, b = np.meshgrid(*[np.linspace(-0.5, 1.5, 200)] * 2)
    surface = run.evaluate(sn.sigmoid(logits), {X: np.stack([a.ravel(), b.ravel()])}).reshape(a.shape)
    drawn = left.contourf(a, b, surface, levels=np.linspace(0, 1, 11), cmap="RdYlBu_r", alpha=0.7)
    for is_one, color in ((0, BLUE), (1, ORANGE)):
        left.plot(*x[:, t[0] == is_one], "o", color=color, markersize=18)
        for corner in x[:, t[0] == is_one].T:
            left.annotate(is_one, corner, color="white", ha="center", va="center", weight="bold")
    left.set(xlabel="x₁", ylabel="x₂", aspect="equal", title="x₁ xor x₂, and the output", xticks=[0, 1], yticks=[0, 1])
    left.figure.colorbar(drawn, ax=left)
    right.plot(range(1, 1001), run.history["loss"], color=BLUE)
    right.set(xlabel="step", ylabel="cross-entropy", yscale="log", title="the loss on its way")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
