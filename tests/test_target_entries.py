"""Targets whose entries a loss is not made for are refused by whatever computes with them, and only those."""

import subprocess
import sys

import numpy as np
import pytest
from sympy import OneMatrix, Symbol

import symnet as sn

K, N = 3, 4
W, X, Y, V = sn.matrix("W", K, 2), sn.matrix("X", 2, "n"), sn.matrix("Y", K, "n"), sn.matrix("V", K, "n")
n, eps = X.shape[1], Symbol("epsilon")
ONES = OneMatrix(K, n)
SIGNS = np.where(np.arange(K * N).reshape(K, N) % 3, 1.0, -1.0)
BITS, HOT = (SIGNS + 1) / 2, np.eye(K)[:, [0, 1, 2, 1]]
LOSSES = {  # targets that are right, one that is wrong, what is said
    "hinge": (SIGNS, BITS, r"must be -1 or 1, but 0 stands at \[0, 0\]; write 2\*Y - 1 for labels 0 and 1; for others"),
    "binary_cross_entropy": (BITS, SIGNS, r"between 0 and 1, but -1 stands at \[0, 0\]; write \(Y \+ 1\)/2 for labels"),
    "focal": (BITS, SIGNS, r"must be 0 or 1, but -1 stands at \[0, 0\]; write \(Y \+ 1\)/2 for labels -1 and 1"),
    "categorical_hinge": (HOT, 2 * HOT - 1, r"must be 0 or 1, but -1 stands at \[0, 1\]; write \(Y \+ 1\)/2 for"),
}


def loss_of(name, target=Y, rows=False):
    f = getattr(sn, name)
    return f((W * X).T, target.T, axis=1) if rows else f(W * X, target)


def values_of(**given):
    rng = np.random.default_rng(0)
    return {"W": rng.normal(size=(K, 2)), "X": rng.normal(size=(2, N)), **given}


def _jax(loss, values):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        return sn.derive(loss, W).to_jax()(values)


def _trained(loss, values):
    values = dict(values)
    return sn.train(loss, values, {W: values.pop("W")}, steps=1, progress=False)


def _streamed(loss, values):
    start, values = {W: values["W"]}, {name: a for name, a in values.items() if name != "W"}
    return sn.train(loss, [values | {"Y": SIGNS}, values], start, epochs=1, progress=False)


WAYS = {
    "a kernel": lambda loss, values: sn.derive(loss, W).compile()(values),
    "a workspace": lambda loss, values: sn.derive(loss, W).compile(workspace=True)(values),
    "second derivatives": lambda loss, values: sn.derive(loss, W, order=2).compile()(values),
    "the loss": sn.evaluate,
    "a check": lambda loss, values: sn.check_gradients(loss, values, wrt=[W]),
    "a step": _trained,
    "JAX": _jax,
}


@pytest.mark.parametrize("rows", [False, True], ids=["columns", "rows"])
@pytest.mark.parametrize("name", LOSSES)
def test_what_a_loss_is_not_made_for_is_refused(name, rows):
    right, wrong, said = LOSSES[name]
    kernel = sn.derive(loss_of(name, rows=rows), W).compile()
    for dtype in (np.float64, np.float32, np.float16, int):
        kernel(values_of(Y=right.astype(dtype)))
        with pytest.raises(ValueError, match=f"Y: the targets of {name} {'' if 'must' in said else 'must be '}{said}"):
            kernel(values_of(Y=wrong.astype(dtype)))


@pytest.mark.parametrize("way", WAYS)
def test_whatever_computes_with_them_refuses_them(way):
    loss = loss_of("hinge")
    WAYS[way](loss, values_of(Y=SIGNS))
    with pytest.raises(ValueError, match="Y: the targets of hinge must be -1 or 1, but 0"):
        WAYS[way](loss, values_of(Y=BITS))


def test_a_batch_that_comes_later_is_looked_at():
    with pytest.raises(ValueError, match="Y: the targets of hinge must be -1 or 1, but 0"):
        _streamed(loss_of("hinge"), values_of(Y=BITS))


MIXED = {  # a target, what is right in it and what is wrong
    "a multiple": ("hinge", 2 * Y - ONES, {"Y": BITS}, {"Y": SIGNS}, r"2\*Y - 1: the targets of hinge"),
    "named": ("hinge", sn.let("T", 2 * Y - ONES), {"Y": BITS}, {"Y": SIGNS}, r"2\*Y - 1: the targets of hinge"),
    "smoothed": ("binary_cross_entropy", (1 - eps) * Y + eps / 2 * ONES, {"Y": BITS, "epsilon": 0.1},
                 {"Y": SIGNS, "epsilon": 0.1}, r"0.9\*Y \+ 0.05: the targets .* but -0.85 stands"),
    "of two": ("binary_cross_entropy", (Y + V) / 2, {"Y": SIGNS, "V": 2 - SIGNS}, {"Y": SIGNS, "V": 2 + SIGNS}, "V.*Y"),
    "what cancels": ("binary_cross_entropy", Y + V - sn.let("U", V), {"Y": BITS, "V": 9 * BITS}, {"Y": SIGNS, "V": BITS}, "Y"),
    "turned": ("hinge", sn.matrix("T", "n", K).T, {"T": SIGNS.T}, {"T": BITS.T}, r"T: the .* 0 stands at \[0, 0\]; write 2\*T"),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_a_target_is_judged_as_a_whole(name):
    loss, target, right, wrong, said = MIXED[name]
    kernel = sn.derive(loss_of(loss, target), W).compile()
    kernel(values_of(**right))
    with pytest.raises(ValueError, match=said):
        kernel(values_of(**wrong))


TAKEN = {  # what is no sum of data, what rounding makes, and what are no labels: the formula holds for any numbers
    "weighted": ("hinge", sn.hadamard(Y, V), {"Y": SIGNS, "V": 3 * BITS}),
    "an output": ("hinge", sn.tanh(Y), {"Y": BITS}),
    "soft": ("binary_cross_entropy", Y, {"Y": np.full((K, N), 0.3)}),
    "rounded": ("binary_cross_entropy", Y, {"Y": np.full((K, N), np.nextafter(np.float32(1), np.float32(2)))}),
    "rounded, below": ("binary_cross_entropy", Y, {"Y": np.full((K, N), -1e-7)}),
    "ones": ("hinge", ONES, {}),
    "measurements": ("binary_cross_entropy", Y, {"Y": 1.5 * SIGNS}),
    "margins": ("hinge", Y, {"Y": 0.4 * SIGNS}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_others_are_taken(name):
    loss, target, values = TAKEN[name]
    sn.derive(loss_of(loss, target), W).compile()(values_of(**values))


def test_a_target_that_is_differentiated_in_moves_away():
    loss = sn.hinge(W * X, Y)
    values = values_of(Y=BITS)
    assert set(sn.derive(loss, [W, Y]).compile()(values)[1]) == {W, Y}
    assert np.isfinite(sn.evaluate(sn.gradient(loss, Y), values)).all()
    mixed = sn.binary_cross_entropy(W * X, eps * Y)
    sn.derive(mixed, [W, eps]).compile()(values_of(Y=SIGNS, epsilon=0.5))


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (
            [0, 2, 1, 1],
            r"2 stands at \[0, 1\]; class numbers are for sn.cross_entropy, as sn.one_hot\(y, 3\); for others",
        ),
        ([1, 2, 1, 1], r"2 stands at \[0, 1\]; write \(y - 1\) for labels 1 and 2"),
        ([0, 255, 0, 255], r"255 stands at \[0, 1\]; write y/255 for labels 0 and 255"),
    ],
)
def test_the_way_out_is_that_of_the_numbers(y, said):
    y1, w = sn.matrix("y", 1, "n"), sn.matrix("w", 1, 2)
    with pytest.raises(ValueError, match=said):
        sn.evaluate(sn.binary_cross_entropy(w * X, y1), {w: [[1, 2]], X: np.ones((2, N)), y1: [y]})


def test_distributions_of_a_divergence():
    P, Q = sn.matrix("P", 2, "n"), sn.matrix("Q", 2, "n")
    q = {Q: [[0.25], [0.75]]}
    sn.evaluate(sn.kl_divergence(P, Q), {P: [[0.0], [1.0]], **q})
    for p, said in (([[-0.5], [1.5]], "between 0 and 1, but -0.5"), ([[0.5], [0.6]], "must sum to 1 in each column")):
        with pytest.raises(
            ValueError, match=f"P: the distributions of kl_divergence {'' if 'must' in said else '.*'}{said}"
        ):
            sn.evaluate(sn.kl_divergence(P, Q), {P: p, **q})
        sn.derive(sn.kl_divergence(P, Q), P).compile()({P: np.abs(p), **q})


def test_a_matrix_of_numbers_is_judged_where_it_is_written():
    with pytest.raises(ValueError, match=r"hinge: the targets must be -1 or 1, but the matrix given has 0 at \[0, 1\]"):
        sn.hinge(sn.matrix("Z", 1, 2), np.array([[1, 0]]))


def test_what_is_stated_is_said_and_drawn():
    text = sn.derive(loss_of("hinge", 2 * Y - ONES), W).c(sizes={"n": 4})
    assert "(2)*Y - 1: each entry must be -1 or 1, which is not checked here" in text
    loss = loss_of("binary_cross_entropy")
    assert sn.evaluate(-1 * loss, values_of(Y=BITS)) == -sn.evaluate(loss, values_of(Y=BITS))
    assert str(loss) == "(-inner(Y, W*X) + sum(softplus(W*X)))/n"
    check = [
        sys.executable,
        "-m",
        "symnet",
        "check",
        "hinge(w @ X, y)",
        "--shape",
        "w=1,2",
        "X=2,n",
        "y=1,n",
        "--wrt",
        "w",
    ]
    assert "w" in subprocess.run(check, capture_output=True, text=True, check=True).stdout
    difference = [w.replace("y)", "y - v)").replace("hinge", "binary_cross_entropy") for w in check]
    difference.insert(-2, "v=1,n")
    subprocess.run(difference, capture_output=True, text=True, check=True)  # no coefficients to divide by


def test_what_sums_to_1_is_judged_by_its_sums():
    # 0 and 1 in every place, and twice a 1 in each column
    with pytest.raises(ValueError, match="categorical_hinge must sum to 1 in each column, but column 0 sums to 2"):
        sn.evaluate(sn.categorical_hinge(W * X, Y), values_of(Y=1 - HOT))
    assert "Y: each entry must be 0 or 1, and each column sum to 1, which" in sn.derive(
        sn.categorical_hinge(W * X, Y), W
    ).c(sizes={"n": N})


def test_class_numbers_are_told_of_one_row_or_column_only():
    with pytest.raises(ValueError, match="but 2 stands at") as raised:
        sn.evaluate(sn.binary_cross_entropy(W * X, Y), values_of(Y=np.arange(K * N).reshape(K, N) % 3))
    assert "one_hot" not in str(raised.value)


def test_shares_of_a_focal_loss_have_the_formula_that_is_told():
    with pytest.raises(ValueError, match=r"must be 0 or 1, but 0.05 stands at .*; for others write sn.sum") as refused:
        sn.evaluate(sn.focal(W * X, 0.9 * Y + 0.05 * ONES), values_of(Y=BITS))
    way = str(refused.value).partition("; for others write ")[2]
    Z, gamma = W * X, 1.5
    soft = eval(way, {"sn": sn, "Y": Y, "Z": Z, "gamma": gamma, "n": n})
    assert np.isclose(
        sn.evaluate(soft, values_of(Y=BITS)), sn.evaluate(sn.focal(Z, Y, gamma), values_of(Y=BITS)), rtol=1e-12
    )
    assert sn.check_gradients(soft, values_of(Y=0.9 * BITS + 0.05), wrt=[W]).ok


ROWS = sn.matrix("T", "n", 3), sn.matrix("P", "n", 3), np.zeros((4, 3))
ADVICE = {  # where samples are rows the advice makes rows
    "labels for rows": lambda: sn.evaluate(sn.cross_entropy(*ROWS[:2], axis=1), {"T": ROWS[2], "P": [0, 1, 2, 1]}),
    "labels beyond": lambda: sn.evaluate(sn.cross_entropy(*ROWS[:2], axis=1), {"T": ROWS[2], "P": [0, 1, 2, 3, 9]}),
    "labels from 1": lambda: sn.one_hot([1, 2, 3], 3, axis=1),
    "names": lambda: sn.one_hot(["a", "b"], 2, axis=1),
    "accuracy": lambda: sn.accuracy(ROWS[0], sn.matrix("y", "n", 1), axis=1),
    "a column": lambda: sn.evaluate(sn.focal(sn.matrix("z", "n", 1), sn.matrix("y", "n", 1), axis=1), {"z": np.zeros((3, 1)), "y": [[0], [1], [2]]}),
    "a loss": lambda: sn.cross_entropy(ROWS[0], sn.matrix("y", "n", 1), axis=1),
}  # fmt: skip


@pytest.mark.parametrize("name", ADVICE)
def test_labels_of_samples_in_rows_become_rows(name):
    with pytest.raises(ValueError, match=r"sn\.one_hot\(.*, axis=1\)"):
        ADVICE[name]()
