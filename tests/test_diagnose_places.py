"""Right numbers at a wrong place: gradients under each other's names, states of another step."""

import numpy as np
import pytest
import sympy as sp

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


# -- gated nets


def gated(steps, start, apart):
    # a gated net and its gradients by hand; `apart`: what a gate is made of has names
    M = {n: sn.matrix(n, 3, 2 if n[0] == "W" else 3) for n in ("Wz", "Uz", "Wr", "Ur", "Wc", "Uc")}
    h, let = sn.matrix("h0", 3, "n") if start else None, sn.let if apart else lambda name, expr: expr
    for t in range(1, steps + 1):
        x, state = sn.matrix(f"x{t}", 2, "n"), h

        def pre(g, of, t=t, x=x):
            a = let(f"a{g}{t}", M["W" + g] * x)
            return a if of is None else let(f"p{g}{t}", a + let(f"q{g}{t}", M["U" + g] * of))

        z, r = sn.sigmoid(pre("z", state)), sn.sigmoid(pre("r", state))
        c = sn.tanh(pre("c", None if state is None else sn.hadamard(r, state)))
        one = sp.OneMatrix(3, x.shape[1])
        h = sn.hadamard(z, c) if state is None else sn.hadamard(one - z, state) + sn.hadamard(z, c)
    names = [*M, "Y", *(f"x{t}" for t in range(1, steps + 1)), *(["h0"] if start else [])]
    draw, rows = np.random.default_rng(10), {"W": (3, 2), "U": (3, 3), "x": (2, 4)}
    return sn.squared_error(h, sn.matrix("Y", 3, "n")), {
        n: draw.normal(size=rows.get(n[0], (3, 4))) for n in names if n in M or n[0] in "Yxh"
    }


def by_hand(v, bug=""):
    sigmoid, x = lambda t: 1 / (1 + np.exp(-t)), [v[n] for n in sorted(v) if n[0] == "x"]
    h, past, n = v.get("h0", np.zeros_like(v["Y"])), [], v["Y"].shape[1]
    for a in x:
        z, r = (sigmoid(v["W" + g] @ a + v["U" + g] @ h) for g in "zr")
        z, r = (r, z) if bug == "forward" else (z, r)
        c = np.tanh(v["Wc"] @ a + v["Uc"] @ (r * h))
        past.append((a, h, z, r, c, (1 - z) * h + z * c))
        h = past[-1][-1]
    found, d = {k: 0 * v[k] for k in v if k[0] in "WU"}, (h - v["Y"]) / n
    for a, h, z, r, c, new in reversed(past):
        to_state, to_c = (z, 1 - z) if bug == "complement" else (1 - z, z)
        dz, dc = d * (c - h), d * to_c * (1 - c * c)
        drh = v["Uc"].T @ dc
        dr = drh * h
        if bug == "before the slope":
            dz, dr = dr, dz
        slopes = (r * (1 - r), z * (1 - z)) if bug == "slopes" else (z * (1 - z), r * (1 - r))
        dz, dr = dz * slopes[0], dr * slopes[1]
        if bug == "deltas":
            dz, dr = dr, dz
        for g, delta, state in (("z", dz, h), ("r", dr, h), ("c", dc, r * h)):
            state = new if bug == "of this step" and g != "c" else state
            state = r * new if bug == "of this step, all" and g == "c" else state
            state = new if bug == "of this step, all" and g != "c" else state
            found["W" + g], found["U" + g] = found["W" + g] + delta @ a.T, found["U" + g] + delta @ state.T
        back = (v["Ur"], v["Uz"]) if bug == "weights" else (v["Uz"], v["Ur"])
        d = d * to_state + back[0].T @ dz + back[1].T @ dr + drh * r
    return found


GATES = ["deltas", "slopes", "before the slope", "weights", "complement"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("bug", GATES)
@pytest.mark.parametrize("steps", [2, 3])
def test_gates_in_each_others_place(bug, steps):
    loss, values = gated(steps, True, False)
    assert sn.diagnose(loss, values, by_hand).ok
    found = sn.diagnose(loss, values, lambda v: by_hand(v, bug))
    assert len(found.explanations[0]) == 1 and found.faults[0].kind == "wrong-operand", str(found)
    assert "exchanged" in found.faults[0].words, str(found)


def test_three_deltas_in_a_circle():
    W, X, Y = sn.matrix("W", 3, 2), sn.matrix("X", 2, "n"), sn.matrix("Y", 4, "n")
    V = [sn.matrix(f"V{i}", 4, 3) for i in range(3)]
    gates = [sn.sigmoid(U * sn.tanh(W * X)) for U in V]
    loss, draw = sn.squared_error(sn.hadamard(*gates), Y), np.random.default_rng(11)
    values = {s.name: draw.normal(size=[5 if not k.is_Integer else int(k) for k in s.shape]) for s in [W, X, Y, *V]}

    def gradients(v, turned):
        A, n = np.tanh(v["W"] @ v["X"]), v["X"].shape[1]
        S = [1 / (1 + np.exp(-v[f"V{i}"] @ A)) for i in range(3)]
        D = [(S[0] * S[1] * S[2] - v["Y"]) / n * S[0] * S[1] * S[2] * (1 - s) for s in S]
        D = D[turned:] + D[:turned]
        back = sum(v[f"V{i}"].T @ d for i, d in enumerate(D)) * (1 - A * A)
        return {"W": back @ v["X"].T} | {f"V{i}": d @ A.T for i, d in enumerate(D)}

    assert sn.diagnose(loss, values, lambda v: gradients(v, 0)).ok
    for turned in (1, 2):
        found = sn.diagnose(loss, values, lambda v, turned=turned: gradients(v, turned))
        assert "stand in each other's place" in found.faults[0].words, str(found)


def test_gates_exchanged_in_the_forward_pass():
    loss, values = gated(2, True, False)
    names = {"z": "r", "r": "z"}

    def of_the_other_net(v):
        right = by_hand({k[0] + names.get(k[1:], k[1:]): a for k, a in v.items()})
        return {k[0] + names.get(k[1:], k[1:]): g for k, g in right.items()}

    for gradients in (of_the_other_net, lambda v: by_hand(v, "forward")):
        found = sn.diagnose(loss, values, gradients)
        assert found.faults[0].kind == "forward" and "are exchanged" in found.faults[0].words, str(found)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("steps", "start", "bug"),
    [(2, True, ""), (3, True, ""), (3, False, ""), (4, False, ""), (2, True, ", all"), (3, True, ", all")],
)
@pytest.mark.parametrize("apart", [False, True])
def test_states_of_this_step_in_a_gated_net(steps, start, apart, bug):
    loss, values = gated(steps, start, apart)
    found = sn.diagnose(loss, values, lambda v: by_hand(v, "of this step" + bug))
    assert len(found.explanations[0]) == 1 and "at each step" in found.faults[0].words, str(found)
