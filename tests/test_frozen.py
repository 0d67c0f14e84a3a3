"""Reading changes nothing; what is compiled can be copied, pickled and sent to another process."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import sympy

import symnet as sn
from symnet.checking.kinks import near_a_kink
from symnet.program import Builder
from symnet.training.step import compiled_step

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
W, V = sn.matrix("W", 4, 3), sn.matrix("V", 2, 4)
b = sn.vector("b", 4)
LOSS = sn.cross_entropy(V * sn.tanh(sn.affine(W, X, b)), Y) + sn.norm(W) ** 2 + sn.sum(sn.silu(W) + sn.silu(W.T).T)
PARAMETERS = [W, b, V]
rng = np.random.default_rng(0)
VALUES = {s: rng.normal(size=s.shape) for s in PARAMETERS} | {X: rng.normal(size=(3, 5)), Y: np.full((2, 5), 0.5)}


def snapshot(program):
    """Everything a program says, as text and by value."""
    fields = [(e.lhs, sympy.srepr(e.rhs), e.role, e.of, e.movable) for e in program.equations]
    names = program.names
    return (
        [(s.title, len(s.equations)) for s in program.sections],
        fields,
        dict(program.inputs),
        program.outputs,
        dict(names.symbols),
        names.sizes,
        names.used,
        names.hidden,
        program.parameters,
        dict(program.assumptions),
    )


READINGS = {
    "str": str,
    "latex": lambda d: d.latex(),
    "mathml": lambda d: d.mathml(),
    "mathematica": lambda d: d.mathematica(),
    "pretty": lambda d: d.pretty(),
    "notebook": lambda d: d._repr_latex_(),
    "closed": lambda d: d.closed(W),
    "item": lambda d: d[W],
    "loss": lambda d: d.loss,
    "compile": lambda d: d.compile().source,
    "compile for float32": lambda d: d.compile(dtype=np.float32)(VALUES),
    "compile some values": lambda d: d.compile(outputs=["Z1", "A1", W]).source,
    "build upon": lambda d: Builder.of(d.program).value(sn.exp(W) * sn.matrix("new", 3, 3)),
    "step": lambda d: compiled_step(d, sn.GradientDescent(), float),
    "corners": lambda d: near_a_kink(d.program, {s.name: v for s, v in VALUES.items()}),
}


@pytest.mark.parametrize("how", READINGS)
def test_reading_changes_nothing(how):
    d = sn.derive(LOSS, PARAMETERS)
    before, text = snapshot(d.program), str(sn.derive(LOSS, PARAMETERS))
    READINGS[how](d)
    assert snapshot(d.program) == before
    assert str(d) == text


def test_the_order_of_readings_does_not_matter():
    texts = []
    for first in ("str", "compile", "compile some values"):
        d = sn.derive(LOSS, PARAMETERS)
        READINGS[first](d)
        texts.append((str(d), d.latex(), d.compile().source, str(d.closed(W))))
    assert texts[0] == texts[1] == texts[2]


def test_values_are_frozen():
    d = sn.derive(LOSS, PARAMETERS)
    for value, field in ((d, "wrt"), (d.program, "sections"), (d.program.names, "used"), (d.forward[0], "rhs")):
        with pytest.raises(AttributeError):
            setattr(value, field, None)
    kernel = d.compile()
    with pytest.raises(AttributeError):
        kernel.dtype = float
    inside = (d.by_name, d.gradient_names, d.program.by_name, d.program.inputs, d.program.assumptions)
    for dictionary in (*inside, d.program.names.symbols, kernel.symbols):
        for change in (lambda q: q.clear(), lambda q: q.update(a=1), lambda q: q.pop("a", None)):
            with pytest.raises(TypeError, match="part of a frozen value"):
                change(dictionary)
        assert pickle.loads(pickle.dumps(dictionary)) == dictionary == copy.deepcopy(dictionary)
    for sequence in (d.equations, d.program.equations, kernel.equations, d.sections):
        assert isinstance(sequence, tuple)


def test_every_equation_has_its_role():
    d = sn.derive(LOSS, PARAMETERS)
    of = {e.lhs.name: (e.role, getattr(e.of, "name", None)) for e in d.equations}
    assert of["Z1"] == ("pre-activation", None) and of["A1"] == ("activation", "Z1")
    assert of["Zbar1"] == ("adjoint", "Z1") and of["Wbar"] == ("gradient", "W") and of["bbar"] == ("gradient", "b")
    run = sn.train(LOSS, {X: VALUES[X], Y: VALUES[Y]}, PARAMETERS, epochs=1, seed=0)
    update = run.derivation.sections[-1]
    assert update.title == "Update"
    assert [(e.role, e.of) for e in update.equations] == [("update", W), ("update", b), ("update", V)]
    assert "W ← W − η⋅∂L/∂W" in str(run.derivation)


@pytest.mark.parametrize("send", [copy.copy, copy.deepcopy, lambda k: pickle.loads(pickle.dumps(k))])
@pytest.mark.parametrize("called_before", [False, True])
def test_kernels_can_be_copied(send, called_before):
    kernel = sn.derive(LOSS, PARAMETERS).compile()
    wanted = kernel(VALUES) if called_before else sn.derive(LOSS, PARAMETERS).compile()(VALUES)
    loss, gradients = send(kernel)(VALUES)
    assert loss == wanted[0]
    for w in PARAMETERS:
        np.testing.assert_array_equal(gradients[w], wanted[1][w])


OTHER_PROCESS = """
import pickle, sys
work = pickle.load(sys.stdin.buffer)
kernel, values, expression = work
loss, gradients = kernel(values)
sys.stdout.buffer.write(pickle.dumps((loss, dict(gradients), expression)))
"""


def test_another_process_computes_the_same_and_gives_equal_expressions():
    kernel = sn.derive(LOSS, PARAMETERS).compile()
    work = pickle.dumps((kernel, VALUES, LOSS))
    answer = subprocess.run([sys.executable, "-c", OTHER_PROCESS], input=work, capture_output=True, check=True)
    loss, gradients, expression = pickle.loads(answer.stdout)
    wanted_loss, wanted = kernel(VALUES)
    assert loss == wanted_loss and expression == LOSS
    for w in PARAMETERS:
        np.testing.assert_array_equal(gradients[w], wanted[w])


EXPRESSIONS = {
    "native order": "sn.sum(A*sn.tanh(B) + sn.exp(A) + B + sn.sin(A*B))",
    "scalars": "sn.sum(sn.exp(A))*sn.sum(sn.tanh(B)) + sn.norm(A)*sn.norm(B)",
    "along an axis": "sn.sum(sn.softmax(A, axis=1) + sn.log_softmax(B) + sn.softmax(B))",
}


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("warm", ["", "sn.sin(A*B); sn.tanh(B); sn.softmax(B); sn.norm(B);"])
def test_pickled_elsewhere_is_equal_here(name, warm):
    # whatever was made before, here or there
    code = f"""
import pickle, sys
import symnet as sn
A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
{warm}
sys.stdout.buffer.write(pickle.dumps({EXPRESSIONS[name]}))
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
    here = eval(EXPRESSIONS[name], {"sn": sn, "A": A, "B": B})
    assert pickle.loads(answer.stdout) == here
    assert str(pickle.loads(answer.stdout)) == str(here)


A = sn.matrix("A", 2, 2)
SHARED = {
    "the array itself": (A, lambda a: a),
    "its transpose": (A.T, lambda a: a.T),
    "a named value": (sn.let("H", A), lambda a: a),
    "an entry": (sn.unit(2, 0).T * A, lambda a: a[:1]),
}


@pytest.mark.parametrize("name", SHARED)
def test_results_share_no_memory_with_what_was_given(name):
    expression, wanted = SHARED[name]
    a = np.arange(4.0).reshape(2, 2)
    for found in (sn.evaluate(expression, {A: a}), sn.compile({"k": expression})({A: a})["k"]):
        np.testing.assert_array_equal(found, wanted(a))
        assert not np.may_share_memory(found, a)
    B = sn.matrix("B", 2, 2)
    _, gradients = sn.derive(sn.inner(A, B), [A]).compile()({A: a, B: a})
    assert not np.may_share_memory(gradients[A], a)


def test_what_a_callback_does_to_its_arrays_does_not_change_the_training():
    def spoil(epoch, loss, parameters):
        parameters[W][...] = 0.0

    data = {X: VALUES[X], Y: VALUES[Y]}
    quiet = sn.train(LOSS, data, PARAMETERS, epochs=3, seed=0)
    spoiled = sn.train(LOSS, data, PARAMETERS, epochs=3, seed=0, callback=spoil)
    np.testing.assert_array_equal(quiet.parameters[W], spoiled.parameters[W])


def test_what_is_kept_is_made_anew_when_a_table_changes(monkeypatch):
    expression = sn.sum(sn.tanh(A))
    values = {A: np.ones((2, 2))}
    before = sn.evaluate(expression, values)
    monkeypatch.setitem(sn.SCALARS, sympy.tanh, sn.Facts(numpy=lambda np, x: 2 * np.tanh(x)))
    assert sn.evaluate(expression, values) == 2 * before


def test_nodes_are_ordered_by_what_they_are():
    x, other = sympy.Symbol("x", real=True), sympy.Symbol("x", positive=True)
    near = [sn.sum(sn.elementwise(lambda t, f=f: t * f, A)) for f in (0.1, np.nextafter(0.1, 1))]
    alike = [sn.sum(sn.elementwise(lambda t, s=s: s * t, A)) for s in (x, other)]
    for a, b in (near, alike):
        assert a != b and a + b == b + a and a * b == b * a
