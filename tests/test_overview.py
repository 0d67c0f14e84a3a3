"""The table of a net: its rows, its sums, and operations that are those which NumPy really does."""

from fractions import Fraction

import numpy as np
import pytest
from sympy import Symbol, sympify

import symnet as sn
from symnet.backends import costs
from tests.losses import LOSSES, SIZES, values_of

n = Symbol("n", integer=True, positive=True)
X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
NET = sn.mlp(X, [4, 2])
LOSS = sn.squared_error(NET.output, Y)
rng = np.random.default_rng(0)
DATA = {X: rng.normal(size=(3, 8)), Y: rng.normal(size=(2, 8))}


class Tallied(np.ndarray):
    """Arrays of numbers that count what NumPy does with them; the counts of LAPACK are those that books give."""

    count = Fraction(0)

    def __getitem__(self, index):
        return np.asarray(super().__getitem__(index)).view(Tallied)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [np.asarray(a) if isinstance(a, Tallied) else a for a in inputs]
        found = getattr(ufunc, method)(*plain, **options)
        inner = plain[0].shape[-1] if ufunc is np.matmul else 1
        Tallied.count += plain[0].size if method == "reduce" else np.size(found) * inner
        return np.asarray(found).view(Tallied)

    def __array_function__(self, function, types, arguments, options):
        plain = bare(arguments)
        if function.__name__ in MOVING:
            return np.asarray(function(*plain, **options)).view(Tallied)
        sizes, rows = [np.size(a) for a in plain], np.shape(plain[0])[0] if np.ndim(plain[0]) else 1
        found = function(*plain, **options)
        several = found if isinstance(found, tuple) else (found,)
        Tallied.count += {
            "vdot": max(sizes), "trace": rows, "inv": rows**3, "det": Fraction(rows**3, 3), "slogdet": Fraction(rows**3, 3),
            "solve": Fraction(rows**3, 3) + rows * sizes[-1], "where": np.size(found) if function is np.where else 0,
            "cholesky": Fraction(rows**3, 6),
        }.get(function.__name__, max([*sizes, *map(np.size, several)]))  # fmt: skip
        views = tuple(np.asarray(a).view(Tallied) for a in several)
        return views if isinstance(found, tuple) else views[0]


MOVING = "concatenate diag diagflat hstack vstack roll padded part placed taps unfold".split()
CUBIC = "adjugate expm leading polar sylvester whole_power".split()


def bare(value):
    if isinstance(value, (tuple, list)):
        return type(value)(map(bare, value))
    return np.asarray(value) if isinstance(value, Tallied) else value


def once(f):
    """A function of symnet's own, counted as a whole."""

    def function(*arguments, **options):
        plain = bare(arguments)
        found = f(*plain, **options)
        several = found if isinstance(found, tuple) else (found,)
        arrays = [np.asarray(a) for a in (*plain, *several) if np.ndim(a) or a is several[0]]
        each = 0 if f.__name__ in MOVING else len(arrays[0]) if f.__name__ in CUBIC else 1
        Tallied.count += max(a.size for a in arrays) * each
        views = tuple(np.asarray(a).view(Tallied) for a in several)
        return views if isinstance(found, tuple) else views[0]

    return function


def tallied(kernel, values):
    arguments = [
        np.asarray(a).view(Tallied) if n not in SIZES else a for n, a in zip(kernel.arguments, values, strict=True)
    ]
    names = kernel.function.__globals__  # what the code makes anew counts as well
    for name in {"array", "eye", "full", "ones", "tri", "zeros"} & names.keys():
        make = getattr(np, name)
        names[name] = lambda *a, make=make, **k: make(*bare(a), **k).view(Tallied)
    for name, f in list(names.items()):
        if getattr(f, "__module__", "") in ("symnet.backends.windows", "symnet.backends.matrix_functions"):
            names[name] = once(f)
    Tallied.count = Fraction(0)
    with np.errstate(all="ignore"):
        kernel.function(*arguments)
    return Tallied.count


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_counted_is_what_numpy_does(name):
    loss, wrt = LOSSES[name]
    kernel = sn.derive(loss, wrt).compile()
    asked = {size: number for size, number in SIZES.items() if size in kernel.program.names.sizes}
    found = costs(kernel, asked)
    assert [c.equation for c in found] == list(kernel.equations)
    whole = sum(c.operations for c in found)
    assert Fraction(int(whole.p), int(whole.q)) == tallied(kernel, kernel.bind(values_of(kernel)))
    symbolic = sum(c.operations for c in costs(kernel, {}))
    put = {s: SIZES[s.name] for s in symbolic.free_symbols}
    assert symbolic.subs(put) == whole, "sizes may be put in before or after"


def test_the_rows_by_hand():
    found = sn.summary(sn.derive(LOSS, NET.parameters))
    assert [str(layer.name) for layer in found.layers] == ["Z1", "A1", "Z2", "L"]
    assert [layer.shape for layer in found.layers] == [(4, n), (4, n), (2, n), ()]
    assert [layer.parameters for layer in found.layers] == [{"W1": 12, "b1": 4}, {}, {"W2": 8, "b2": 2}, {}]
    forward = [12 * n + 4 * n, 4 * n, 8 * n + 2 * n, 2 * n + 2 * n + 1]  # products and sums; tanh; Z₂ − Y, ‖·‖², /(2n)
    backward = [8 * n + 12 * n + 12 * n + 4 * n, 0, 2 * n + 8 * n + 2 * n, 0]  # W₂ᵀ⋅Z̅₂, its mask, Z̅₁⋅Xᵀ, its sums; …
    assert [layer.operations["forward"] for layer in found.layers] == forward
    assert [layer.operations["backward"] for layer in found.layers] == backward
    assert found.parameters == 26 and found.operations == {"forward": sum(forward), "backward": sum(backward)}
    assert (found.trained["W1"], found.data, found.fixed, found.states) == ((4, 3), {"X": (3, n), "Y": (2, n)}, {}, {})


def test_the_same_by_every_way_in():
    texts = [
        str(sn.summary(model, *more))
        for model, more in (
            (sn.derive(LOSS, NET.parameters), ()),
            (LOSS, ()),
            (LOSS, (NET,)),
            (LOSS, (list(NET.parameters),)),
        )
    ]
    assert len(set(texts)) == 1
    forward = sn.summary(NET)
    assert str(forward).splitlines()[-1] == "data: X 3×n" and list(forward.operations) == ["forward"]
    assert forward.operations["forward"] == 30 * n and str(sn.summary(NET.output, NET)) == str(forward)


def test_a_training_tells_its_sizes_and_what_does_not_move():
    W, A = sn.matrix("W", 5, "d"), sn.matrix("A", "d", "m")
    v = sn.vector("v", 5)
    loss = sn.norm(sn.tanh(sn.affine(W, A, v))) ** 2
    data = {A: rng.normal(size=(3, 7))}
    run = sn.train(loss, data, {W: np.ones((5, 3)), v: np.ones((5, 1))}, sn.Adam(), epochs=1, multipliers={v: 0})
    found = sn.summary(run, sizes={"m": 7})
    assert found.trained == {"W": (5, 3)} and found.fixed == {"v": (5, 1)}
    assert found.states == {"m_W": (5, 3), "v_W": (5, 3)} and found.data == {"A": (3, 7)}
    assert all(number.is_Integer for number in found.operations.values())
    assert list(found.operations) == ["forward", "backward", "update"]
    numbers = 2 + 3 + 2  # 1 − β₁ and 1 − β₂; η/(1 − β₁ᵗ); 1 − β₂ᵗ
    assert found.operations["update"] == (3 + 4 + 6) * 15 + numbers  # the lines of m, of v and of W


def test_what_it_shows():
    found = sn.summary(LOSS, sizes={"n": 1000})
    assert repr(found) == "<Summary: 4 equations, 26 parameters; operations forward 34,001, backward 48,000>"
    lines = str(found).splitlines()
    assert lines[0].split() == ["layer", "shape", "parameters", "forward", "backward"]
    assert lines[2].split("   ")[0] == "Z₁ = W₁⋅X + b₁⋅1ᵀ" and lines[2].split()[-4:] == [
        "4×1000",
        "16",
        "16,000",
        "36,000",
    ]
    assert lines[-2:] == ["trained: 26 numbers in W1, b1, W2, b2", "data: X 3×1000, Y 2×1000"]
    assert len({len(line) for line in lines[:-2]}) == 1
    assert str(sn.summary(LOSS)).splitlines()[-3].split() == ["in", "all", "26", "34n", "+", "1", "48n"]
    assert "<td" in found._repr_html_() and "36,000" in found._repr_html_()


def test_a_second_order_has_a_column():
    w, A = sn.vector("w", 3), sn.matrix("A", 3, 3)
    assert list(sn.summary(sn.derive(sn.exp(w.T * A * w)[0, 0], w, order=2)).operations) == [
        "forward",
        "backward",
        "second order",
    ]


class Folded(sn.MatrixNode):
    """A user's node, with a function that symnet's code does not use."""

    title = "folded"


def test_functions_of_numpy_that_a_user_adds():
    sn.NUMPY[Folded] = lambda c, node: c.numpy.cumsum(c.full(node.args[0]), axis=0)
    A = sn.matrix("A", 4, "n")
    kernel = sn.compile({"F": Folded(A)})
    assert [c.operations for c in costs(kernel, {"n": 5})] == [20]
    assert [c.operations for c in costs(kernel, {})] == [4 * n]
    m = Symbol("m", integer=True, positive=True)
    sn.NUMPY[Folded] = lambda c, node: c.numpy.sort_complex(c.numpy.ravel(c.full(node.args[0])))
    kernel = sn.compile({"F": Folded(sn.matrix("B", m, "n"))})
    assert [c.operations for c in costs(kernel, {"n": 5, "m": 2})] == [20]
    with pytest.raises(TypeError, match="ravel is counted where sizes are numbers; give m, n as sizes="):
        costs(kernel, {})


U = sn.matrix("U", 2, 2)
BAD = {
    "which parameters": (lambda: sn.summary(sn.norm(U) ** 2), ValueError, r"which of U are parameters\? .*\[W, b\]"),
    "an unknown size": (lambda: sn.summary(LOSS, sizes={"k": 3}), KeyError, "k is no size of it; its sizes are n"),
    "a size that is none": (lambda: sn.summary(LOSS, sizes={"n": 0}), ValueError, "n is a size"),
    "sizes that are data": (lambda: sn.summary(LOSS, sizes=DATA), KeyError, "X is no size of it; its sizes are n"),
    "parameters twice": (lambda: sn.summary(NET, [U]), TypeError, "knows its parameters"),
    "no expression": (lambda: sn.summary("net"), TypeError, "summary"),
    "a parameter that it lacks": (lambda: sn.summary(LOSS, [U]), ValueError, "depend on U"),
    "of a matrix": (lambda: sn.summary(NET.output, [U]), ValueError, "depend on U"),
    "a list for sizes": (lambda: sn.summary(LOSS, sizes=[3]), TypeError, "dictionary"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_clear_is_refused(name):
    call, kind, text = BAD[name]
    with pytest.raises(kind, match=text):
        call()


def test_functions_that_numpy_lacks_are_counted():
    K, X = sn.matrix("K", 3, 4), sn.matrix("X", 16, "n")
    pooled = sn.max_pool2d(sn.relu(sn.conv2d(K, X, shape=(1, 4, 4), padding=1)), 2)
    kernel = sn.derive(sn.sum(sn.tanh(pooled)), K).compile()
    along, at = costs(kernel, {}), costs(kernel, {"n": 5})
    put = [sympify(c.operations).subs({s: 5 for s in sympify(c.operations).free_symbols}) for c in along]
    assert put == [c.operations for c in at]
    products = [c.operations for c in at if c.operations == 3 * 4 * 25 * 5]
    assert len(products) == 2, "K·unfold(X), and the gradient in K"
    A = sn.matrix("A", 4, 4)
    assert sum(c.operations for c in costs(sn.derive(sn.sum(sn.expm(A)), A).compile(), {})) >= 2 * 4**3
