"""Data that are no real finite numbers are refused wherever they enter, by the symbol's name and with the way out.

And what a user gives is never changed: their functions may update in place whatever arrays they are handed.
"""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
import sympy
from sympy import Max, Min, Piecewise, Symbol

import symnet as sn

W, X, Y, b = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.vector("b", 2)
LOSS = sn.squared_error(sn.tanh(sn.affine(W, X, b)), Y)
DRAW = np.random.default_rng(1)
GOOD = {
    "W": DRAW.normal(size=(2, 3)),
    "X": DRAW.normal(size=(3, 4)),
    "Y": DRAW.normal(size=(2, 4)),
    "b": DRAW.normal(size=(2, 1)),
}
DATA = ("X", "Y")


def by_hand(v):
    A = np.tanh(v["W"] @ v["X"] + v["b"])
    D = (A - v["Y"]) * (1 - A**2) / 4
    return {"W": D @ v["X"].T, "b": D.sum(1, keepdims=True)}


def cost(v):
    return ((np.tanh(v["W"] @ v["X"] + v["b"]) - v["Y"]) ** 2).sum() / 8


def parts(values, data):
    return {k: v for k, v in values.items() if (k in DATA) is data}


def stepped(values, rate=0.1):
    return {k: v - rate * by_hand(values)[k] for k, v in values.items() if k not in DATA}


WAYS = {  # every way in which arrays enter, by name
    "kernel": lambda v: sn.derive(LOSS, [W, b]).compile()(v),
    "kernel in float32": lambda v: sn.derive(LOSS, [W, b]).compile(dtype=np.float32)(v),
    "compile": lambda v: sn.compile({"loss": LOSS})(v),
    "evaluate": lambda v: sn.evaluate(LOSS, v),
    "check_gradients": lambda v: sn.check_gradients(LOSS, v),
    "check_gradients, central": lambda v: sn.check_gradients(LOSS, v, [W], method="central"),
    "diagnose": lambda v: sn.diagnose(LOSS, v, by_hand(GOOD)),
    "diagnose a function": lambda v: sn.diagnose(LOSS, v, by_hand),
    "diagnose_update": lambda v: sn.diagnose_update(LOSS, parts(v, False), stepped(GOOD), 0.1, parts(v, True)),
    "train": lambda v: sn.train(LOSS, parts(v, True), parts(v, False), epochs=2),
    "train in batches": lambda v: sn.train(LOSS, parts(v, True), parts(v, False), epochs=2, batch_size=2, seed=0),
}
GRADIENT_WAYS = {  # and gradients
    "diagnose": lambda g: sn.diagnose(LOSS, GOOD, g),
    "diagnose a function": lambda g: sn.diagnose(LOSS, GOOD, lambda v: g),
    "check_function": lambda g: sn.check_function(
        lambda w, c: cost({**GOOD, "W": w, "b": c}), lambda *_: [g["W"], g["b"]], [GOOD["W"], GOOD["b"]]
    ),
}
WITH_INFINITY = ("kernel", "kernel in float32", "compile", "evaluate")  # where the value at infinity may be asked for


def masked(a):
    return np.ma.masked_array(a, mask=np.arange(a.size).reshape(a.shape) == 1)


def with_entry(value):
    def change(a):
        a = np.array(a)
        a[0, 0] = value
        return a

    return change


BAD = {
    "complex": (lambda a: a + 0j, TypeError, ["complex", ".real"]),
    "complex32": (lambda a: (a + 1j).astype(np.complex64), TypeError, ["complex", ".real"]),
    "complex list": (lambda a: (a + 1j).tolist(), TypeError, ["complex", ".real"]),
    "masked": (masked, TypeError, ["masked", ".filled("]),
    "masked, nothing masked": (np.ma.masked_array, TypeError, ["masked", ".filled("]),
    "NaN": (with_entry(np.nan), ValueError, ["NaN", "[0, 0]"]),
    "infinity": (with_entry(np.inf), ValueError, ["infinite", "[0, 0]"]),
    "minus infinity": (with_entry(-np.inf), ValueError, ["infinite", "[0, 0]"]),
    "text": (lambda a: a.astype(str), TypeError, ["text", "astype(float)"]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("name", GOOD)
def test_bad_data_are_refused_by_name(way, kind, name):
    if "infinity" in kind and way in WITH_INFINITY:
        return
    change, error, words = BAD[kind]
    with pytest.raises(error) as raised:
        WAYS[way]({**GOOD, name: change(GOOD[name])})
    for word in [name, *words]:
        assert word in str(raised.value), raised.value


@pytest.mark.parametrize("way", GRADIENT_WAYS)
@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("name", "Wb")
def test_bad_gradients_are_refused_by_name(way, kind, name):
    change, error, words = BAD[kind]
    with pytest.raises(error) as raised:
        GRADIENT_WAYS[way]({**by_hand(GOOD), name: change(by_hand(GOOD)[name])})
    called = {"W": "x0", "b": "x1"}[name] if way == "check_function" else name
    assert called in str(raised.value) and words[0] in str(raised.value), raised.value


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("several", [True, False])
def test_bad_points_of_check_function_are_refused(kind, several):
    change, error, words = BAD[kind]
    bad = change(np.ones((2, 2)))
    with pytest.raises(error, match="x0") as raised:
        sn.check_function(
            lambda *a: 0.0, lambda *a: a, [np.ones(2), bad] if several and kind != "complex list" else bad
        )
    assert words[0] in str(raised.value)


def test_masked_and_complex_arrays_are_no_constants_either():
    for bad in (masked(np.ones((2, 3))), np.ones((2, 3)) * 1j):
        with pytest.raises(TypeError):
            sn.tanh(bad)
    with pytest.raises(TypeError, match="complex"):
        sn.derive(LOSS, W).compile(dtype=complex)


def test_a_point_without_a_value_has_no_slope():
    with pytest.raises(ValueError, match="nan at the point"):
        sn.check_function(lambda x: np.nan, lambda x: x, np.ones(2))
    with pytest.raises(ValueError, match="inf at the point"):
        sn.check_gradients(sn.sum(sn.elementwise(lambda u: 1 / u, b)), {b: np.zeros((2, 1))}, method="central")


def test_training_keeps_its_own_report():
    data = {"X": 1e200 * np.ones((3, 4)), "Y": np.ones((2, 4))}
    with pytest.raises(FloatingPointError) as raised:
        sn.train(sn.squared_error(W * X, Y), data, {W: np.ones((2, 3))}, epochs=3)
    assert np.array_equal(raised.value.parameters[W], np.ones((2, 3)))


# -- nothing that a user gives is changed


def spoil(*arrays):
    for a in arrays:
        if isinstance(a, np.ndarray) and a.flags.writeable:
            a *= 3
            a += 1


def spoiling(f):
    def careless(*arguments):
        found = copy.deepcopy(f(*arguments))
        for a in arguments:
            spoil(*(a.values() if isinstance(a, dict) else [a]))
        return found

    return careless


def in_place(x):
    x *= x
    return 3 * x  # of the cube


def initializer():
    shared = {}

    def draw(shape, generator):
        return shared.setdefault(shape, generator.normal(size=shape))

    return draw, shared


@dataclass
class Given:
    """Values that a call is given: afterwards they must be as before."""

    values: dict

    def __post_init__(self):
        self.before = copy.deepcopy(self.values)

    def unchanged(self):
        return all(np.array_equal(self.values[k], v) for k, v in self.before.items())


def arrays():
    return {k: v.copy() for k, v in GOOD.items()}


def pair(w, c):
    return cost({**GOOD, "W": w, "b": c})


def of_pair(w, c):
    return list(by_hand({**GOOD, "W": w, "b": c}).values())


CALLS = {  # functions of a user's that update in place whatever they are handed; each gives what must be true
    "check_function": lambda v: bool(sn.check_function(spoiling(lambda x: (x**3).sum()), in_place, v["W"])),
    "check_function of two": lambda v: bool(sn.check_function(spoiling(pair), spoiling(of_pair), [v["W"], v["b"]])),
    "check_function, complex": lambda v: bool(sn.check_function(spoiling(lambda x: (x**3).sum()), in_place, v["W"], "complex")),
    "check_function, wrong": lambda v: not sn.check_function(spoiling(pair), spoiling(lambda w, c: [w, c]), [v["W"], v["b"]]),
    "check_function of a view": lambda v: bool(sn.check_function(spoiling(lambda x: (x**3).sum()), in_place, v["W"].T[::-1])),
    "check_function of one row": lambda v: bool(sn.check_function(spoiling(lambda x: (x**3).sum()), in_place, v["W"][0])),
    "check_function, its plot": lambda v: sn.check_function(spoiling(pair), spoiling(of_pair), [v["W"], v["b"]]).curve(np.array([1e-5]))[0][0] < 1e-6,
    "check_gradients": lambda v: bool(sn.check_gradients(LOSS, v)),
    "diagnose": lambda v: bool(sn.diagnose(LOSS, v, spoiling(by_hand))),
    "diagnose, wrong": lambda v: not sn.diagnose(LOSS, v, spoiling(lambda a: {k: 2 * g for k, g in by_hand(a).items()})),
    "diagnose, one array": lambda v: bool(sn.diagnose(LOSS, v, {"W": by_hand(v)["W"]})),
    "diagnose_update": lambda v: bool(sn.diagnose_update(LOSS, parts(v, False), stepped(v), 0.1, parts(v, True))),
    "train": lambda v: sn.train(LOSS, parts(v, True), parts(v, False), epochs=3, callback=spoiling(lambda *_: None)).history["loss"]
    == sn.train(LOSS, parts(GOOD, True), parts(GOOD, False), epochs=3).history["loss"],
    "train's callback": lambda v: sn.train(
        LOSS, parts(v, True), parts(v, False), sn.Adam(0.1), epochs=3, batch_size=2, seed=0, callback=lambda e, c, p: spoil(*p.values())
    ).history["loss"] == sn.train(LOSS, parts(GOOD, True), parts(GOOD, False), sn.Adam(0.1), epochs=3, batch_size=2, seed=0).history["loss"],
    "train's result": lambda v: spoil(*sn.train(LOSS, parts(v, True), parts(v, False), epochs=1, multipliers={"b": 0}).parameters.values()) is None,
    "kernel's result": lambda v: spoil(*sn.derive(LOSS + sn.sum(W) + sn.norm(b) ** 2 / 2, [W, b]).compile()(v)[1].values()) is None,
    "gradients that are data": lambda v: spoil(*sn.derive(sn.inner(W, Y * X.T) + sn.sum(X), [W, X]).compile()({k: v[k] for k in "WXY"})[1].values()) is None,
    "evaluate a symbol": lambda v: spoil(sn.evaluate(W, {"W": v["W"]}), sn.evaluate(W.T, {"W": v["W"]})) is None,
    "evaluate an entry": lambda v: spoil(sn.evaluate(sn.unit(2, 0).T * W, {"W": v["W"]})) is None,
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_nothing_given_is_changed(name, order):
    values = {k: np.asarray(v, order=order) for k, v in arrays().items()}
    given = Given(values)
    assert CALLS[name](values)
    assert given.unchanged()


def test_an_initializer_may_keep_its_arrays():
    draw, shared = initializer()
    run = sn.train(LOSS, parts(GOOD, True), initializer=draw, epochs=1, seed=0, multipliers={"W": 0})
    before = copy.deepcopy(shared)
    spoil(*run.parameters.values())
    assert all(np.array_equal(shared[k], v) for k, v in before.items())


def test_gradients_share_no_memory():
    A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
    a = np.ones((2, 2))
    for loss in (sn.sum(A + B), sn.sum(sn.tanh(A + B)), sn.norm(A - B), sn.inner(A, B), sn.sum(A * B.T)):
        found = sn.derive(loss, [A, B]).compile()({A: a, B: 2 * a})[1]
        assert not np.shares_memory(found[A], found[B]), loss
        found[A] += 1
        assert np.array_equal(a, np.ones((2, 2)))


F, G, V = sn.matrix("F", 2, 2), sn.matrix("G", 2, 2), sn.matrix("V", 3, 2)
u, v = sn.sum(F), sn.norm(G)
SEVERAL = {
    "maximum of 3": Max(u, v, sn.norm(V)),
    "minimum of 3": Min(u, v, sn.norm(V)),
    "maximum of 4, an array of one": Max(u, v, sn.norm(V), Symbol("t")),
    "maximum of 5": Max(u, v, sn.norm(V), sn.sum(V), 2),
    "minimum in maximum": Max(Min(u, v, sn.norm(V)), sn.sum(V), -u),
    "entry by entry": sn.sum(sn.elementwise(Max, F, G, F * G, G.T)),
    "minimum entry by entry": sn.sum(sn.elementwise(Min, F, G, F * G, G.T)),
    "cases": Piecewise((u, u > v), (v, sn.norm(V) > v), (sn.sum(V), True)),
    "logical": Piecewise(
        (u, sympy.And(u > v, v > 0, sn.sum(V) > 1)), (v, sympy.Or(u > 1, v > 2, sn.sum(V) > 3)), (0, True)
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_functions_of_many_arguments_write_into_none(name):
    draw = np.random.default_rng(0)
    values = {s.name: draw.normal(size=s.shape) if s.is_Matrix else np.array(0.3) for s in SEVERAL[name].free_symbols}
    given = Given(values)
    found = sn.evaluate(SEVERAL[name], values)
    f, g, w = (np.asarray(values.get(k, np.zeros((2, 2)))) for k in "FGV")
    numbers = {"u": f.sum(), "v": np.linalg.norm(g), "w": np.linalg.norm(w), "s": w.sum(), "t": 0.3}
    wanted = {
        "maximum of 3": lambda u, v, w, s, t: max(u, v, w),
        "minimum of 3": lambda u, v, w, s, t: min(u, v, w),
        "maximum of 4, an array of one": lambda u, v, w, s, t: max(u, v, w, t),
        "maximum of 5": lambda u, v, w, s, t: max(u, v, w, s, 2),
        "minimum in maximum": lambda u, v, w, s, t: max(min(u, v, w), s, -u),
        "entry by entry": lambda u, v, w, s, t: np.max([f, g, f @ g, g.T], axis=0).sum(),
        "minimum entry by entry": lambda u, v, w, s, t: np.min([f, g, f @ g, g.T], axis=0).sum(),
        "cases": lambda u, v, w, s, t: u if u > v else v if w > v else s,
        "logical": lambda u, v, w, s, t: u if u > v and v > 0 and s > 1 else v if u > 1 or v > 2 or s > 3 else 0,
    }[name](**numbers)
    assert found == pytest.approx(wanted)
    matrices = [s for s in SEVERAL[name].free_symbols]
    kernel = sn.derive(SEVERAL[name], matrices).compile()
    kernel(values)
    bound = kernel.bind(values)
    kernel.function(*bound)
    assert given.unchanged()
    assert sn.check_gradients(SEVERAL[name], values) and given.unchanged()


def _of_all_samples():
    a, Y, x = sn.matrix("a", 1, "n"), sn.matrix("Y", 1, "n"), sn.matrix("x", 1, "n")
    W, K, n = sn.matrix("W", 1, 1), sn.matrix("K", "n", "n"), Y.shape[1]
    twice, longer = sn.matrix("T", 2 * n, 1), sn.matrix("U", 3, n + 1)
    fit, ones = sn.norm(W * x) ** 2 / n, np.ones
    return {
        "trained": (sn.squared_error(a, Y), {Y: ones((1, 4))}, {a: ones((1, 4))}, "a is 1×n, with a part for each of the n samples"),
        "square": (fit + sn.sum(K) / n**2, {x: ones((1, 4)), K: ones((4, 4))}, {W: ones((1, 1))}, "K is n×n, which cannot be cut"),
        "twice": (fit + sn.mean(twice), {x: ones((1, 4)), twice: ones((8, 1))}, {W: ones((1, 1))}, r"T is 2\*n×1, which cannot be cut"),
        "longer": (fit + sn.mean(longer), {x: ones((1, 4)), longer: ones((3, 5))}, {W: ones((1, 1))}, r"U is 3×\(?n \+ 1\)?, which cannot be cut"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", _of_all_samples())
@pytest.mark.parametrize(
    "some",
    [
        {"batch_size": 1},
        {"batch_size": 2},
        {"batch_size": 3},
        {"validation": 0.5},
        {"batch_size": 2, "validation": 0.5},
    ],
)
@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_what_is_of_all_samples_is_not_cut(kind, some, backend):
    loss, data, start, told = _of_all_samples()[kind]
    with pytest.raises(ValueError, match=told) as error:
        sn.train(loss, data, start, 0.01, epochs=1, progress=False, seed=0, backend=backend, **some)
    assert f"leave {next(reversed(some))} away" in str(error.value)
    whole = [
        sn.train(loss, data, start, 0.01, epochs=3, progress=False, seed=0, batch_size=size) for size in (None, 4, 9)
    ]
    assert len({run.loss for run in whole}) == 1
