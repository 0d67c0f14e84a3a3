"""The proportions of `benchmarks/generated.py`, on few mistakes made at random in the smaller nets."""

import random
from itertools import islice

import numpy as np
import pytest
from generated import draws, net_of, verdict

import symnet as sn

SMALL = ("perceptron", "classifier", "dropped_out", "hinge")


def drawn(seed, count, together=1):
    return islice((d for d in draws(seed, together) if d.name in SMALL), count)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("together, count, asked", [(1, 8, 8), (2, 5, 4)], ids=["singles", "pairs"])
def test_mistakes_made_at_random_are_explained(together, count, asked):
    found = [(verdict(d)[0], d.name, [(e.kind, str(e.site)) for e in d.edits]) for d in drawn(31, count, together)]
    assert sum(what in ("named", "equal") for what, *_ in found) >= asked, found
    assert not any(what in ("false", "called right") for what, *_ in found), found


@pytest.mark.parametrize("name", ["classifier", "hinge"])
def test_right_gradients_are_right_and_noise_is_unknown(name):
    net, _ = net_of(name)
    draw = np.random.default_rng(random.Random(name).randrange(1000))
    right = net.right_gradients()
    near = {k: g * (1 + 1e-12 * draw.normal(size=np.shape(g))) for k, g in right.items()}
    assert sn.diagnose(net.loss, net.values, near).ok
    noise = {k: draw.normal(size=np.shape(g)) for k, g in right.items()}
    assert [f.kind for f in sn.diagnose(net.loss, net.values, noise).faults] == ["unknown"]
