"""Mistakes written as people write them, and what diagnose says of them."""

import numpy as np
import pytest
from by_hand_bugs import NETS, RATE, bugs_of, random_net, spoiled
from sympy import ShapeError
from test_golden import GOLDEN, example

import symnet as sn

SINGLES = [(name, bug) for name, net in NETS.items() for bug in bugs_of(net)]
# sigma'(Z4) replaced by relu'(Z4) where every Z4 is positive is the same as leaving it out
TIES = {("3-4-4-4-2 sigmoid", "slope of relu 4")}
KINDS = {
    "sign", "constant-factor", "transposed", "missing-activation-derivative", "derivative-at-wrong-argument",
    "wrong-activation-derivative", "activation-for-delta", "missing-input-factor", "missing-output-sum",
    "missing-batch-sum", "updated-weights", "bias-gradient", "softmax-cross-entropy", "untransposed-weights",
    "wrong-layer", "regularisation", "relu-at-zero",
}  # fmt: skip


def test_every_kind_is_written_by_hand():
    assert {bug.kind for _, bug in SINGLES} == KINDS
    assert {bug.kind for name, bug in SINGLES if NETS[name].batch} == KINDS
    assert {bug.kind for name, bug in SINGLES if not NETS[name].batch} >= KINDS - {
        "missing-batch-sum", "bias-gradient", "softmax-cross-entropy",
    }  # fmt: skip


ARCHITECTURES = ("3-4-2 sigmoid", "4-8-3 tanh")  # where all are looked at


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", NETS)
def test_single_mistakes_are_named_first(name):
    net = NETS[name]
    loss, values = net.loss(), net.values()
    own = {"relu-at-zero", "regularisation"}  # of these nets; of the other mistakes every second one
    some = [b for k, b in enumerate(bugs_of(net)) if name in ARCHITECTURES or k % 2 == 0 or b.kind in own]
    for bug in some:
        wrong = spoiled(net, [bug.flag])
        if not wrong or (name, bug.flag) in TIES:
            continue
        found = sn.diagnose(loss, values, lambda v, bug=bug: net.gradients(v, [bug.flag]))
        said = (name, bug.flag, str(found))
        wrong = set() if bug.kind == "relu-at-zero" else wrong  # a subgradient as well
        assert found.ok == (not wrong) and len(found.explanations[0]) == 1, said
        assert found.faults[0].kind == bug.kind, said
        assert {w.name for w in found.wrong} == wrong, said
        assert {w.name for w in found.right} == set(net.parameters) - wrong, said
        if bug.factor is not None:
            assert found.faults[0].factor == pytest.approx(bug.factor), said
        fault = found.faults[0]
        assert fault.right != fault.yours and fault.words and fault.equation in str(found), said


def test_right_gradients_are_never_called_wrong():
    for seed in range(60):
        net = random_net(seed)
        values, rng = net.values(seed), np.random.default_rng(seed)
        noisy = {k: g * (1 + 1e-12 * rng.normal(size=g.shape)) for k, g in net.gradients(values).items()}
        found = sn.diagnose(net.loss(), values, noisy)
        assert found.ok and not found.wrong and found.faults == (), (net, str(found))


NET = NETS["4-8-3 tanh"]
LOSS, VALUES = NET.loss(), NET.values()
RIGHT = NET.gradients(VALUES)


def test_the_text_shows_the_right_equation_beside_yours():
    text = str(sn.diagnose(LOSS, VALUES, NET.gradients(VALUES, ["no slope 1"])))
    assert text.splitlines() == [
        "∂L/∂W₁, ∂L/∂b₁ are wrong; ∂L/∂W₂, ∂L/∂b₂ are right.",
        "  right:  Z̅₁ = (W₂ᵀ⋅Z̅₂) ∘ (1 − A₁∘A₁)",
        "  yours:  Z̅₁ = W₂ᵀ⋅Z̅₂                    the factor tanh'(Z₁) is missing",
    ]


def test_nothing_fits_and_what_is_true_all_the_same():
    rng = np.random.default_rng(0)
    found = sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": rng.normal(size=(8, 4))})
    assert [f.kind for f in found.faults] == ["unknown"]
    text = str(found)
    assert "first equation" in text and "median" in text and "cosine" in text
    one_row = RIGHT["W2"].copy()
    one_row[1] += 0.3 * rng.normal(size=8)
    assert "confined to row 1" in str(sn.diagnose(LOSS, VALUES, {**RIGHT, "W2": one_row}))


def test_several_explanations_are_listed_with_advice():
    net = NETS["3-4-2 sigmoid"]
    values = {**net.values(), "x": np.ones((3, 1))}
    values["W1"] = np.ones((4, 3)) * 0.3
    found = sn.diagnose(net.loss(), values, net.gradients(values, ["no slope"]))
    assert len(found.explanations) >= 1
    if len(found.explanations) > 1:
        assert "function" in found.advice


def test_html_of_a_diagnosis():
    html = sn.diagnose(LOSS, VALUES, NET.gradients(VALUES, ["no slope 1"]))._repr_html_()
    assert "<pre" in html and "missing" in html


@pytest.mark.parametrize("case", range(5))
def test_the_questions_own_rule(case):
    golden = GOLDEN["sigmoid_backprop"]["nets"]["2-3-1"]
    chosen = golden["cases"][case]
    if chosen["x"] == [1.0, 1.0]:  # with inputs of 1 the missing factor cannot be seen
        return
    x, t, W1, W2 = sn.vector("x", 2), sn.vector("t", 1), sn.matrix("W1", 3, 2), sn.matrix("W2", 1, 3)
    loss = sn.squared_error(sn.sigmoid(W2 * sn.sigmoid(W1 * x)), t)
    before = {W1: golden["W1"], W2: golden["W2"]}
    data = {x: np.reshape(chosen["x"], (2, 1)), t: np.reshape(chosen["t"], (1, 1))}

    def diagnosed(rule):
        after = chosen["steps"][rule]
        return sn.diagnose_update(loss, before, {"W1": after["W1"], "W2": after["W2"]}, 0.5, data)

    assert diagnosed("fixed").ok
    printed = diagnosed("printed")
    assert {f.kind for f in printed.faults} == {"missing-input-factor", "updated-weights"}
    assert printed.wrong == (W1,) and printed.right == (W2,)
    assert [f.kind for f in diagnosed("old_weights").faults] == ["missing-input-factor"]


def test_the_example_names_both_mistakes(capsys):
    example("what_is_wrong").main()
    printed, corrected = capsys.readouterr().out.split("The rule as corrected:")
    assert "2 mistakes together" in printed and "already updated" in printed and "is missing" in printed
    assert "are right" in corrected and "wrong" not in corrected


def test_updates_are_diagnosed_at_their_rate():
    net = NETS["4-8-3 tanh"]
    before = {k: VALUES[k] for k in net.parameters}
    data = {k: VALUES[k] for k in ("X", "Y")}
    for flag, kind in [("updated weights 2", "updated-weights"), ("no slope 1", "missing-activation-derivative")]:
        found = sn.diagnose_update(LOSS, before, net.stepped(VALUES, [flag]), RATE, data)
        assert found.faults[0].kind == kind
    assert sn.diagnose_update(LOSS, before, net.stepped(VALUES), RATE, data).ok
    twice = {k: before[k] - RATE * RATE * RIGHT[k] for k in before}
    assert "learning rate is applied already" in str(sn.diagnose_update(LOSS, before, twice, RATE, data))


def broken(v):
    raise ZeroDivisionError("in layer 2")


MISTAKES = [
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "Q": 1.0}), KeyError, ["Q"]),
    (lambda: sn.diagnose(LOSS, VALUES, {}), ValueError, ["no gradient"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": RIGHT["W1"].T}), ValueError, ["W1", "(4, 8)", "transpose"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": RIGHT["W1"][:3]}), ValueError, ["W1", "(3, 4)", "(8, 4)"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "b1": RIGHT["b1"][1:, 0]}), ValueError, ["b1", "(7,)", "(8, 1)"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": RIGHT["W1"] * np.nan}), ValueError, ["W1", "NaN"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": [[1.0], [2.0, 3.0]]}), TypeError, ["W1", "length"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": [["a"] * 4] * 8}), TypeError, ["W1", "numbers"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": np.ones((8, 5))}), ValueError, ["W1", "first column", "apart"]),
    (lambda: sn.diagnose(LOSS, VALUES, {**RIGHT, "W1": np.ones((9, 4))}), ValueError, ["W1", "first row", "apart"]),
    (lambda: sn.diagnose(LOSS, VALUES, broken), RuntimeError, ["ZeroDivisionError", "layer 2"]),
    (lambda: sn.diagnose(LOSS, VALUES, lambda v: 3), TypeError, ["dictionary", "int"]),
    (lambda: sn.diagnose(LOSS, {**VALUES, "W1": VALUES["W1"].T}, RIGHT), ShapeError, ["W1"]),
    (lambda: sn.diagnose_update(LOSS, {"W1": VALUES["W1"]}, {"W2": VALUES["W2"]}, 0.1, VALUES), KeyError, ["W1", "before"]),
    (lambda: sn.diagnose_update(LOSS, {}, {}, 0.0, VALUES), ValueError, ["learning rate"]),
    (lambda: sn.diagnose_update(LOSS, {"W1": np.ones((8, 4))}, {"W1": np.ones((4, 8))}, 0.1, VALUES), ValueError, ["W1", "transpose"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_wrong_input_is_told_clearly(number):
    build, error, words = MISTAKES[number]
    with pytest.raises(error) as raised:
        build()
    for word in words:
        assert word in str(raised.value)


def test_lists_are_taken_as_arrays():
    assert sn.diagnose(LOSS, VALUES, {k: g.tolist() for k, g in RIGHT.items()}).ok
    assert sn.diagnose(LOSS, VALUES, {k: g.astype(np.float32) for k, g in RIGHT.items()}).ok
