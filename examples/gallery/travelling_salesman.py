"""The travelling salesman: a tour as the lowest point of an energy.

Hopfield and Tank (1985), with their own ten cities. V says which city (row) is visited at which place (column); the
energy asks for one 1 in each row and column, for decided entries, and for a short way. The shortest tour is 2.691.
"""

import numpy as np
from gallery_style import BLUE, ORANGE, QUICK, picture, plots, save, show, target
from sympy import Symbol

import symnet as sn

CITIES = np.array([
    (0.4000, 0.4439), (0.2439, 0.1463), (0.1707, 0.2293), (0.2293, 0.7610), (0.5171, 0.9414),
    (0.8732, 0.6536), (0.6878, 0.5219), (0.8488, 0.3609), (0.6683, 0.2536), (0.6195, 0.2634),
])  # fmt: skip
SHORTEST, N = 2.6907, len(CITIES)


def length(tour):
    """Give the length of a closed tour."""
    return np.linalg.norm(CITIES[tour] - CITIES[np.roll(tour, 1)], axis=1).sum()


def main(folder):
    U, D, C = sn.matrix("U", N, N), sn.matrix("D", N, N), sn.matrix("C", N, N)  # D: distances; V·C: a place on
    g = Symbol("gamma")
    V = sn.let("V", sn.softmax(U, axis=0))  # each place has one city
    r = sn.let("r", sn.sum(V, axis=1) - 1)  # and each city one place
    energy = sn.let("way", sn.inner(V, D * V * C)) + sn.norm(r) ** 2 + g * sn.inner(V, 1 - V)
    formulas = show(sn.derive(energy, U))

    data = {D: np.linalg.norm(CITIES[:, None] - CITIES, axis=2), C: np.roll(np.eye(N), 1, axis=0)}
    tours = []
    for seed in range(4 if QUICK else 10):
        now = {U: np.random.default_rng(seed).normal(0, 0.1, (N, N))}
        for decided in (-0.3, 0.0, 0.3, 1.0):  # undecided at first, then more and more
            now = sn.train(energy, data | {g: decided}, now, sn.Adam(0.02), epochs=200)
        found = now.evaluate(V)
        if len(set(found.argmax(axis=0))) == N:
            tours.append((length(found.argmax(axis=0)), seed, found))
    (best, _, found), (worst, *_) = min(tours), max(tours)
    tour = found.argmax(axis=0)
    print(f"{len(tours)} valid tours, from {best:.4f} to {worst:.4f}; the shortest of all is {SHORTEST}")
    assert best < (1.1 if QUICK else 1.01) * SHORTEST

    figure, (left, right) = plots(1, 2)
    left.plot(*CITIES[[*tour, tour[0]]].T, color=BLUE)
    left.plot(*CITIES.T, "o", color=ORANGE, markersize=9)
    left.set(aspect="equal", xticks=[], yticks=[], title=f"a tour of {best:.4f}; the shortest: {SHORTEST}")
    left.spines[:].set_visible(False)
    picture(right, found, "V at the end", vmin=0, vmax=1)
    right.set(xlabel="place in the tour", ylabel="city")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
