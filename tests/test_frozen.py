"""Reading changes nothing; what is compiled can be copied, pickled and sent to another process."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import sympy

import symnet as sn
from symnet.program import Builder

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
    "check": lambda d: sn.check_gradients(LOSS, VALUES, PARAMETERS),
    "build upon": lambda d: Builder.of(d.program).value(sn.exp(W) * sn.matrix("new", 3, 3)),
    "train": lambda d: sn.train(LOSS, {X: VALUES[X], Y: VALUES[Y]}, PARAMETERS, epochs=2, seed=0),
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
    with pytest.raises(AttributeError):
        d.compile().dtype = float


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
