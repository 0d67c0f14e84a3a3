"""Every result shows itself: in one line by `repr`, whole by `str`, typeset in a notebook without a network."""

import inspect
import pickle
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy

import symnet as sn
from symnet.expressions import Made, Shown

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
NET = sn.mlp(X, [4, 2])
LOSS = sn.squared_error(NET.output, Y)
D = sn.derive(LOSS, NET.parameters)
rng = np.random.default_rng(0)
DATA = {"X": rng.normal(size=(3, 8)), "Y": rng.normal(size=(2, 8))}
VALUES = {s: rng.normal(size=s.shape) for s in NET.parameters} | DATA
GRADIENTS = D.compile()(VALUES)[1]
CHECK = sn.check_gradients(LOSS, VALUES, NET.parameters)
WRONG = sn.check_function(lambda x: np.sum(x**3), lambda x: 2 * x**2, np.array([1.0, -2.0]))
DIAGNOSIS = sn.diagnose(LOSS, VALUES, dict(GRADIENTS) | {NET.parameters[0]: -GRADIENTS[NET.parameters[0]]})
RUN = sn.train(LOSS, DATA, NET.parameters, sn.Adam(), epochs=3, seed=0)

MANY = [sn.matrix(f"a_weight_with_a_long_name_{k}", 2, 2) for k in range(100)]
DEEP = sn.matrix("A", 2, "n")
for weight in MANY:
    DEEP = sn.tanh(weight * DEEP)
WIDE = sn.norm(DEEP) ** 2
w = sn.vector("w", 2)
WEIGHED = sn.inner(w, sn.vector("v", 2)) ** 2

RESULTS = {
    "derivation": D,
    "derivation in many symbols": sn.derive(WIDE, MANY),
    "trained derivation": RUN.derivation,
    "program": D.program,
    "derivation of second order": sn.derive(WEIGHED, w, order=2),
    "structured matrix": sn.compile(sn.kron(MANY[0], MANY[1]))({m: np.eye(2) for m in MANY[:2]}),
    "Hessian check": sn.check_hessian(WEIGHED, {w: [1, 2], "v": [3, 4]}),
    "recurrent cell": sn.lstm(2, 3),
    "section": D.sections[0],
    "equation": D.forward[0],
    "long equation": sn.Equation(sympy.Symbol("L"), WIDE),
    "kernel": D.compile(),
    "kernel in float32": D.compile(dtype=np.float32),
    "kernel of many": sn.derive(WIDE, MANY).compile(),
    "kernel of one": sn.compile(NET.output),
    "kernel of several": sn.compile({"Z": NET.output, "L": LOSS}),
    "training": RUN,
    "summary": sn.summary(D),
    "training of one epoch": sn.train(LOSS, DATA, NET.parameters, epochs=1, seed=0),
    "check": CHECK,
    "failed check": WRONG,
    "row": CHECK.rows[0],
    "probe": CHECK.rows[0].probes[0],
    "diagnosis": DIAGNOSIS,
    "right diagnosis": sn.diagnose(LOSS, VALUES, GRADIENTS),
    "fault": DIAGNOSIS.faults[0],
    "cost": sn.derive(LOSS, NET.parameters).cost(),
    "cost of a row": sn.derive(LOSS, NET.parameters).cost({"n": 4}).rows[0],
    "proof": sn.prove(LOSS, NET.parameters[0], {"n": 1}),
    "net": NET,
    "net of many layers": sn.mlp(X, [5] * 60),
    "facts": sn.SCALARS[sympy.tanh],
    "facts of a row of one's own": sn.Facts(numpy=lambda np, x: x),
    **{f"table {name}": getattr(sn, name) for name in ("FORMULAS", "NUMPY", "OPERANDS", "RULES", "SCALARS")},
    **{name: getattr(sn, name)() for name in sn.optimizers.__all__ if name in dir(sn) and name[0].isupper()},
    "rate": sn.Adam(sn.warmup(sn.cosine_decay(0.01, steps=1000), 10)),
    "step_decay": sn.step_decay(0.1),
    "exponential_decay": sn.exponential_decay(0.1),
    "uniform": sn.uniform(-1, 1),
    "normal": sn.normal(),
    "glorot": sn.glorot(),
    "zeros": sn.zeros(),
}
each_result = pytest.mark.parametrize("name", RESULTS)
SHOWN = [name for name, result in RESULTS.items() if isinstance(result, Shown)]
FORMULAS = [name for name, result in RESULTS.items() if hasattr(result, "_repr_latex_")]
MADE = [name for name, result in RESULTS.items() if isinstance(result, Made)]


def test_every_public_class_has_an_example():
    classes = {o for o in map(sn.__dict__.get, sn.__all__) if inspect.isclass(o)}
    nodes = {sn.MatrixNode, sn.ScalarNode}  # which SymPy prints
    assert all(any(isinstance(result, cls) for result in RESULTS.values()) for cls in classes - nodes)


@each_result
def test_the_repr_is_one_short_line(name):
    text = repr(RESULTS[name])
    assert len(text) <= 120 and "\n" not in text, text
    assert " at 0x" not in text and "object" not in text
    assert type(RESULTS[name]).__name__.lstrip("_").lower() in text.lower().replace("_", "")


@each_result
def test_a_list_of_results_is_a_list_of_lines(name):
    assert "\n" not in repr([RESULTS[name]])


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_gets_text_and_html(name):
    bundle = RESULTS[name]._repr_mimebundle_()
    assert bundle["text/plain"].endswith(str(RESULTS[name]))
    assert bundle["text/html"] == RESULTS[name]._repr_html_()
    ElementTree.fromstring(f"<div>{bundle['text/html']}</div>")
    assert ("text/latex" in bundle) == ("<math" in bundle["text/html"]) == (name in FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
def test_every_section_has_its_heading_in_every_form(name):
    bundle = RESULTS[name]._repr_mimebundle_()
    headings = [h for h in ("Forward", "Backward", "Update") if h in bundle["text/plain"].split()]
    assert headings
    for heading in headings:
        assert rf"\textbf{{{heading}}}" in bundle["text/latex"]
        assert f"<b>{heading}</b>" in bundle["text/html"]


def test_formulas_are_shown_by_the_classes_that_hold_them():
    assert {type(RESULTS[name]) for name in FORMULAS} >= {sn.Derivation, sn.GradientDescent, sn.Adam}


def test_a_saved_page_needs_nothing_from_elsewhere():
    for name in SHOWN:
        html = RESULTS[name]._repr_html_().replace('xmlns="http://www.w3.org/1998/Math/MathML"', "")
        assert not any(word in html for word in ("http", "src=", "<script", "<link", "@import"))


def test_headings_in_latex_and_mathml():
    latex, mathml = RUN.derivation.latex(), RUN.derivation.mathml()
    for heading in ("Forward", "Backward", "Update"):
        assert rf"\textbf{{{heading}}} \\" in latex and f">{heading}</mtext>" in mathml
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") == 3


def test_how_mathml_is_laid_out():
    root = ElementTree.fromstring(D.mathml())
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert root.find(f"{space}mtable").get("displaystyle") == "true"  # fractions in full size
    assert "margin-inline:0" in root.get("style")  # at the left
    for row in root.iter(f"{space}mtr"):
        sides = [cell.get("columnalign") for cell in row]
        assert sides in (["left"], ["right", "center", "left"])
        assert all(f"text-align:{cell.get('columnalign')}" in cell.get("style") for cell in row)
    ones = [e for e in root.iter(f"{space}mn") if e.get("mathvariant") == "bold"]
    assert ones and all(e.text == "1" and "font-weight:bold" in e.get("style") for e in ones)


def test_the_columns_of_a_diagnosis_stand_in_letters_of_one_width():
    html = DIAGNOSIS._repr_html_()
    block = html[html.index("<pre") :]
    assert "monospace" in block and "right:  ∂L/∂W₁" in block and "yours:  ∂L/∂W₁" in block


@pytest.mark.parametrize("name", MADE)
def test_what_a_function_makes_reads_as_its_call(name):
    made = RESULTS[name]
    assert eval(repr(made), vars(sn)) == made == pickle.loads(pickle.dumps(made))


def test_an_optimizer_reads_as_its_call_and_shows_its_values():
    optimizer = RESULTS["rate"]
    assert eval(repr(optimizer), vars(sn)) == optimizer
    assert optimizer._repr_mimebundle_()["text/plain"] == f"{optimizer!r}\n{optimizer}"


def test_the_text_of_a_training():
    first, second, *_, last = str(RUN).splitlines()
    assert first == "epochs      3" and second.startswith(f"loss        {RUN.loss:.4g}")
    assert last == "parameters  26 numbers in W1, b1, W2, b2"


class Notebook:
    """What a notebook offers of IPython."""

    def __init__(self):
        self.kinds = {}
        self.display_formatter = self
        self.formatters = {"text/html": self}

    def get_ipython(self):
        return self

    def for_type(self, kind, show):
        self.kinds[kind] = show

    def html(self, expr):
        return next((show(expr) for kind, show in self.kinds.items() if isinstance(expr, kind)), None)


def test_expressions_of_matrices_are_typeset_in_a_notebook(monkeypatch):
    notebook = Notebook()
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    sn.notation.typeset_in_notebooks()
    assert notebook.html(sn.gradient(LOSS, NET.parameters[0])).startswith("<math")
    assert notebook.html(LOSS).startswith("<math") and notebook.html(X).startswith("<math")
    assert notebook.html(sympy.Symbol("x") ** 2) is None  # SymPy's own
    assert notebook.html(sympy.Adjoint(MANY[0])) is None  # what has no formula


def test_without_a_notebook_nothing_happens(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    sn.notation.typeset_in_notebooks()
