"""SymPy's, NumPy's and Python's functions and methods, applied to our expressions and to matrix expressions with them.

Each operation is a text with {E} for the expression and, where it has a meaning, the function of plain arrays that it
stands for: what comes out is computed and compared with that, its slopes too. Expressions are small random losses and
parts of losses.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kinds import SCALAR, Generator, random_loss
from ..tree import PRELUDE, STEP, Point, Tree, drawn, written
from .judge import HOSTILE, NO_MEANING, Case

MORE = "import copy, decimal, math, pickle, scipy.sparse\nfrom sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction\n"


@dataclass(frozen=True)
class Operation:
    """`on`: which expressions it is for; `value`: (array, the subject) → what is right; None: anything but a crash."""

    text: str
    value: Any
    on: Callable[[Subject], bool] = lambda s: True


@dataclass(frozen=True)
class Subject:
    """An expression with the symbols in it: `W` a matrix, `V` another of its shape, `lam` a scalar."""

    tree: Tree
    sizes: dict[str, int]
    values: dict[str, Any]
    W: Tree | None
    lam: str | None

    def at(self, values: Any) -> Any:
        return np.asarray(Point(self.sizes, values).of(self.tree))

    def slope(self, name: str, values: Any) -> Any:
        x = np.asarray(values[name], float)
        found = np.zeros(x.shape)
        for i in np.ndindex(*x.shape):
            moved = x + 0j
            moved[i] += 1j * STEP
            found[i] = np.imag(self.at({**values, name: moved})) / STEP
        return found

    @property
    def number(self) -> bool:
        return self.tree.shape == SCALAR

    @property
    def square(self) -> bool:
        return not self.number and self.tree.shape[0] == self.tree.shape[1]

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.at(self.values))


def _number(s: Subject) -> bool:
    return s.number


def _matrix(s: Subject) -> bool:
    return not s.number


def _large(s: Subject) -> bool:
    return not s.number and s.shape != (1, 1)


def _square(s: Subject) -> bool:
    return s.square


def _known(s: Subject) -> bool:
    return not s.number and all(isinstance(size, int) for size in s.tree.shape)


def _with_w(s: Subject) -> bool:
    return s.W is not None


def _with_lam(s: Subject) -> bool:
    return s.lam is not None


def _both(*tests: Callable[[Subject], bool]) -> Callable[[Subject], bool]:
    return lambda s: all(test(s) for test in tests)


def _same(a: Any) -> Any:
    return a


REFUSED = object()

# what changes nothing
UNCHANGED = [
    "simplify({E})", "{E}.simplify()", "expand({E})", "{E}.expand()", "factor({E})", "{E}.doit()", "together({E})",
    "cancel({E})", "nsimplify({E}, rational=False)", "powsimp({E})", "trigsimp({E})", "radsimp({E})", "{E}.evalf()",
    "N({E})", "sympify({E})", "{E}.rewrite(exp)", "refine({E})", "{E}.func(*{E}.args)", "copy.copy({E})",
    "copy.deepcopy({E})", "pickle.loads(pickle.dumps({E}))", "{E}.xreplace({{}})", "{E}.subs({{}})", "{E} + 0*{E}",
    "2*{E} - {E}", "{E}/1", "1*{E}", "-(-{E})", "+{E}", "sn.let('Named', {E})", "collect({E}, lam_)", "{E}.n(5*3)",
    "{E}.replace(sin, sin)", "signsimp({E})", "expand_log({E})", "logcombine({E})", "{E}.subs(sympy.Symbol('nowhere'), 3)",
    "cse([{E}])[1][0].subs(cse([{E}])[0][::-1])", "{E}.as_dummy()", "{E}.xreplace({{sympy.Symbol('nowhere'): 3}})",
]  # fmt: skip
ARITHMETIC: list[Operation] = [
    Operation("{E} + {E}", lambda a: 2 * a),
    Operation("{E} - {E}", lambda a: 0 * a),
    Operation("2*{E}", lambda a: 2 * a),
    Operation("{E}*2", lambda a: 2 * a),
    Operation("{E}/2", lambda a: a / 2),
    Operation("{E}*Rational(1, 3)", lambda a: a / 3),
    Operation("0.5*{E}", lambda a: a / 2),
    Operation("np.float64(2)*{E}", lambda a: 2 * a),
    Operation("{E}*np.float32(2)", lambda a: 2 * a),
    Operation("-{E}", lambda a: -a),
    Operation("{E}*True", None),
    Operation("{E} + 1", lambda a: a + 1),
    Operation("1 - {E}", lambda a: 1 - a),
    Operation("{E} - 0.5", lambda a: a - 0.5),
    Operation("{E} + None", REFUSED),
    Operation("{E}*'2'", REFUSED),
    Operation("{E} + 'A'", REFUSED),
    Operation(f'{{E}} + "{HOSTILE}"', REFUSED),
    Operation(f'{{E}}*"{HOSTILE}"', REFUSED),
    Operation("{E}*1j", REFUSED),
    Operation("{E}*I", REFUSED),
    Operation("{E}*oo", REFUSED),
    Operation("{E}*float('nan')", REFUSED),
    Operation("{E}/0", REFUSED),
    Operation("{E}*{E}", lambda a: a * a, _number),
    Operation("{E}*{E}", lambda a: a @ a, _square),
    Operation("{E} @ {E}", lambda a: a @ a, _square),
    Operation("{E} @ {E}", None, _number),
    Operation("{E}**2", lambda a: a * a, _number),
    Operation("{E}**2", lambda a: a @ a, _square),
    Operation("{E}**3", lambda a: a @ a @ a, _square),
    Operation("{E}**0", lambda a: np.eye(len(a)), _square),
    Operation("{E}**Rational(1, 2)", REFUSED, _both(_square, _large)),
    Operation("{E}**lam_", REFUSED, _both(_square, _large)),
    Operation("2**{E}", lambda a: 2**a, _number),
    Operation("2**{E}", REFUSED, _large),
    Operation("{E}//2", None),
    Operation("{E} % 2", None),
    Operation("divmod({E}, 2)", None),
    Operation("abs({E})", np.abs),
    Operation("round({E})", None),
    Operation("float({E})", None),
    Operation("int({E})", None),
    Operation("complex({E})", None),
    Operation("bool({E})", None),
    Operation("{E} > 0", None),
    Operation("{E} < {E}", None),
    Operation("sum([{E}, {E}])", lambda a: 2 * a),
    Operation("Add({E}, {E}, {E})", lambda a: 3 * a),
    Operation("Mul(2, {E})", lambda a: 2 * a),
    Operation("Mul({E}, {E})", lambda a: a * a, _number),
    Operation("Mul({E}, {E})", lambda a: a @ a, _square),
    Operation("MatAdd({E}, {E})", lambda a: 2 * a, _matrix),
    Operation("MatMul(2, {E})", lambda a: 2 * a, _matrix),
    Operation("MatMul({E}, {E}.T, {E})", lambda a: a @ a.T @ a, _matrix),
    Operation("MatPow({E}, 2)", lambda a: a @ a, _square),
    Operation("HadamardProduct({E}, {E})", lambda a: a * a, _matrix),
    Operation("hadamard_product({E}, {E})", lambda a: a * a, _matrix),
    Operation("HadamardPower({E}, 2)", lambda a: a * a, _matrix),
    Operation("HadamardPower({E}, 0)", lambda a: np.ones(a.shape), _matrix),
    Operation("{E} + np.ones({s}.shape)", lambda a: a + 1, _matrix),
    Operation("np.ones({s}.shape) + {E}", lambda a: a + 1, _matrix),
    Operation("{E} @ np.eye({s}.shape[1])", _same, _matrix),
    Operation("np.eye({s}.shape[0]) @ {E}", _same, _matrix),
    Operation("np.eye({s}.shape[0]) * {E}", None, _matrix),
    Operation("sympy.eye({s}.shape[0])*{E}", _same, _matrix),
    Operation("{E} + sympy.zeros(*{s}.shape)", _same, _matrix),
    Operation("{E} + sn.sum({E})", None, _matrix),
    Operation("sn.sum({E}) + {E}", None, _matrix),
]
FUNCTIONS = {
    "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "sqrt": np.sqrt, "Abs": np.abs,
    "sign": np.sign, "floor": np.floor, "ceiling": np.ceil, "re": np.real, "im": np.imag, "conjugate": np.conj,
    "atan": np.arctan, "sinh": np.sinh, "Heaviside": lambda a: np.heaviside(a, 0.5), "cbrt": np.cbrt, "gamma": None,
    "LambertW": None, "zeta": None, "factorial": None, "frac": None, "arg": None, "erfinv": None, "besselj(0, ": None,
}  # fmt: skip


def _functions() -> list[Operation]:
    found = []
    for name, f in FUNCTIONS.items():
        text = f"{name}{{E}})" if "(" in name else f"{name}({{E}})"
        found.append(Operation(text, f, lambda s: s.shape in ((), (1, 1))))
        if name not in ("re", "im", "conjugate"):
            found.append(Operation(text, REFUSED, _large))
        else:
            found.append(Operation(text, f, _large))
        if f is not None:
            found.append(
                Operation(f"np.{f.__name__}({{E}})" if isinstance(f, np.ufunc) else text, f, lambda s: not s.number)
            )
    for text, f in {
        "Max({E}, 0)": lambda a: np.maximum(a, 0), "Min({E}, 0.25)": lambda a: np.minimum(a, 0.25),
        "Max({E}, -{E}, lam_)": None, "1/{E}": lambda a: 1 / a, "{E}**-2": lambda a: a**-2.0,
        "Piecewise(({E}, {E} > 0), (0, True))": lambda a: np.maximum(a, 0), "Heaviside({E})*{E}": lambda a: np.maximum(a, 0),
        "exp({E})/(1 + exp({E}))": lambda a: 1 / (1 + np.exp(-a)), "log(exp({E}))": lambda a: a,
        "sqrt({E}**2)": np.abs, "sign({E})*{E}": np.abs, "Integral({E}, lam_)": REFUSED, "Derivative({E}, nowhere)": None,
        "Subs({E}, lam_, 2)": None, "Sum({E}, (nowhere, 1, 3))": None, "Function('f')({E})": REFUSED,
        "atan2({E}, 1)": lambda a: np.arctan2(a, 1), "Mod({E}, 2)": None, "DiracDelta({E})": None,
        "Lambda(nowhere, {E})(1)": _same, "ITE({E} > 0, True, False)": None, "UnevaluatedExpr({E})": None,
        "factorial({E})": None, "binomial({E}, 2)": None, "Order({E})": None, "Eq({E}, 0)": None, "Not({E})": None,
        "FiniteSet({E})": None, "Tuple({E})": None, "Interval(0, {E})": None, "limit({E}, nowhere, 0)": None,
        "series({E}, nowhere, 0, 3)": None, "integrate({E}, nowhere)": None, "solve({E}, lam_)": None, "Poly({E})": None,
        "apart({E})": None, "minimum({E}, lam_)": None, "is_increasing({E})": None, "degree({E})": None,
    }.items():  # fmt: skip
        found.append(Operation(text, f, _number))
    return found


PARTS = [
    Operation("{E}[0, 0]", lambda a: a[0, 0], _matrix),
    Operation("{E}[-1, -1]", lambda a: a[-1, -1], _matrix),
    Operation("{E}[-1, 0]", lambda a: a[-1, 0], _matrix),
    Operation("{E}[np.int64(0), Integer(-1)]", lambda a: a[0, -1], _matrix),
    Operation("{E}[0]", lambda a: a[0, 0], _known),
    Operation("{E}[-1]", lambda a: a[-1, -1], _known),
    Operation("{E}[-1]**2 + sn.sum({E})", lambda a: a[-1, -1] ** 2 + a.sum(), _known),
    Operation("{E}[:, -1]", lambda a: a[:, -1:], _matrix),
    Operation("{E}[-1, :]", lambda a: a[-1:], _matrix),
    Operation("{E}[::-1, :]", lambda a: a[::-1], _matrix),
    Operation("{E}[:, ::-1]", lambda a: a[:, ::-1], _matrix),
    Operation("sum({E})", np.sum, _known),
    Operation("{E} + np.ones_like(shape_)", lambda a: a + 1),
    Operation("np.ones_like(shape_) - {E}", lambda a: 1 - a),
    Operation("sympy.Matrix(np.ones_like(shape_)) + {E}", lambda a: a + 1, _known),
    Operation("hadamard_product({E}, {E})", lambda a: a * a, _matrix),
    Operation("MatAdd({E}, {E})", lambda a: 2 * a, _matrix),
    Operation("MatMul({E}, {E}.T)", lambda a: a @ a.T, _matrix),
    Operation("({E} @ {E}.T)[-1, -1]", lambda a: (a @ a.T)[-1, -1], _matrix),
    *[
        Operation(text, None, _matrix)
        for text in (
            "{E}()",
            "{E}.T()",
            "iter({E})",
            "bool({E})",
            "{E} in {E}",
            "min({E})",
            "sorted({E})",
            "{E} == 0",
            "{E} != {E}",
            "{E} <= 1",
            "{E} ^ 2",
            "{E} & {E}",
            "~{E}",
            "{E}.dot({E})",
            "{E}.multiply_elementwise({E})",
            "{E}.norm()",
            "{E}.rank()",
            "{E}.reshape(1, -1)",
            "{E}.row(0)",
            "{E}.col(-1)",
            "{E}.row_join({E})",
            "{E}.is_symmetric()",
            "{E}.eigenvals()",
            "{E}.exp()",
            "{E}.vec()",
            "{E}.singular_values()",
            "{E}.QRdecomposition()",
            "np.where({E}, 1, 0)",
            "np.maximum({E}, 0)",
            "np.stack([{E}, {E}])",
            "np.einsum('ij->ji', {E})",
            "np.reshape({E}, -1)",
            "np.float64({E})",
            "np.linalg.inv({E})",
            "np.linalg.svd({E})",
            "np.concatenate([{E}, {E}])",
            "np.argmax({E})",
            "math.exp({E})",
            "np.random.permutation({E})",
            "np.save('/dev/null', {E})",
        )
    ],
    *[
        Operation(text, REFUSED, _matrix)
        for text in (
            "{E}[[0, 1]]",
            "{E}[np.array([0])]",
            "{E}[True]",
            "{E}[..., 0]",
            "{E}[1.0, 0]",
            "{E}[{E} > 0]",
            "{E}[0, 0, 0]",
            "{E}[0, True]",
            "{E}[-99, 0]",
            "{E}[0, -99]",
            "{E} + scipy.sparse.eye(2)",
            "{E} @ scipy.sparse.eye(2)",
            "{E} * scipy.sparse.csr_array(np.eye(2))",
            "{E} + memoryview(b'ab')",
            "{E} @ [[1], [2]]",
            "{E} + np.array(['a'])",
            "{E} + np.array(1j)",
            "{E} + np.ma.masked",
            "{E} * decimal.Decimal('nan')",
            "{E} + sympy.FiniteSet(1)",
            "{E} * sympy.Tuple(1)",
            "{E} + (lambda: 1)",
            "{E} + {{1: 2}}",
            "{E} + {{1}}",
            "{E} * sn.derive(sn.sum({E}), {E})",
            "{E} + np.datetime64('2020')",
            "{E} + sympy.true",
            "{E} + np.array([])",
        )
    ],
    Operation("{E}[99, 0]", REFUSED, _matrix),
    Operation("{E}[0.5, 0]", REFUSED, _matrix),
    Operation("{E}['a', 0]", REFUSED, _matrix),
    Operation("{E}[None]", None, _matrix),
    Operation("{E}[0, :]", lambda a: a[:1], _matrix),
    Operation("{E}[:, 0]", lambda a: a[:, :1], _matrix),
    Operation("{E}[0:1, 0:1]", lambda a: a[:1, :1], _matrix),
    Operation("{E}[sympy.Symbol('i'), 0]", None, _matrix),
    Operation("{E}[0, 0] + {E}[0, 0]", lambda a: 2 * a[0, 0], _matrix),
    Operation("{E}.T", lambda a: a.T, _matrix),
    Operation("{E}.transpose()", lambda a: a.T, _matrix),
    Operation("{E}.T.T", _same, _matrix),
    Operation("Transpose({E})", lambda a: a.T, _matrix),
    Operation("Transpose({E}).doit()", lambda a: a.T, _matrix),
    Operation("{E}.adjoint()", lambda a: a.T, _matrix),
    Operation("Adjoint({E})", lambda a: a.T, _matrix),
    Operation("{E}.H", lambda a: a.T, _matrix),
    Operation("{E}.conjugate()", _same),
    Operation("{E}.as_real_imag()[0]", _same),
    Operation("{E}.as_explicit()", None, _matrix),
    Operation("Matrix({E})", None, _matrix),
    Operation("{E}.as_mutable()", None, _matrix),
    Operation("list({E})", None, _matrix),
    Operation("len({E})", None, _matrix),
    Operation("np.array({E})", None),
    Operation("np.sum({E})", None),
    Operation("np.dot({E}, {E})", None),
    Operation("np.multiply({E}, {E})", None),
    Operation("np.linalg.norm({E})", None),
    Operation("np.asarray({E}, dtype=float)", None),
    Operation("{E}.applyfunc(sin)", np.sin, _matrix),
    Operation("{E}.applyfunc(lambda t: t**2 + 1)", lambda a: a * a + 1, _matrix),
    Operation("ElementwiseApplyFunction(cos, {E})", np.cos, _matrix),
    Operation("ElementwiseApplyFunction(floor, {E})", REFUSED, _large),
    Operation("{E}.applyfunc(Function('f'))", REFUSED, _matrix),
    Operation("{E}.applyfunc('sin')", None, _matrix),
    Operation("Trace({E})", np.trace, _square),
    Operation("trace({E})", np.trace, _square),
    Operation("{E}.trace()", np.trace, _square),
    Operation("Trace({E}).doit()", np.trace, _square),
    Operation("Trace({E}).simplify()", np.trace, _square),
    Operation("Trace({E}).rewrite(Sum)", None, _square),
    Operation("Trace({E})", REFUSED, lambda s: not s.number and s.shape[0] != s.shape[1]),
    Operation("Determinant({E})", np.linalg.det, _square),
    Operation("det({E})", np.linalg.det, _square),
    Operation("{E}.det()", np.linalg.det, _square),
    Operation("Inverse({E})", np.linalg.inv, lambda s: s.square and abs(np.linalg.det(s.at(s.values))) > 1e-3),
    Operation("{E}.inv()", np.linalg.inv, lambda s: s.square and abs(np.linalg.det(s.at(s.values))) > 1e-3),
    Operation("{E}.I", np.linalg.inv, lambda s: s.square and abs(np.linalg.det(s.at(s.values))) > 1e-3),
    Operation("{E}.inverse()", np.linalg.inv, lambda s: s.square and abs(np.linalg.det(s.at(s.values))) > 1e-3),
    Operation(
        "{E}*{E}.inv()", lambda a: np.eye(len(a)), lambda s: s.square and abs(np.linalg.det(s.at(s.values))) > 1e-3
    ),
    Operation("Permanent({E})", REFUSED, _square),
    Operation("KroneckerProduct({E}, {E})", lambda a: np.kron(a, a), _matrix),
    Operation("BlockMatrix([[{E}, {E}]])", lambda a: np.block([[a, a]]), _matrix),
    Operation("DiagonalMatrix({E})", None, _matrix),
    Operation("DiagMatrix({E})", lambda a: np.diag(a[:, 0]), lambda s: not s.number and s.shape[1] == 1),
    Operation("DotProduct({E}, {E})", lambda a: (a * a).sum(), lambda s: not s.number and 1 in s.shape),
    Operation("MatrixPermute({E}, sympy.combinatorics.Permutation([1, 0]))", None, lambda s: s.shape[:1] == (2,)),
    Operation("{E}.equals({E})", None),
    Operation("{E}.is_zero", None),
    Operation("{E}.is_number", None),
    Operation("{E}.is_commutative", None),
    Operation("{E}.as_coeff_Mul()", None),
    Operation("{E}.as_coeff_mmul()", None, _matrix),
    Operation("{E}.as_independent(lam_)", None, _number),
    Operation("{E}.coeff(lam_)", None, _number),
    Operation("{E}.count_ops()", None),
    Operation("{E}.sort_key()", None),
    Operation("{E}.match(lam_)", None),
    Operation("sorted([{E}, 2*{E}], key=default_sort_key)", None),
    Operation("ordered([{E}, 2*{E}])", None),
    Operation("srepr({E})", None),
    Operation("str({E}) + repr({E})", None),
    Operation("latex({E}) + pretty({E})", None),
    Operation("mathml({E}, printer='presentation')", None),
    Operation("mathematica_code({E})", None),
    Operation("pycode({E})", None),
    Operation("ccode({E})", None, _number),
    Operation("preorder_traversal({E})", None),
    Operation("hash({E})", None),
    Operation("sn.sum({E}).diff({E})", None, _matrix),
]
SUBSTITUTIONS = ["{{E}}.subs(W_, {})", "{{E}}.xreplace({{{{W_: {}}}}})", "{{E}}.subs({{{{W_: {}}}}})", "{{E}}.subs([(W_, {})])",
                 "{{E}}.replace(W_, {})", "{{E}}.subs(W_, {}, simultaneous=True)"]  # fmt: skip
REPLACED = {"V_": lambda w, v: v, "2*W_": lambda w, v: 2 * w, "sn.tanh(W_)": lambda w, v: np.tanh(w),
            "V_ - W_": lambda w, v: v - w, "W_": lambda w, v: w}  # fmt: skip


def _substitutions() -> list[Operation]:
    found = []
    for text in SUBSTITUTIONS:
        for new, f in REPLACED.items():
            if "replace(W_" in text and "W_" in new and "xreplace" not in text:
                continue  # SymPy's replace enters what it has put in

            def value(s: Subject, values: Any, f: Any = f) -> Any:
                w, v = values[s.W.name], values["V_"]
                return s.at({**values, s.W.name: f(w, v)})

            found.append(Operation(text.format(new), _ByValues(value), _with_w))
        found.append(Operation(text.format("sn.matrix('Other', 7, 7)"), REFUSED, _with_w))
        found.append(
            Operation(
                text.format("sympy.Symbol('q')"), REFUSED, _both(_with_w, lambda s: s.values[s.W.name].shape != (1, 1))
            )
        )
        found.append(Operation(text.format("None"), None, _with_w))
    for text in (
        "{{E}}.subs(lam_, {})",
        "{{E}}.xreplace({{{{lam_: sympify({})}}}})",
        "{{E}}.subs({{{{lam_: {}}}}})",
        "{{E}}.replace(lam_, sympify({}))",
    ):
        for new, f in {
            "2": lambda x: 2.0,
            "0.5": lambda x: 0.5,
            "lam_/2": lambda x: x / 2,
            "Rational(1, 3)": lambda x: 1 / 3,
        }.items():
            if "replace(lam_" in text and "lam_" in new and "xreplace" not in text:
                continue

            def value_of(s: Subject, values: Any, f: Any = f) -> Any:
                return s.at({**values, s.lam: np.float64(f(values[s.lam]))})

            found.append(Operation(text.format(new), _ByValues(value_of), _with_lam))

    def of_v(s: Subject, values: Any) -> Any:
        return s.at({**values, s.W.name: values["V_"]})

    large = _both(_with_w, lambda s: s.values[s.W.name].shape != (1, 1))
    found += [Operation(text, REFUSED, large) for text in (
        "{E}.subs(str(W_), V_)", "{E}.subs(sympy.Symbol(W_.name), V_)", "{E}.subs({{W_: 2}})", "{E}.subs([(W_, lam_)])", "{E}.subs(W_, 'V_')", "{E}.subs(W_, [[1]])",
    )]  # fmt: skip
    found += [
        Operation(text, REFUSED, _with_lam)
        for text in (
            "{E}.subs(lam_, '2')",
            "{E}.subs({{lam_: 'x'}})",
            f'{{E}}.subs(lam_, "{HOSTILE}")',
            "{E}.subs(lam_, None)",
        )
    ]
    found += [
        Operation("{E}.subs({{W_: V_, V_: W_}}, simultaneous=True)", _ByValues(of_v), _with_w),
        Operation("{E}.subs(zip([W_], [V_]))", _ByValues(of_v), _with_w),
        Operation("{E}.subs(str(lam_), 2)", _ByValues(lambda s, values: s.at({**values, s.lam: np.float64(2)})), _with_lam),
    ]  # fmt: skip
    found += [
        Operation("{E}.subs(lam_, np.ones((2, 2)))", None, _with_lam),
        Operation("{E}.subs(W_, 3)", None, _with_w),
        Operation("{E}.subs(W_, np.ones((2, 2)))", None, _with_w),
        Operation(f'{{E}}.subs(lam_, "{HOSTILE}")', None, _with_lam),
        Operation("{E}.evalf(subs={{lam_: 2}})", None, _with_lam),
        Operation("{E}.limit(lam_, 0)", None, _both(_number, _with_lam)),
    ]  # fmt: skip
    return found


class _ByValues:
    """What is right where it is no function of the expression's value alone."""

    def __init__(self, f: Callable[[Subject, Any], Any]) -> None:
        self.f = f


def _slopes() -> list[Operation]:
    def in_w(s: Subject, values: Any) -> Any:
        return s.slope(s.W.name, values)

    def in_entry(s: Subject, values: Any) -> Any:
        return s.slope(s.W.name, values)[0, 0]

    def in_lam(s: Subject, values: Any) -> Any:
        moved = {**values, s.lam: values[s.lam] + 1j * STEP}
        return np.imag(s.at(moved)) / STEP

    scalar_w, scalar_lam = _both(_number, _with_w), _both(_number, _with_lam)
    return [
        *[Operation(t, _ByValues(in_w), scalar_w) for t in (
            "{E}.diff(W_)", "sympy.diff({E}, W_)", "Derivative({E}, W_).doit()", "sn.gradient({E}, W_)",
            "derive_by_array({E}, W_)", "sn.derive({E}, W_).closed(W_)", "{E}.diff(W_).simplify()", "{E}.diff(W_).doit()",
            "sympy.simplify({E}).diff(W_)", "{E}.expand().diff(W_)",
        )],
        *[Operation(t, _ByValues(in_entry), scalar_w) for t in ("{E}.diff(W_[0, 0])", "sympy.diff({E}, W_[0, 0])", "{E}.diff(W_)[0, 0]")],
        *[Operation(t, _ByValues(in_lam), _with_lam) for t in (
            "{E}.diff(lam_)", "sympy.diff({E}, lam_)", "Derivative({E}, lam_).doit()",
        )],
        Operation("sn.gradient({E}, lam_)", _ByValues(in_lam), scalar_lam),
        Operation("Derivative({E}, W_)", _ByValues(in_w), scalar_w),
        Operation("Derivative({E}, lam_)", _ByValues(in_lam), _with_lam),
        Operation("{E}.diff(W_)", REFUSED, _both(_large, _with_w, lambda s: s.values[s.W.name].shape != (1, 1))),
        Operation("{E}.diff(W_, W_)", None, _with_w),
        Operation("{E}.diff(W_, 2)", None, _with_w),
        Operation("{E}.diff()", None),
        Operation("{E}.diff('W')", None),
        Operation("{E}.diff(2)", None),
        Operation("{E}.diff(np.ones(2))", None),
        Operation(f'{{E}}.diff("{HOSTILE}")', None),
        Operation("{E}.diff(sn.tanh(W_))", None, _with_w),
        Operation("{E}.diff(sympy.Symbol('nowhere'))", lambda a: 0 * a),
        Operation("hessian({E}, [lam_])", None, scalar_lam),
        Operation("{E}.free_symbols", None),
        Operation("{E}.has(W_)", None, _with_w),
        Operation("{E}.atoms(MatrixSymbol)", None),
        Operation("{E}.find(MatrixSymbol)", None),
        Operation("{E}.integrate(lam_)", None, scalar_lam),
        Operation("lambdify([W_], {E})", None, _with_w),
        Operation("lambdify([lam_], {E})", None, _with_lam),
        Operation("solve({E}, W_)", None, scalar_w),
        Operation("nsolve({E}, lam_, 1)", None, scalar_lam),
    ]  # fmt: skip


OPERATIONS = [
    *[Operation(text, _same) for text in UNCHANGED],
    *ARITHMETIC,
    *_functions(),
    *PARTS,
    *_substitutions(),
    *_slopes(),
]


def _subject(seed: int) -> Subject | None:
    g = Generator(seed)
    g.left = g.pick(2, 3, 4, 6)
    if g.pick(True, False, False):
        tree = g.scalar()
    else:
        shape = g.pick((2, 2), (3, 3), (2, 3), (3, 1), (1, 1), (3, "n"))
        tree = g.matrix(*shape)
    if not tree.operands:
        return None
    sizes, values = g.sizes, drawn(tree, g.sizes, seed)
    point = Point(sizes, values)
    found = np.asarray(point.of(tree))
    if not np.isfinite(found).all() or point.gap < 1e-3 or point.large > 1e4:
        return None
    matrices = [s for s in tree.symbols() if s.shape != SCALAR and s.kind == "symbol"]
    scalars = [s.name for s in tree.symbols() if s.shape == SCALAR]
    return Subject(tree, sizes, values, matrices[0] if matrices else None, scalars[0] if scalars else None)


def _case(operation: Operation, subject: Subject) -> Case:
    s = subject
    lines = [PRELUDE + MORE, *written(s.tree, "E_")]
    values = {**s.values, **s.sizes}
    if s.W is not None:
        rows, cols = s.W.shape
        lines.append(f'W_ = {s.W.name}; V_ = sn.matrix("V_", {rows}, {cols})')
        values["V_"] = np.full(np.shape(s.values[s.W.name]), 0.317) + 0.1031 * np.arange(
            np.size(s.values[s.W.name])
        ).reshape(np.shape(s.values[s.W.name]))
    lam = s.lam or 'sympy.Symbol("lam")'
    lines.append(f"lam_ = {lam}; nowhere = sympy.Symbol('nowhere')")
    if s.lam is None:
        values["lam"] = np.float64(0.6)
    values["nowhere"] = np.float64(0.9)
    code = "result = " + operation.text.format(E="E_", s="shape_")
    shape = np.empty(s.shape)

    def space() -> dict[str, Any]:
        return {"values": values, "shape_": shape}

    wanted: Any = None
    if operation.value is REFUSED:
        wanted = lambda space: NO_MEANING
    elif isinstance(operation.value, _ByValues):
        wanted = lambda space: lambda given: operation.value.f(s, given)
    elif operation.value is not None:
        wanted = lambda space: lambda given: operation.value(s.at(given))
    return Case(operation.text, "\n".join(lines), code, space, wanted, ours=False)


def methods(count: int, seed: int = 0) -> list[Case]:
    """Give `count` cases: every operation on a random expression that suits it, again and again."""
    found: list[Case] = []
    rng, number = random.Random(seed), seed * 1_000_000
    while len(found) < count:
        for operation in rng.sample(OPERATIONS, len(OPERATIONS)):
            for _ in range(60):
                number += 1
                subject = _subject(number)
                if subject is not None and operation.on(subject):
                    found.append(_case(operation, subject))
                    break
    return found[:count]


__all__ = ["OPERATIONS", "methods", "random_loss"]
