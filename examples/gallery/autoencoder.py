"""An autoencoder: digits through a bottleneck of eight numbers, better than linear.

64-48-8-48-64 with tanh, trained to give back what it is given (Hinton and Salakhutdinov, 2006). With as many numbers a
digit, principal components leave more than one and a half times its error, on digits that neither has seen.
"""

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
    encoder = sn.mlp(X, [48, CODE], prefix="e_")
    code = sn.let("C", encoder.output)
    decoder = sn.mlp(code, [48, 64], prefix="d_")
    loss = sn.squared_error(decoder.output, X)
    parameters = [*encoder.parameters, *decoder.parameters]
    formulas = show(sn.derive(loss, parameters))

    epochs = 20 if QUICK else 300
    rate = sn.cosine_decay(0.003, steps=epochs * 22)
    how = {"epochs": epochs, "batch_size": 64, "seed": 0, "validation": {X: test}}
    run = sn.train(loss, {X: x}, parameters, sn.Adam(rate), **how)
    ours = run.evaluate(decoder.output, {X: test})
    linear = PCA(CODE).fit(x.T)
    theirs = linear.inverse_transform(linear.transform(test.T)).T
    error = lambda given: np.mean((given - test) ** 2)
    print(f"mean squared error on {test.shape[1]} new digits {error(ours):.4f}, of components {error(theirs):.4f}")
    assert error(ours) < (1.5 if QUICK else 1 / 1.5) * error(theirs)

    figure = Figure(figsize=(9, 5.6), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(3, 2))
    grid = top.subplots(3, 11, width_ratios=[2.2] + [1] * 10)
    rows = (("new digits", test), ("autoencoder", ours), ("principal\ncomponents", theirs))
    for row, (name, values) in zip(grid, rows, strict=True):
        row[0].axis("off")
        row[0].text(1, 0.5, name, ha="right", va="center", transform=row[0].transAxes)
        for axes, image in zip(row[1:], values.T, strict=False):
            picture(axes, image.reshape(8, 8), vmin=0, vmax=1)
    axes = bottom.subplots()
    run.plot(axes=axes)
    axes.axhline(error(theirs) * 32, color=GREY, linestyle="--", label="principal components")
    axes.set(yscale="linear", ylim=(0, 2))
    axes.legend()
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
