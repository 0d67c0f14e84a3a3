"""Solvers: a handful of iterations where descent needs hundreds.

One input, one sigmoid and no hidden layer, so that the error is a surface over two parameters. The data come from
(2, −1), and training starts on a plateau, at (−0.5, −5). After J. Sjöberg, "Neural Networks" for Mathematica, 7.2.
"""

import numpy as np
from gallery_style import BLUE, GREEN, GREY, ORANGE, plots, save, show, target

import symnet as sn

START, TRUE, CLOSE = (-0.5, -5.0), (2.0, -1.0), 0.01
LOOKS = (BLUE, "o-"), (ORANGE, "s-"), (GREY, "-")
METHODS = sn.LevenbergMarquardt(), sn.GaussNewton(), sn.GradientDescent(4.0)


def main(folder):
    X, Y, w, b = sn.matrix("X", 1, "n"), sn.matrix("Y", 1, "n"), sn.matrix("w", 1, 1), sn.matrix("b", 1, 1)
    output, x = sn.sigmoid(sn.affine(w, X, b)), np.linspace(-3, 3, 50)
    data = {X: x, Y: sn.evaluate(output, {X: x, w: TRUE[0], b: TRUE[1]})}
    error = sn.sqrt(sn.mse(output, Y))  # what is drawn and compared
    runs, paths, errors, counts = [], [], [], []
    for method in METHODS:
        path = [START]
        note = lambda epoch, loss, at, path=path: path.append((at[w].item(), at[b].item()))
        start = {w: START[0], b: START[1]}
        runs.append(sn.train(sn.squared_error(output, Y), data, start, method, epochs=2000, callback=note))
        paths.append(np.transpose(path))
        errors.append([sn.evaluate(error, {**data, w: p, b: q}) for p, q in path])
        counts.append(int(np.argmax(np.array(errors[-1]) < CLOSE)))
    formulas = show(runs[0].derivation)
    for method, count, path in zip(METHODS, counts, paths, strict=True):
        name, (at, bias) = type(method).__name__, path[:, -1]
        print(f"{name}: error below {CLOSE} after {count} iterations, at the end at ({at:.6f}, {bias:.6f})")
    assert counts[0] == 5 and counts[1] == 7 and counts[2] > 100 and all(run.success for run in runs[:2])

    figure, (left, right) = plots(1, 2, (10, 4.6), width_ratios=[1.15, 1])
    p, q = np.meshgrid(np.linspace(-2, 9, 150), np.linspace(-7, 15, 150))
    P, Q = sn.vector("P", "m"), sn.vector("Q", "m")  # every point of the picture at once
    outputs = sn.evaluate(sn.sigmoid(sn.affine(P, X, Q)), {X: x, P: p.ravel(), Q: q.ravel()})
    surface = np.sqrt(((outputs - data[Y]) ** 2).mean(axis=1)).reshape(p.shape)
    drawn = left.contourf(p, q, surface, levels=16, cmap="Blues", alpha=0.75)
    left.contour(p, q, surface, levels=16, colors="white", linewidths=0.5)
    for method, (color, mark), path, found in zip(METHODS, LOOKS, paths, errors, strict=True):
        left.plot(*path, mark, color=color, markersize=5, linewidth=1.6, label=type(method).__name__)
        right.plot(found, mark, color=color, markersize=5, linewidth=1.6)
    left.plot(*TRUE, "*", color=GREEN, markersize=15, markeredgecolor="white")
    left.set(xlabel="w", ylabel="b", title="the ways down")
    figure.colorbar(drawn, ax=left, label="root of the mean square error")
    right.set(xlabel="iteration", xscale="symlog", yscale="log", ylim=(1e-11, 2), title="the error on its way")
    left.legend(loc="lower right")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
