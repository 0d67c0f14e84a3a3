"""A Hopfield memory: patterns are the valleys of an energy.

Five digits of 64 black or white points are stored in W, the projection on them without its diagonal (Hopfield, 1982;
Personnaz and others, 1985). By gradient descent in U a spoilt digit S = tanh(U) rolls down E = −½·tr(SᵀWS), and ends at
the stored one.
"""

import numpy as np
from gallery_style import picture, plots, save, show, target
from sklearn.datasets import load_digits

import symnet as sn

DIGITS, SPOILT = (0, 1, 4, 7, 6), 10


def main(folder):
    images, labels = load_digits(return_X_y=True)
    means = np.stack([images[labels == d].mean(axis=0) for d in DIGITS], axis=1)
    stored = np.where(means > 7, 1.0, -1.0)
    weights = stored @ np.linalg.pinv(stored)  # the projection on the patterns: it tells apart those that are alike
    np.fill_diagonal(weights, 0)

    U, W = sn.matrix("U", 64, "k"), sn.matrix("W", 64, 64)
    S = sn.let("S", sn.tanh(U))
    energy = -sn.inner(S, W * S) / 2
    formulas = show(sn.derive(energy, U))

    rng = np.random.default_rng(0)
    spoilt = stored.copy()
    for column in spoilt.T:
        column[rng.choice(64, SPOILT, replace=False)] *= -1
    stages = [spoilt]
    run = sn.train(
        energy, {W: weights}, {U: spoilt / 2}, 0.1, epochs=400,
        callback=lambda epoch, loss, now: stages.append(np.tanh(now[U])) if epoch in (10, 30) else None,
    )  # fmt: skip
    recalled = run.evaluate(S)
    wrong = int(np.sum(np.sign(recalled) != stored))
    print(f"{SPOILT} of 64 points were spoilt in each of {len(DIGITS)} digits; {wrong} are wrong after the descent")
    assert wrong == 0

    figure, grid = plots(len(DIGITS), 5, size=(7.5, 7))
    columns = [(stored, "stored"), (stages[0], "spoilt"), (stages[1], "10 steps"), (stages[2], "30 steps")]
    for k, (values, title) in enumerate([*columns, (recalled, "400 steps")]):
        for row, axes in enumerate(grid[:, k]):
            picture(axes, values[:, row].reshape(8, 8), title if row == 0 else "", vmin=-1, vmax=1)
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
