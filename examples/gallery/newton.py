"""Newton's method: twice as many right digits with every step.

Logistic regression on the tumours of Wisconsin. The Hessian times v is the gradient of ⟨∂L/∂w, v⟩, derived once more
from the formula of the first; with it each step solves H·v = ∂L/∂w.
"""

import numpy as np
from gallery_style import BLUE, GREY, plots, save, show, target
from sklearn.datasets import load_breast_cancer

import symnet as sn


def main(folder):
    tumours = load_breast_cancer()
    x = (tumours.data - tumours.data.mean(axis=0)) / tumours.data.std(axis=0)
    x = np.column_stack([x, np.ones(len(x))])
    X, y, w, v = sn.matrix("X", "n", 31), sn.vector("y", "n"), sn.vector("w", 31), sn.vector("v", 31)
    loss = sn.binary_cross_entropy(X * w, y, axis=1) + sn.norm(w) ** 2 / (2 * X.shape[0])
    gradient = sn.gradient(loss, w)
    product = sn.gradient(sn.inner(gradient, v), w)  # the Hessian times v
    formulas = show(loss, gradient, product)

    step = sn.compile({"loss": loss, "gradient": gradient, "Hv": product})
    units = np.eye(31)
    values, norms = {X: x, y: tumours.target, w: np.zeros(31), v: units[0]}, []
    for k in range(12):
        now = step(values)
        norms.append(np.linalg.norm(now["gradient"]))
        print(f"step {k:2}: loss {now['loss']:.12f}, gradient norm {norms[-1]:.3e}")
        if norms[-1] < 1e-14:
            break
        hessian = np.hstack([step(values | {v: unit})["Hv"] for unit in units])
        values[w] = values[w] - np.linalg.solve(hessian, now["gradient"]).ravel()
    ratios = [after / before**2 for before, after in zip(norms, norms[1:], strict=False) if after > 1e-13]
    print(f"norm after a step, divided by the square of the norm before: {np.round(ratios, 2)}")
    assert norms[-1] < 1e-13 and max(ratios) < 50

    data, descent = {X: x, y: tumours.target}, norms[:1]
    note = lambda epoch, loss, at: descent.append(np.linalg.norm(step(values | {w: at[w].ravel()})["gradient"]))
    sn.train(loss, data, {w: np.zeros(31)}, sn.GradientDescent(1.0), epochs=len(norms) - 1, callback=note)
    figure, axes = plots()
    axes.plot(norms, "o-", color=BLUE, label="Newton's method")
    axes.plot(descent, ".-", color=GREY, label="gradient descent")
    axes.set(xlabel="step", ylabel="norm of the gradient", yscale="log", title="the number of right digits doubles")
    axes.legend()
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
