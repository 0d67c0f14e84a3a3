"""Random losses against plain NumPy, and misuse by the hundred; the long runs are `python -m tests.fuzz` and
`python -m tests.fuzz.misuse`."""

import collections
import warnings

import numpy as np
import pytest

from tests.fuzz import KINDS, check, random_loss, script
from tests.fuzz.checks import Outcome
from tests.fuzz.misuse import cases, judged
from tests.fuzz.tree import Point, drawn, expected

COUNT, GROUP = 300, 25
MISUSES, EACH = 400, 50
LEFT = (
    "closed: too long", "pickle: too long", "write: too long", "formats: too long",  # size on paper, no wrong answer
)  # fmt: skip


@pytest.mark.parametrize("first", range(0, COUNT, GROUP))
def test_random_losses(first):
    found = []
    for seed in range(first, first + GROUP):
        tree, sizes = random_loss(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            outcome = check(tree, sizes, seed, seconds=20.0, closed=1, second=seed % 3 == 0)
        for label, message in outcome.faults:
            if label not in LEFT:
                found.append(f"seed {seed}, {label}: {message}\n{script(tree, sizes, seed)}")
    assert not found, "\n\n".join(found)


def test_all_kinds_of_node_are_met():
    met = set()
    for seed in range(600):
        met |= {node.kind for node in random_loss(seed)[0].nodes()}
    assert len(KINDS) >= 60 and len(met) > 0.9 * len(KINDS)


def test_the_evaluator_has_the_slopes_of_its_own_values():
    for seed in range(40):
        tree, sizes = random_loss(seed)
        values = drawn(tree, sizes, seed)
        wanted = expected(tree, sizes, values, seed)
        if wanted.gap < 1e-3 or wanted.large > 1e3 or not np.isfinite(wanted.value):
            continue
        for name, slope in wanted.slopes.items():
            ends = [
                Point(sizes, {**values, name: values[name] + h * wanted.directions[name]}).of(tree)
                for h in (1e-6, -1e-6)
            ]
            assert np.isclose((ends[0] - ends[1]) / 2e-6, slope, rtol=1e-4, atol=1e-5 * max(1.0, wanted.large))


def test_a_wrong_gradient_is_seen(monkeypatch):
    # the same losses, every kernel's gradients one part in a million too large
    import symnet as sn

    right = sn.Kernel.__call__

    def wrong(kernel, values, *more):
        found = right(kernel, values, *more)
        if isinstance(found, tuple):
            return found[0], type(found[1])({w: g * (1 + 1e-6) for w, g in found[1].items()})
        return found

    monkeypatch.setattr(sn.Kernel, "__call__", wrong)
    seen = [check(*random_loss(seed), seed) for seed in range(6)]
    assert any("gradient" in label for outcome in seen for label in Outcome.labels(outcome))


@pytest.mark.sampled(2)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the alarm clock, in a callback of JAX
@pytest.mark.parametrize("part", range(MISUSES // EACH))
def test_misuse(part):
    # each kind of misuse, with one of its wrong arguments
    found = collections.Counter()
    for case in cases(MISUSES, seed=1)[part :: MISUSES // EACH]:
        verdict = judged(case)
        if verdict.fault and verdict.status != "too long":
            found[f"{verdict.status}: {case.code}: {verdict.message}"] += 1
    assert not found, "\n".join(found)
