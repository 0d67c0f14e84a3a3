"""Vector quantisation: a photograph in eight colours.

The energy −T·log Σₖ exp(−‖x − cₖ‖²/T) is, for a small T, the squared distance to the nearest of the colours cₖ. Its
gradient moves each colour to those points that it is nearest to; scikit-learn's k-means is what it is compared with.
"""

import numpy as np
from gallery_style import QUICK, picture, plots, save, show, target
from sklearn.cluster import KMeans
from sklearn.datasets import load_sample_image
from sympy import Symbol

import symnet as sn

COLOURS = 8


def main(folder):
    photo = load_sample_image("china.jpg")[::2, ::2] / 255
    pixels = photo.reshape(-1, 3).T
    rng = np.random.default_rng(0)
    some = pixels[:, rng.choice(pixels.shape[1], 1000 if QUICK else 4000, replace=False)]

    X, C, T = sn.matrix("X", 3, "n"), sn.matrix("C", COLOURS, 3), Symbol("T")
    D = sn.let("D", sn.affine(2 * C, X, -sn.sum(sn.hadamard(C, C), axis=1)))  # ‖x‖² − ‖x − c‖²
    energy = (sn.norm(X) ** 2 - T * sn.sum(sn.logsumexp(D / T))) / X.shape[1]
    formulas = show(sn.derive(energy, C))

    runs = []
    for _ in range(2 if QUICK else 6):
        now = {C: some[:, rng.choice(some.shape[1], COLOURS, replace=False)].T}
        for temperature in np.geomspace(0.005, 0.0003, 5):
            now = sn.train(energy, {X: some, T: temperature}, now, sn.Adam(0.01), epochs=20 if QUICK else 60)
        runs.append(now)
    now = min(runs, key=lambda run: run.loss)
    colours = now.parameters[C]
    error = lambda centres: np.mean(((some.T[:, None] - centres) ** 2).sum(axis=2).min(axis=1))
    ours = error(colours)
    theirs = error(KMeans(COLOURS, n_init=10, random_state=0).fit(some.T).cluster_centers_)
    print(f"mean squared distance to the nearest colour {ours:.5f}, of k-means {theirs:.5f}")
    assert ours < (1.2 if QUICK else 1.05) * theirs

    nearest = now.evaluate(D, {X: pixels}).argmax(axis=0)
    figure, axes = plots(1, 3, size=(9, 3), width_ratios=(10, 10, 1))
    picture(axes[0], photo, f"{len(np.unique((photo * 255).reshape(-1, 3), axis=0)):,} colours")
    picture(axes[1], colours[nearest].reshape(photo.shape).clip(0, 1), f"{COLOURS} colours")
    shares = np.bincount(nearest, minlength=COLOURS)
    picture(axes[2], colours[np.argsort(-shares)].clip(0, 1)[:, None], "C")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
