"""A Kohonen map: a sheet of a hundred units, unfolded over the handwritten digits.

Heskes (1999) gave the self-organising map an energy: the distance of a digit to a unit and to its neighbours H on the
sheet, at the unit where this is least. The neighbourhood shrinks; at the end units that are side by side look alike.
"""

import numpy as np
from gallery_style import QUICK, TEN, picture, plots, save, show, target
from sklearn.datasets import load_digits
from sympy import Symbol

import symnet as sn

SIDE = 10


def main(folder):
    images, labels = load_digits(return_X_y=True)
    x = images.T / 16
    X, W, H = sn.matrix("X", 64, "n"), sn.matrix("W", SIDE**2, 64), sn.matrix("H", SIDE**2, SIDE**2)
    T = Symbol("T")
    D = sn.let("D", sn.affine(W, X, -sn.sum(sn.hadamard(W, W), axis=1) / 2))  # (‖x‖² − ‖x − w‖²)/2
    energy = -T * sn.mean(sn.logsumexp(H * D / T))
    formulas = show(sn.derive(energy, W))

    place = np.stack(np.meshgrid(range(SIDE), range(SIDE)), axis=-1).reshape(-1, 2)
    apart = ((place[:, None] - place) ** 2).sum(axis=2)
    now = {W: x.mean(axis=1) + 0.01 * np.random.default_rng(0).normal(size=(SIDE**2, 64))}
    for width in np.geomspace(4, 0.6, 6 if QUICK else 12):
        neighbours = np.exp(-apart / (2 * width**2))
        data = {X: x, H: neighbours / neighbours.sum(axis=1, keepdims=True), T: 0.05}
        now = sn.train(energy, data, now, sn.Adam(0.02), epochs=12 if QUICK else 30)
    units = now.parameters[W]
    scores = now.evaluate(D, {X: x})
    winner, second = np.argsort(-scores, axis=0)[:2]
    beside = np.mean(apart[winner, second] <= 2)
    votes = np.array([np.bincount(labels[winner == k], minlength=10) for k in range(SIDE**2)])
    right = np.sum(votes.max(axis=1)) / labels.size
    print(f"for {beside:.0%} of the digits the two nearest units are neighbours on the sheet")
    print(f"named after the digit that they win most often, the units tell {right:.1%} of the digits right")
    assert beside > 0.8 and right > 0.85

    figure, (left, middle) = plots(1, 2, size=(9, 4.6))
    sheet = units.reshape(SIDE, SIDE, 8, 8).swapaxes(1, 2).reshape(SIDE * 8, SIDE * 8)
    picture(left, sheet, "the weights of the units, W")
    middle.set(
        xticks=[], yticks=[], xlim=(-0.5, 9.5), ylim=(9.5, -0.5), aspect="equal", title="the digit each wins most"
    )
    for k, (column, row) in enumerate(place):
        digit = votes[k].argmax()
        middle.text(column, row, digit if votes[k].any() else "·", color=TEN[digit], ha="center", va="center", size=15)
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
