"""A functional-link net: products of the inputs instead of a hidden layer.

Pao (1989) feeds a single layer with functions of the inputs, here x₁², x₁x₂ and x₂². What looks like a ring is then cut
off by a plane, and the weights say which curve it is: nearly a circle about the origin.
"""

import numpy as np
from gallery_style import BLUE, ORANGE, QUICK, plots, regions, save, show, target
from sklearn.datasets import make_circles

import symnet as sn


def main(folder):
    points, ring = make_circles(300, factor=0.5, noise=0.1, random_state=0)
    X, T = sn.matrix("X", 2, "n"), sn.matrix("t", 1, "n")
    u, V, b = sn.vector("u", 2), sn.matrix("V", 2, 2), sn.matrix("b", 1, 1)
    y = sn.let("y", sn.affine(u.T, X, b) + sn.sum(sn.hadamard(X, V * X), axis=0))  # uᵀx + xᵀVx + b for each point
    loss = sn.binary_cross_entropy(y, T)
    formulas = show(sn.derive(loss, u, V, b))

    data = {X: points[:200].T, T: ring[None, :200]}
    start = {u: np.zeros((2, 1)), V: np.zeros((2, 2)), b: [[0.0]]}
    run = sn.train(loss, data, start, sn.Nesterov(0.5), epochs=500 if QUICK else 5000)
    test = {X: points[200:].T, T: ring[None, 200:]}
    right = run.evaluate(sn.accuracy(y, T), test)
    matrix, offset = run.parameters[V], run.parameters[b].item()
    axes_of = np.sqrt(-offset / np.linalg.eigvalsh((matrix + matrix.T) / 2))
    print(f"V =\n{matrix.round(2)}, b = {offset:.2f}: half-axes {axes_of.round(3)}, midway between 0.5 and 1")
    print(f"{right:.0%} of 100 new points are told right")
    assert right >= 0.98 and abs(axes_of - 0.75).max() < 0.08

    figure, axes = plots(size=(5.6, 5))
    regions(
        axes, lambda at: (run.evaluate(y, {X: at}) > 0).astype(int).ravel(), (-1.5, 1.5), (-1.5, 1.5), (ORANGE, BLUE)
    )
    for kind, color, name in ((0, ORANGE, "outer ring"), (1, BLUE, "inner ring")):
        axes.plot(*points[ring == kind].T, "o", color=color, markersize=5, alpha=0.7, label=name)
    axes.set(
        xlabel="x₁", ylabel="x₂", aspect="equal", title=f"y = 0 is an ellipse; {right:.0%} of new points are right"
    )
    axes.legend(loc="upper left", frameon=True)
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
