"""A result says whether it is well by its truth value: `assert sn.check_function(…)` fails for a wrong gradient."""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest

import symnet as sn
from symnet.calculus import RULES
from symnet.expressions import Elementwise

A, X = sn.matrix("A", 2, 2), sn.matrix("X", 2, "n")
LOSS = sn.sum(sn.tanh(A * X))
VALUES = {A: [[0.1, 0.2], [0.3, -0.4]], X: [[1.0], [2.0]]}
RIGHT = {A: sn.derive(LOSS, A).compile()(VALUES)[1][A]}
BEFORE = {A: VALUES[A]}


def with_gradients(factor):
    return {A: factor * RIGHT[A]}


def after_a_step(factor):
    return {A: np.array(VALUES[A]) - 0.1 * factor * RIGHT[A]}


# what gives a result, from a factor that the gradient is off by
GIVERS = {
    "check_function": lambda c: sn.check_function(lambda x: (x**3).sum(), lambda x: c * 3 * x**2, np.array([1.0, 2])),
    "check_gradients": lambda c: sn.check_gradients(LOSS, VALUES, A),
    "a row": lambda c: sn.check_gradients(LOSS, VALUES, A).rows[0],
    "a comparison": lambda c: sn.check_gradients(LOSS, VALUES, A).rows[0].probes[0],
    "prove": lambda c: sn.prove(LOSS, A, {"n": 1}),
    "diagnose": lambda c: sn.diagnose(LOSS, VALUES, with_gradients(c)),
    "diagnose_update": lambda c: sn.diagnose_update(LOSS, BEFORE, after_a_step(c), 0.1, {X: VALUES[X]}),
}


def with_a_wrong_rule(monkeypatch, factor):
    rule = RULES[Elementwise]
    wrong = lambda G, Y, *a: tuple(g if g is None else factor * g for g in rule(G, Y, *a))
    monkeypatch.setitem(RULES, Elementwise, wrong)


@pytest.mark.parametrize("giver", GIVERS)
@pytest.mark.parametrize("factor", [1, 2])
def test_the_truth_value_is_ok(monkeypatch, giver, factor):
    if "diagnose" not in giver:
        with_a_wrong_rule(monkeypatch, factor)
    result = GIVERS[giver](factor)
    assert bool(result) is result.ok is (factor == 1)


def classes():
    for wing in ("checking", "diagnosis", "training", "derivation"):
        package = import_module(f"symnet.{wing}")
        modules = [
            package,
            *(import_module(m.name) for m in pkgutil.iter_modules(getattr(package, "__path__", []), f"symnet.{wing}.")),
        ]
        yield from {c for m in modules for c in vars(m).values() if inspect.isclass(c) and c.__module__ == m.__name__}


def test_every_class_with_a_verdict_has_a_truth_value():
    with_a_verdict = {c for c in classes() if hasattr(c, "ok") or "ok" in getattr(c, "__dataclass_fields__", {})}
    assert len(with_a_verdict) >= 5
    assert all("__bool__" in vars(c) for c in with_a_verdict)
    assert with_a_verdict == {type(give(1)) for give in GIVERS.values()}
