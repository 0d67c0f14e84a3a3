"""A bidirectional associative memory: small letters recall capitals, and the other way round.

Kosko (1988) stores pairs x, y in W = Σ x·yᵀ. With the energy E = −xᵀWy each side takes the signs of −∂E, in turn; no
step raises E, and from a spoilt letter both settle on the pair.
"""

import numpy as np
from gallery_style import picture, plots, save, show, target

import symnet as sn

LETTERS = {
    "A": (".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "a": (".....", ".....", ".###.", "....#", ".####", "#...#", ".####"),
    "B": ("####.", "#...#", "#...#", "####.", "#...#", "#...#", "####."),
    "b": ("#....", "#....", "####.", "#...#", "#...#", "#...#", "####."),
    "T": ("#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."),
    "t": (".#...", ".#...", "###..", ".#...", ".#...", ".#..#", "..##."),
}


def column(letter):
    """Give a letter as 35 numbers, 1 for ink and -1 for paper."""
    return np.array([1.0 if point == "#" else -1.0 for row in LETTERS[letter] for point in row])


def main(folder):
    capitals, small = (np.stack([column(letter) for letter in letters], axis=1) for letters in ("ABT", "abt"))
    x, y, W = sn.matrix("x", 35, "k"), sn.matrix("y", 35, "k"), sn.matrix("W", 35, 35)
    energy = -sn.inner(x, W * y)
    formulas = show(sn.derive(energy, x, y))
    kernel, values = formulas[0].compile(), {W: capitals @ small.T}

    rng, spoilt = np.random.default_rng(3), small.copy()
    for letter in spoilt.T:
        letter[rng.choice(35, 6, replace=False)] *= -1
    values |= {x: rng.choice([-1.0, 1.0], (35, 3)), y: spoilt}
    energies, first = [], values
    for _ in range(4):
        for side in (x, y):
            level, gradients = kernel(values)
            values = values | {side: np.where(gradients[side] < 0, 1.0, -1.0)}
            energies.append(level)
    wrong = int(np.sum(values[x] != capitals) + np.sum(values[y] != small))
    print(f"energies {energies}\n{wrong} points wrong, from small letters with 6 of 35 spoilt and no capitals")
    assert wrong == 0 and all(after <= before for before, after in zip(energies, energies[1:], strict=False))

    figure, grid = plots(3, 4, size=(6.5, 6.6))
    titles = ("small, spoilt", "capital, nothing", "capital recalled", "small recalled")
    for column_of, side, title in zip(grid.T, (spoilt, first[x], values[x], values[y]), titles, strict=True):
        for k, axes in enumerate(column_of):
            picture(axes, side[:, k].reshape(7, 5), title if k == 0 else "", vmin=-1, vmax=1)
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
