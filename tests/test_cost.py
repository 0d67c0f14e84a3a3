"""What a derivation costs: operations, bytes and memory are those of the code that runs, on numbers."""

import ast
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from losses import LOSSES, SIZES, values_of
from sympy import Integer, Max, Rational, Symbol, sympify
from test_overview import tallied
from test_rules import SAMPLES

import symnet as sn
from symnet.backends import costs, liveness
from symnet.backends.cost import largest
from symnet.backends.instructions import instructions

n = Symbol("n", integer=True, positive=True)
DERIVED = {name: sn.derive(*pair) for name, pair in LOSSES.items()} | {
    node.__name__: sn.derive(loss, [s for s in sorted(loss.free_symbols, key=str) if s.name != "K"])
    for node, loss in SAMPLES.items()
}
PLACES = {"n": 5, "K": 3}  # sizes of the samples
each = pytest.mark.parametrize("name", DERIVED)


def numbers_of(name, kernel):
    """Give numbers for the sizes that a kernel asks for, and arrays by name."""
    if name in LOSSES:
        return {s: SIZES[s] for s in SIZES if s in kernel.program.names.sizes}, values_of(kernel)
    rng = np.random.default_rng(0)
    sizes = {s: PLACES.get(s, 5) for s in kernel.program.names.sizes}
    shape = lambda s: [int(k) if k.is_Integer else sizes[k.name] for k in getattr(s, "shape", ())]
    drawn = {k: rng.uniform(0.3, 1.3, shape(s))[()] for k, s in kernel.symbols.items() if k not in sizes}
    return sizes, drawn | {s: PLACES.get(s, 5) for s in kernel.symbols if s == "K" or s in sizes}


def moved(kernel, arrays):
    """Run the code of a kernel operation by operation; give the bytes of the arrays that are read and made, and of
    those that are made of no array."""
    names, program, _ = instructions(kernel.function.text)
    values, spent, from_nothing = dict(zip(names, arrays, strict=True)), 0, 0
    flat = lambda v: [a for one in v for a in flat(one)] if isinstance(v, tuple) else [v]
    arrays_in = lambda v: [a for a in flat(v) if isinstance(a, np.ndarray) and a.ndim]
    for i in program:
        with np.errstate(all="ignore"):
            value = values[i.name] = eval(i.compiled, kernel.function.__globals__, values)
        read = {id(a): a for name in i.reads for a in arrays_in(values[name])}
        new = [a for a in arrays_in(value) if not any(np.may_share_memory(a, b) for b in read.values())]
        is_number = any(isinstance(v, np.floating) for v in flat(value))
        if new or (is_number and not isinstance(i.code, ast.Subscript)):
            spent += sum(a.nbytes for a in (*read.values(), *new))
            from_nothing += 0 if read else sum(a.nbytes for a in new)
    return spent, from_nothing


@each
def test_operations_bytes_and_peak_are_those_that_numpy_has(name, monkeypatch):
    monkeypatch.setattr(liveness, "LINE", 1)
    plain, kernel = DERIVED[name].compile(), DERIVED[name].compile(workspace=True)
    sizes, values = numbers_of(name, kernel)
    found, arrays = costs(kernel, sizes), plain.bind(values)
    spent, constants = moved(plain, arrays)
    assert sum(c.bytes for c in found) == spent
    memory, peak = kernel.memory(values), max(c.peak for c in found)
    assert memory.least <= peak <= memory.all + memory.fresh + constants
    assert peak == memory.least or memory.fresh or constants
    assert sum(c.operations for c in found) == tallied(plain, arrays)


@each
def test_sizes_may_be_put_in_before_or_after(name):
    d = DERIVED[name]
    sizes, _ = numbers_of(name, d.compile())
    if not sizes:
        return
    symbolic, at = d.cost(), d.cost(sizes)
    put = {d.program.names.symbols[s]: number for s, number in sizes.items()}
    for one, other in ((symbolic, at), *zip(symbolic.rows, at.rows, strict=True)):
        for told in ("operations", "bytes", "peak"):
            assert sympify(getattr(one, told)).xreplace(put) == getattr(other, told)
    assert sympify(symbolic.inputs).xreplace(put) == at.inputs


X, Y = sn.matrix("X", 64, "n"), sn.matrix("Y", 10, "n")
NET = sn.mlp(X, [32, 10])
D = sn.derive(sn.squared_error(NET.output, Y), NET.parameters)


def test_the_rows_by_hand():
    found = D.cost()
    z1, z2, wbar2, zbar1 = (found[name] for name in ("Z1", "Z2", "Wbar2", "Zbar1"))
    assert z1.operations == 32 * 64 * n + 32 * n and z1.shape == (32, n) and z1.section == "forward"
    assert z1.bytes == 8 * ((32 * 64 + 64 * n + 32 * n) + (32 * n + 32 + 32 * n)), (
        "two operations, each reads two, writes one"
    )
    assert wbar2.operations == 10 * 32 * n and wbar2.bytes == 8 * (10 * n + 32 * n + 10 * 32)
    assert zbar1.operations == 32 * 10 * n + 3 * 32 * n and zbar1.section == "backward"
    assert z1.peak == 8 * 32 * n and z2.peak == 8 * (32 + 10) * n, "A1 is written over Z1"
    assert found.inputs == 8 * (64 * n + 10 * n + 32 * 64 + 32 + 10 * 32 + 10)
    assert found.operations == sum(row.operations for row in found.rows) == sum(found.sections.values())
    assert found[D.loss_name] is found["L"]


def test_half_the_bytes_in_float32():
    whole, half = D.cost({"n": 50}), D.cost({n: 50}, np.float32)
    for told in ("bytes", "peak", "inputs"):
        assert getattr(whole, told) == 2 * getattr(half, told)
    assert whole.operations == half.operations and str(half.dtype) == "float32"
    masked = sn.derive(sn.sum(sn.relu(X)), X).cost({"n": 2}, "float32")
    assert sum(row.bytes for row in masked.rows) < D.cost({"n": 2}).bytes


@pytest.mark.parametrize("layers", [3, 40])
def test_a_deep_net_is_linear_in_its_layers(layers):
    wide = sn.matrix("X", 50, "n")
    net = sn.mlp(wide, [50] * layers)
    found = sn.derive(sn.squared_error(net.output, sn.matrix("Y", 50, "n")), net.parameters).cost()
    products = 50 * 50 * n * (3 * layers - 1)
    assert products < found.operations.subs(n, 10**6) / 10**6 * n < products * Rational(11, 10)
    assert found.peak.subs(n, 1000) < 8 * 1000 * 50 * (layers + 4) + 8 * layers * 51 * 50


def test_products_of_convolutions_and_attention():
    image, K = sn.matrix("I", 16, "n"), sn.matrix("K", 3, 4)
    d = sn.derive(sn.sum(sn.tanh(sn.conv2d(K, image, shape=(1, 4, 4), padding=1))), K)
    products = 3 * 4 * 25 * n
    assert d.cost()["Z1"].operations == products and d.cost()["Kbar"].operations == products
    Q, K, V = (sn.matrix(name, "t", 8) for name in "QKV")
    t = Symbol("t", integer=True, positive=True)
    d = sn.derive(sn.sum(sn.tanh(sn.attention(Q, K, V))), [Q, K, V])
    assert d.cost().operations.coeff(t, 2) >= 6 * 8, "two products forward, four backward, of t², 8 each"
    assert d.cost({"t": 10}).operations == d.cost().operations.subs(t, 10)


def test_what_is_trained_has_its_update_and_hessians_their_section():
    rng = np.random.default_rng(0)
    data = {X: rng.normal(size=(64, 5)), Y: rng.normal(size=(10, 5))}
    run = sn.train(sn.squared_error(NET.output, Y), data, NET, sn.Adam(), epochs=1)
    found, numbers = run.derivation.cost({"n": 5}), 32 * 64 + 32 + 10 * 32 + 10
    assert list(found.sections) == ["forward", "backward", "update"]
    assert found.sections["update"] == 13 * numbers + 4 * 7, "of each array seven numbers are computed once"
    assert found.inputs == D.cost({"n": 5}).inputs + 8 * 2 * numbers
    assert "W₁ ← W₁ − η⋅" in str(found)
    w, A = sn.vector("w", 3), sn.matrix("A", 3, 3)
    assert list(sn.derive(sn.exp(w.T * A * w)[0, 0], w, order=2).cost().sections)[-1] == "second order"


@pytest.mark.parametrize("name", list(DERIVED)[::4])
def test_it_is_what_the_summary_counts(name):
    d = DERIVED[name]
    assert sn.summary(d).operations == {section: sympify(c).expand() for section, c in d.cost().sections.items()} | {
        section.title.lower(): 0 for section in d.program.sections if section.title.lower() not in d.cost().sections
    }
    assert all(row.equation and len(row.equation) <= 46 and "=" in row.equation for row in d.cost().rows)


def test_rows_that_only_the_machine_has_read_as_formulas_or_calls():
    image, K, V = sn.matrix("I", 16, "n"), sn.matrix("K", 3, 4), sn.matrix("V", 2, 12)
    pooled = sn.max_pool2d(sn.relu(sn.conv2d(K, image, shape=(1, 4, 4), padding=1)), 2)
    found = sn.derive(sn.squared_error(V * pooled, sn.matrix("T", 2, "n")), [K, V]).cost()
    text = str(found)
    assert "max_pool(A₁, 2×2)" in text and "first_largest(A₁)" in text and "unfold(I, padding=1)" in text
    assert not any(name in text for name in ("Pixels", "_1", "elementwise", "Dummy"))
    U, W = sn.matrix("U", 6, "r"), sn.matrix("W", 6, "r")
    hessian = sn.derive(sn.norm(sn.matrix("T", 6, 6) - U * W.T) ** 2, U, order=2).cost()
    sections = [row.section for row in hessian.rows]
    assert sections == sorted(sections, key=["forward", "backward", "second order"].index)


@pytest.mark.parametrize(
    "solver", [sn.LevenbergMarquardt(), sn.GaussNewton(), sn.LBFGS(), sn.NewtonCG()], ids=lambda s: type(s).__name__
)
def test_what_a_solver_computes_has_a_cost(solver):
    pytest.importorskip("scipy")
    x, w = sn.matrix("x", 1, "n"), sn.matrix("w", 1, 1)
    loss = sn.squared_error(sn.sigmoid(w * x), sn.matrix("t", 1, "n"))
    run = sn.train(loss, {"x": np.linspace(-2, 2, 9), "t": np.linspace(0, 1, 9)}, {w: 0.1}, solver, epochs=2)
    found = run.derivation.cost()
    assert found.operations.subs(n, 9) > 30 and "update" in {row.section for row in found.rows}


def test_what_it_shows():
    found = D.cost({"n": 1000})
    lines = str(found).splitlines()
    assert lines[0].split() == ["equation", "operations", "bytes", "peak"]
    assert lines[3].split("   ")[0].strip() == "Z₁ = W₁⋅X + b₁⋅1ᵀ" and lines[3].split()[-3] == "2,080,000"
    assert lines[-2].split()[:2] == ["in", "all"] and lines[-2].split()[2] == f"{found.operations:,}"
    assert lines[-1] == f"beside these: {found.inputs:,} bytes of data and parameters, in float64; n = 1,000"
    assert repr(found).startswith("<Cost: 11 equations, ") and repr(found.rows[0]).startswith("<CostRow Z₁ = ")
    assert "<td" in found._repr_html_() and "2,080,000" in found._repr_html_()
    assert "max(" in str(D.cost()) and "k³/3" in str(
        sn.derive(sn.logdet(sn.matrix("A", "k", "k")), sn.matrix("A", "k", "k")).cost()
    )
    with pytest.raises(FrozenInstanceError):
        found.inputs = 0


def test_the_largest_of_expressions():
    m = Symbol("m", integer=True, positive=True)
    assert largest([]) == 0 and largest([Integer(3), Integer(7), Integer(5)]) == 7
    assert largest([n + 5, 2 * n + 4, Integer(6)]) == 2 * n + 4, "at n = 1 they are 6, 6 and 6"
    assert largest([n + 5, 2 * n + 3]).subs(n, 1) == 6 and largest([n + 5, 2 * n + 3]).subs(n, 9) == 21
    assert largest([(9 - k) * 400 * n + k * 5000 for k in range(10)]) == Max(3600 * n, 45000)
    assert largest([n**2 + 1, 10 * n, n + 20]) == Max(n**2 + 1, 10 * n, n + 20), "each is the largest somewhere"
    assert largest([n * m, n * m + n, m]) == n * m + n


BAD = {
    "an unknown size": ({"k": 3}, KeyError, "cost: k is no size of it; its sizes are n"),
    "an array of data": ({"X": np.ones((2, 2))}, KeyError, "cost: X is no size of it; its sizes are n"),
    "half a sample": ({"n": 2.5}, ValueError, "n is a size: it must be a positive whole number, not 2.5"),
    "none": ({"n": 0}, ValueError, "n is a size: it must be a positive whole number, not 0"),
    "text": ({"n": "many"}, ValueError, "n is a size: it must be a positive whole number, not 'many'"),
    "a symbol": ({"n": Symbol("m")}, ValueError, "n must be a positive whole number, not m; leave it away"),
    "twice": ({"n": 2, n: 3}, ValueError, "n is given twice"),
    "a number": (128, TypeError, r'cost: sizes are a dictionary .*such as \{"n": 128\}, not int'),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_size_is_refused(name):
    sizes, kind, text = BAD[name]
    with pytest.raises(kind, match=text):
        D.cost(sizes)


def test_other_refusals():
    with pytest.raises(KeyError, match="cost: Z9 is no equation that runs; there are Z1"):
        D.cost()["Z9"]
    with pytest.raises(TypeError, match="dtype: int64 cannot hold a gradient"):
        D.cost(dtype=int)
    assert D.cost({"n": Integer(3)}).operations == D.cost({"n": 3.0}).operations
    fixed = sn.derive(sn.sum(sn.tanh(sn.matrix("A", 2, 2))), sn.matrix("A", 2, 2))
    with pytest.raises(KeyError, match="its sizes are numbers alone"):
        fixed.cost({"n": 2})
