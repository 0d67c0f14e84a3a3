"""A few entries of large gradients are those of the whole, and what is found with them is what is found without."""

import random
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from generated import draws
from mistaken import NETS, Mistaken

import symnet as sn
from symnet.diagnosis import entries as few
from symnet.diagnosis.catalogue import catalogue
from symnet.diagnosis.entries import Entries
from symnet.diagnosis.influence import _span_of


@pytest.mark.parametrize("name", NETS)
def test_entries_are_those_of_the_whole(name, monkeypatch):
    monkeypatch.setattr(few, "LARGE", 0)
    monkeypatch.setattr(few, "LOOKED_AT", 2)
    net = Mistaken(name)
    variants, partials = net.variants(net.values), net.setting.partials
    seen = 0
    edits = random.Random(0).sample(net.edits(), 120)
    made = [{e.site: e.of(net.setting.right[e.site])} for e in edits] + [m.changes for m in catalogue(net.setting)]
    for changes in made:
        with np.errstate(all="ignore"):
            try:
                whole = dict(variants.gradients(changes, partials))
                point = replace(
                    net.point, mine={w: np.broadcast_to(g, net.point.right[w].shape) for w, g in whole.items()}
                )
            except (ValueError, TypeError, AttributeError):
                continue
            entries = Entries(point, variants, partials)
            found = entries.flat(changes)
            assert entries.agree(changes) or not np.isfinite(entries.of_mine()).all(), changes
        if found is not None:
            seen += 1
            assert np.allclose(found, entries.of_mine(), 1e-9, 1e-12, equal_nan=True), changes
    assert seen >= 60


@pytest.mark.sampled(2)
@pytest.mark.parametrize("together, count", [(1, 6), (2, 2)])
def test_what_is_found_with_entries_is_found_without(together, count, monkeypatch):
    small = (d for d in draws(12, together) if d.name in ("perceptron", "dropped_out"))
    for drawn in islice(small, count):
        without = sn.diagnose(drawn.net.loss, drawn.net.values, drawn.function)
        with monkeypatch.context() as patch:
            patch.setattr(few, "LARGE", 0)
            patch.setattr(few, "LOOKED_AT", 2)
            assert str(sn.diagnose(drawn.net.loss, drawn.net.values, drawn.function)) == str(without)


def test_of_a_large_net_few_equations_are_computed_whole(monkeypatch):
    X, Y, W, V = sn.matrix("X", 90, "n"), sn.matrix("Y", 3, "n"), sn.matrix("W", 60, 90), sn.matrix("V", 3, 60)
    loss, draw = sn.squared_error(V * sn.tanh(W * X), Y), np.random.default_rng(0)
    values = {"X": draw.normal(size=(90, 20)), "Y": draw.normal(size=(3, 20)), "W": draw.normal(size=(60, 90)) / 9}
    values["V"] = draw.normal(size=(3, 60))
    A = np.tanh(values["W"] @ values["X"])
    D = (values["V"] @ A - values["Y"]) / 20
    right = {"V": D @ A.T, "W": (values["V"].T @ D * (1 - A**2)) @ values["X"].T}
    assert sn.diagnose(loss, values, right).ok
    raw = {**right, "W": (values["V"].T @ D) @ values["X"].T}
    assert sn.diagnose(loss, values, raw).faults[0].kind == "missing-activation-derivative"
    computed = []
    whole = few.Variants.gradients

    def counted(self, *given, **more):
        for w, g in whole(self, *given, **more):
            computed.append(w)
            yield w, g

    monkeypatch.setattr(few.Variants, "gradients", counted)
    noise = {**right, "W": right["W"] + draw.normal(size=right["W"].shape)}
    found = {}
    for size in (few.LARGE, 10**9):
        monkeypatch.setattr(few, "LARGE", size)
        computed.clear()
        assert sn.diagnose(loss, values, noise).faults[0].kind == "unknown"
        found[size] = len(computed)
    assert found[5_000] < 0.7 * found[10**9], found


def test_what_two_equations_reach_together_is_what_their_columns_span():
    draw = np.random.default_rng(0)
    shared = draw.normal(size=(30, 3))
    A, B = np.hstack([shared, draw.normal(size=(30, 4))]), np.hstack([shared @ draw.normal(size=(3, 3)), np.eye(30, 2)])
    both = _span_of(A).joined(_span_of(B)).basis
    assert both.shape[1] == np.linalg.matrix_rank(np.hstack([A, B])) == 9
    for columns in (A, B):
        assert np.allclose(both @ (both.T @ columns), columns)
