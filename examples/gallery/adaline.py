"""Adaline: the rule of least mean squares, flower by flower.

Two species of iris, told apart by the length and width of their petals. Each flower moves the weights by its own error
(Widrow and Hoff, 1960); with a falling rate they end at the least-squares solution.
"""

import numpy as np
from gallery_style import BLUE, GREY, ORANGE, QUICK, plots, save, show, target
from sklearn.datasets import load_iris

import symnet as sn


def main(folder):
    flowers, species = load_iris(return_X_y=True)
    flowers, species = flowers[species > 0][:, 2:], species[species > 0]  # versicolor and virginica
    x = ((flowers - flowers.mean(axis=0)) / flowers.std(axis=0)).T
    t = np.where(species == 1, -1.0, 1.0)[None]

    X, T, w, b = sn.matrix("x", 2, "n"), sn.matrix("t", 1, "n"), sn.vector("w", 2), sn.matrix("b", 1, 1)
    y = sn.let("y", sn.affine(w.T, X, b))
    loss = sn.squared_error(y, T)
    start = {w: np.zeros((2, 1)), b: [[0.0]]}
    passes = 20 if QUICK else 300
    path = [np.zeros(2)]
    run = sn.train(
        loss, {X: x, T: t}, start, sn.GradientDescent(sn.exponential_decay(0.05, 0.5, passes * 10)), epochs=passes,
        batch_size=1, seed=0, callback=lambda epoch, loss, now: path.append(now[w].ravel().copy()),
    )  # fmt: skip
    formulas = show(run.derivation)

    best = np.linalg.lstsq(np.column_stack([x.T, np.ones(100)]), t[0], rcond=None)[0]
    reached = np.array([*run.parameters[w].ravel(), run.parameters[b].item()])
    right = np.mean(np.sign(run.evaluate(y, {X: x})) == t)
    print(f"weights {reached.round(4)}, least squares {best.round(4)}; {right:.0%} of 100 flowers told right")
    assert abs(reached - best).max() < 0.01 and right >= 0.94

    figure, (left, second) = plots(1, 2)
    for name, color, of in (("versicolor", BLUE, -1), ("virginica", ORANGE, 1)):
        left.plot(*flowers[t[0] == of].T, "o", color=color, markersize=5, alpha=0.7, label=f"Iris {name}")
    lengths = np.array([3.4, 7.0])
    u = (lengths - flowers[:, 0].mean()) / flowers[:, 0].std()
    v = -(reached[0] * u + reached[2]) / reached[1]
    left.plot(lengths, v * flowers[:, 1].std() + flowers[:, 1].mean(), color="#222222", label="y = 0")
    left.set(xlabel="petal length (cm)", ylabel="petal width (cm)", ylim=(0.9, 3.1), title=f"{right:.0%} are right")
    left.legend(loc="upper left", ncols=1)
    second.plot(*np.transpose(path), color=BLUE, linewidth=1.2, label="after each pass")
    second.plot(*best[:2], "+", color="#222222", markersize=14, markeredgewidth=2, label="least squares")
    second.plot(0, 0, "o", color=GREY, label="start")
    second.set(xlabel="w₁", ylabel="w₂", title="the weights on their way")
    second.legend()
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
