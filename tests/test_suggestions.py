"""What symnet says to write instead runs as it is said: each call and each product in the tables of suggestions."""

import ast
import re

import numpy
import pytest
import sympy
from sympy import Symbol

import symnet as sn
from symnet.expressions.elsewhere import FUNCTIONS
from symnet.expressions.members import MATRIX, SCALAR

A, B, W, Y, b = *(sn.matrix(c, 3, 3) for c in "ABWY"), sn.vector("b", 3)
X = sn.matrix("X", 3, 3)
loss = sn.squared_error(sn.softmax(W * X + b * sympy.OneMatrix(1, 3)), Y)
data = {w: numpy.eye(*w.shape) + 0.1 for w in (X, Y)}
run = type("Run", (), {"plot": lambda self, path: path})()  # of a training
NAMES = {
    **vars(sympy), "sn": sn, "sympy": sympy, "numpy": numpy, **{c: sn.matrix(c, 3, 3) for c in "ABKMPQSVWXYZ"},
    **{c: sn.vector(c, 3) for c in "bvxy"}, "r": sn.matrix("r", 1, 3), "mask": sn.matrix("M", 3, 3), "loss": loss,
    "net": sn.mlp(X, [3, 3]), "expr": loss, "expression": loss, "parameters": [W, b], "optimizer": sn.GradientDescent(0.1), "rate": 0.1, "run": run,
    "data": data, "labels": numpy.array([0, 1, 2]), "classes": 3, "shape": (9, 1), "low": 0, "high": 1, "keep": 0.5,
    "m": 3, "n": 3, "k": 2, "p": 2, "f": sympy.tanh, "c": Symbol("c"), "t": Symbol("t"), "s": Symbol("s"), "other": Symbol("o"),
}  # fmt: skip
AT = {  # where a letter stands for something else
    "sn.gradient(loss, A)": {"loss": sn.sum(sn.tanh(A))},
    "{X: x, Y: y}": {"x": numpy.eye(3), "y": numpy.eye(3)},
    "shape=(C, H, W)": {"C": 1, "H": 3, "W": 3, "K": sn.matrix("K", 2, 4), "X": sn.matrix("X", 9, "n")},
}
CALL = re.compile(r"(?<![\w.])(?:sn|sympy|numpy|run)\.[\w.]+\(")


def _calls(text):
    for start in CALL.finditer(text):
        depth = 0
        for i in range(start.end() - 1, len(text)):
            depth += (text[i] in "([{") - (text[i] in ")]}")
            if not depth:
                yield text[start.start() : i + 1]
                break


def _written(text):
    for call in _calls(text):
        text = text.replace(call, "…")
    for part in re.split(r",? or |, and |, |: |; ", text):
        try:
            body = ast.parse(part, mode="eval").body
        except SyntaxError:
            continue
        if isinstance(body, (ast.BinOp, ast.Subscript, ast.Attribute)):
            yield part


CODE = sorted({
    (text, code) for text in {*FUNCTIONS.values(), *MATRIX.values(), *SCALAR.values()}
    for code in (*_calls(text), *_written(text)) if not code.endswith("(…)")
})  # fmt: skip


def test_there_are_suggestions_to_run():
    assert len(CODE) > 150


@pytest.mark.parametrize("text, code", CODE, ids=[code for _, code in CODE])
def test_a_suggestion_runs(text, code):
    at = next((at for words, at in AT.items() if words in text), {})
    names = {**NAMES, **at}
    asked = re.search(r"\((\w+), \{(?:X: x, )?…\}", code)
    if asked:
        names["asked"] = {w: numpy.eye(*w.shape) + 0.1 for w in names[asked[1]].free_symbols}
        code = re.sub(r"\{(X: x, )?…\}", "asked", code)
    assert eval(code, names) is not NotImplemented


OF_A_WHOLE = [
    sympy.gamma, sympy.digamma, sympy.erf, sympy.zeta, sympy.LambertW, sympy.atan, sympy.exp, sympy.tanh, sympy.sinh,
    lambda M: sympy.polygamma(2, M), lambda M: sympy.besselj(0, M), lambda M: sympy.atan2(M, M), sympy.loggamma,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OF_A_WHOLE)))
def test_what_is_said_of_a_function_of_a_whole_matrix_runs(number):
    with pytest.raises(TypeError, match=r"A is a 3×3 matrix where a scalar is meant; write ") as refused:
        sn.sum(OF_A_WHOLE[number](A))
    calls = list(_calls(str(refused.value)))
    assert calls
    for call in calls:
        found = eval(call.replace("…", "A, A" if "atan2" in call else "A"), NAMES)
        if any(name in call for name in ("zeta", "besselj", "LambertW")):  # which a user's row can give
            with pytest.raises(TypeError, match=r"no row of scalar functions for .*symnet\.SCALARS\["):
                sn.evaluate(found, {A: numpy.eye(3)})
        else:
            assert sn.evaluate(found, {A: numpy.eye(3) / 2 + 0.1}).shape == (3, 3)


PRINTERS = [
    sympy.ccode, sympy.cxxcode, sympy.fcode, sympy.octave_code, sympy.julia_code, sympy.rust_code, sympy.jscode, sympy.rcode,
    sympy.mathematica_code, sympy.maple_code, sympy.glsl_code, sympy.pycode, lambda e: sympy.lambdify(A, e),
]  # fmt: skip


PYTHON, C = r"sn\.compile\(expression\), which gives code", r"sn\.derive\(loss, W\)\.c\(\) for C"
WRITES = {0: C, 1: C, 8: r"sn\.formula\(expr, format='mathematica'\)", 11: PYTHON, 12: PYTHON}  # others: either


@pytest.mark.parametrize("number", range(len(PRINTERS)))
def test_printers_of_code_say_what_gives_code(number):
    for expr in (sn.sum(sn.tanh(A)), Symbol("t") * sn.norm(A), sn.tanh(A)):
        with pytest.raises(TypeError, match=rf"write {WRITES.get(number, f'{PYTHON}, or {C}')}$"):
            PRINTERS[number](expr)
        assert "A" in sn.formula(expr, format="mathematica")


@pytest.mark.parametrize("find", [sympy.solve, lambda e, w: sympy.nsolve(e, w, 1)], ids=["solve", "nsolve"])
def test_sympy_solves_for_scalars(find):
    for expr, symbol in ((loss - 1, W), (A * b - b, b), (sympy.Trace(A) - 1, A)):
        with pytest.raises(
            TypeError, match=rf"solve: {symbol} is a 3×. matrix, and SymPy solves for scalars; write sn"
        ):
            find(expr, symbol)
    t = Symbol("t")
    assert sympy.solve(t * sn.sum(A) - 1, t) == [1 / sn.sum(A)]


def test_sympy_solves_for_a_matrix_of_one_entry_and_for_columns_of_scalars():
    x, y, z = *sympy.symbols("x y"), sn.matrix("z", 1, 1)
    for equation in (z - 1, x * z - x, z[0, 0] - 1, sympy.Trace(z) + z - 2, [z - 1]):
        assert sympy.solve(equation, z, dict=True) == [{sn.sum(z): 1}]
    assert sympy.solve([z - 1, x - 2], [z, x]) == {sn.sum(z): 1, x: 2}
    assert float(sympy.nsolve(z - 2, z, 1)) == pytest.approx(2)
    assert [*map(float, sympy.nsolve([z - 2, x - 1], [z, x], [1, 2]))] == pytest.approx([2, 1])
    for column in (sympy.Matrix([x, y]), sympy.ImmutableMatrix([x, y])):
        assert sympy.solve([x - 1, y - 2], column) == {x: 1, y: 2}
    for equation in (z**2 - 4, sn.tanh(z) - 1):
        with pytest.raises(
            TypeError, match=r"z is a 1×1 matrix that stands in a matrix; write .*'t'\), and solve for it"
        ):
            sympy.solve(equation, z)
