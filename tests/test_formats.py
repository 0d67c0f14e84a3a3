"""The same derivation in every notation."""

from xml.etree import ElementTree

import pytest
import sympy
from sympy import Abs, Lambda, Max, Piecewise, Rational, Symbol, symbols

import symnet as sn
from symnet.expressions import AlongAxis
from symnet.notation import ATOM, FORMULAS, NOTATIONS, Reading, render, writer
from symnet.notation.unicode import Unicode
from symnet.program import Equation, Section

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
W1, b1, W2 = sn.matrix("W1", 4, 3), sn.vector("b1", 4), sn.matrix("W2", 2, 4)
LOSS = sn.squared_error(W2 * sn.tanh(sn.affine(W1, X, b1)), Y)
D = sn.derive(LOSS, [W1, b1, W2])
A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
x, y = symbols("x y")


def test_latex():
    assert D.latex().splitlines() == [
        r"\begin{align*}",
        r"  \textbf{Forward} \\",
        r"  Z_{1} &= W_{1} X + b_{1} \mathbf{1}^{\mathsf{T}} \\",
        r"  A_{1} &= \tanh\left(Z_{1}\right) \\",
        r"  Z_{2} &= W_{2} A_{1} \\",
        r"  L &= \frac{\left\|Z_{2} - Y\right\|^{2}}{2 \, n}",
        r"\end{align*}",
        r"\begin{align*}",
        r"  \textbf{Backward} \\",
        r"  \bar{Z}_{2} &= \frac{Z_{2} - Y}{n} \\",
        r"  \frac{\partial L}{\partial W_{2}} &= \bar{Z}_{2} A_{1}^{\mathsf{T}} \\",
        r"  \bar{Z}_{1} &= \left(W_{2}^{\mathsf{T}} \bar{Z}_{2}\right) \circ \left(1 - A_{1} \circ A_{1}\right) \\",
        r"  \frac{\partial L}{\partial W_{1}} &= \bar{Z}_{1} X^{\mathsf{T}} \\",
        r"  \frac{\partial L}{\partial b_{1}} &= \bar{Z}_{1} \mathbf{1}",
        r"\end{align*}",
    ]


def test_mathematica():
    assert D.mathematica().splitlines() == [
        "n = Dimensions[X][[2]];",
        "(* Forward *)",
        "Z1 = W1 . X + b1 . ConstantArray[1, {1, n}];",
        "A1 = Tanh[Z1];",
        "Z2 = W2 . A1;",
        "L = Total[(Z2 - Y)^2, 2]/(2*n);",
        "(* Backward *)",
        "Zbar2 = (Z2 - Y)/n;",
        "Wbar2 = Zbar2 . Transpose[A1];",
        "Zbar1 = (Transpose[W2] . Zbar2) * (1 - A1 * A1);",
        "Wbar1 = Zbar1 . Transpose[X];",
        "bbar1 = Zbar1 . ConstantArray[1, {n, 1}];",
    ]


def test_mathematica_avoids_its_own_names_and_comparisons():
    C, E, N = (sn.matrix(name, 2, 2) for name in "CEN")
    loss = sn.sum(sn.elementwise(lambda t: Piecewise((t**2, Abs(t) <= 1), (t, True)), C * E * N))
    code = sn.derive(loss, [C, E, N]).mathematica()
    assert "E$ . N$" in code and "C$ . T1" in code
    assert "<=" not in code and "UnitStep[1 - (Abs[" in code
    scaled = sn.derive(Symbol("lambda") * sn.norm(C) ** 2, C).mathematica()
    assert "2*lambda*C$" in scaled and "lambda . C$" not in scaled


def test_mathml_is_xml_that_a_browser_shows():
    root = ElementTree.fromstring(D.mathml())
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert root.tag == f"{space}math"
    assert len(root.findall(f".//{space}mtr")) == len(D.equations) + 2
    known = "math mtable mtr mtd mrow mi mn mo mtext msub msup mover mfrac msqrt".split()
    assert {e.tag.removeprefix(space) for e in root.iter()} <= set(known)


def test_pretty_stacks_fractions():
    lines = D.pretty().splitlines()
    place = lines.index("      ‖Z₂ - Y‖²")
    assert lines[place + 1 : place + 3] == ["  L = ─────────", "         2n"]


def test_a_wide_derivation_is_stacked():
    long = sn.squared_error(sn.let("a_very_long_name_" * 3, W2 * sn.tanh(W1 * X)), Y)
    text = str(sn.derive(long, W1))
    assert text.splitlines()[0] == "Forward" and "\nBackward\n" in text


READINGS = [
    (sn.sum(sn.elementwise(Max, A, B)), A, "[A > B]"),
    (sn.sum(sn.log(A)), A, "1 ⊘ A"),
    (sn.sum(sn.leaky_relu(A)), A, "0.99⋅[A > 0] + 0.01"),
    (sn.norm(A), A, "A/L"),
    (sn.norm1(A), A, "sign(A)"),
    (sympy.Trace(A.T * B), A, "B"),
    (sympy.Trace(A.T * A) / 2, A, "A"),
    (sn.sum(A) * Rational(1, 3), A, "1⋅1ᵀ/3"),
    (-sn.sum(sn.sin(A)), A, "−cos(A)"),
    (sn.sum(sn.elementwise(Lambda((x, y), x * y**2), A, B)), B, "2⋅(A∘B)"),
    (sympy.log(sympy.Determinant(A)), A, "A⁻ᵀ"),
    (sympy.Trace(A * B), A, "Bᵀ"),
    (sn.sum(sn.elementwise(lambda t: Piecewise((t**2 / 2, Abs(t) <= 1), (t, True)), A)), A, "{A if |A| ≤ 1; 1 otherwise}"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(READINGS)))
def test_how_gradients_read(number):
    loss, symbol, wanted = READINGS[number]
    assert str(sn.derive(loss, symbol)).split(f"∂L/∂{symbol} = ")[1].split("\n")[0] == wanted


def test_a_regularised_loss_has_no_doubled_constants():
    text = str(sn.derive(LOSS + Symbol("lambda") * sn.norm(W1) ** 2 / 2, [W1]))
    assert "∂L/∂W₁ = Z̅₁⋅Xᵀ + λ⋅W₁" in text


L, G, M, M_NEXT, A_NEXT = (Symbol("L"), *(sn.matrix(name, 2, 2) for name in ("Abar", "M", "Mnext", "Anext")))
LOSS_OF_A = Section("Forward", (Equation(L, sn.norm(A) ** 2),))
GRADIENT_OF_A = Section("Backward", (Equation(G, 2 * A, "gradient", A),))


def update(*equations):
    return [LOSS_OF_A, GRADIENT_OF_A, Section("Update", equations), Section("Nothing", ())]


MOMENTUM = update(
    Equation(M_NEXT, M / 2 + sympy.HadamardProduct(G, G), "state", M), Equation(A_NEXT, A - M_NEXT, "update", A)
)


def test_updates_are_assignments_below_the_other_sections():
    assert render(MOMENTUM, L).splitlines() == [
        "Forward       Backward",
        "  L = ‖A‖²      ∂L/∂A = 2⋅A",
        "Update",
        "  M ← M/2 + (∂L/∂A)∘²",
        "  A ← A − M",
    ]
    assert r"  A &\leftarrow A - M" in render(MOMENTUM, L, "latex").splitlines()
    assert render(MOMENTUM, L, "mathematica").splitlines()[-3:] == [
        "(* Update *)",
        "M = M/2 + Abar^(2);",
        "A = A - M;",
    ]
    assert "<mo>←</mo>" in render(MOMENTUM, L, "mathml") and "A ← A - M" in render(MOMENTUM, L, "pretty")


def test_a_state_that_is_read_once_more_is_assigned_last():
    equations = Equation(M_NEXT, M / 2, "state", M), Equation(A_NEXT, A - M_NEXT - M, "update", A)
    assert render(update(*equations), L).splitlines()[-3:] == ["  Mnext = M/2", "  A ← A − M − Mnext", "  M ← Mnext"]


def test_names_are_written_as_on_the_page():
    assert [writer(MOMENTUM, L)(name) for name in (G, A_NEXT, L)] == ["∂L/∂A", "A", "L"]
    assert writer(MOMENTUM, L, "latex")(G) == r"\frac{\partial L}{\partial A}"
    with pytest.raises(ValueError, match="there is no notation 'word'; there are unicode, latex"):
        render(MOMENTUM, L, "word")


def test_a_new_language_is_a_class_and_a_row(monkeypatch):
    class Typst(Unicode):
        key = "typst"

        def dot(self, factors):
            return " ".join(factors)

        def transpose(self, a):
            return f"{a}^T"

        def page(self, parts, sizes):
            return "\n".join(f"$ {self.line(e)} $" for part in parts for e in part.lines)

    monkeypatch.setitem(NOTATIONS, "typst", Typst)
    assert render([Section("Forward", (Equation(L, sn.sum(A * B.T)),))], L, "typst") == "$ L = sum(A B^T) $"


def test_a_node_of_ones_own_is_a_call_unless_it_has_a_row(monkeypatch):
    class Sparsemax(AlongAxis):
        title = "sparsemax"

    node = Sparsemax(A, sympy.Integer(1))
    texts = {notation: str(Reading(style()).write(node)) for notation, style in NOTATIONS.items()}
    assert texts["unicode"] == texts["pretty"] == "sparsemax(A, axis=1)"
    assert texts["latex"] == r"\operatorname{sparsemax}_{\text{axis=1}}\left(A\right)"
    assert texts["mathematica"] == 'Sparsemax[A, "axis=1"]'
    assert "<msub><mi>sparsemax</mi><mtext>axis=1</mtext></msub>" in texts["mathml"]
    monkeypatch.setitem(
        FORMULAS, Sparsemax, lambda reading, n: (reading.style.absolute(reading.write(n.args[0])), ATOM)
    )
    assert Reading(Unicode()).write(node) == "|A|"


def test_what_cannot_be_read_is_refused_by_name():
    with pytest.raises(TypeError, match=r"no formula for Adjoint.*symnet.FORMULAS\[Adjoint\] = "):
        Reading(Unicode()).write(sympy.Adjoint(A))


def test_entrywise_quotients_keep_their_brackets_where_fractions_are_stacked():
    quotient = sn.elementwise(lambda t, u: t / (t + u), A, B)
    assert Reading(NOTATIONS["latex"]()).write(quotient) == r"A \oslash \left(A + B\right)"


def test_a_cube_is_no_norm():
    S = A + A.T
    lines = str(sn.derive(sn.sum(sn.hadamard(S, S, S)), A)).split("Backward")[0]
    assert lines.count("Aᵀ") <= 1 or "T₁" in str(sn.derive(sn.sum(sn.hadamard(S, S, S)), A))
