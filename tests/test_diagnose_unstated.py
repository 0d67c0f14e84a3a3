"""Gradients of declared matrices in another convention: as if nothing were declared, each entry twice, and the reverse."""

import numpy as np
import pytest

import symnet as sn

N = 3
DRAW = np.random.default_rng(7)
ROOT = DRAW.normal(size=(N, N))
VALUES = {"a": DRAW.normal(size=(N, 1)), "b": DRAW.normal(size=(N, 1)), "X": DRAW.normal(size=(N, 5))}
SPREAD = ROOT @ ROOT.T + np.eye(N)
a, b, X = sn.vector("a", N), sn.vector("b", N), sn.matrix("X", N, "n")
FACTS = {"symmetric": SPREAD, "positive_definite": SPREAD, "diagonal": np.diag(np.diag(SPREAD))}


def diagonal(G):
    return np.diag(np.diag(G))


def free(G, fact):
    return diagonal(G) if fact == "diagonal" else G + G.T - diagonal(G)


def bilinear(S):
    return sn.inner(a, S * b), lambda v: v["a"] @ v["b"].T


def gaussian(S):
    def gradient(v):
        inverse = np.linalg.inv(v["S"])
        return inverse - inverse @ v["X"] @ v["X"].T @ inverse

    return sn.logdet(S) + sn.inner(X, S.inv() * X), gradient


LOSSES = {"bilinear": bilinear, "gaussian": gaussian}
CONVENTIONS = {
    "all entries": lambda G: G,
    "transposed": lambda G: G.T,
    "symmetric part": lambda G: (G + G.T) / 2,
    "diagonal twice": lambda G: G + G.T,
    "symmetric": lambda G: G + G.T - diagonal(G),
}
CASES = [
    (loss, fact, convention)
    for loss in LOSSES
    for fact in FACTS
    for convention in CONVENTIONS
    if fact == "diagonal" or convention != "symmetric"
]


def stated(loss, fact):
    S = sn.matrix("S", N, N, **{fact: True})
    expr, gradient = LOSSES[loss](S)
    return expr, gradient, {**{s.name: VALUES[s.name] for s in expr.free_symbols if s.name in VALUES}, "S": FACTS[fact]}


@pytest.mark.parametrize("as_function", [False, True])
@pytest.mark.parametrize(("loss", "fact", "convention"), CASES)
def test_a_gradient_as_if_nothing_were_declared_is_told_first(loss, fact, convention, as_function):
    expr, gradient, values = stated(loss, fact)

    def mine(v):
        return {"S": CONVENTIONS[convention](gradient(v))}

    found = sn.diagnose(expr, values, mine if as_function else mine(values))
    (fault,) = found.explanations[0]
    assert len(found.explanations) == 1 and fault.kind == "declared", str(found)
    assert "as if S had no structure" in fault.words and fact.replace("_", " ") in fault.words
    assert fault.right == ("∂L/∂S = G∘I" if fact == "diagonal" else "∂L/∂S = G + Gᵀ − G∘I")
    right = sn.diagnose(expr, values, {"S": free(gradient(values), fact)})
    assert right.ok, str(right)


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("factor", [-1.0, 2.0])
def test_a_factor_besides_is_told_after_it(fact, factor):
    expr, gradient, values = stated("bilinear", fact)
    found = sn.diagnose(expr, values, {"S": factor * gradient(values)})
    kinds = [f.kind for f in found.explanations[0]]
    assert kinds == ["declared", "sign" if factor < 0 else "constant-factor"], str(found)


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("factor", [-2.0, -1.0, 0.3, 2.0])
def test_a_multiple_of_another_convention_is_one_explanation(fact, factor):
    expr, gradient, values = stated("bilinear", fact)
    found = sn.diagnose(expr, values, {"S": factor * gradient(values)})
    assert len(found.explanations) == 1 and not found.advice, str(found)


WHOLES = {**CONVENTIONS, "symmetric, twice": lambda G: 2 * (G + G.T - diagonal(G))}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("whole", WHOLES)
@pytest.mark.parametrize(("half", "which"), [(np.triu, "upper_triangle"), (np.tril, "lower_triangle")])
def test_one_triangle_of_a_symmetric_gradient_is_named(loss, whole, half, which):
    expr, gradient, values = stated(loss, "symmetric")
    found = sn.diagnose(expr, values, {"S": half(WHOLES[whole](gradient(values)))})
    first, *others = found.explanations[0]
    assert len(found.explanations) == 1 and first.kind == "declared" and which in first.yours, str(found)
    assert "alone" in first.words and "both have its slope: write G + Gᵀ − G∘I" in first.words
    assert [f.kind for f in others] == ["constant-factor"] * (whole == "symmetric, twice"), str(found)


@pytest.mark.parametrize("fact", FACTS)
def test_a_factor_alone_is_no_other_convention(fact):
    expr, gradient, values = stated("gaussian", fact)
    found = sn.diagnose(expr, values, {"S": 2 * free(gradient(values), fact)})
    assert {f.kind for e in found.explanations for f in e} == {"constant-factor"}, str(found)


@pytest.mark.parametrize("fact", FACTS)
def test_a_step_with_such_a_gradient(fact):
    expr, gradient, values = stated("bilinear", fact)
    before = values.pop("S")
    for factor, kinds in ((0.1, {"declared"}), (-0.1, {"declared", "sign"}), (0.07, {"declared", "step"})):
        after = before - factor * gradient({**values, "S": before})
        found = sn.diagnose_update(expr, {"S": before}, {"S": after}, 0.1, values)
        assert found.faults[0].kind == "declared" and {f.kind for f in found.faults} <= {*kinds, "constant-factor"}


@pytest.mark.parametrize(("fact", "convention"), [("symmetric", "symmetric"), ("symmetric", "symmetric part")])
def test_a_gradient_as_if_something_were_declared(fact, convention):
    U = sn.matrix("U", N, N)
    values = {"a": VALUES["a"], "b": VALUES["b"], "U": SPREAD}
    mine = CONVENTIONS[convention](VALUES["a"] @ VALUES["b"].T)
    (fault,) = sn.diagnose(sn.inner(a, U * b), values, {"U": mine}).faults
    assert fault.kind == "declared" and "as if U were declared symmetric" in fault.words
    assert "where G is the gradient in all entries" in fault.words
    assert 'sn.matrix("U", …, symmetric=True)' in fault.words
    crooked = {**values, "U": ROOT}
    assert "declared" not in {f.kind for f in sn.diagnose(sn.inner(a, U * b), crooked, {"U": mine}).faults}


def test_other_gradients_are_diagnosed_beside_it():
    expr, gradient, values = stated("bilinear", "symmetric")
    right = values["S"] @ values["b"]
    beside = {"S": gradient(values), "a": -right}
    found = sn.diagnose(expr, values, beside)
    assert [f.kind for f in found.explanations[0]] == ["declared", "sign"], str(found)
    assert sn.diagnose(expr, values, {**beside, "a": right}).right == (a,)
