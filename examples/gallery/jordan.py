"""A Jordan net: the outputs are fed back, and a plan says what to draw.

Jordan (1986): a constant plan becomes a sequence; the state s remembers the outputs so far. One net draws a circle for
one plan, an eight for the other. It was trained on two, four, then eight steps on from anywhere, and runs for 64.
"""

import numpy as np
from gallery_style import BLUE, GREY, ORANGE, QUICK, plots, save, show, target

import symnet as sn

ROUND, HIDDEN, KEPT, EPOCHS = 16, 24, 0.7, 60 if QUICK else 2000  # KEPT: how much of the state is kept
P, S0, Y0 = sn.matrix("P", 2, "n"), sn.matrix("S0", 2, "n"), sn.matrix("Y0", 2, "n")  # plan, first state and point
U, V, b, W = sn.matrix("U", HIDDEN, 2), sn.matrix("V", HIDDEN, 2), sn.vector("b", HIDDEN), sn.matrix("W", 2, HIDDEN)


def unrolled(steps):
    """Give the last state and output of some steps, named s1, y1, …, and the mean squared error against t1, t2, …"""
    s, y, loss = S0, Y0, 0
    for k in range(1, steps + 1):
        s = sn.let(f"s{k}", KEPT * s + y)
        y = sn.let(f"y{k}", W * sn.let(f"h{k}", sn.tanh(sn.affine(V, P, b) + U * s)))
        loss += sn.squared_error(y, sn.matrix(f"t{k}", 2, "n")) / steps
    return s, y, loss


def main(folder):
    formulas = show(sn.derive(unrolled(2)[2], U, V, b, W))
    a = 2 * np.pi * np.arange(5 * ROUND + 1) / ROUND
    drawings = np.array([[np.cos(a), np.sin(a)], [np.sin(a), np.sin(2 * a) / 2]])  # plan, output, step
    states, starts, rng = np.zeros_like(drawings), np.repeat(range(ROUND, 2 * ROUND), 4), np.random.default_rng(0)
    for k in range(5 * ROUND):
        states[..., k + 1] = KEPT * states[..., k] + drawings[..., k]
    first = lambda A: np.hstack(A[:, :, starts]) + rng.normal(0, 0.03, (2, 2 * starts.size))
    data, run = {P: np.repeat(np.eye(2), starts.size, axis=1), S0: first(states), Y0: first(drawings)}, [U, V, b, W]
    for steps, rate in ((2, 0.02), (4, 0.01), (8, 0.005)):
        data |= {f"t{k}": np.hstack(drawings[:, :, starts + k]) for k in range(1, steps + 1)}
        how = {"epochs": EPOCHS, "seed": 1, "optimizer": sn.Adam(sn.cosine_decay(rate, steps=EPOCHS))}
        run = sn.train(unrolled(steps)[2], data, run, **how)
    now = {P: np.eye(2), S0: states[..., ROUND].T, Y0: drawings[..., ROUND].T, **run.parameters}
    step = sn.compile(dict(zip((S0, Y0), unrolled(1)[:2], strict=True)))
    drawn = np.stack([(now := now | step(now))[Y0].T for _ in range(4 * ROUND)], axis=-1)
    error = np.sqrt(np.mean((drawn - drawings[..., ROUND + 1 :])[..., -ROUND:] ** 2))
    print(f"in the fourth round the points are {error:.3f} from where they should be (root mean square)")
    assert error < (1.0 if QUICK else 0.15)
    figure, both = plots(1, 2)
    for axes, points, wanted in zip(both, drawn, drawings, strict=True):
        axes.plot(*wanted[:, : ROUND + 1], color=GREY, linewidth=1, label="wanted")
        axes.plot(*points[:, :ROUND], ".-", color=BLUE, linewidth=1, label="first round")
        axes.plot(*points[:, -ROUND:], "o", color=ORANGE, markersize=5, label="fourth round")
        axes.set(xlabel="first output", ylabel="second output", aspect="equal", ylim=(-1.15, 1.15))
    both[0].legend(loc="center")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
