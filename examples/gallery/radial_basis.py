"""Radial basis functions: bells that move to where they are needed.

A curve with one slow and one fast part from 200 noisy points. Centres, widths and heights of ten Gaussian bells are all
trained by the same derivation.
"""

import numpy as np
from gallery_style import BLUE, GREY, ORANGE, QUICK, plots, save, show, target

import symnet as sn


def truth(x):
    """Give the curve: a chirp, faster and faster to the right."""
    return np.sin(6 * x**2)


def main(folder):
    rng, bells, noise = np.random.default_rng(2), 10, 0.1
    x = np.sort(rng.uniform(0, 2, 200))[None]
    t = truth(x) + rng.normal(0, noise, x.shape)

    X, T = sn.matrix("x", 1, "n"), sn.matrix("t", 1, "n")
    c, s, w = sn.vector("c", bells), sn.vector("s", bells), sn.vector("w", bells)  # centre, 1/width, height
    Z = sn.let("Z", sn.affine(s, X, -sn.hadamard(s, c)))  # (x − c)/width
    H = sn.let("H", sn.exp(-sn.hadamard(Z, Z)))
    y = w.T * H
    loss = sn.squared_error(y, T) + 0.00001 * sn.norm(w) ** 2
    formulas = show(sn.derive(loss, c, s, w))

    start = {c: np.linspace(0, 2, bells), s: np.full(bells, 4.0), w: np.zeros(bells)}
    run = sn.train(loss, {X: x, T: t}, start, sn.Adam(0.02), epochs=1500 if QUICK else 6000)
    grid = np.linspace(0, 2, 400)[None]
    error = np.sqrt(np.mean((run.evaluate(y, {X: grid}) - truth(grid)) ** 2))
    print(f"root mean square distance from the curve {error:.3f}, of the noise {noise}")
    assert error < noise

    figure, axes = plots()
    heights = run.parameters[w].reshape(-1, 1) * run.evaluate(H, {X: grid})
    axes.plot(grid[0], heights.T, color=GREY, linewidth=1, alpha=0.7)
    axes.plot(x[0], t[0], "o", color=ORANGE, markersize=4, alpha=0.8, label="noisy points")
    axes.plot(grid[0], truth(grid)[0], "--", color="#222222", linewidth=1.2, label="sin(6x²)")
    axes.plot(grid[0], run.evaluate(y, {X: grid})[0], color=BLUE, label="the sum of ten bells (grey)")
    axes.set(xlabel="x", ylabel="y", ylim=(-2, 2.6), title=f"{error:.3f} from the curve, with noise of {noise}")
    axes.legend(ncols=3, loc="upper center")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
