"""An autoencoder: digits through a bottleneck of eight numbers, better than linear.

64-48-8-48-64 with tanh, trained to give back what it is given (Hinton and Salakhutdinov, 2006). With as many numbers a
digit, principal components leave more than one and a half times its error, on digits that neither has seen.
"""

from itertools import pairwise

import numpy as np
from gallery_style import GREY, QUICK, picture, save, show, target
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

import symnet as sn

CODE = 8


def main(folder):
    x, test = (part.T / 16 for part in train_test_split(load_digits().data, test_size=0.25, random_state=0))
    X = sn.matrix("X", 64, "n")
    parameters, H = [], X
    for k, (inputs, outputs) in enumerate(pairwise((64, 48, CODE, 48, 64)), 1):
        W, b = sn.matrix(f"W{k}", outputs, inputs), sn.vector(f"b{k}", outputs)
        Z = sn.affine(W, H, b)
        H = sn.let("C", Z) if outputs == CODE else sn.tanh(Z)  # C: the code
        parameters += [W, b]
    loss = sn.squared_error(Z, X)
    formulas = show(sn.derive(loss, parameters))
    how = {"epochs": 20 if QUICK else 300, "batch_size": 64, "seed": 0, "validation": {X: test}}
    run = sn.train(loss, {X: x}, parameters, sn.Adam(sn.cosine_decay(0.003, how["epochs"] * 22)), **how)
    ours = run.evaluate(Z, {X: test})
    linear = PCA(CODE).fit(x.T)
    theirs = linear.inverse_transform(linear.transform(test.T)).T
    error = lambda given: np.mean((given - test) ** 2)
    print(f"mean squared error on {test.shape[1]} new digits {error(ours):.4f}, of components {error(theirs):.4f}")
    assert error(ours) < (1.5 if QUICK else 1 / 1.5) * error(theirs)

    figure = Figure(figsize=(9, 5.6), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(3, 2))
    grid = top.subplots(3, 11, width_ratios=[2.2] + [1] * 10)
    names = "new digits", "autoencoder", "principal\ncomponents"
    for row, name, values in zip(grid, names, (test, ours, theirs), strict=True):
        row[0].axis("off")
        row[0].text(1, 0.5, name, ha="right", va="center", transform=row[0].transAxes)
        for axes, image in zip(row[1:], values.T, strict=False):
            picture(axes, image.reshape(8, 8), vmin=0, vmax=1)
    axes = run.plot(axes=bottom.subplots())
    axes.axhline(error(theirs) * 32, color=GREY, linestyle="--", label="principal components")
    axes.set(yscale="linear", ylim=(0, 2))
    axes.legend()
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
