"""The perceptron: a step for each mistake, none otherwise.

Iris setosa against the other two species, by two measurements. The loss Σ relu(−t∘(wᵀx + b)) has Rosenblatt's rule as
its gradient; where a line separates the classes it makes finitely many mistakes (Novikoff, 1962), then none.
"""

import numpy as np
from gallery_style import BLUE, ORANGE, plots, regions, save, show, target
from sklearn.datasets import load_iris

import symnet as sn


def main(folder):
    flowers, species = load_iris(return_X_y=True)
    x, t = flowers[:, :2].T, np.where(species == 0, 1.0, -1.0)[None]  # sepal length and width, cm

    X, T, w, b = sn.matrix("x", 2, "n"), sn.matrix("t", 1, "n"), sn.vector("w", 2), sn.matrix("b", 1, 1)
    y = sn.let("y", sn.affine(w.T, X, b))
    loss = sn.sum(sn.relu(sn.hadamard(-T, y)))
    data, mistakes = {X: x, T: t}, []
    wrong = sn.compile({"wrong": sn.sum((1 - sn.sign(sn.hadamard(T, y))) / 2)})
    start = {w: np.random.default_rng(1).normal(size=2), b: [[0.0]]}
    run = sn.train(
        loss, data, start, sn.GradientDescent(0.1), epochs=2000, batch_size=1, seed=0,
        callback=lambda epoch, loss, now: mistakes.append(wrong(data | now)["wrong"]) or mistakes[-1] == 0,
    )  # fmt: skip
    formulas = show(run.derivation)
    print(
        f"{mistakes[0]:.0f} of 150 flowers wrong after the first pass, {mistakes[-1]:.0f} after {len(mistakes)} passes"
    )
    assert mistakes[-1] == 0

    figure, (left, second) = plots(1, 2)
    limits = (4, 8.2), (1.8, 4.6)
    regions(left, lambda at: (run.evaluate(y, {X: at}) < 0).astype(int), *limits, colors=(BLUE, ORANGE))
    for name, color, of in (("setosa", BLUE, 1), ("versicolor, virginica", ORANGE, -1)):
        left.plot(*x[:, t[0] == of], "o", color=color, markersize=5, alpha=0.7, label=name)
    left.set(xlim=limits[0], ylim=limits[1], xlabel="sepal length (cm)", ylabel="sepal width (cm)")
    left.set_title("no flower on the wrong side")
    left.legend(loc="upper right")
    second.plot(range(1, len(mistakes) + 1), mistakes, color=BLUE, linewidth=1)
    second.set(xlabel="passes over the flowers", ylabel="flowers on the wrong side", ylim=(0, None))
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
