"""How a formula is read: the one walk over an expression that every notation shares.

In: an expression of an equation. Out: what a `Style` makes of it. The walk decides on signs, fractions, brackets by
precedence, norms and inner products; a style only knows how its language writes each of them. `FORMULAS` says for each
class of nodes how it is read; a node of ours without a row is a call of its title.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic

from sympy import (
    Abs,
    Add,
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
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
)  # fmt: skip
from sympy.core.function import Application
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Or
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions import SCALARS, Distribution, Elementwise, Let, LetScalar, Node, Table, Total, Unit, split, step
from symnet.notation.style import ADD, ATOM, HADAMARD, POWER, PRODUCT, QUOTIENT, Box, Form, Names, Style


def is_negative(expr: Any) -> bool:
    """Tell whether a term of a sum is printed with a minus sign."""
    if getattr(expr, "is_Matrix", False):
        return bool(split(expr)[0].could_extract_minus_sign())
    return not expr.is_Add and bool(expr.could_extract_minus_sign())


class Reading(Generic[Form]):
    """The walk. `write(expr)` gives the formula in the style, `box(expr)` also how strongly it binds.

    `names`: how symbols are written; `bound`: the boxes that stand for the bound variables of an entrywise function.
    """

    def __init__(
        self, style: Style[Form], names: Names[Form] | None = None, bound: Mapping[Any, Box[Form]] | None = None
    ) -> None:
        self.style = style
        self.names = names or Names(style)
        self.bound = bound or {}

    def write(self, expr: Any, least: int = ADD) -> Form:
        """Write an expression, in brackets where it binds less than `least`."""
        return self.at_least(self.box(expr), least)

    def at_least(self, box: Box[Form], least: int) -> Form:
        """Give a box in brackets where it binds less than `least`."""
        return box[0] if box[1] >= least else self.style.paren(box[0])

    def box(self, expr: Any) -> Box[Form]:
        """Give the formula and its precedence. Raises `TypeError` where nothing is known of how to read it."""
        return self.bound[expr] if expr in self.bound else FORMULAS.of(expr)(self, expr)

    def call(self, node: Any, word: str, operands: Iterable[Any], labels: Iterable[str] = ()) -> Box[Form]:
        """Read a node as a call of a function: of what it says it is called, else of the word."""
        row = SCALARS.find(node)
        head = (row.names.get(self.style.key) if row else None) or self.style.word(word)
        arguments = [self.write(a) for a in operands]
        return self.style.call(node, head, arguments, tuple(labels)), ATOM

    # -- sums and products, of matrices and of scalars, and entry by entry

    def sum(self, expr: Any) -> Box[Form]:
        """Read a sum, what is subtracted last."""
        terms = list(expr.args) if isinstance(expr, MatAdd) else list(expr.as_ordered_terms())
        signed = [(is_negative(term), term) for term in sorted(terms, key=is_negative)]
        written = [(minus, self.write(_negated(term) if minus else term, QUOTIENT)) for minus, term in signed]
        return self.style.signed_sum(written), ADD

    def minus(self, expr: Any) -> Box[Form]:
        """Read what begins with a minus sign."""
        return self.style.signed_sum([(True, self.write(_negated(expr), QUOTIENT))]), ADD

    def matrix_product(self, expr: Any) -> Box[Form]:
        """Read a product of matrices, with its scalar coefficient as a factor or over a fraction bar."""
        if is_negative(expr):
            return self.minus(expr)
        c, A = split(expr)
        factors = list(A.args) if isinstance(A, MatMul) else [A]
        top, bottom = _over_and_under(c)
        if len(factors) > 1:
            product = self.style.dot([self.write(f, PRODUCT) for f in factors]), PRODUCT
        else:
            product = self.box(factors[0])
        if top is not S.One:
            product = self.style.scaled(self.write(top, PRODUCT), self.at_least(product, PRODUCT)), PRODUCT
        return self._over(product, bottom)

    def _over(self, above: Box[Form], bottom: Any) -> Box[Form]:
        return above if bottom is S.One else self.fraction(above, self.box(bottom), False)

    def fraction(self, above: Box[Form], below: Box[Form], entrywise: bool) -> Box[Form]:
        """Read a quotient, in brackets where the style does not stack it."""
        if self.style.stacks_fractions and not entrywise:
            return self.style.fraction(above[0], below[0]), PRODUCT
        parts = self.at_least(above, PRODUCT), self.at_least(below, ATOM)
        return (self.style.quotient(parts), HADAMARD) if entrywise else (self.style.fraction(*parts), PRODUCT)

    def product(self, expr: Any) -> Box[Form]:
        """Read a product of scalars, or of entries where some of its factors are bound to matrices."""
        if is_negative(expr):
            return self.minus(expr)
        top, bottom = _over_and_under(expr)
        varying_below = [f for f in Mul.make_args(bottom) if self._varies(f)]
        factors = list(top.as_ordered_factors()) if isinstance(top, Mul) else [top] if top != 1 else []
        varying = [f for f in factors if self._varies(f)]
        above = self._scalars([f for f in factors if not self._varies(f)])
        if varying:
            entries = self.entries([self.box(f) for f in varying])
            if above is None:
                above = entries
            else:
                above = self.style.scaled(self.at_least(above, PRODUCT), self.at_least(entries, PRODUCT)), PRODUCT
        above = above or (self.style.number(S.One), ATOM)
        if varying_below:
            above = self.fraction(above, self.entries([self.box(f) for f in varying_below]), True)
        return self._over(above, bottom / Mul(*varying_below))

    def _varies(self, expr: Any) -> bool:
        return bool(self.bound) and not expr.free_symbols.isdisjoint(self.bound)

    def _scalars(self, factors: list[Any]) -> Box[Form] | None:
        if len(factors) < 2:
            return self.box(factors[0]) if factors else None
        after = factors[1].base if factors[1].is_Pow else factors[1]
        numeric = factors[0].is_Number and not after.is_Number
        return self.style.times([self.write(f, PRODUCT) for f in factors], numeric), PRODUCT

    def entries(self, boxes: list[Box[Form]]) -> Box[Form]:
        """Read a product entry by entry."""
        if len(boxes) == 1:
            return boxes[0]
        plain = all(level == ATOM for _, level in boxes)
        written = [form if level in (HADAMARD, POWER, ATOM) else self.style.paren(form) for form, level in boxes]
        return self.style.hadamard(written, plain), HADAMARD

    def hadamard(self, expr: Any) -> Box[Form]:
        """Read an entrywise product; the factors of an entrywise factor stand beside the others."""
        boxes: list[Box[Form]] = []
        for factor in expr.args:
            if isinstance(factor, Elementwise):
                inner, body = self._applied(factor)
                if isinstance(body, Mul) and not is_negative(body):
                    if all(inner._varies(f) and not f.is_Pow for f in body.args):
                        boxes.extend(inner.box(f) for f in body.as_ordered_factors())
                        continue
            boxes.append(self.box(factor))
        return self.entries(boxes)

    def power(self, expr: Any) -> Box[Form]:
        """Read a power of a scalar or of each entry: small ones as products, negative ones as fractions."""
        base, exponent = expr.args
        varies = self._varies(base)
        if exponent == S.Half and isinstance(base, Total) and _is_square(base):
            return self.style.norm(self.write(base.args[0].args[0]), False), ATOM
        if exponent.could_extract_minus_sign() and not exponent.is_Add:
            form, level = self.fraction((self.style.number(S.One), ATOM), self.box(base**-exponent), varies)
            return form, QUOTIENT if varies else level
        if exponent == S.Half:
            return self.style.root(self.write(base), expr), ATOM
        if varies and exponent.is_Integer and exponent <= 3:
            return self.entries([self.box(base)] * int(exponent))
        return self.raised(base, exponent, varies)

    def raised(self, base: Any, exponent: Any, entrywise: bool) -> Box[Form]:
        """Read a power with its exponent."""
        squared_norm = isinstance(base, Total) and _is_square(base)
        raised = self.style.paren(self.write(base)) if squared_norm else self.write(base, ATOM)
        return self.style.power(raised, self.write(exponent), entrywise, bool(exponent.is_Integer)), POWER

    # -- functions

    def _applied(self, expr: Elementwise) -> tuple[Reading[Form], Any]:
        slots = list(zip(expr.variables, expr.args[1:], strict=True))
        scalars = {v: a for v, a in slots if not a.is_Matrix}
        inner = Reading(self.style, self.names, {v: self.box(a) for v, a in slots if a.is_Matrix})
        return inner, expr.body.xreplace(scalars) if scalars else expr.body

    def elementwise(self, expr: Elementwise) -> Box[Form]:
        """Read a function of each entry as the function of the matrix."""
        inner, body = self._applied(expr)
        return inner.box(body)

    def applied(self, expr: ElementwiseApplyFunction) -> Box[Form]:
        """Read SymPy's `A.applyfunc(f)` likewise."""
        f = expr.function
        return Reading(self.style, self.names, {f.variables[0]: self.box(expr.expr)}).box(f.expr)

    def step(self, expr: Any) -> Box[Form]:
        """Read [x > 0] with what is subtracted on the other side."""
        terms = Add.make_args(expr.args[0])
        above = [t for t in terms if not is_negative(t)]
        below = [-t for t in terms if is_negative(t)]
        a, b = (self.write(Add(*side)) for side in (above or below, below if above else above))
        return self.style.bracket(a, ">" if above else "<", b), ATOM

    def cases(self, expr: Piecewise) -> Box[Form]:
        """Read a case distinction."""
        pairs = [(self.write(v), None if c is S.true else self.write(c)) for v, c in expr.args]
        return self.style.cases(pairs), ATOM

    def relation(self, expr: Relational) -> Box[Form]:
        """Read a comparison."""
        return self.style.condition(self.write(expr.lhs), expr.rel_op, self.write(expr.rhs)), PRODUCT

    # -- matrices and what makes scalars of them

    def total(self, expr: Total) -> Box[Form]:
        """Read a sum of entries as a squared norm or an inner product where it is one."""
        A = expr.args[0]
        if _is_square(expr):
            return self.style.norm(self.write(A.args[0]), True), ATOM
        if isinstance(A, HadamardProduct) and len(A.args) == 2:
            return self.style.inner(*[self.write(a) for a in A.args]), ATOM
        return self.call(expr, "sum", [A])

    def ones(self, expr: OneMatrix) -> Box[Form]:
        """Read a matrix of ones."""
        rows, cols = (None if size == 1 else self.write(size) for size in expr.shape)
        return self.style.ones(rows, cols), PRODUCT if rows and cols else ATOM

    def number(self, expr: Any) -> Box[Form]:
        """Read a number, with its sign before it and a fraction as one."""
        if expr.is_negative:
            return self.minus(expr)
        if expr.is_Rational and expr.q != 1:
            return self.fraction((self.style.number(S(expr.p)), ATOM), (self.style.number(S(expr.q)), ATOM), False)
        return self.style.number(expr), ATOM

    def node(self, expr: Any) -> Box[Form]:
        """Read a node of ours as a call of its title, with its labels beside its operands."""
        return self.call(expr, expr.title or type(expr).__name__, expr.operands, expr.labels)


def _negated(expr: Any) -> Any:
    if not getattr(expr, "is_Matrix", False):
        return -expr
    c, A = split(expr)
    return A if c == -1 else MatMul(-c, *(A.args if isinstance(A, MatMul) else (A,)), evaluate=False)


def _over_and_under(c: Any) -> tuple[Any, Any]:
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


def _is_square(expr: Total) -> bool:
    A = expr.args[0]
    return isinstance(A, HadamardProduct) and len(A.args) == 2 and A.args[0] == A.args[1]


FORMULAS: Table[Callable[[Reading[Any], Any], Box[Any]]] = Table(
    "formula",
    "say how it is read, symnet.FORMULAS[{name}] = lambda reading, node: reading.call(node, '{name}', node.args)",
    {
        **dict.fromkeys((MatrixSymbol, Symbol), lambda r, e: r.names.box(e.name)),
        **dict.fromkeys((Let, LetScalar), lambda r, e: r.names.box(e.args[0].name)),
        **dict.fromkeys((Add, MatAdd), Reading.sum),
        Mul: Reading.product,
        MatMul: Reading.matrix_product,
        HadamardProduct: Reading.hadamard,
        Pow: Reading.power,
        HadamardPower: lambda r, e: r.raised(e.base, e.exp, True),
        MatPow: lambda r, e: (
            r.style.matrix_power(r.write(e.base, ATOM), r.write(e.exp), bool(e.exp.is_Integer)),
            POWER,
        ),
        Transpose: lambda r, e: (r.style.transpose(r.write(e.args[0], ATOM)), ATOM),
        Inverse: lambda r, e: (r.style.inverse(r.write(e.args[0], ATOM)), POWER),
        Elementwise: Reading.elementwise,
        ElementwiseApplyFunction: Reading.applied,
        Distribution: lambda r, e: r.box(e.args[0]),
        Total: Reading.total,
        Trace: lambda r, e: r.call(e, "tr", [e.arg]),
        Determinant: lambda r, e: r.call(e, "det", [e.arg]),
        MatrixElement: lambda r, e: r.call(e, "entry", e.args),
        OneMatrix: Reading.ones,
        ZeroMatrix: lambda r, e: (r.style.number(S.Zero), ATOM),
        Identity: lambda r, e: (r.style.identity(r.write(e.shape[0])), ATOM),
        Unit: lambda r, e: r.call(e, "unit", e.args),
        MatrixBase: lambda r, e: (r.style.constant([[r.write(a) for a in row] for row in e.tolist()]), ATOM),
        Number: Reading.number,
        NumberSymbol: lambda r, e: (r.style.number(e), ATOM),
        step: Reading.step,
        Abs: lambda r, e: (r.style.absolute(r.write(e.args[0])), ATOM),
        Piecewise: Reading.cases,
        Relational: Reading.relation,
        And: lambda r, e: (r.style.both([r.write(a, PRODUCT) for a in e.args]), HADAMARD),
        Or: lambda r, e: (r.style.either([r.write(a, HADAMARD) for a in e.args]), ADD),
        Not: lambda r, e: r.call(e, "not", e.args),
        Application: lambda r, e: r.call(e, type(e).__name__, e.args),
        Node: Reading.node,
    },
)
