"""Unrolled nets: what follows what is found from the equations, and the same mistake at every step is one mistake."""

import numpy as np
import pytest
from mistaken import Mistaken

import symnet as sn
from symnet.diagnosis.unrolled import chains

NET = Mistaken("recurrent")


def test_states_and_inputs_follow_each_other():
    places = {str(s): (str(first), place) for s, (first, place) in chains(NET.setting).items()}
    assert [places[f"x{t}"] for t in (1, 2, 3)] == [("x1", 0), ("x1", 1), ("x1", 2)]


def recurrent(v, bug):
    hs = [np.zeros((3, 1))]
    for t in (1, 2, 3):
        hs.append(np.tanh(v["U"] @ v[f"x{t}"] + v["R"] @ hs[-1]))
    U, R, V, back = 0, 0, 0, 0
    for t in (3, 2, 1):
        d = v["V"] @ hs[t] - v[f"y{t}"]
        dh = v["V"].T @ d + back
        dz = dh * (1 - (np.tanh(hs[t]) if bug == "slope" else hs[t]) ** 2)
        U = U + dz @ v[f"x{t}"].T
        R, V = R + dz @ hs[t - 1].T, V + d @ hs[t].T
        back = 0 if bug == "flow" else v["R"].T @ (dh if bug == "raw" else dz)
    return {"U": U, "R": R, "V": V}


BUGS = {"flow": "missing-term", "raw": "wrong-operand", "slope": "derivative-at-wrong-argument"}


@pytest.mark.parametrize("bug", BUGS)
def test_the_same_mistake_at_every_step_is_one(bug):
    found = sn.diagnose(NET.loss, NET.values, lambda v: recurrent(v, bug))
    assert len(found.explanations[0]) == 1 and found.faults[0].kind == BUGS[bug], str(found)
    assert "the same in" in found.faults[0].words


def test_the_right_program_is_right():
    assert sn.diagnose(NET.loss, NET.values, lambda v: recurrent(v, "")).ok
