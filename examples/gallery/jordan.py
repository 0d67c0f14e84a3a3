"""A Jordan net: the outputs are fed back, and a plan says what to draw.

Jordan (1986) has a net produce a sequence from a constant plan; its state remembers the outputs so far. Here one net
draws a circle for one plan and a figure of eight for the other, freely running; it was trained on two rounds.
"""

import numpy as np
from gallery_style import BLUE, GREY, ORANGE, QUICK, plots, save, show, target

import symnet as sn

ROUND, SEEN = 16, 6  # points of a round; how many of them are drawn in training
HIDDEN, KEPT = 16, 0.5  # neurons; how much of the state is kept
P, S0, Y0 = sn.matrix("P", 2, "n"), sn.matrix("S0", 2, "n"), sn.matrix("Y0", 2, "n")  # plan, state, first point
V, U = sn.matrix("V", HIDDEN, 2), sn.matrix("U", HIDDEN, 2)
b, W = sn.vector("b", HIDDEN), sn.matrix("W", 2, HIDDEN)


def unrolled(steps):
    """Give the outputs of some steps in a row, named y1, y2, …"""
    s, y, outputs = S0, Y0, []
    for k in range(1, steps + 1):
        s = sn.let(f"s{k}", KEPT * s + y)
        h = sn.let(f"h{k}", sn.tanh(sn.affine(V, P, b) + U * s))
        y = sn.let(f"y{k}", W * h)
        outputs.append(y)
    return outputs


def loss_of(outputs):
    """Give the squared distance from the targets t1, t2, …, averaged over the steps."""
    targets = [sn.matrix(f"t{k}", 2, "n") for k in range(1, len(outputs) + 1)]
    return sum(sn.squared_error(y, t) for y, t in zip(outputs, targets, strict=True)) / len(outputs)


def main(folder):
    formulas = show(sn.derive(loss_of(unrolled(2)), V, U, b, W))
    angle = 2 * np.pi * np.arange(5 * ROUND) / ROUND
    drawings = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), np.sin(2 * angle) / 2]])  # plan, output, step
    states = np.zeros_like(drawings)
    for k in range(1, 5 * ROUND):
        states[:, :, k] = KEPT * states[:, :, k - 1] + drawings[:, :, k - 1]
    rng, starts = np.random.default_rng(0), np.repeat(np.arange(ROUND, 2 * ROUND), 4)  # each point four times
    columns = lambda A, k: np.hstack(A[:, :, starts + k])
    blurred = lambda A: columns(A, 0) + rng.normal(0, 0.1, (2, 2 * starts.size))
    data = {P: np.repeat(np.eye(2), starts.size, axis=1), S0: blurred(states), Y0: blurred(drawings)}
    data |= {f"t{k}": columns(drawings, k) for k in range(1, SEEN + 1)}
    epochs = 300 if QUICK else 3000
    optimizer = sn.Adam(sn.cosine_decay(0.02, steps=epochs))
    run = sn.train(loss_of(unrolled(SEEN)), data, [V, U, b, W], optimizer, epochs=epochs, seed=0)

    begin = {P: np.eye(2), S0: states[:, :, ROUND].T, Y0: drawings[:, :, ROUND].T}
    found = sn.compile(dict(enumerate(unrolled(4 * ROUND - 1), 1)))(begin | dict(run.parameters))
    drawn = np.stack([begin[Y0], *found.values()], axis=-1).swapaxes(0, 1)
    last, curves = drawn[:, :, -2 * ROUND :], drawings[:, :, :ROUND]
    apart = np.linalg.norm(last[:, :, :, None] - curves[:, :, None], axis=1)  # plan, drawn point, wanted point
    far = max(apart.min(axis=1).max(), apart.min(axis=2).max())
    print(f"rounds 3 and 4, never trained: a drawn and a wanted point are at most {far:.3f} from one of the other kind")
    assert far < (1.5 if QUICK else 0.25)  # wanted points are up to 0.45 apart from each other

    figure, both = plots(1, 2)
    for axes, points, wanted, name in zip(both, drawn, drawings, ("first plan", "second plan"), strict=True):
        axes.plot(*wanted[:, : ROUND + 1], color=GREY, linewidth=1, label="wanted")
        axes.plot(*points[:, : 2 * ROUND], ".-", color=BLUE, linewidth=1, label="rounds 1 and 2")
        axes.plot(*points[:, -2 * ROUND :], "o", color=ORANGE, markersize=5, label="rounds 3 and 4, not trained")
        axes.set(xlabel="first output", ylabel="second output", aspect="equal", title=name, xlim=(-1.3, 1.3))
        axes.set_ylim(-1.7, 1.3)
        axes.legend(loc="lower center", ncols=1)
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
