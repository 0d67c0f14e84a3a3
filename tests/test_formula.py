"""A formula reads as one expression only: a reader of its own takes the printed line back to the same numbers."""

import re
from collections import defaultdict
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
from sympy import HadamardPower, HadamardProduct, Inverse, Max, OneMatrix, Piecewise, Rational, Symbol, sqrt

import symnet as sn
from symnet.expressions import step
from symnet.notation import NOTATIONS
from symnet.notation.style import OWN, Style, Text, unwritten

A, B, C = (sn.matrix(name, 3, 3) for name in "ABC")
k = Symbol("k", positive=True)
RNG = np.random.default_rng(3)
VALUES = {name: RNG.uniform(0.2, 0.9, (3, 3)) for name in "ABC"} | {"k": np.asarray(1.7)}


def entrywise(f):
    return lambda *matrices: sn.elementwise(f, *matrices)


UNARY = {
    "minus": lambda M: -M,
    "turned": lambda M: M.T,
    "double": lambda M: 2 * M,
    "half": lambda M: M / 2,
    "times k": lambda M: k * M,
    "over k": lambda M: M / k,
    "minus third": lambda M: -M / (3 * k),
    "squared": lambda M: M**2,
    "inverse": lambda M: Inverse(M) if M.is_Matrix else 1 / M,
    "Hadamard square": lambda M: HadamardPower(M, 2),
    "Hadamard fourth": lambda M: HadamardPower(M, 4),
    "tanh": sn.tanh,
    "exp(-t/2)": entrywise(lambda t: sympy.exp(-t / 2)),
    "cube": entrywise(lambda t: t**3),
    "reciprocal": entrywise(lambda t: 1 / t),
    "half square": entrywise(lambda t: -(t**2) / 2),
    "abs": sn.abs,
    "step": entrywise(lambda t: step(t - Rational(1, 2))),
    "1 - t": entrywise(lambda t: 1 - t),
    "and ones": lambda M: M - 3 * OneMatrix(3, 3),
    "cases": entrywise(lambda t: Piecewise((t**2, t > 0), (1 - t, True))),
}
BINARY = {
    "sum": lambda M, N: M + N,
    "difference": lambda M, N: M - N,
    "product": lambda M, N: M * N,
    "Hadamard": HadamardProduct,
    "quotient": entrywise(lambda s, t: s / t),
    "s t²": entrywise(lambda s, t: s * t**2),
    "s t - t²/2": entrywise(lambda s, t: s * t - t**2 / 2),
    "s/(s t)": entrywise(lambda s, t: k * s / (2 * t * (1 + s))),
    "max": entrywise(Max),
}


def combined():
    """Give every operation inside every other one, on either side."""
    for (n, f), (m, g) in product(UNARY.items(), UNARY.items()):
        yield f"{n} of {m}", lambda f=f, g=g: f(g(A))
    for (n, f), (m, g) in product(UNARY.items(), BINARY.items()):
        yield f"{n} of {m}", lambda f=f, g=g: f(g(A, B))
        yield f"{m} after {n}", lambda f=f, g=g: g(f(A), B)
        yield f"{m} before {n}", lambda f=f, g=g: g(A, f(B))
    for (n, f), (m, g) in product(BINARY.items(), BINARY.items()):
        yield f"{n} of {m}, left", lambda f=f, g=g: f(g(A, B), C)
        yield f"{n} of {m}, right", lambda f=f, g=g: f(A, g(B, C))


EXPRESSIONS = {name: make() for name, make in combined()}


def numbers(expr):
    names = {s.name for s in expr.free_symbols}
    if not names:
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(sn.evaluate(expr, {name: VALUES[name] for name in names & VALUES.keys()}), float)
    except np.linalg.LinAlgError:
        return None


# -- a reader of the line of Unicode

TOKEN = re.compile(r"\s*(\d+\.?\d*|[A-Za-z]+|⁻ᵀ|⁻?[²³¹⁴-⁹⁰]+|∘\^|[∘⊘⋅/+−ᵀ^(){}\[\]‖|⟨⟩,;<>≤≥=≠])")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
FUNCTIONS = {"tanh": np.tanh, "exp": np.exp, "max": np.maximum, "sqrt": np.sqrt, "relu": lambda a: np.maximum(a, 0)}


def times(a, b):
    return a @ b if np.ndim(a) and np.ndim(b) else a * b


class Reader:
    def __init__(self, text):
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == re.sub(r"\s", "", text), text
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted=None):
        token = self.peek()
        assert wanted in (None, token), (wanted, token, self.tokens)
        self.at += 1
        return token

    def sum(self):
        minus = self.peek() == "−" and self.take()
        value = -self.entries() if minus else self.entries()
        while self.peek() in ("+", "−"):
            sign = self.take()
            value = value + self.entries() if sign == "+" else value - self.entries()
        return value

    def entries(self):
        value = self.product()
        while self.peek() in ("∘", "⊘"):
            sign = self.take()
            value = value * self.product() if sign == "∘" else value / self.product()
        return value

    def product(self):
        value = self.power()
        while self.peek() in ("⋅", "/"):
            sign = self.take()
            value = times(value, self.power()) if sign == "⋅" else value / self.power()
        return value

    def power(self):
        value = self.atom()
        while True:
            token = self.peek()
            if token in ("ᵀ", "⁻ᵀ"):
                value = value.T if self.take() == "ᵀ" else np.linalg.inv(value).T
            elif (
                token == "∘"
                and self.tokens[self.at + 1].translate(RAISED).lstrip("-").isdigit()
                and (self.tokens[self.at + 1][0] in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
            ):
                self.take()
                value = value ** float(self.take().translate(RAISED))
            elif token == "∘^":
                self.take()
                value = value ** self.atom()
            elif token and token[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻":
                exponent = int(self.take().translate(RAISED))
                value = np.linalg.matrix_power(value, exponent) if np.ndim(value) else value**exponent
            else:
                return value

    def atom(self):
        token = self.take()
        if token[0].isdigit():
            follows = self.peek()
            beside = follows == "‖" or (follows[:1].isalpha() and follows not in ("ᵀ", "if", "otherwise"))
            return float(token) * self.power() if beside else float(token)
        if token == "(":
            return self.closed(")")
        if token == "‖":
            return np.linalg.norm(self.closed("‖"))
        if token == "|":
            return np.abs(self.closed("|"))
        if token == "[":
            return self.condition("]").astype(float)
        if token == "{":
            return self.cases()
        if self.peek() == "(" and token in FUNCTIONS:
            self.take()
            arguments = [self.sum()]
            while self.peek() == ",":
                self.take()
                arguments.append(self.sum())
            self.take(")")
            return FUNCTIONS[token](*arguments)
        return VALUES[token]

    def closed(self, bracket):
        value = self.sum()
        self.take(bracket)
        return value

    def condition(self, end=None):
        left, sign, right = self.sum(), self.take(), self.sum()
        if end:
            self.take(end)
        return {">": np.greater, "<": np.less, "≥": np.greater_equal, "≤": np.less_equal}[sign](left, right)

    def cases(self):
        value = self.sum()
        self.take("if")
        where = self.condition()
        self.take(";")
        other = self.sum()
        self.take("otherwise")
        self.take("}")
        return np.where(where, value, other)


def read(text):
    with np.errstate(all="ignore"):
        reader = Reader(text)
        value = reader.sum()
    assert reader.at == len(reader.tokens), text
    return value


def test_every_line_reads_as_its_expression():
    wrong = []
    for name, expr in EXPRESSIONS.items():
        wanted = numbers(expr)
        if wanted is None or not np.isfinite(wanted).all():
            continue
        text = sn.formula(expr)
        try:
            found = np.broadcast_to(read(text), wanted.shape)
            good = np.allclose(found, wanted, rtol=1e-9, atol=1e-9, equal_nan=True)
        except (AssertionError, KeyError, IndexError, ValueError, np.linalg.LinAlgError, TypeError) as e:
            good, found = False, repr(e)
        if not good:
            wrong.append(f"{name}: {text}")
    assert not wrong, f"{len(wrong)} of {len(EXPRESSIONS)}: " + "\n".join(wrong[:20])
    assert len(EXPRESSIONS) > 900


def test_the_reader_tells_formulas_apart():
    assert not np.allclose(read("A∘B⋅C"), read("(A∘B)⋅C"))
    assert not np.allclose(read("exp(−A + B/2)"), read("exp(−(A + B)/2)"))
    assert np.allclose(read("A∘²⋅B"), VALUES["A"] ** 2 @ VALUES["B"])


def _clashes(written):
    places = defaultdict(list)
    for name, text in written.items():
        places[text].append(name)
    found = []
    for text, names in places.items():
        values = [numbers(EXPRESSIONS[name]) for name in names] if len(names) > 1 else []
        values = [v for v in values if v is not None]
        if any(not np.allclose(values[0], v, equal_nan=True) for v in values):
            found.append((text, names))
    return found


@pytest.mark.sampled(2)
@pytest.mark.parametrize("notation", NOTATIONS)
def test_what_reads_alike_is_equal(notation):
    assert not _clashes({name: sn.formula(expr, notation) for name, expr in EXPRESSIONS.items()})


@pytest.mark.parametrize("written", [str, sympy.latex])
def test_what_sympy_writes_alike_is_equal(written):
    assert not _clashes({name: written(expr) for name, expr in EXPRESSIONS.items()})


STRINGS = [
    (sn.elementwise(lambda t: sympy.exp(-t / 2), A + B), "exp(-(A + B)/2)"),
    (sn.elementwise(lambda s, t: s * t - t**2 / 2, A, B), "A∘B - B∘²/2"),
    (sn.elementwise(lambda s, t: s / t, A * B, B + C), "(A*B) ⊘ (B + C)"),
    (sn.elementwise(lambda t: 1 / (1 + t**2), A), "1 ⊘ (A∘² + 1)"),
    (A * sn.elementwise(lambda s, t: s * t, A, B), "A*(A∘B)"),
    (sn.tanh(A + B), "tanh(A + B)"),
]


@pytest.mark.parametrize("number", range(len(STRINGS)))
def test_strings_of_entrywise_functions(number):
    expr, wanted = STRINGS[number]
    assert str(expr) == wanted


@pytest.mark.parametrize("notation", ["latex", "mathematica"])
def test_what_is_written_in_ascii_holds_no_other_sign(notation):
    assert all(sn.formula(expr, notation).isascii() for expr in EXPRESSIONS.values())


def test_mathml_stands_alone_and_every_sign_is_in_an_element():
    for expr in EXPRESSIONS.values():
        root = ElementTree.fromstring(sn.formula(expr, "mathml"))
        assert root.tag.endswith("}math")
        loose = [e for e in root.iter() if e.tag.split("}")[1] in ("math", "mrow", "msup", "mtable", "mfrac")]
        assert not any((e.text or "").strip("\u2062") for e in loose)


FORMULAS = [
    (sn.norm(A * B - C) ** 2 / 2, "‖A⋅B − C‖²/2"),
    (sn.gradient(sn.norm(A * B - C) ** 2 / 2, A), "(A⋅B − C)⋅Bᵀ"),
    (sn.hadamard(A, sn.elementwise(lambda t: 1 / t, B)), "A ⊘ B"),
    (sn.hadamard(A + B, A + B, C), "(A + B)∘² ∘ C"),
    (sn.inner(A, B) / (sn.norm(A) * sn.norm(B) ** 3), "⟨A, B⟩/(‖A‖⋅‖B‖³)"),
    (sn.norm(sn.hadamard(B, A - C)) ** 2, "‖B ∘ (A − C)‖²"),
    (1 / sn.norm(sn.hadamard(B, A - C)), "1/‖B ∘ (A − C)‖"),
    (sn.squared_error(sn.affine(A, B, sn.vector("b", 3)), C), "‖A⋅B + b⋅1ᵀ − C‖²/6"),
    (sn.let("H", A * B) + OneMatrix(3, 3), "H + 1"),
    (2, "2"),
    (k / 2 + sqrt(k), "sqrt(k) + k/2"),
]


@pytest.mark.parametrize("number", range(len(FORMULAS)))
def test_formulas(number, capsys):
    expr, wanted = FORMULAS[number]
    assert sn.formula(expr) == wanted
    sn.show(expr)
    assert capsys.readouterr().out == wanted + "\n"


def test_every_format():
    expr = A.T * sn.tanh(B) / k
    assert {f: sn.formula(expr, format=f) for f in ("unicode", "latex", "mathematica")} == {
        "unicode": "Aᵀ⋅tanh(B)/k",
        "latex": r"\frac{A^{\mathsf{T}} \tanh\left(B\right)}{k}",
        "mathematica": "Transpose[A] . Tanh[B]/k",
    }
    assert sn.formula(expr, "pretty").splitlines()[1].startswith("──")


@pytest.mark.parametrize("wrong", ["A*B", None, [A, B], np.ones((2, 2)), object()])
def test_what_is_no_expression_is_refused(wrong):
    with pytest.raises(TypeError, match=r"formula: .*(give an expression|give a matrix or scalar expression)"):
        sn.formula(wrong)


@pytest.mark.parametrize("wrong", ["word", None, ["latex"], ""])
def test_a_format_that_is_not_there_is_refused(wrong):
    with pytest.raises(ValueError, match="there is no notation .*; there are unicode, latex, mathml"):
        sn.formula(A, format=wrong)


def test_what_a_loss_may_not_hold_is_refused():
    with pytest.raises(sympy.ShapeError, match="2×2"):
        sn.formula(sn.hadamard(A, sn.matrix("D", 2, 2)))
    with pytest.raises(TypeError, match="Adjoint"):
        sn.formula(sympy.Adjoint(A))


def test_a_formula_that_is_too_deep_is_refused_and_a_named_part_is_not():
    H = A
    for _ in range(3000):
        H = sn.tanh(H)
    with pytest.raises(ValueError, match="too deep for one formula"):
        sn.formula(H)
    assert sn.formula(sn.let("H", H) * B) == "H⋅B"


def test_in_a_notebook_the_formula_is_typeset(monkeypatch):
    shown = []

    class Display:
        @staticmethod
        def display(forms, raw):
            shown.append((forms, raw))

    class Interactive:
        display = Display

        @staticmethod
        def get_ipython():
            return object()

    monkeypatch.setitem(__import__("sys").modules, "IPython", Interactive)
    sn.show(A * B)
    ((forms, raw),) = shown
    assert raw and forms["text/plain"] == "A⋅B" and forms["text/latex"] == r"$\displaystyle A B$"
    assert forms["text/html"].startswith("<math")
    derivation = sn.derive(sn.norm(A) ** 2, A)
    sn.show(derivation)
    assert shown[1] == (derivation._repr_mimebundle_(), True)


def test_in_a_terminal_a_result_is_its_text(capsys):
    sn.show(sn.Momentum())
    assert capsys.readouterr().out == f"{sn.Momentum()}\n"


def test_a_notation_that_forgets_a_construct_is_refused(monkeypatch):
    class Forgetful(Text):
        key = "forgetful"
        power = page = None

    monkeypatch.setitem(NOTATIONS, "forgetful", Forgetful)
    with pytest.raises(TypeError, match="'forgetful' does not say how it writes both, .*transpose: give Forgetful"):
        sn.formula(A, "forgetful")
    with pytest.raises(TypeError, match="does not say how it writes"):
        sn.derive(sn.sum(A), A).render("forgetful")


@pytest.mark.parametrize("notation", [n for n, style in NOTATIONS.items() if not style.in_unicode])
@pytest.mark.parametrize("construct", OWN)
def test_each_construct_that_is_left_out_is_named(notation, construct):
    style = NOTATIONS[notation]
    assert construct in unwritten(type("Left", (style,), {construct: getattr(Style, construct)}))


NUMBERS = {  # value, Unicode, LaTeX, Mathematica
    1e-5: ("10⁻⁵", "10^{-5}", "1*^-5"),
    2.5e-07: ("2.5⋅10⁻⁷", r"2.5 \cdot 10^{-7}", "2.5*^-7"),
    1e22: ("10²²", "10^{22}", "1*^22"),
    0.0001: ("0.0001", "0.0001", "0.0001"),
    0.5: ("0.5", "0.5", "0.5"),
}


@pytest.mark.parametrize("value", NUMBERS)
def test_small_and_large_numbers_are_written_with_a_power_of_ten(value):
    texts = [sn.formula(k + value, notation) for notation in ("unicode", "latex", "mathematica")]
    assert texts == [f"k + {text}" for text in NUMBERS[value]]
    assert sn.formula(k - value) == f"k − {NUMBERS[value][0]}" and sn.formula(value * k) == f"{NUMBERS[value][0]}k"
    bracketed = f"({NUMBERS[value][0]})" if "10" in NUMBERS[value][0] else NUMBERS[value][0]
    assert sn.formula(sympy.Float(value) ** k) == f"{bracketed}^(k)"
    assert "e-" not in sn.formula(k + value, "mathml") and "e-" not in sn.formula(k + value, "pretty")
