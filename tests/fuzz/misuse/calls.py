"""Every public function with arguments of a wrong kind, one at a time.

A call is a text with arguments that are right; each of them is replaced by every value that is wrong for its kind. Some
of those have a meaning all the same (a whole number for a float, a NumPy array for a matrix): then the result must be
the one of plain NumPy, which stands beside the call, or be refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tree import PRELUDE
from .judge import HOSTILE, NO_MEANING, Case, accepted, same_value

SETUP = (
    PRELUDE
    + """\
import copy, datetime, decimal, fractions, math, scipy.sparse
A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
W, X, Y = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
b, x, lam = sn.vector("b", 2), sn.vector("x", 3), sympy.Symbol("lam")
loss = sn.squared_error(sn.tanh(sn.affine(W, X, b)), Y) + lam*sn.norm(W)**2
"""
)
_rng = np.random.default_rng(5)
VALUES: dict[str, Any] = {
    name: _rng.normal(size=shape).round(3)
    for name, shape in {
        "A": (2, 2),
        "B": (2, 2),
        "W": (2, 3),
        "X": (3, 4),
        "Y": (2, 4),
        "b": (2, 1),
        "x": (3, 1),
    }.items()
} | {"lam": np.float64(0.7), "n": 4}


def _loss(v: Any) -> Any:
    residual = np.tanh(v["W"] @ v["X"] + v["b"]) - v["Y"]
    return (residual**2).sum() / (2 * v["X"].shape[1]) + v["lam"] * (v["W"] ** 2).sum()


def _gradients(v: Any) -> dict[str, Any]:
    P, n = np.tanh(v["W"] @ v["X"] + v["b"]), v["X"].shape[1]
    D = (P - v["Y"]) * (1 - P**2) / n
    return {"W": D @ v["X"].T + 2 * v["lam"] * v["W"], "b": D.sum(1, keepdims=True), "lam": (v["W"] ** 2).sum()}


# values that are wrong for a kind, and what they mean, if anything; FREE: anything but a crash will do
NOTHING, FREE = NO_MEANING, object()
STRANGE: dict[str, Any] = dict.fromkeys([
    "None", "'A'", f'"{HOSTILE}"', "'exp(A)'", "''", "b'A'", "object()", "int", "sn", "math.sin", "lambda t: t",
    "(t for t in [1])", "{}", "{1: 2}", "{1, 2}", "[]", "()", "[[1, 2], [3]]", "[None]", "['a']", "slice(1)", "Ellipsis",
    "NotImplemented", "sympy.Symbol", "sympy.tanh", "sympy.Interval(0, 1)", "sympy.Tuple(1, 2)", "sympy.EmptySet",
    "sympy.Lambda(lam, lam)", "sympy.Function('f')", "sympy.Function('f')(lam)", "sympy.Eq(lam, 1)", "sympy.true",
    "sympy.nan", "sympy.oo", "sympy.zoo", "sympy.I", "1j", "float('nan')", "float('inf')", "datetime.date(2020, 1, 1)",
    "np.datetime64('2020-01-01')", "np.array([['a']])", "np.array([[1j, 1], [1, 1]])", "np.array([[np.nan, 1.], [1., 1.]])",
    "np.zeros((0, 2))", "np.ones((2, 2, 2))", "np.array([None])", "np.ma.masked_array([[1., 2.], [3., 4.]], [[0, 1], [0, 0]])",
    "sympy.Matrix([[sympy.Symbol('q'), 1], [1, 2]])", "sympy.Integral(lam, lam)",
    "sympy.MatrixSymbol('A', 5, 5)", "sympy.Symbol('A')", "sympy.S.Half > lam", "sympy.Basic()", "sn.tanh", "sn.GradientDescent()",
    "sympy.Array([1, 2])", "sympy.combinatorics.Permutation([1, 0])", "sympy.Poly(lam)", "np.random.default_rng(0)", "type(A)", "A.args",
    "sympy.MatrixSymbol('A', 2, 2)[sympy.Symbol('i'), 0]", "sympy.Order(lam)", "sympy.Quaternion(1, 2, 3, 4)",
    "memoryview(b'12')", "bytearray(b'A')", "frozenset({1})", "enumerate([1])", "print", "range", "decimal.Decimal('nan')", "complex('nan')",
    "np.array(None)", "np.array([['a', 1]], dtype=object)", "np.zeros((2, 2), dtype=[('p', 'f4')])", "np.array('A')", "np.array(1j)", "np.array([])",
    "np.ma.masked", "np.array([[np.inf, 1.], [1., 1.]])", "np.array([['2020-01-01']*2]*2, 'M8[D]')", "np.array([[1, 2], [3, 4]], 'm8[s]')", "np.str_('A')",
    "scipy.sparse.eye(2)", "scipy.sparse.csr_array([[1., 2.], [3., 4.]])", "scipy.sparse.coo_matrix(np.eye(2))", "np.add", "np.ndarray", "np.nditer([1])",
    "sympy.FiniteSet(1)", "sympy.S.Reals", "sympy.IndexedBase('A')", "sympy.IndexedBase('A')[0]", "-sympy.oo", "sympy.Wild('A')",
    "sympy.Derivative(sympy.Function('g')(lam), lam)", "sympy.Subs(sympy.Function('g')(lam), lam, 0)", "sympy.Contains(lam, sympy.S.Reals)", "sympy.Dict({1: 2})",
    "sympy.And(lam > 0, lam < 1)", "sympy.Ne(lam, 1)", "sympy.Not(lam > 1)", "sympy.false", "sympy.Integral(sympy.sin(lam)/lam, (lam, 0, 1))",
    "sympy.AccumBounds(0, 1)", "sympy.Symbol('Q', commutative=False)", "sympy.Matrix(0, 0, [])",
    "sympy.ImmutableDenseNDimArray([[[1]]])", "sympy.Matrix([[sympy.I, 1], [1, 1]])", "sympy.Matrix([[sympy.nan, 1], [1, 1]])", "sympy.Matrix([[1, sympy.oo], [1, 1]])",
    "sn.derive(loss, W)", "sn.derive(loss, W).compile()", "sn.derive(loss, W).equations", "sn.summary(loss)", "sn.RULES", "sn.C99", "sn.Adam",
    "sn.derive(loss, W).cost()", "sn.Facts", "sn.lstm(2, 3)", "sn.JAX", "sn.check_function(np.sum, np.ones_like, np.ones(2))", "sn.derive", "sn.MatrixNode",
], NOTHING) | {
    "1": 1.0, "2.5": 2.5, "True": 1.0, "np.float32(1.5)": 1.5, "np.int64(3)": 3.0, "fractions.Fraction(1, 2)": 0.5,
    "decimal.Decimal('1.5')": 1.5, "10**400": NOTHING, "10**30": FREE, "sympy.Rational(1, 3)": 1 / 3, "sympy.pi": np.pi,
    "np.array([[1., 2.], [3., 4.]])": np.array([[1.0, 2], [3, 4]]), "[[1, 2], [3, 4]]": np.array([[1.0, 2], [3, 4]]),
    "np.array([[1, 2], [3, 4]], dtype=np.int8)": np.array([[1.0, 2], [3, 4]]), "np.array(2.0)": 2.0,
    "sympy.Matrix([[1, 2], [3, 4]])": np.array([[1.0, 2], [3, 4]]), "np.array([[True, False], [True, True]])": np.array([[1.0, 0], [1, 1]]),
    "sympy.Identity(2)": np.eye(2), "np.array([1., 2.])": FREE, "range(2)": FREE, "sympy.Sum(lam, (lam, 1, 2))": FREE, "np.float64(2)": 2.0,
    "np.array([[1., 2.], [3., 4.]], dtype=object)": np.array([[1.0, 2], [3, 4]]), "sympy.BlockMatrix([[A, A]])": FREE,
}  # fmt: skip
NUMBERS = [text for text, meaning in STRANGE.items() if meaning is not NOTHING]
STRANGE["sympy.Symbol('Q', commutative=False)"] = FREE
MATRIX = STRANGE | {
    "sympy.Matrix([[sympy.Symbol('q'), 1], [1, 2]])": FREE,
    "np.ones((2, 2), order='F')": np.ones((2, 2)),
    "np.ones((4, 4))[::2, ::2]": np.ones((2, 2)),
    "np.array([[1, 2], [3, 4]], '>i4')": np.array([[1.0, 2], [3, 4]]),
    "np.matrix([[1., 2.], [3., 4.]])": np.array([[1.0, 2], [3, 4]]),
    "sympy.OneMatrix(2, 2)": np.ones((2, 2)),
    "sympy.ZeroMatrix(2, 2)": np.zeros((2, 2)),
    "sympy.SparseMatrix([[1, 2], [3, 4]])": np.array([[1.0, 2], [3, 4]]),
    "sympy.ImmutableMatrix([[1, 2], [3, 4]])": np.array([[1.0, 2], [3, 4]]),
    "A.as_explicit()": VALUES["A"],
    "sn.let('K', A)": VALUES["A"],
    "A[0, 0]": VALUES["A"][0, 0],
    "A[-1, 0]": VALUES["A"][-1, 0],
    "A[:, -1:]": VALUES["A"][:, -1:],
    "sympy.MatrixSymbol('A', 2, sympy.Symbol('k'))": FREE,
    "np.array([[1, 2], [3, 4]], dtype=np.uint64)": np.array([[1.0, 2], [3, 4]]),
    "lam": VALUES["lam"],
    "W": VALUES["W"],
    "X": VALUES["X"],
    "x": VALUES["x"],
    "sn.sum(A)": VALUES["A"].sum(),
    "A.T": VALUES["A"].T,
}
SCALAR = STRANGE | {"A": VALUES["A"], "b.T*b": (VALUES["b"] ** 2).sum(), "sn.sum(A)": VALUES["A"].sum()}
SIZE: dict[str, Any] = STRANGE | dict.fromkeys([
    "0", "-1", "2.5", "''", "' '", "'a\\0b'", "[2]", "np.array([2])", "(2,)", "sympy.Rational(1, 2)", "A", "sympy.sqrt(2)",
    "sympy.Symbol('k', negative=True)", "np.float64(2.5)", "sympy.Integer(0)", "fractions.Fraction(1, 2)", "decimal.Decimal('1.5')",
    "sympy.pi", "sympy.Rational(1, 3)", "np.float32(1.5)", "[[1, 2], [3, 4]]", "np.array([[1., 2.], [3., 4.]])",
    "np.array([[1, 2], [3, 4]], dtype=np.int8)", "sympy.Matrix([[1, 2], [3, 4]])", "np.array([[True, False], [True, True]])",
    "sympy.Identity(2)", "np.array([1., 2.])", "range(2)", "10**400*-1", "sympy.BlockMatrix([[A, A]])", "lam - lam",
    "np.array([[1., 2.], [3., 4.]], dtype=object)",
], NOTHING) | dict.fromkeys(["1", "10**30", "10**400", "np.int64(3)", "True", "2.0", "np.float64(2)", "np.array(2.0)", "lam",
                             "'A'", "sympy.Symbol('A')", "'exp(A)'", f'"{HOSTILE}"', "sympy.Integral(lam, lam)"], FREE)  # fmt: skip
NAME: dict[str, Any] = {k: NOTHING for k in STRANGE if not k.startswith(("'A'", "'exp", '"'))} | dict.fromkeys(
    ["1", "' '", "'a\\0b'", "['W']", "W", "sympy.Symbol('W')", "True", "'\\n'"], NOTHING) | {f'"{HOSTILE}"': FREE, "'x y'": FREE}  # fmt: skip
AXIS: dict[str, Any] = {k: NOTHING for k in STRANGE if k not in ("1", "True", "None", "sympy.true")} | dict.fromkeys(
    ["2", "-3", "'0'", "'columns'", "0.5", "[0]", "(0, 1)", "A", "10**40", "sympy.Symbol('k')", "np.array([0, 1])", "-1.5"], NOTHING
) | {"-1": 1, "1": 1, "0": 0, "-2": 0, "True": 1, "np.int64(1)": 1, "sympy.Integer(1)": 1, "False": 0, "1.0": 1, "None": FREE, "sympy.true": FREE}  # fmt: skip
COUNT = dict.fromkeys(["0", "-1", "2.5", "'3'", "True", "float('nan')", "[1]", "object()", "A", "1j", "np.array([1, 2])", "float('inf')",
                       "lam", "sympy.Rational(1, 2)", "int", "b'1'", "{}", "lambda: 1", "sympy.oo", "-10**400"], NOTHING) | {"np.int64(2)": FREE}  # fmt: skip
RATE = dict.fromkeys(["0", "-1", "'fast'", "float('nan')", "float('inf')", "[0.1]", "object()", "A", "1j", "lam", "np.array([0.1, 0.2])",
                      "float", "{}", "lambda: 1", "sympy.oo", "sympy.I", "10**400", "-10**400", "b'1'", "None"], NOTHING) | {
    "lambda: 1": FREE, "float": FREE, "np.float32(0.1)": FREE, "sympy.Rational(1, 10)": FREE, "1": FREE, "True": FREE, "fractions.Fraction(1, 10)": FREE, "decimal.Decimal('0.1')": FREE,
}  # fmt: skip
DTYPE = dict.fromkeys(["int", "'what'", "object", "bool", "np.int32", "np.bool_", "'U3'", "'M8[s]'", "3", "[float]", "A", "lambda: 1",
                       "{}", "'complex'", "np.complex64", "str", "np.ones(2)", "lam", "'f4,f4'", "sympy.Float", "''"], NOTHING) | {
    "None": FREE, "'float32'": FREE, "np.float16": FREE, "np.longdouble": FREE, "'>f8'": FREE, "np.dtype('float32')": FREE,
}  # fmt: skip
WRT = {k: NOTHING for k in STRANGE if k not in ("sympy.Symbol('A')", "A.args", "sympy.MatrixSymbol('A', 5, 5)")} | dict.fromkeys(
    ["[W, W]", "[[W]]", "W*X", "W.T", "sn.tanh(W)", "sn.let('H', W)", "sympy.Symbol('q')", "A", "[W, None]", "[W, 'Q']",
     "sn.sum(W)", "loss", "[W, W.T]", "sympy.MatrixSymbol('W', 9, 9)", "W + 0*W.T.T + W", "'Q'", "(W, A)", "[3]"], NOTHING
) | {"'W'": FREE, "W[0, 0]": FREE, "{W}": FREE, "(w for w in [W])": FREE, "{W: 1}": FREE, "['W', b]": FREE, "sympy.Symbol('n')": FREE, "X.shape[1]": FREE,
     "W": FREE, "np.array([W, b], dtype=object)": FREE, "sympy.Tuple(W, b)": FREE, "'A'": NOTHING, "lam": FREE}  # fmt: skip
LOSS = {k: NOTHING for k in STRANGE} | dict.fromkeys(
    ["W", "W*X", "sn.tanh(W)", "[loss]", "{'L': loss}", "lambda: loss", "sn.derive(loss, W)", "loss > 0", "W*X - Y", "sn.mlp(X, [2])",
     "sympy.Eq(loss, 0)", "str(loss)", "(loss, loss)", "sympy.Tuple(loss)", "sympy.oo*loss", "sympy.I*loss", "loss/0", "loss + 10**400*sympy.nan",
     "sympy.Piecewise((loss, lam > 99))", "sympy.floor(loss)", "sympy.Derivative(loss, lam)", "sympy.Integral(loss, lam)",
     "loss + sympy.Function('f')(lam)", "loss*sympy.Symbol('W')", "loss + sn.sum(sympy.MatrixSymbol('W', 9, 9))",
     "loss + sn.sum(A*X)", "loss + sympy.exp(W)", "sympy.tanh(W*X)",
     "np.array(loss)", "np.array([loss])", "sympy.re(loss)", "sympy.UnevaluatedExpr(loss)*sympy.zoo"], NOTHING
) | dict.fromkeys(["sympy.Piecewise((loss, lam > 99))", "sympy.re(loss)", "np.array(loss)", "sympy.Derivative(loss, lam)",
                   "sympy.Integral(loss, lam)", "sympy.floor(loss)"], FREE)  # fmt: skip
UNDEFINED = {"loss + sympy.Function('f')(lam)": FREE}  # has a gradient, and no value

DATA_OF_W: dict[str, Any] = dict.fromkeys([
    "None", "'abc'", f'"{HOSTILE}"', "b'abc'", "object()", "int", "lambda: 1", "(v for v in [1])", "{}", "{1: 2}", "[]", "3.0", "W",
    "np.ones((3, 2))", "np.ones(6)", "np.ones((2, 3, 1))", "np.ones((1, 2, 3))", "np.ones((0, 3))", "np.ones((2, 0))", "np.full((2, 3), np.nan)",
    "[[1, 2, 3], [4, 5]]", "[[1, 2, None], [4, 5, 6]]", "[['1', '2', '3'], ['4', '5', '6']]", "np.array([['1', '2', '3']]*2)",
    "np.ones((2, 3)) + 1j", "np.ones((2, 3), complex)", "np.ma.masked_array(np.ones((2, 3)), np.eye(2, 3))", "np.full((2, 3), None)",
    "np.full((2, 3), 'a', object)", "np.full((2, 3), 1j, object)", "np.full((2, 3), sympy.Symbol('q'))", "sympy.Matrix(2, 3, lambda i, j: sympy.Symbol('q'))",
    "np.zeros((2, 3), 'M8[s]')", "np.zeros((2, 3), 'm8[s]')", "np.zeros((2, 3), 'f4,f4')", "[[10**400, 2, 3], [4, 5, 6]]", "np.float64(2)",
    "[[1, 2, 3], [4, 5, [6]]]", "[[[1], [2], [3]], [[4], [5], [6]]]", "sn.tanh(W)", "sympy.Interval(0, 1)", "np.random.default_rng(0)",
    "[[float('nan'), 1, 2], [3, 4, 5]]", "{'W': np.ones((2, 3))}", "set()", "sympy.nan", "[np.ones(3), np.ones(2)]", "np.array(3.0)",
    "np.full((2, 3), np.nan, object)", "np.full((2, 3), np.nan, np.float32)", "datetime.date(2020, 1, 1)", "type", "sn",
], NOTHING)  # fmt: skip
_GOOD = np.array([[1.0, 2, 3], [4, 5, 6]]) / 8
_ONES = np.ones((2, 3))
DATA_OF_W |= {
    "[[1, 2, 3], [4, 5, 6]]": _GOOD * 8, "((1, 2, 3), (4, 5, 6))": _GOOD * 8, "np.ones((2, 3), int)": _ONES, "np.ones((2, 3), bool)": _ONES,
    "np.full((2, 3), 200, np.uint8)": _ONES * 200, "np.full((2, 3), 2**62)": _ONES * 2.0**62, "np.full((2, 3), 0.5, np.float16)": _ONES * 0.5,
    "np.full((2, 3), 0.5, np.longdouble)": _ONES * 0.5, "np.full((2, 3), 0.5, object)": _ONES * 0.5, "np.full((2, 3), 0.5, '>f8')": _ONES * 0.5,
    "np.asfortranarray(np.arange(6.).reshape(2, 3))": np.arange(6.0).reshape(2, 3), "np.arange(6.).reshape(2, 3)[::-1, ::-1]": np.arange(6.0).reshape(2, 3)[::-1, ::-1],
    "np.arange(24.).reshape(4, 6)[::2, ::2]": np.arange(24.0).reshape(4, 6)[::2, ::2], "np.broadcast_to(np.float64(0.5), (2, 3))": _ONES * 0.5,
    "np.full((2, 3), fractions.Fraction(1, 2))": _ONES * 0.5, "np.full((2, 3), decimal.Decimal('0.5'))": _ONES * 0.5, "sympy.ones(2, 3)": _ONES,
    "memoryview(np.ones((2, 3)))": _ONES, "[np.ones(3), np.ones(3)]": _ONES, "[range(3), range(3)]": np.array([[0.0, 1, 2]] * 2),
    "np.ma.masked_array(np.ones((2, 3)))": _ONES, "np.full((2, 3), 3, np.int8)": _ONES * 3, "np.ones((2, 3), np.float32)": _ONES, "[[True, False, True]]*2": np.array([[1.0, 0, 1]] * 2),
    "np.full((2, 3), np.inf)": FREE, "sympy.ImmutableMatrix(2, 3, [1]*6)": _ONES, "np.ones((2, 3), '?')": _ONES, "[[sympy.Rational(1, 2)]*3]*2": _ONES * 0.5,
    "np.ones((2, 3)).astype('>i4')": _ONES, "[[np.float32(1)]*3]*2": _ONES, "[[1e308]*3]*2": FREE, "np.full((2, 3), 1e-320)": _ONES * 1e-320,
}  # fmt: skip
DATA_OF_LAM: dict[str, Any] = dict.fromkeys([
    "None", "'1'", f'"{HOSTILE}"', "1j", "float('nan')", "np.ones(2)", "np.ones((2, 2))", "[]", "[1, 2]", "object()", "int", "{}", "lambda: 1", "sympy.Symbol('q')",
    "sympy.I", "sympy.oo*0", "10**400", "np.datetime64('2020')", "(v for v in [1])", "np.ma.masked", "b'1'", "lam", "sympy.Interval(0, 1)", "set()",
], NOTHING) | {"1": 1.0, "True": 1.0, "np.int64(2)": 2.0, "np.float32(0.5)": 0.5, "fractions.Fraction(1, 2)": 0.5, "decimal.Decimal('0.5')": 0.5,
               "sympy.Rational(1, 2)": 0.5, "np.array(0.5)": 0.5, "np.array([0.5])": FREE, "np.array([[0.5]])": FREE, "[0.5]": FREE, "sympy.pi": np.pi,
               "np.uint8(200)": 200.0, "0": 0.0, "float('inf')": FREE}  # fmt: skip
DICTIONARIES = dict.fromkeys([
    "None", "[]", "[1, 2]", "'W'", "3", "object()", "(v for v in [1])", "lambda: 1", "dict", "list(values.items())", "values.values()", "{}",
    "{**values, 'Q': 1}", "{**values, 3: 1}", "{**values, None: 1}", "{**values, (1, 2): 1}", "{**values, W: values['W']}", "{**values, W.T: 1}",
    "{**values, 'w': values['W']}", "{**values, 'W ': 1}", "{k: v for k, v in values.items() if k != 'W'}", "{**values, sympy.Symbol('q'): 1}",
    "{**values, 'lam ': 2}", "{**values, sn.tanh(W): 1}", "{**values, W[0, 0]: 1}", "{**values, 1.5: 1}", "{**values, str: 1}", "np.ones(3)", "values['W']", "{**values, b'W': 1}",
    f'{{**values, "{HOSTILE}": 1}}', "set(values)", "W", "{**values, 'n': 7}", "{**values, 'n': 0}", "{**values, 'n': 'a'}", "{**values, 'n': None}", "{**values, 'n': float('nan')}",
    "{**values, 'X': values['X'].T}", "{**values, 'X': values['X'][:, :3]}", "{**values, 'X': values['X'][:, :0]}", "{**values, 'Y': values['Y'].T}",
    "{**values, 'b': np.ones((1, 2))}", "{**values, 'b': np.ones((3, 1))}", "{**values, 'b': 1.0}", "{**values, 'Y': values['Y'][:1]}", "{**values, 'Y': None}",
], NOTHING) | {"{**values, 'b': values['b'][:, 0]}": FREE, "dict(values)": FREE, "__import__('types').MappingProxyType(values)": FREE,
               "__import__('collections').ChainMap(values)": FREE, "{**values, 'n': 4}": FREE, "{**values, 'n': 4.0}": FREE}  # fmt: skip
# `evaluate` leaves aside what it does not need
MORE_THAN_NEEDED = {text: 0 if "'" in text.replace("'W']", "").split("**values")[1] else FREE
                    for text in DICTIONARIES if text.startswith("{**values") and not re.search(r"'(n|X|b|Y)':", text)}  # fmt: skip
FUNCTION = dict.fromkeys(["None", "3", "'sin'", f'"{HOSTILE}"', "'nothing'", "object()", "A", "int", "[]", "lambda: 1", "lambda t: None", "lambda t: 'a'", "lambda t: A",
                          "lambda t: [t]", "lambda p, q: p", "lambda t: t > 0", "lambda t: sympy.I*t", "lambda t: sympy.oo", "np.sin", "math.sin", "sympy.floor",
                          "lambda t: sympy.Integral(t, t)", "lambda t: 1/0", "lambda t: sympy.Function('f')(t)", "sympy.Matrix", "lambda t: t.nothing", "sympy.Symbol",
                          "lambda t: [][3]", "{}", "sympy.Function('f')", "dict", "sympy.Lambda((sympy.Symbol('p'), sympy.Symbol('q')), 1)",
                          "lambda t: float(t)", "lambda t: t if t > 0 else -t", "lambda t: np.tanh(t)", "lambda t: str(t)"], NOTHING) | {
    "sympy.Lambda(lam, lam**2)": FREE, "lambda t: t": FREE, "lambda t: 3": FREE, "lambda t: 2.5": FREE, "sympy.tanh": FREE, "lambda t: np.float64(2)": FREE,
    "'sin'": FREE, "np.sin": FREE, "math.sin": FREE,
}  # fmt: skip
SIZES = dict.fromkeys(["None", "[]", "3", "['a']", "[0]", "[-1]", "[2.5]", "'ab'", "[None]", "[[2]]", "object()", "A", "{}", "[True]", "np.array([2.5])", "[float('nan')]",
                       "['']", "lambda: 1", "[1j]", "int", "[A]", "np.ones((2, 2))", "[object()]", "['a\\0']"], NOTHING) | {"(4, 2)": FREE, "np.array([4, 2])": FREE, "range(2, 4)": FREE, "[np.int64(2)]": FREE, "[10**400]": FREE, "[sympy.Integer(2)]": FREE}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """`text` with {0}, {1}, … for the arguments; `arguments`: a right text and its wrong values; `value`: the same call
    in NumPy, given the values of the arguments (a callable `judge` instead compares what came out).
    """

    text: str
    arguments: tuple[tuple[str, dict[str, Any]], ...]
    value: Callable[..., Any] | None = None
    compare: Callable[[Any, Any], str | None] = same_value
    ours: bool = True


def _meaning(text: str) -> Any:
    return VALUES[text] if text in VALUES else {"0": 0, "1": 1, "loss": _loss(VALUES)}.get(text)


def _expression_calls() -> list[Call]:
    def total(f: Callable[..., Any]) -> Callable[..., Any]:
        return f

    sig = lambda a: 1 / (1 + np.exp(-np.asarray(a, float)))
    lse = lambda a, axis: np.log(np.exp(a).sum(axis, keepdims=True))
    M, S = ("A", MATRIX), ("lam", SCALAR)
    both = (("A", MATRIX), ("B", MATRIX))
    axis = ("0", AXIS)
    alike = lambda f: lambda a, b: f(a, b) if np.shape(a) == np.shape(b) else NOTHING
    matrix = lambda f: lambda a, *more: f(a, *more) if np.ndim(a) == 2 else NOTHING
    unary = {"tanh": np.tanh, "sigmoid": sig, "relu": lambda a: np.maximum(a, 0), "softplus": lambda a: np.logaddexp(0, a), "exp": np.exp,
             "sin": np.sin, "cos": np.cos, "abs": np.abs, "sign": np.sign, "silu": lambda a: a * sig(a), "log": np.log, "sqrt": np.sqrt}  # fmt: skip
    calls = [Call(f"sn.{name}({{0}})", (M,), f) for name, f in unary.items()]
    calls += [Call("sn.tanh({0})", (S,), np.tanh)]
    calls += [
        Call("sn.leaky_relu({0}, {1})", (M, ("lam", SCALAR | {"sympy.Matrix([[sympy.Symbol('q'), 1], [1, 2]])": FREE})), lambda a, c: np.where(np.asarray(a) > 0, a, c * np.asarray(a)) if np.ndim(c) == 0 or np.shape(c) == (1, 1) else FREE),
        Call("sn.softmax({0}, {1})", (M, axis), matrix(lambda a, k: np.exp(a) / np.exp(a).sum(k, keepdims=True))),
        Call("sn.log_softmax({0}, {1})", (M, axis), matrix(lambda a, k: a - lse(a, k))),
        Call("sn.logsumexp({0}, {1})", (M, axis), matrix(lse)),
        Call("sn.sum({0})", (M,), np.sum),
        Call("sn.sum({0}, axis={1})", (M, axis), matrix(lambda a, k: np.sum(a, axis=k, keepdims=True))),
        Call("sn.mean({0})", (M,), np.mean),
        Call("sn.mean({0}, axis={1})", (M, axis), matrix(lambda a, k: np.mean(a, axis=k, keepdims=True))),
        Call("sn.norm({0})", (M,), lambda a: np.sqrt(np.sum(np.asarray(a) ** 2))),
        Call("sn.norm1({0})", (M,), lambda a: np.sum(np.abs(a))),
        Call("sn.inner({0}, {1})", both, alike(lambda a, b: np.sum(a * b))),
        Call("sn.hadamard({0}, {1})", both, lambda a, b: np.multiply(a, b) if np.shape(a) == np.shape(b) or () in (np.shape(a), np.shape(b)) else NOTHING),
        Call("sn.mse({0}, {1})", both, alike(lambda a, b: np.mean((a - b) ** 2))),
        Call("sn.squared_error({0}, {1}, axis={2})", (*both, axis), lambda a, b, k: np.sum((a - b) ** 2) / (2 * np.shape(a)[1 - k]) if np.shape(a) == np.shape(b) and np.ndim(a) == 2 else NOTHING),
        Call("sn.binary_cross_entropy({0}, sn.sigmoid({1}), axis={2})", (*both, axis), lambda a, b, k: (np.logaddexp(0, a) - a / (1 + np.exp(-b))).sum() / np.shape(a)[1 - k] if np.shape(a) == np.shape(b) and np.ndim(a) == 2 else NOTHING),
        Call("sn.cross_entropy({0}, sn.softmax({1}), axis={2})", (*both, axis), lambda a, b, k: -((np.exp(b) / np.exp(b).sum(0)) * (a - lse(a, k))).sum() / np.shape(a)[1 - k] if np.shape(a) == np.shape(b) and np.ndim(a) == 2 else NOTHING),
        Call("sn.affine({0}, {1}, {2})", (("W", MATRIX), ("X", MATRIX), ("b", MATRIX)),
             lambda W, X, b: W @ X + b if np.ndim(W) == np.ndim(X) == np.ndim(b) == 2 and np.shape(W)[1] == np.shape(X)[0] and np.shape(b) == (len(W), 1) else FREE if np.ndim(b) == 0 or np.shape(b)[::-1] == (len(W), 1) else NOTHING),
        Call("sn.relu_dot({0}, {1})", (("W", MATRIX), ("X", MATRIX)),
             lambda W, X: np.maximum(W @ X, 0) if np.ndim(W) == np.ndim(X) == 2 and np.shape(W)[1] == np.shape(X)[0] else FREE if 0 in (np.ndim(W), np.ndim(X)) else NOTHING),
        Call("sn.entry({0}, 1, 0)", (M,), lambda a: np.asarray(a)[1, 0] if np.ndim(a) == 2 else NOTHING),
        Call("sn.entry(A, {0}, {1})", (axis, axis), lambda i, j: VALUES["A"][i, j]),
        Call("sn.let('H', {0})", (M,), lambda a: a),
        Call("sn.let({0}, A)", (("'H'", NAME),)),
        Call("sn.matrix({0}, 2, 3)", (("'W'", NAME),)),
        Call("sn.vector({0}, 3)", (("'W'", NAME),)),
        Call("sn.matrix('Q', {0}, {1})", (("2", SIZE), ("3", SIZE))),
        Call("sn.vector('Q', {0})", (("2", SIZE),)),
        Call("sn.unit({0}, 0)", (("2", SIZE),)),
        Call("sn.unit(2, {0})", (("0", AXIS | {"-1": FREE, "-2": FREE}),), lambda i: np.eye(2)[:, [i]]),
        Call("sn.elementwise({0}, A)", (("lambda t: t**2", FUNCTION),)),
        Call("sn.elementwise(sympy.tanh, {0})", (M,), np.tanh),
        Call("sn.elementwise(lambda p, q: p*sympy.sin(q), {0}, {1})", both, lambda a, b: a * np.sin(b) if () in (np.shape(a), np.shape(b)) or np.shape(a) == np.shape(b) else NOTHING),
        Call("A.applyfunc({0})", (("sympy.tanh", FUNCTION),), ours=False),
        Call("sn.tanh(A).applyfunc({0})", (("sympy.tanh", FUNCTION),), ours=False),
        Call("sn.mlp({0}, [3, 2]).output", (("X", MATRIX),), lambda a: FREE if np.ndim(a) == 2 else NOTHING),
        Call("sn.mlp(X, {0}).output", (("[3, 2]", SIZES),)),
        Call("sn.mlp(X, [3, 2], activation={0}).output", (("sn.tanh", {k: v for k, v in FUNCTION.items() if k != "lambda t: A"} | {"None": FREE, "lambda t: 3": FREE}),)),
        Call("sn.mlp(X, [3, 2], axis={0}).output", (("0", {k: (FREE if v is not NOTHING else v) for k, v in AXIS.items()}),)),
    ]  # fmt: skip
    return calls


def _right_gradients(space: Any, wanted: Any) -> str | None:
    # whatever is differentiated, the gradients are those of `loss` in symbols of that name
    if wanted is NOTHING:
        return accepted(space, wanted)
    d = space["result"]
    value, gradients = d.compile()(space["values"])
    right = _gradients(VALUES)
    for w in d.wrt:
        if w.name in right and not np.allclose(gradients[w], right[w.name]):
            return f"the gradient in {w.name} is not right"
    return None if abs(value - _loss(VALUES)) < 1e-9 else "the loss is not right"


def _number_of(space: Any, wanted: Any) -> str | None:
    if wanted is NOTHING:
        return accepted(space, wanted)
    return (
        None
        if np.allclose(space["result"], wanted, rtol=2e-3, equal_nan=True)
        else f"{space['result']} instead of {wanted}"
    )


def _says_ok(space: Any, wanted: Any) -> str | None:
    return (
        accepted(space, wanted)
        if wanted is NOTHING
        else None
        if space["result"].ok
        else f"not ok: {space['result']}"[:300]
    )


def _with(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {f"{{**values, {name!r}: {text}}}": meaning for text, meaning in data.items()}


def _loss_with(name: str) -> Callable[..., Any]:
    return lambda a: _loss({**VALUES, name: np.asarray(a)}) if a is not None else _loss(VALUES)


def _workshop_calls() -> list[Call]:
    values = ("values", DICTIONARIES)
    calls = [
        Call("sn.derive({0}, W)", (("loss", LOSS | UNDEFINED),), compare=_right_gradients),
        Call("sn.derive(loss, {0})", (("[W, b]", WRT),), compare=_right_gradients),
        Call("sn.gradient({0}, W)", (("loss", LOSS | UNDEFINED),), compare=accepted),
        Call("sn.gradient(loss, {0})", (("W", WRT),), compare=accepted),
        Call("sn.compile({0})", (("loss", LOSS | dict.fromkeys(["sympy.Matrix([[sympy.Symbol('q'), 1], [1, 2]])", "W", "W*X", "sn.tanh(W)", "{'L': loss}", "W*X - Y", "{1: 2}", "sympy.Symbol('A')", "sn.mlp(X, [2])", "sympy.MatrixSymbol('A', 5, 5)", *NUMBERS], FREE)),), compare=accepted),
        Call("sn.compile(loss, dtype={0})", (("float", DTYPE),), compare=accepted),
        Call("sn.derive(loss, W).compile(dtype={0})(values)", (("float", DTYPE),), compare=accepted),
        Call("sn.derive(loss, W).compile(outputs={0})", (("'L'", {k: NOTHING for k in STRANGE if k not in ("None", "A.args", "()", "[]", "{}")} | {"['nothing']": NOTHING, "[W, 3]": NOTHING, "b": NOTHING, "()": FREE, "np.zeros((0, 2))": FREE, "['L', 'L']": FREE, "{'L': 1}": FREE}),), compare=accepted),
        Call("sn.derive(loss, W).closed({0})", (("W", {k: NOTHING for k in STRANGE} | {"b": NOTHING, "'Q'": NOTHING, "'W'": FREE, "[W]": NOTHING}),), compare=accepted),
        Call("sn.derive(loss, W)[{0}]", (("W", {k: NOTHING for k in STRANGE} | {"b": NOTHING, "'Q'": NOTHING, "'W'": FREE, "[W]": NOTHING, "0": NOTHING}),), compare=accepted),
        Call("sn.derive(loss, W).render({0})", (("'latex'", dict.fromkeys(["None", "''", "'tex'", "3", "[]", "object()", "A", f'"{HOSTILE}"'], NOTHING)),), compare=accepted),
        Call("sn.evaluate({0}, values)", (("loss", {k: v for k, v in LOSS.items() if k not in ("W", "W*X", "sn.tanh(W)", "W*X - Y", "sn.mlp(X, [2])", *NUMBERS)}),), compare=accepted),
        Call("sn.evaluate(loss, {0})", (("values", DICTIONARIES | MORE_THAN_NEEDED),), lambda v: _loss(VALUES), _number_of),
        Call("sn.derive(loss, W).compile()({0})[0]", (values,), lambda v: _loss(VALUES), _number_of),
        Call("sn.check_gradients(loss, {0}, [W, b])", (values,), compare=_says_ok),
        Call("sn.check_gradients({0}, values, W)", (("loss", LOSS | {"sn.derive(loss, W)": FREE}),), compare=_says_ok),
        Call("sn.check_gradients(loss, values, {0})", (("[W, b]", {k: v for k, v in WRT.items() if k != "None"}),), compare=_says_ok),
        Call("sn.check_gradients(loss, values, W, method={0})", (("'auto'", dict.fromkeys(["None", "3", "'magic'", "[]", "object()", "''", "A"], NOTHING)),), compare=_says_ok),
        Call("sn.check_gradients(loss, values, W, seed={0})", (("0", dict.fromkeys(["'a'", "-1", "2.5", "object()", "float('nan')", "A", "1j"], FREE)),), compare=_says_ok),
        Call("sn.diagnose({0}, values, {{W: grads['W']}})", (("loss", LOSS),), compare=_says_ok),
        Call("sn.diagnose(loss, {0}, {{W: grads['W']}})", (values,), compare=_says_ok),
        Call("sn.diagnose(loss, values, {0})", (("{W: grads['W']}", dict.fromkeys(
            ["None", "[]", "{}", "3", "'W'", "grads['W']", "{W: None}", "{W: 'a'}", "{W: np.ones((9, 9))}", "{W: np.full((2, 3), np.nan)}", "{W: grads['W'] + 1j}",
             "{'Q': grads['W']}", "{3: grads['W']}", "{None: 1}", "lambda: 1", "lambda v: None", "lambda v: 3", "lambda v: {}", "lambda v: {'W': 'a'}", "lambda v: 1/0", "lambda v: v['nothing']",
             "object()", "dict", "[grads['W']]", "{W: object()}", "{X: np.ones((9, 4))}", "{W: np.ones((0, 3))}", "{W: [[1, 2], [3]]}", "{W: W}", "{W.T: grads['W'].T}",
             "{'W': grads['W'], W: grads['W']}", "lambda v: [1]", "int", "A", f'"{HOSTILE}"', "{W: {}}", "lambda v: {'W': None}"], NOTHING) | {"{'W': grads['W'].tolist()}": FREE, "lambda v: {'W': grads['W']}": FREE}),), compare=_accepted_as_diagnosis),
        Call("sn.diagnose_update(loss, {{W: w0}}, {{W: w0 - 0.1*grads['W']}}, {0}, data)", (("0.1", RATE | {"1": NOTHING, "True": NOTHING}),), compare=_says_ok),
        Call("sn.diagnose_update(loss, {0}, {{W: w0 - 0.1*grads['W']}}, 0.1, data)", (("{W: w0}", dict.fromkeys(["None", "{}", "[]", "{b: w0}", "{W: 'a'}", "{W: None}", "{W: np.ones((3, 2))}", "{'Q': w0}", "3", "w0", "{W: w0 + 1j}", "{W: np.full((2, 3), np.nan)}"], NOTHING)),), compare=accepted),
        Call("sn.prove(loss, W, {0})", (("{'n': 2}", dict.fromkeys(["None", "{}", "[]", "{'n': 0}", "{'n': -1}", "{'n': 2.5}", "{'n': 'a'}", "{'Q': 2}", "{3: 2}", "{'n': None}", "{'n': [2]}", "2", "'n'", "{'n': float('nan')}", "{W: 2}"], NOTHING) | {"{'n': 2, 'Q': 3}": FREE}),), compare=accepted),
        Call("sn.prove({0}, W, {{'n': 1}})", (("loss", LOSS | UNDEFINED),), compare=accepted),
        Call("sn.prove(loss, {0}, {{'n': 1}})", (("W", WRT),), compare=accepted),
        Call("sn.GradientDescent({0})", (("0.1", RATE),), compare=accepted),
        Call("sn.uniform({0}, 1)", (("-1", {k: NOTHING for k in RATE if k not in ("0", "-1", "np.float32(0.1)", "sympy.Rational(1, 10)", "fractions.Fraction(1, 10)", "decimal.Decimal('0.1')")}),), compare=accepted),
        Call("sn.normal({0})", (("1", RATE),), compare=accepted),
        Call("sn.check_function({0}, lambda p: 2*p, np.array([1., 2.]))", (("lambda p: (p**2).sum()", dict.fromkeys(
            ["None", "3", "'f'", "lambda: 1", "lambda p: None", "lambda p: 'a'", "lambda p: p", "lambda p: 1j*p.sum()", "lambda p: np.nan", "lambda p: [1]*3", "lambda p: 1/0", "object()", "A", "sn.tanh", "lambda p: {}", "int"], NOTHING)),), compare=_says_ok),
        Call("sn.check_function(lambda p: (p**2).sum(), {0}, np.array([1., 2.]))", (("lambda p: 2*p", dict.fromkeys(
            ["None", "3", "'f'", "lambda: 1", "lambda p: None", "lambda p: 'a'", "lambda p: p[0]", "lambda p: np.ones((2, 1))", "lambda p: p*np.nan", "lambda p: 2j*p", "lambda p: [1, 'a']", "lambda p: 1/0", "object()", "lambda p: {}", "int", "lambda p: [2*p]"], NOTHING)),), compare=_says_ok),
        Call("sn.check_function(lambda p: (p**2).sum(), lambda p: 2*p, {0})", (("np.array([1., 2.])", {k: NOTHING for k in DATA_OF_LAM if k not in ("1", "True", "np.ones(2)", "np.ones((2, 2))", "[1, 2]") and DATA_OF_LAM[k] is NOTHING} | {
            "np.array([1, 2])": FREE, "[1, 2]": FREE, "np.array([1j])": NOTHING, "np.array([])": NOTHING, "np.array([np.nan])": NOTHING, "np.array(['a'])": NOTHING}),), compare=_says_ok),
        Call("sn.check_function(lambda p: (p**2).sum(), lambda p: 2*p, np.array([1., 2.]), method={0})", (("'central'", dict.fromkeys(["None", "3", "'magic'", "[]", "'mpmath'"], NOTHING)),), compare=_says_ok),
    ]  # fmt: skip
    for name, data in (("W", DATA_OF_W), ("lam", DATA_OF_LAM)):
        wrong = _with(name, data)
        key = {text: data[text] for text in data}
        calls += [
            Call(f"sn.evaluate(loss, {{{{**values, {name!r}: {{0}}}}}})", ((f"values[{name!r}]", key),), _loss_with(name), _number_of),
            Call(f"sn.derive(loss, [W, b]).compile()({{{{**values, {name!r}: {{0}}}}}})[0]", ((f"values[{name!r}]", key),), _loss_with(name), _number_of),
            Call(f"sn.derive(loss, W).compile(dtype=np.float32)({{{{**values, {name!r}: {{0}}}}}})[0]", ((f"values[{name!r}]", key),), _loss_with(name), _number_of),
            Call("sn.check_gradients(loss, {0}, W)", (("values", {k: FREE if v is not NOTHING else v for k, v in wrong.items()}),), compare=accepted),
            Call("sn.diagnose(loss, {0}, {{W: grads['W']}})", (("values", {k: FREE if v is not NOTHING else v for k, v in wrong.items()}),), compare=accepted),
        ]  # fmt: skip
    calls += [
        Call("sn.diagnose(loss, values, {{W: {0}}})", (("grads['W']", {k: FREE if v is not NOTHING and k not in () else v for k, v in DATA_OF_W.items() if k not in ("np.ones((3, 2))",)}),), compare=accepted),
        Call("sn.train(loss, {{'X': values['X'], 'Y': values['Y'], 'W': {0}, 'lam': 0.1}}, epochs=2, progress=False).loss", (("values['W']", {k: FREE if v is not NOTHING else v for k, v in DATA_OF_W.items()}),), compare=accepted),
        Call("sn.train(loss, data, {{W: {0}}}, epochs=2, progress=False).loss", (("values['W']", {k: FREE if v is not NOTHING else v for k, v in DATA_OF_W.items() if "longdouble" not in k}),), compare=accepted),
    ]  # fmt: skip
    return [*calls, *_training_calls()]


def _accepted_as_diagnosis(space: Any, wanted: Any) -> str | None:
    return (
        f"accepted: {str(space['result'])[:120]}"
        if wanted is NOTHING
        else None
        if space["result"].ok
        else "called wrong"
    )


def _training_calls() -> list[Call]:
    options = {
        "epochs": ("2", COUNT | {"None": FREE}),
        "batch_size": ("2", COUNT | {"None": FREE, "100": FREE}),
        "seed": ("0", dict.fromkeys(["'a'", "-1", "2.5", "object()", "float('nan')", "A", "1j", "lambda: 1"], NOTHING) | {"None": FREE, "np.int64(3)": FREE, "True": FREE, "[1, 2]": FREE}),
        "optimizer": ("None", dict.fromkeys(["'nothing'", "0", "-1", "sn.GradientDescent", "object()", "lambda: 1", "float('nan')", "[0.1]", "{}", "A", "1j", "sn", "10**400", "()"], NOTHING) | {"0.1": FREE, "'sgd'": FREE, "True": FREE, "np.float64(0.1)": FREE}),
        "initializer": ("None", dict.fromkeys(["'nothing'", "1", "sn.uniform", "object()", "lambda: 1", "lambda s, g: np.ones((9, 9))", "lambda s, g: None", "lambda s, g: np.full(s, np.nan)", "lambda s, g: 'a'", "A", "{}", "lambda s, g: 1/0", "np.ones((2, 3))", "sn.glorot", "sn.zeros", "lambda s, g: g.normal(size=s) + 1j", "lambda s: np.ones(s)"], NOTHING) | {"lambda s, g: np.ones(s).tolist()": FREE, "'zeros'": FREE, "lambda s, g: np.ones(s, int)": FREE, "'glorot'": FREE, "lambda s, g: 1.0": FREE, "lambda s: np.ones(s)": FREE}),
        "dtype": ("None", DTYPE),
        "parameters": ("[W, b]", dict.fromkeys(["3", "'Q'", "[3]", "[W]", "[None]", "[W*X, b]", "{'Q': w0}", "{W: 'a'}", "{W: None}", "{3: 1}", "{W: np.ones((3, 2))}", "object()", "A", "{W: np.full((2, 3), np.nan)}", "{X: values['X']}", "{W: w0 + 1j}", "int", "[W, W, b]", "{W.T: w0.T}", "[[W, b]]", "1.5", "b", "{W: lambda: 1}"], NOTHING) | {"{}": FREE, "[]": FREE, "None": FREE, "{W: w0}": FREE, "(W, b)": FREE, "['W', 'b']": FREE, "{W, b}": FREE, "(w for w in [W, b])": FREE, "loss": NOTHING, "'W'": NOTHING}),
        "callback": ("None", dict.fromkeys(["3", "'a'", "object()", "[]", "A"], NOTHING) | {"lambda *args: None": FREE}),
        "progress": ("False", dict.fromkeys(["'x'", "None", "3"], FREE)),
    }  # fmt: skip
    calls = []
    for name, argument in options.items():
        more = "" if name == "progress" else ", progress=False"
        more += "" if name == "epochs" else ", epochs=2"
        calls.append(Call(f"sn.train(loss, data, {name}={{0}}{more}).loss", (argument,), compare=accepted))
    data = dict.fromkeys([
        "None", "[]", "{}", "3", "'X'", "{'X': values['X'], 'lam': 0.1}", "{**data, 'Q': 1}", "{**data, 3: 1}", "{**data, 'X': values['X'].T}", "{**data, 'X': None}", "{**data, 'Y': values['Y'].T}",
        "{**data, 'X': values['X'][:, :3]}", "{**data, 'X': values['X'] + 1j}", "{**data, 'X': np.full((3, 4), np.nan)}", "{**data, 'X': np.ones((3, 0)), 'Y': np.ones((2, 0))}", "{**data, X: values['X']}",
        "(v for v in [1])", "object()", "values['X']", "{**data, 'lam': 'a'}", "{**data, 'lam': None}", "{**data, 'lam': [1, 2]}", "{**data, 'W': w0, 'b': values['b']}", "{**data, 'Y': ['a', 'b']}", "[values['X'], values['Y']]",
        "{'Y': values['Y'], 'lam': 0.1}", "{**data, 'n': 7}", "{**data, 'X': 'a'}", "{**data, 'Y': [0, 1, 2, 0]}", "{**data, 'X': values['X'][0]}",
    ], NOTHING) | {"{**data, 'n': 4}": FREE, "{**data, 'X': values['X'].tolist()}": FREE}  # fmt: skip
    calls.append(Call("sn.train(loss, {0}, epochs=2, progress=False).loss", (("data", data),), compare=accepted))
    calls.append(Call("sn.train({0}, data, epochs=2, progress=False).loss", (("loss", LOSS),), compare=accepted))
    return calls


MORE = """\
grads = {name: np.copy(g) for name, g in _grads.items()}
data = {name: values[name] for name in ("X", "Y", "lam")}
w0 = values["W"]
"""


def _folder() -> str:
    from .newer import FOLDER

    return FOLDER.name


def _space() -> dict[str, Any]:
    values = {name: np.copy(v) if np.ndim(v) else v for name, v in VALUES.items() if name != "n"}
    return {
        "values": values,
        "_grads": _gradients(VALUES),
        "folder": _folder(),
        **{f"kept_{k}": v for k, v in values.items() if np.ndim(v)},
    }


def _replaced(call: Call, position: int, wrong: str, meaning: Any) -> Case:
    texts = [text for text, _ in call.arguments]
    texts[position] = wrong
    code = "result = " + call.text.format(*texts)

    def wanted(space: dict[str, Any]) -> Any:
        if meaning is NOTHING:
            return NOTHING
        if meaning is FREE or call.value is None:
            return FREE
        numbers = [meaning if k == position else _meaning(text) for k, text in enumerate(texts)]
        try:
            found = call.value(*numbers)
        except (ValueError, TypeError, IndexError):
            return NOTHING
        return found

    def compare(space: dict[str, Any], found: Any) -> str | None:
        if found is FREE:
            return None if call.compare in (same_value, _number_of, accepted) else call.compare(space, found)
        return call.compare(space, found)

    return Case(call.text, SETUP + MORE, code, _space, wanted, compare, call.ours)


def calls() -> list[Case]:
    """Give every call with every wrong value, one at a time."""
    from .networks import networks
    from .newer import newer_calls

    return [
        _replaced(call, position, wrong, meaning)
        for call in [*_expression_calls(), *_workshop_calls(), *newer_calls(), *networks()]
        for position, (right, wrongs) in enumerate(call.arguments)
        for wrong, meaning in wrongs.items()
        if wrong != right
    ]
