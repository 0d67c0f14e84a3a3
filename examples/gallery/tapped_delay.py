"""A tapped delay line: the sunspots of next year from those of twelve years.

The benchmark of Weigend, Huberman and Rumelhart (1990): learn from 1700 to 1920, predict 1921 to 1955. Relative to the
variance of the record the errors of a linear model are 0.126, and theirs, of a net with weight elimination, 0.086.
"""

from pathlib import Path

import numpy as np
from gallery_style import BLUE, GREY, ORANGE, QUICK, plots, save, show, target

import symnet as sn

TAPS, HIDDEN, NETS = 12, 8, 5


def main(folder):
    rows = Path(__file__).with_name("sunspots.txt").read_text().splitlines()[1:]
    spots = np.array([float(number) for row in rows for number in row.split()])
    years = 1700 + np.arange(spots.size)
    scaled = spots / 191.2 - 0.25
    lags = np.stack([scaled[k : k + spots.size - TAPS] for k in range(TAPS)])
    after, of = scaled[TAPS:], years[TAPS:]
    past, test = of <= 1920, (of > 1920) & (of <= 1955)

    X, T, lam = sn.matrix("X", TAPS, "n"), sn.matrix("t", 1, "n"), 1e-5
    W, b, v = sn.matrix("W", HIDDEN, TAPS), sn.vector("b", HIDDEN), sn.matrix("v", 1, HIDDEN)
    c = sn.matrix("c", 1, 1)
    y = sn.let("y", sn.affine(v, sn.tanh(sn.affine(W, X, b)), c))
    loss = sn.squared_error(y, T) + lam * (sn.norm(W) ** 2 + sn.norm(v) ** 2)
    parameters = [W, b, v, c]
    formulas = show(sn.derive(loss, parameters))

    def predict(run):
        return 191.2 * (run.evaluate(y, {X: lags})[0] + 0.25)

    data = {X: lags[:, past], T: after[past]}
    train = lambda seed: sn.train(loss, data, parameters, sn.Adam(0.005), epochs=1000, seed=seed)
    said = np.mean([predict(train(seed)) for seed in range(1 if QUICK else NETS)], axis=0)
    wanted, variance = spots[TAPS:], 1535  # of the whole record, as in the paper
    relative = np.mean((said - wanted)[test] ** 2) / variance
    print(f"relative variance of the errors from 1921 to 1955: {relative:.3f}")
    assert relative < 0.11

    figure, axes = plots()
    axes.plot(of, wanted, color=GREY, linewidth=1.2, label="counted")
    axes.plot(of[past], said[past], color=BLUE, linewidth=1, label="fitted, to 1920")
    axes.plot(of[test], said[test], color=ORANGE, label="predicted a year ahead, 1921 to 1955")
    axes.set(xlabel="year", ylabel="sunspot number", xlim=(1850, 1956), ylim=(0, 200))
    axes.set_title(f"relative variance of the errors: {relative:.3f}")
    axes.legend(ncols=3, loc="upper center")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
