"""Right numbers at a wrong place: gradients under each other's names, states of another step."""

import numpy as np
import pytest

import symnet as sn

EXCHANGED = [
    ({"WQ": "WK", "WK": "WQ"}, "the gradients of WK and WQ are exchanged"),
    ({"WQ": "WK", "WK": "WV", "WV": "WQ"}, "stands where that of"),
]


@pytest.mark.parametrize(("of", "said"), EXCHANGED)
def test_gradients_under_each_others_names(of, said):
    X, draw = sn.matrix("X", 3, "n"), np.random.default_rng(8)
    queries, keys, others = (X.T * sn.matrix(n, 3, 3) for n in ("WQ", "WK", "WV"))
    loss = sn.squared_error(sn.softmax(queries * keys.T, axis=1) * others, X.T, axis=1)
    values = {n: draw.normal(size=(3, 5 if n == "X" else 3)) for n in ("X", "WQ", "WK", "WV")}
    right = sn.derive(loss, [s for s in loss.free_symbols if s.name[0] == "W"]).compile()

    def gradients(v):
        found = {w.name: g for w, g in right(v)[1].items()}
        return {w: found[of.get(w, w)] for w in found}

    found = sn.diagnose(loss, values, gradients)
    assert found.faults[0].kind == "wrong-layer" and said in found.faults[0].words, str(found)
    assert {p.name for p in found.wrong} == set(of)


def unrolled(steps):
    # a net of several steps whose state is 0 at the start, and its gradients; `shift`: of which step U meets the state
    state, names = None, [f"x{t}" for t in range(steps)]
    W, U, V, Y = (sn.matrix(n, *s) for n, s in {"W": (3, 2), "U": (3, 3), "V": (2, 3), "Y": (2, "n")}.items())
    for x in (sn.matrix(name, 2, "n") for name in names):
        state = sn.tanh(W * x if state is None else W * x + U * state)

    def gradients(v, shift):
        H, found = [np.zeros((3, 5))], {"W": 0, "U": 0}
        for x in names:
            H.append(np.tanh(v["W"] @ v[x] + v["U"] @ H[-1]))
        E = (v["V"] @ H[-1] - v["Y"]) / 5
        D = v["V"].T @ E
        for t in range(steps, 0, -1):
            D = D * (1 - H[t] ** 2)
            found["W"], found["U"] = found["W"] + D @ v[names[t - 1]].T, found["U"] + D @ H[t - 1 + shift].T
            D = v["U"].T @ D
        return found | {"V": E @ H[-1].T}

    draw = np.random.default_rng(9)
    shapes = {"W": (3, 2), "U": (3, 3), "V": (2, 3), "Y": (2, 5)} | dict.fromkeys(names, (2, 5))
    return sn.squared_error(V * state, Y), {n: draw.normal(size=s) for n, s in shapes.items()}, gradients


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_the_state_of_this_step_for_the_one_before(steps):
    loss, values, gradients = unrolled(steps)
    assert sn.diagnose(loss, values, lambda v: gradients(v, 0)).ok
    found = sn.diagnose(loss, values, lambda v: gradients(v, 1))
    assert [w.name for w in found.wrong] == ["U"] and len(found.explanations[0]) == 1
    assert found.faults[0].kind == "wrong-operand" and "at each step" in found.faults[0].words, str(found)
