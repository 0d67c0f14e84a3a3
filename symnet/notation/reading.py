"""How a formula is read: the one walk over an expression that every printed format shares.

In: an expression of an equation. Out: what a `Style` makes of it. The walk decides on signs, fractions, brackets by
precedence, norms and inner products; a style only knows how its format writes each of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from sympy import (
    Abs,
    Add,
    Function,
    HadamardProduct,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    Not,
    Number,
    NumberSymbol,
    OneMatrix,
    Piecewise,
    Pow,
    S,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
)
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanAtom, Or
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions import (
    Distribution,
    Elementwise,
    Let,
    LetScalar,
    LogSoftmax,
    LogSumExp,
    Softmax,
    Total,
    Unit,
    maximum,
    split,
    step,
)

ADD, HADAMARD, PRODUCT, POWER, ATOM = range(5)
Box = tuple[Any, int]  # what the style made, and its precedence


class Style(ABC):
    """How one format writes each construct. Methods take and give boxes of that format (strings, or 2-D forms)."""

    stacks_fractions = False  # whether a fraction needs no brackets above and below its line

    @abstractmethod
    def name(self, text: str) -> Any:
        """A symbol."""

    @abstractmethod
    def number(self, value: Any) -> Any:
        """A number or a constant such as π."""

    @abstractmethod
    def paren(self, a: Any) -> Any:
        """Brackets around a formula."""

    @abstractmethod
    def signed_sum(self, terms: list[tuple[bool, Any]]) -> Any:
        """Terms, each with whether it is subtracted."""

    @abstractmethod
    def times(self, factors: list[Any], numeric: bool) -> Any:
        """A product of scalars; `numeric`: the first is a number and the second a name or bracket."""

    @abstractmethod
    def dot(self, factors: list[Any]) -> Any:
        """A product of matrices, or of a scalar and a matrix."""

    def scaled(self, c: Any, a: Any) -> Any:
        """A scalar times a matrix."""
        return self.dot([c, a])

    @abstractmethod
    def hadamard(self, factors: list[Any], plain: bool) -> Any:
        """An entrywise product; `plain`: every factor is a symbol or a call."""

    @abstractmethod
    def fraction(self, a: Any, b: Any, entrywise: bool) -> Any:
        """A quotient by a scalar, or entry by entry."""

    @abstractmethod
    def power(self, a: Any, exponent: Any, entrywise: bool) -> Any:
        """A power, or one of each entry."""

    @abstractmethod
    def transpose(self, a: Any) -> Any:
        """A transpose."""

    @abstractmethod
    def inverse(self, a: Any) -> Any:
        """An inverse matrix."""

    @abstractmethod
    def call(self, function: str, arguments: list[Any], node: Any) -> Any:
        """A named function."""

    @abstractmethod
    def bracket(self, a: Any, relation: str, b: Any) -> Any:
        """1 where the relation holds, else 0."""

    @abstractmethod
    def condition(self, a: Any, relation: str, b: Any) -> Any:
        """A condition inside a case distinction."""

    @abstractmethod
    def cases(self, pairs: list[tuple[Any, Any]]) -> Any:
        """A case distinction; the condition None is `otherwise`."""

    @abstractmethod
    def absolute(self, a: Any) -> Any:
        """An absolute value."""

    @abstractmethod
    def norm(self, a: Any, squared: bool) -> Any:
        """A Frobenius norm."""

    @abstractmethod
    def inner(self, a: Any, b: Any) -> Any:
        """⟨A, B⟩, the sum of A∘B."""

    @abstractmethod
    def ones(self, rows: Any, cols: Any) -> Any:
        """A matrix of ones: a column, a row or both."""

    @abstractmethod
    def identity(self, size: Any) -> Any:
        """An identity matrix."""

    @abstractmethod
    def constant(self, rows: list[list[Any]]) -> Any:
        """A matrix of numbers."""


def is_negative(expr: Any) -> bool:
    """Tell whether a term of a sum is printed with a minus sign."""
    if getattr(expr, "is_Matrix", False):
        return bool(split(expr)[0].could_extract_minus_sign())
    if expr.is_Add:
        return False
    return bool(expr.could_extract_minus_sign())


class Reading:
    """The walk. `write(expr)` gives the formula in the style."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def write(self, expr: Any, least: int = ADD) -> Any:
        """Write an expression, in brackets where its precedence is below `least`."""
        return self._at_least(self._box(expr, {}), least)

    def _at_least(self, box: Box, least: int) -> Any:
        return box[0] if box[1] >= least else self.style.paren(box[0])

    def _box(self, expr: Any, env: dict[Any, Box]) -> Box:
        if expr in env:
            return env[expr]
        for kind, method in _METHODS:
            if isinstance(expr, kind):
                return method(self, expr, env)
        return self._call(expr, env)

    # -- sums and products, of matrices and of scalars, and entry by entry

    def _sum(self, expr: Any, env: dict[Any, Box]) -> Box:
        terms = list(expr.args) if isinstance(expr, MatAdd) else list(expr.as_ordered_terms())
        terms.sort(key=is_negative)
        written = []
        for term in terms:
            negative = is_negative(term)
            positive = self._negated(term) if negative else term
            written.append((negative, self._at_least(self._box(positive, env), HADAMARD)))
        return self.style.signed_sum(written), ADD

    def _negated(self, expr: Any) -> Any:
        if getattr(expr, "is_Matrix", False):
            c, A = split(expr)
            return A if c == -1 else MatMul(-c, *(A.args if isinstance(A, MatMul) else (A,)), evaluate=False)
        return -expr

    def _minus(self, expr: Any, env: dict[Any, Box]) -> Box:
        inside = self._box(self._negated(expr), env)
        return self.style.signed_sum([(True, self._at_least(inside, HADAMARD))]), ADD

    def _matmul(self, expr: Any, env: dict[Any, Box]) -> Box:
        if is_negative(expr):
            return self._minus(expr, env)
        c, A = split(expr)
        factors = list(A.args) if isinstance(A, MatMul) else [A]
        top, bottom = self._over_and_under(c)
        written = [self._at_least(self._box(f, env), PRODUCT) for f in factors]
        product = (self.style.dot(written), PRODUCT) if len(written) > 1 else self._box(factors[0], env)
        if top is not S.One:
            scalar = self._at_least(self._box(top, env), PRODUCT)
            matrix = self._at_least(product, PRODUCT)
            product = (self.style.scaled(scalar, matrix), PRODUCT)
        return self._over(product, bottom, env)

    def _over(self, above: Box, bottom: Any, env: dict[Any, Box]) -> Box:
        if bottom is S.One:
            return above
        below = self._box(bottom, env)
        return self.style.fraction(
            self._fraction_part(above, PRODUCT), self._fraction_part(below, ATOM), False
        ), PRODUCT

    def _fraction_part(self, box: Box, least: int) -> Any:
        return box[0] if self.style.stacks_fractions else self._at_least(box, least)

    def _over_and_under(self, c: Any) -> tuple[Any, Any]:
        above, below = [], []
        for factor in Mul.make_args(c):
            if factor.is_Rational and factor.q != 1:
                above.append(S(factor.p))
                below.append(S(factor.q))
            elif factor.is_Pow and factor.exp.could_extract_minus_sign() and not factor.exp.is_Add:
                below.append(factor.base ** (-factor.exp))
            else:
                above.append(factor)
        return Mul(*above), Mul(*below)

    def _mul(self, expr: Any, env: dict[Any, Box]) -> Box:
        if is_negative(expr):
            return self._minus(expr, env)
        top, bottom = self._over_and_under(expr)
        varying_bottom = [f for f in Mul.make_args(bottom) if self._varies(f, env)]
        fixed_bottom = bottom / Mul(*varying_bottom)
        factors = [f for f in Mul.make_args(top) if f != 1]
        if isinstance(top, Mul):
            factors = list(top.as_ordered_factors())
        varying = [f for f in factors if self._varies(f, env)]
        fixed = [f for f in factors if not self._varies(f, env)]
        above = self._scalars(fixed, env)
        if varying:
            entries = self._entries([self._box(f, env) for f in varying])
            above = (
                entries
                if above is None
                else (self.style.scaled(self._at_least(above, PRODUCT), self._at_least(entries, PRODUCT)), PRODUCT)
            )
        above = above or (self.style.number(S.One), ATOM)
        if varying_bottom:
            below = self._entries([self._box(f, env) for f in varying_bottom])
            above = (
                self.style.fraction(self._fraction_part(above, PRODUCT), self._fraction_part(below, ATOM), True),
                HADAMARD,
            )
        return self._over(above, fixed_bottom, env)

    def _varies(self, expr: Any, env: dict[Any, Box]) -> bool:
        return bool(env) and not expr.free_symbols.isdisjoint(env)

    def _scalars(self, factors: list[Any], env: dict[Any, Box]) -> Box | None:
        if not factors:
            return None
        if len(factors) == 1:
            return self._box(factors[0], env)
        written = [self._at_least(self._box(f, env), PRODUCT) for f in factors]
        numeric = factors[0].is_Number and not factors[1].is_Number
        return self.style.times(written, numeric), PRODUCT

    def _entries(self, boxes: list[Box]) -> Box:
        if len(boxes) == 1:
            return boxes[0]
        plain = all(level == ATOM for _, level in boxes)
        return self.style.hadamard(
            [b if lv in (HADAMARD, ATOM, POWER) else self.style.paren(b) for b, lv in boxes], plain
        ), HADAMARD

    def _hadamard(self, expr: Any, env: dict[Any, Box]) -> Box:
        boxes: list[Box] = []
        for factor in expr.args:
            body = self._body(factor) if isinstance(factor, Elementwise) else None
            if isinstance(body, Mul) and not is_negative(body):
                inner = self._env(factor, env)
                if all(self._varies(f, inner) and not f.is_Pow for f in body.args):
                    boxes.extend(self._box(f, inner) for f in body.as_ordered_factors())
                    continue
            boxes.append(self._box(factor, env))
        return self._entries(boxes)

    def _pow(self, expr: Any, env: dict[Any, Box]) -> Box:
        base, exponent = expr.args
        varies = self._varies(base, env)
        if exponent == S.Half and isinstance(base, Total) and _is_square(base):
            return self.style.norm(self._box(base.args[0].args[0], env)[0], False), ATOM
        if exponent.could_extract_minus_sign() and not exponent.is_Add:
            below = self._box(base**-exponent, env)
            return self.style.fraction(self.style.number(S.One), self._fraction_part(below, ATOM), varies), PRODUCT
        if exponent == S.Half:
            return self.style.call("sqrt", [self._box(base, env)[0]], expr), ATOM
        if varies and exponent.is_Integer and exponent <= 3:
            return self._entries([self._box(base, env)] * int(exponent))
        return self.style.power(self._at_least(self._box(base, env), ATOM), self._box(exponent, env)[0], varies), POWER

    # -- functions

    def _env(self, expr: Elementwise, env: dict[Any, Box]) -> dict[Any, Box]:
        return {v: self._box(a, env) for v, a in zip(expr.variables, expr.args[1:], strict=True) if a.is_Matrix}

    def _body(self, expr: Elementwise) -> Any:
        scalars = {v: a for v, a in zip(expr.variables, expr.args[1:], strict=True) if not a.is_Matrix}
        return expr.body.xreplace(scalars) if scalars else expr.body

    def _elementwise(self, expr: Elementwise, env: dict[Any, Box]) -> Box:
        return self._box(self._body(expr), self._env(expr, env))

    def _call(self, expr: Any, env: dict[Any, Box]) -> Box:
        arguments = [self._box(a, env)[0] for a in expr.args]
        return self.style.call(type(expr).__name__, arguments, expr), ATOM

    def _along_axis(self, expr: Any, env: dict[Any, Box]) -> Box:
        names = {Softmax: "softmax", LogSoftmax: "log_softmax", LogSumExp: "logsumexp"}
        return self.style.call(names[type(expr)], [self._box(expr.args[0], env)[0]], expr), ATOM

    def _step(self, expr: Any, env: dict[Any, Box]) -> Box:
        terms = Add.make_args(expr.args[0])
        above = [t for t in terms if not is_negative(t)]
        below = [-t for t in terms if is_negative(t)]
        a, b = (self._box(Add(*side), env)[0] for side in (above or below, below if above else above))
        return self.style.bracket(a, ">" if above else "<", b), ATOM

    def _maximum(self, expr: Any, env: dict[Any, Box]) -> Box:
        return self.style.call("max", [self._box(a, env)[0] for a in expr.args], expr), ATOM

    def _absolute(self, expr: Any, env: dict[Any, Box]) -> Box:
        return self.style.absolute(self._box(expr.args[0], env)[0]), ATOM

    def _piecewise(self, expr: Any, env: dict[Any, Box]) -> Box:
        pairs = []
        for value, condition in expr.args:
            shown = None if condition is S.true else self._box(condition, env)[0]
            pairs.append((self._box(value, env)[0], shown))
        return self.style.cases(pairs), ATOM

    def _relation(self, expr: Any, env: dict[Any, Box]) -> Box:
        return self.style.condition(self._box(expr.lhs, env)[0], expr.rel_op, self._box(expr.rhs, env)[0]), ADD

    def _logic(self, expr: Any, env: dict[Any, Box]) -> Box:
        word = {And: "and", Or: "or", Not: "not"}[type(expr)]
        return self.style.call(word, [self._box(a, env)[0] for a in expr.args], expr), ATOM

    # -- matrices and what makes scalars of them

    def _transpose(self, expr: Any, env: dict[Any, Box]) -> Box:
        return self.style.transpose(self._at_least(self._box(expr.args[0], env), ATOM)), POWER + 1

    def _inverse(self, expr: Any, env: dict[Any, Box]) -> Box:
        return self.style.inverse(self._at_least(self._box(expr.args[0], env), ATOM)), POWER

    def _total(self, expr: Any, env: dict[Any, Box]) -> Box:
        A = expr.args[0]
        if isinstance(A, HadamardProduct) and len(A.args) == 2:
            if _is_square(expr):
                return self.style.norm(self._box(A.args[0], env)[0], True), ATOM
            return self.style.inner(*[self._box(a, env)[0] for a in A.args]), ATOM
        return self.style.call("sum", [self._box(A, env)[0]], expr), ATOM

    def _ones(self, expr: Any, env: dict[Any, Box]) -> Box:
        rows, cols = expr.shape
        return self.style.ones(
            None if rows == 1 else self._box(rows, env)[0], None if cols == 1 else self._box(cols, env)[0]
        ), (ATOM if 1 in (rows, cols) else PRODUCT)

    def _constant(self, expr: Any, env: dict[Any, Box]) -> Box:
        return self.style.constant([[self._box(a, env)[0] for a in row] for row in expr.tolist()]), ATOM

    def _rational(self, expr: Any, env: dict[Any, Box]) -> Box:
        if expr.is_negative:
            return self._minus(expr, env)
        if expr.is_Rational and expr.q != 1:
            return self.style.fraction(self.style.number(S(expr.p)), self.style.number(S(expr.q)), False), PRODUCT
        return self.style.number(expr), ATOM

    def _unit(self, expr: Any, env: dict[Any, Box]) -> Box:
        return self.style.call("unit", [self._box(a, env)[0] for a in expr.args], expr), ATOM


def _is_square(expr: Total) -> bool:
    A = expr.args[0]
    return isinstance(A, HadamardProduct) and len(A.args) == 2 and A.args[0] == A.args[1]


_METHODS: list[tuple[Any, Any]] = [
    ((MatrixSymbol, Symbol), lambda r, e, env: (r.style.name(e.name), ATOM)),
    (Elementwise, Reading._elementwise),
    (MatAdd, Reading._sum),
    (MatMul, Reading._matmul),
    (HadamardProduct, Reading._hadamard),
    (Transpose, Reading._transpose),
    (Inverse, Reading._inverse),
    (Distribution, lambda r, e, env: r._box(e.args[0], env)),
    ((Softmax, LogSoftmax, LogSumExp), Reading._along_axis),
    (Total, Reading._total),
    (Trace, lambda r, e, env: (r.style.call("tr", [r._box(e.arg, env)[0]], e), ATOM)),
    (Determinant, lambda r, e, env: (r.style.call("det", [r._box(e.arg, env)[0]], e), ATOM)),
    (OneMatrix, Reading._ones),
    (ZeroMatrix, lambda r, e, env: (r.style.number(S.Zero), ATOM)),
    (Identity, lambda r, e, env: (r.style.identity(r._box(e.shape[0], env)[0]), ATOM)),
    (Unit, Reading._unit),
    ((Let, LetScalar), lambda r, e, env: (r.style.name(e.args[0].name), ATOM)),
    (MatrixBase, Reading._constant),
    (Add, Reading._sum),
    (Mul, Reading._mul),
    (Pow, Reading._pow),
    (Number, Reading._rational),
    (NumberSymbol, lambda r, e, env: (r.style.number(e), ATOM)),
    (step, Reading._step),
    (maximum, Reading._maximum),
    (Abs, Reading._absolute),
    (Piecewise, Reading._piecewise),
    (Relational, Reading._relation),
    ((And, Or, Not), Reading._logic),
    (BooleanAtom, lambda r, e, env: (r.style.name(str(e)), ATOM)),
    (Function, Reading._call),
]
