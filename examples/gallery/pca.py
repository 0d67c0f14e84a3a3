"""Principal components: what a linear net with one bottleneck learns.

Baldi and Hornik (1989): a net that maps digits to two numbers and back, W·Wᵀ·X, has one valley, the plane of the first
two principal components. The plane is that of the singular value decomposition, and the loss the variance left.
"""

import numpy as np
from gallery_style import QUICK, TEN, picture, save, show, target
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import symnet as sn


def main(folder):
    images, labels = load_digits(return_X_y=True)
    x = (images - images.mean(axis=0)).T / 16
    X, W = sn.matrix("X", 64, "n"), sn.matrix("W", 64, 2)
    code = sn.let("C", W.T * X)
    loss = sn.squared_error(W * code, X)
    formulas = show(sn.derive(loss, W), sn.gradient(loss, W))

    run = sn.train(loss, {X: x}, [W], sn.Nesterov(0.05, 0.9), epochs=200 if QUICK else 1000, seed=0)
    directions, sizes, _ = np.linalg.svd(x, full_matrices=False)
    reached = run.parameters[W]
    apart = np.linalg.norm(directions[:, 2:].T @ np.linalg.qr(reached)[0], 2)
    left = np.sum(sizes[2:] ** 2) / (2 * x.shape[1])
    print(f"loss {run.loss:.9f}, variance that two components leave {left:.9f}")
    print(f"sine of the angle between the planes {apart:.1e}")
    assert abs(run.loss - left) < (1e-4 if QUICK else 1e-9) and apart < (1e-2 if QUICK else 1e-6)

    turn, _, _ = np.linalg.svd(reached.T @ x @ x.T @ reached)
    axes_of = reached @ turn  # the axes of largest variance within the plane
    figure = Figure(figsize=(9, 4.8), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(3.4, 1))
    plane = figure.add_subplot(grid[:, 0])
    for digit, color in enumerate(TEN):
        plane.plot(*(axes_of.T @ x)[:, labels == digit], ".", color=color, markersize=4, alpha=0.6, label=str(digit))
    plane.set(xlabel="first component", ylabel="second component", title="1797 digits on the plane that was learned")
    plane.legend(title="digit", markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5))
    for k, name in enumerate(("first", "second")):
        picture(figure.add_subplot(grid[k, 1]), axes_of[:, k].reshape(8, 8), name, cmap="RdBu")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
