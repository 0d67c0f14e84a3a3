"""Masked matrix factorisation: a photograph of which half the points are gone.

Recommenders fill a table of ratings that is mostly empty with U·V, fitted where entries are known (Koren, Bell and
Volinsky, 2009). Here the table is a picture, so that one can see what is filled in.
"""

import numpy as np
from gallery_style import BLUE, ORANGE, QUICK, picture, save, show, target
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

import symnet as sn

RANK = 20


def main(folder):
    photo = load_sample_image("china.jpg").mean(axis=2)[:424] / 255
    whole = photo.reshape(106, 4, 160, 4).mean(axis=(1, 3))
    rng = np.random.default_rng(0)
    known = (rng.random(whole.shape) < 0.5).astype(float)
    middle = whole[known == 1].mean()

    rows, columns = whole.shape
    R, M = sn.matrix("R", rows, columns), sn.matrix("M", rows, columns)
    U, V, lam = sn.matrix("U", rows, RANK), sn.matrix("V", RANK, columns), 0.3
    product = U * V
    loss = sn.norm(sn.hadamard(M, product - R)) ** 2 / 2 + lam * (sn.norm(U) ** 2 + sn.norm(V) ** 2) / 2
    formulas = show(sn.derive(loss, U, V))

    data = {R: known * (whole - middle), M: known}  # where M is 0, R does not matter
    run = sn.train(loss, data, [U, V], sn.Adam(0.02), epochs=300 if QUICK else 1500, seed=0)
    filled = run.evaluate(product) + middle
    missing = known == 0
    error = np.sqrt(np.mean((filled - whole)[missing] ** 2))
    grey = np.sqrt(np.mean((middle - whole)[missing] ** 2))
    print(f"root mean square error at {missing.sum():,} missing points {error:.4f}, with one grey for all {grey:.4f}")
    assert error < 0.4 * grey

    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axes = figure.subplots(2, 2)
    seen = np.where(missing, np.nan, whole)
    for place, image, title in (
        (axes[0, 0], seen, "what is known: half of the points"),
        (axes[0, 1], filled, f"U·V, of rank {RANK}"), (axes[1, 0], whole, "the photograph"),
    ):  # fmt: skip
        place.set_facecolor("#f3c9a0")
        picture(place, image, title, cmap="gray", vmin=0, vmax=1)
    axes[1, 1].hist((filled - whole)[~missing], bins=60, range=(-0.4, 0.4), color=BLUE, alpha=0.6, label="known")
    axes[1, 1].hist((filled - whole)[missing], bins=60, range=(-0.4, 0.4), color=ORANGE, alpha=0.6, label="missing")
    axes[1, 1].set(xlabel="error (black to white is 1)", ylabel="points")
    axes[1, 1].legend()
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
