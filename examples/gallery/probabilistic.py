"""A probabilistic net: a bell on each flower, and their width trained.

Specht (1990): the chance of a class is the share of its bells at the point. Every iris is told by the 149
others, and gradient descent finds the width of the bells that makes this most likely.
"""

import numpy as np
from gallery_style import BLUE, GREEN, ORANGE, QUICK, plots, regions, save, show, target
from sklearn.datasets import load_iris
from sympy import Symbol

import symnet as sn


def main(folder):
    iris = load_iris()
    flowers, species = iris.data[:, 2:], iris.target  # petal length and width, cm
    distances = ((flowers[:, None] - flowers) ** 2).sum(axis=2)
    others = 1.0 - np.eye(150)
    same = others * (species[:, None] == species)

    D, M, S, beta = sn.matrix("D", 150, 150), sn.matrix("M", 150, 150), sn.matrix("S", 150, 150), Symbol("beta")
    K = sn.let("K", sn.exp(-(beta**2) * D / 2))  # β: 1/width; M: all others; S: the others of its species
    p = lambda mask: sn.log(sn.sum(sn.hadamard(K, mask), axis=1))
    loss = sn.mean(p(M) - p(S))
    formulas = show(sn.derive(loss, beta))

    data, epochs = {D: distances, M: others, S: same}, 100 if QUICK else 1000
    run = sn.train(loss, data, {beta: 1.0}, sn.Adam(0.1), epochs=epochs)
    width = 1 / run.parameters[beta]
    widths = np.geomspace(0.05, 1, 40)
    losses = [run.evaluate(loss, data | {beta: 1 / w}) for w in widths]
    bells = np.exp(-distances / (2 * width**2)) * others
    told = np.argmax([bells[:, species == k].sum(axis=1) for k in range(3)], axis=0)
    right = np.sum(told == species)
    print(f"width {width:.3f} cm, loss {run.loss:.4f}, the lowest of 40 widths {min(losses):.4f}")
    print(f"{right} of 150 flowers are told right by the others")
    assert run.loss <= min(losses) + (1e-2 if QUICK else 1e-6) and right >= 143

    def classify(points):
        bells = np.exp(-((points.T[:, None] - flowers) ** 2).sum(axis=2) / (2 * width**2))
        return np.argmax([bells[:, species == k].sum(axis=1) for k in range(3)], axis=0)

    figure, (left, curve) = plots(1, 2)
    regions(left, classify, (0.7, 7.2), (0, 2.7))
    for k, (color, name) in enumerate(((BLUE, "setosa"), (ORANGE, "versicolor"), (GREEN, "virginica"))):
        left.plot(*flowers[species == k].T, "o", color=color, markersize=5, alpha=0.7, label=name)
    left.set(xlabel="petal length (cm)", ylabel="petal width (cm)", title=f"{right} of 150 told right by the others")
    left.legend(loc="upper left")
    curve.plot(widths, losses, color=BLUE)
    curve.plot(width, run.loss, "o", color=ORANGE, markersize=9, label=f"trained: {width:.3f} cm")
    curve.set(xlabel="width of the bells (cm)", ylabel="loss", xscale="log", title="the loss by the width")
    curve.legend()
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
