"""An Elman net: a hidden layer that sees itself one step earlier.

It reads bits, and is to say after each whether it differs from the one before: exclusive or in time (Elman, "Finding
Structure in Time", 1990). Trained on sequences of eight bits, tested on one of a thousand.
"""

import numpy as np
from gallery_style import BLUE, GREY, ORANGE, plots, save, show, target

import symnet as sn

V, U, b = sn.vector("V", 4), sn.matrix("U", 4, 4), sn.vector("b", 4)
W, c = sn.matrix("W", 1, 4), sn.matrix("c", 1, 1)


def unrolled(steps):
    """Give the loss over some steps; x1, x2, … are the bits of step 1, 2, … in every sequence, t2, … the targets."""
    h, loss = None, 0
    for k in range(1, steps + 1):
        z = sn.affine(V, sn.matrix(f"x{k}", 1, "n"), b)
        h = sn.let(f"h{k}", sn.tanh(z if h is None else z + U * h))
        if k > 1:
            loss += sn.binary_cross_entropy(sn.affine(W, h, c), sn.matrix(f"t{k}", 1, "n"))
    return loss / (steps - 1)


def main(folder):
    formulas = show(sn.derive(unrolled(2), V, U, b, W, c))
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (8, 200)).astype(float)
    data = {f"x{k}": row for k, row in enumerate(bits, 1)}
    data |= {f"t{k}": row for k, row in enumerate(np.abs(np.diff(bits, axis=0)), 2)}
    run = sn.train(unrolled(8), data, [V, U, b, W, c], sn.Adam(0.02), epochs=400, seed=1)

    x, h = sn.matrix("x", 1, 1), sn.vector("h", 4)
    state = sn.let("h_next", sn.tanh(sn.affine(V, x, b) + U * h))
    net = sn.compile({"h": state, "y": sn.sigmoid(sn.affine(W, state, c))})
    stream, now, said = rng.integers(0, 2, 1000).astype(float), np.zeros((4, 1)), []
    for bit in stream:
        out = net(dict(run.parameters) | {x: [[bit]], h: now})
        now, said = out["h"], [*said, out["y"].item()]
    wanted = np.abs(np.diff(stream))
    wrong = np.sum((np.array(said[1:]) > 0.5) != wanted)
    print(f"{wrong} of 999 answers about a new stream of bits are wrong")
    assert wrong == 0

    figure, (top, bottom) = plots(2, 1, sharex=True, height_ratios=(1, 2))
    top.step(range(40), stream[:40], where="mid", color=GREY)
    top.set(ylabel="bit", yticks=[0, 1], title=f"does the bit differ from the one before? {wrong} of 999 answers wrong")
    bottom.plot(range(1, 40), wanted[:39], "o", color=ORANGE, markersize=9, label="right answer")
    bottom.plot(range(1, 40), said[1:40], ".-", color=BLUE, linewidth=1, label="output of the net")
    bottom.set(xlabel="step", ylabel="output", ylim=(-0.1, 1.45), yticks=[0, 1])
    bottom.legend(ncols=2, loc="upper right")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
