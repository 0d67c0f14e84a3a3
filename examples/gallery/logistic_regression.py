"""Logistic regression: the coefficients of scikit-learn, from a formula.

569 tumours (Wisconsin), 30 measurements each, benign or not. Nesterov's momentum on the penalised cross-entropy reaches
the weights of scikit-learn's solver to 1e-6.
"""

import numpy as np
from gallery_style import BLUE, ORANGE, plots, save, show, target
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import symnet as sn


def main(folder):
    tumours = load_breast_cancer()
    x, y = tumours.data, tumours.target
    x = (x - x.mean(axis=0)) / x.std(axis=0)

    X, y_, w, b = sn.matrix("X", "n", 30), sn.vector("y", "n"), sn.vector("w", 30), sn.matrix("b", 1, 1)
    z = sn.affine(w, X, b, axis=1)
    loss = sn.binary_cross_entropy(z, y_, axis=1) + sn.norm(w) ** 2 / (2 * X.shape[0])
    formulas = show(sn.derive(loss, w, b), sn.gradient(loss, w))

    data = {X: x, y_: y}
    run = sn.train(loss, data, {w: np.zeros(30), b: [[0.0]]}, sn.Nesterov(0.3, 0.99), epochs=3000)
    ours = run.parameters[w].ravel()
    theirs = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12).fit(x, y)
    apart = max(abs(ours - theirs.coef_[0]).max(), abs(run.parameters[b] - theirs.intercept_).max())
    print(f"largest difference from the weights of scikit-learn: {apart:.1e}")
    print(f"accuracy {run.evaluate(sn.accuracy(z, y_, axis=1), data):.2%}")
    assert apart < 1e-6

    figure, axes = plots(size=(8, 6))
    order = np.argsort(ours)
    axes.barh(range(30), ours[order], color=BLUE, height=0.65, label="symnet")
    axes.plot(theirs.coef_[0][order], range(30), "o", color=ORANGE, markersize=4, label="scikit-learn")
    axes.set_yticks(range(30), [tumours.feature_names[i] for i in order], fontsize=9)
    axes.axvline(0, color="#444444", linewidth=0.8)
    axes.set(xlabel="weight (positive: benign)", title=f"30 weights, at most {apart:.0e} from those of scikit-learn")
    axes.legend(loc="lower right")
    save(figure, folder, __file__)
    return formulas


if __name__ == "__main__":
    main(target())
