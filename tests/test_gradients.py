"""Every kind of loss: its gradient against differences and against sympy.diff entry by entry, its code, its formulas."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
from losses import LOSSES, central_difference, values_of

import symnet as sn

each_loss = pytest.mark.parametrize("name", LOSSES)


@pytest.fixture(scope="module")
def derived():
    cache = {}

    def get(name):
        if name not in cache:
            derivation = sn.derive(*LOSSES[name])
            cache[name] = derivation, derivation.compile()
        return cache[name]

    return get


@each_loss
def test_gradient_agrees_with_central_differences(derived, name):
    derivation, kernel = derived(name)
    values = values_of(kernel) | values_of(sn.compile(LOSSES[name][0]))  # targets sum to 1 where the loss says so
    loss, gradients = kernel(values)
    assert loss == pytest.approx(sn.evaluate(LOSSES[name][0], values), rel=1e-12)

    def f(given):
        return kernel.function(*[given[a] for a in kernel.arguments])[0]

    for symbol in derivation.wrt:
        numeric = central_difference(f, values, symbol.name)
        assert np.shape(gradients[symbol]) == numeric.shape
        np.testing.assert_allclose(gradients[symbol], numeric, atol=3e-6 * max(1.0, np.abs(numeric).max()), rtol=0)


# slow to write out, or with the absolute value of a product of symbols that SymPy takes for complex
NOT_WRITTEN_OUT = {
    "clipped by a trained product",
    "softmax in softmax",
    "attention",
    "determinant",
    "inverse",
    "softmax",
    "log-sum-exp",
    "long product",
    "negative powers",
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", [n for n in LOSSES if n not in NOT_WRITTEN_OUT])
def test_gradient_equals_sympy_diff_of_the_loss_written_out(name):
    loss, symbols = LOSSES[name]
    proof = sn.prove(loss, symbols[0], {"n": 2, "m": 2, "k": 2})
    assert proof.ok, proof


@each_loss
def test_dtype_is_kept(derived, name):
    derivation, kernel = derived(name)
    values = {k: np.asarray(v, np.float32) for k, v in values_of(kernel).items()}
    for compiled in (kernel, derivation.compile(dtype=np.float32)):
        loss, gradients = compiled(values)
        assert np.asarray(loss).dtype == np.float32
        assert {np.asarray(g).dtype for g in gradients.values()} == {np.dtype(np.float32)}
    _, doubles = derivation.compile(dtype=float)(values)
    assert {np.asarray(g).dtype for g in doubles.values()} == {np.dtype(float)}


@each_loss
def test_source_runs_alone(derived, name):
    _, kernel = derived(name)
    values = values_of(kernel)
    space: dict = {}
    exec("import numpy\n" + kernel.source, space)
    arrays = [values[a] for a in kernel.arguments]
    loss, gradients = space["kernel"](*arrays)
    wanted_loss, wanted = kernel.function(*arrays)
    np.testing.assert_array_equal(loss, wanted_loss)
    for a, b in zip(gradients, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@each_loss
def test_formulas_are_clean(derived, name):
    derivation, _ = derived(name)
    texts = [str(derivation), derivation.latex(), derivation.pretty(), derivation.mathematica()]
    for text in texts:
        assert not re.search(r"Lambda|Dummy|_x\d|\b_\d+\b|Elementwise|HadamardProduct|MatMul", text), text
        assert not re.search(r"--|− −|\+ −|\+ -|−−|- -", text), text
        assert not re.search(r"2\s*[⋅·*]\s*\(?1/2", text), text
    assert derivation.latex().count("{") == derivation.latex().count("}")
    ElementTree.fromstring(derivation.mathml())
    code = derivation.mathematica()
    assert code.count("[") == code.count("]") and code.count("(") == code.count(")")
    for symbol in derivation.wrt:
        closed = derivation.closed(symbol)
        names = {s.name for s in closed.free_symbols | closed.atoms(sympy.MatrixSymbol)}
        assert names <= set(derivation.program.inputs) | derivation.program.names.sizes
        assert sympy.latex(closed) and str(closed) and sympy.pretty(closed)


@each_loss
def test_nothing_single_is_left_over(derived, name):
    # every line of the printed derivation is used again, or is the loss or a gradient
    derivation, _ = derived(name)
    used = {s for e in derivation.equations for s in e.rhs.atoms(sympy.MatrixSymbol, sympy.Symbol)}
    results = set(derivation.program.outputs)
    for lhs, _ in derivation.equations:
        assert lhs in used or lhs in results, lhs
