"""How a formula is read: the one walk over an expression that every notation shares.

In: an expression of an equation. Out: what a `Style` makes of it. The walk decides on signs, fractions, brackets by
precedence, norms and inner products; a style only knows how its language writes each of them. `FORMULAS` says for each
class of nodes how it is read; a node of ours without a row is a call of its title.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic

import sympy
from sympy.logic.boolalg import BooleanAtom
from sympy import Add, HadamardProduct, MatMul, Mul, S, sift
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from symnet.expressions import (
    SCALARS, Assumed, Elementwise, Let, LetScalar, Node, Table, Total, Unit, is_subtracted, number_of, raw,
    split, squared, step,
)  # fmt: skip
from symnet.notation.spelling import ADD, ATOM, HADAMARD, POWER, PRODUCT, QUOTIENT, level_of
from symnet.notation.style import Box, Form, Names, Style


def is_negative(expr: Any) -> bool:
    """Tell whether a term of a sum is printed with a minus sign."""
    if getattr(expr, "is_Matrix", False):
        return is_subtracted(split(expr)[0])
    return not expr.is_Add and is_subtracted(expr)


class Reading(Generic[Form]):
    """The walk. `write(expr)` gives the formula in the style, `box(expr)` also how strongly it binds.

    `names`: how symbols are written; `bound`: the boxes that stand for the bound variables of an entrywise function,
    and `slots` the matrices that they are of.
    """

    def __init__(
        self,
        style: Style[Form],
        names: Names[Form] | None = None,
        bound: Mapping[Any, Box[Form]] | None = None,
        slots: Mapping[Any, Any] | None = None,
    ) -> None:
        self.style = style
        self.names = Names(style) if names is None else names
        self.bound = bound or {}
        self.slots = slots or {}

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

    def sum(self, terms: Iterable[Any]) -> Box[Form]:
        """Read terms with their signs, what is subtracted last; a single one may be what begins with a minus sign."""
        terms = _flat(terms)
        if len(terms) > 1:
            terms = [_without_ones(term) for term in terms]
        signed = [(is_negative(term), term) for term in sorted(terms, key=is_negative)]
        written = [(minus, self.write(_negated(term) if minus else term, QUOTIENT)) for minus, term in signed]
        return self.style.signed_sum(written), ADD

    def matrix_product(self, expr: Any) -> Box[Form]:
        """Read a product of matrices, with its scalar coefficient as a factor or over a fraction bar."""
        if is_negative(expr):
            return self.sum([expr])
        c, A = split(expr)
        factors = A.args if isinstance(A, MatMul) else [A]
        number, first = number_of(factors[0]) if len(factors) > 1 else (S.One, factors[0])
        factors = [first, *factors[1:]]
        top, bottom = _over_and_under(c * number)
        if len(factors) == 1:
            product = self.box(factors[0])
        else:
            product = self.style.dot([self.write(f, PRODUCT) for f in factors]), PRODUCT
        return self._over(product if top is S.One else self._scaled(self.box(top), product), bottom)

    def _scaled(self, c: Box[Form], a: Box[Form]) -> Box[Form]:
        return self.style.scaled(self.at_least(c, PRODUCT), self.at_least(a, PRODUCT)), PRODUCT

    def _over(self, above: Box[Form], bottom: Any) -> Box[Form]:
        return above if bottom is S.One else self.fraction(above, self.box(bottom), False)

    def fraction(self, above: Box[Form], below: Box[Form], entrywise: bool) -> Box[Form]:
        """Read a quotient, in brackets where the style does not stack it."""
        if self.style.stacks_fractions and not entrywise:
            return self.style.fraction(above[0], below[0]), PRODUCT
        if entrywise:
            return self.style.quotient((self.at_least(above, POWER), self.at_least(below, ATOM))), HADAMARD
        return self.style.fraction(self.at_least(above, PRODUCT), self.at_least(below, POWER)), PRODUCT

    def product(self, expr: Any) -> Box[Form]:
        """Read a product of scalars, or of entries where some of its factors are bound to matrices."""
        if is_negative(expr):
            return self.sum([expr])
        top, bottom = _over_and_under(expr)
        varying, scalars = sift(top.as_ordered_factors(), self._varies, binary=True)
        varying_below, below = sift(Mul.make_args(bottom), self._varies, binary=True)
        above = self._entrywise(varying, varying_below) if varying or varying_below else self._times(scalars)
        if (varying or varying_below) and scalars != [S.One]:
            above = self._scaled(self._times(scalars), above) if scalars else above
        return self._over(above, Mul(*below))

    def _entrywise(self, above: list[Any], below: list[Any]) -> Box[Form]:
        parts = [(self, f) for f in sorted(above, key=lambda f: f.is_Add)]
        return self._quotient(parts, [(self, f) for f in below])

    def _quotient(self, above: list[Any], below: list[Any]) -> Box[Form]:
        top = self._factors(above) if above else (self.style.number(S.One), ATOM)
        return self.fraction(top, self._factors(below), True) if below else top

    def _varies(self, expr: Any) -> bool:
        return bool(self.bound) and not expr.free_symbols.isdisjoint(self.bound)

    def _times(self, factors: list[Any]) -> Box[Form]:
        if len(factors) == 1:
            return self.box(factors[0])
        after = factors[1].base if factors[1].is_Pow else factors[1]
        numeric = factors[0].is_Number and not after.is_Number
        return self.style.times([self.write(f, PRODUCT) for f in factors], numeric), PRODUCT

    def _factors(self, parts: Iterable[tuple[Reading[Form], Any]]) -> Box[Form]:
        # a product entry by entry, each factor in the reading of the function that it comes from; equal ones are powers
        found: dict[Any, tuple[Reading[Form], Any]] = {}
        times: Counter[Any] = Counter()
        for reading, factor in parts:
            repeated = factor.is_Pow and factor.exp.is_Integer and factor.exp > 1 and reading._varies(factor)
            base, exponent = factor.args if repeated else (factor, S.One)
            key = reading._key(base)
            found.setdefault(key, (reading, base))
            times[key] += int(exponent)
        boxes: list[Box[Form]] = []
        for key, (reading, base) in found.items():
            if isinstance(key, sympy.MatrixSymbol) and times[key] <= 3:
                boxes += [reading.box(base)] * times[key]
            else:
                boxes.append(reading.box(base) if times[key] == 1 else reading.raised(base, S(times[key]), True))
        if len(boxes) == 1:
            return boxes[0]
        plain = all(level == ATOM for _, level in boxes)
        written = [form if level in (HADAMARD, POWER, ATOM) else self.style.paren(form) for form, level in boxes]
        return self.style.hadamard(written, plain), HADAMARD

    def _key(self, factor: Any) -> Any:
        if factor in self.slots:
            return self.slots[factor]
        within = [v for v in self.slots if v in factor.free_symbols]
        return (factor, *(self.slots[v] for v in within)) if within else factor

    def hadamard(self, expr: Any) -> Box[Form]:
        """Read an entrywise product; what an entrywise factor is made of stands beside the others, or below them."""
        above: list[Any] = []
        below: list[Any] = []
        for factor in expr.args:
            inner, body = self.inside(factor) if isinstance(factor, Elementwise) else (self, factor)
            if isinstance(factor, HadamardProduct):
                above.extend((self, a) for a in factor.args)
                continue
            top, bottom = _over_and_under(body) if isinstance(factor, Elementwise) else (body, S.One)
            parts, unders = top.as_ordered_factors() if inner is not self else [top], Mul.make_args(bottom)
            parts = [f for f in parts if f is not S.One]
            unders = [f for f in unders if f is not S.One]
            if inner is self or body.is_Add or not all(map(inner._varies, [*parts, *unders])):
                above.append((self, factor))
            else:
                above.extend((inner, f) for f in parts)
                below.extend((inner, f) for f in unders)
        return self._quotient(above, below)

    def power(self, expr: Any) -> Box[Form]:
        """Read a power of a scalar or of each entry: small ones as products, negative ones as fractions."""
        base, exponent = expr.args
        varies, whole = self._varies(base), _root_of_square(base)
        if whole is not None and (2 * exponent).is_Integer and exponent.is_positive:
            return self._norm(whole, 2 * exponent)
        if exponent.could_extract_minus_sign() and not exponent.is_Add:
            form, level = self.fraction((self.style.number(S.One), ATOM), self.box(base**-exponent), varies)
            return form, QUOTIENT if varies else level
        if exponent == S.Half:
            return self.style.root(self.write(base), expr), ATOM
        if varies and exponent.is_Integer and exponent <= 3:
            return self._factors([(self, expr)])
        return self.raised(base, exponent, varies or self._varies(exponent))

    def _norm(self, A: Any, exponent: Any) -> Box[Form]:
        form = self.style.norm(self.write(A), exponent == 2)
        return (form, ATOM) if exponent <= 2 else (self.style.power(form, self.write(exponent), False, True), POWER)

    def raised(self, base: Any, exponent: Any, entrywise: bool) -> Box[Form]:
        """Read a power with its exponent."""
        raised = self.write(base, ATOM) if _root_of_square(base) is None else self.style.paren(self.write(base))
        return self.style.power(raised, self.write(exponent), entrywise, bool(exponent.is_Integer)), POWER

    # -- functions

    def inside(self, expr: Any) -> tuple[Reading[Form], Any]:
        """Give the reading in which the variables of a function are the matrices it is of, and what to read in it."""
        function, *operands = expr.args
        slots = list(zip(function.variables, operands, strict=True))
        of = {v: a for v, a in slots if a.is_Matrix}
        inner = Reading(self.style, self.names, {v: self.box(a) for v, a in of.items()}, of)
        return inner, function.expr.xreplace({v: a for v, a in slots if not a.is_Matrix})

    def step(self, expr: Any) -> Box[Form]:
        """Read [x > 0] with what is subtracted on the other side."""
        terms = Add.make_args(expr.args[0])
        above = [t for t in terms if not is_negative(t)]
        below = [-t for t in terms if is_negative(t)]
        a, b = (self.write(Add(*side)) for side in (above or below, below if above else above))
        return self.style.bracket(a, ">" if above else "<", b), ATOM

    # -- matrices and what makes scalars of them

    def total(self, expr: Total) -> Box[Form]:
        """Read a sum of entries as a squared norm or an inner product where it is one."""
        A, whole = expr.args[0], _root_of_square(expr)
        if whole is not None:
            return self.style.norm(self.write(whole), True), ATOM
        if isinstance(A, HadamardProduct) and len(A.args) == 2:
            rest = [a for a in A.args if not isinstance(a, sympy.Identity)]  # tr(A) is ⟨A, I⟩
            return self.box(sympy.Trace(*rest)) if len(rest) == 1 else (self.style.inner(*map(self.write, rest)), ATOM)
        return self.call(expr, "sum", [A])

    def ones(self, expr: Any) -> Box[Form]:
        """Read a matrix of ones."""
        rows, cols = (None if size == 1 else self.write(size) for size in expr.shape)
        return self.style.ones(rows, cols), PRODUCT if rows and cols else ATOM

    def number(self, expr: Any) -> Box[Form]:
        """Read a number, with its sign before it and a fraction as one."""
        if expr.is_negative:
            return self.sum([expr])
        if expr.is_Rational and expr.q != 1:
            return self.fraction((self.style.number(S(expr.p)), ATOM), (self.style.number(S(expr.q)), ATOM), False)
        return self.style.number(expr), level_of(expr)

    def node(self, expr: Any) -> Box[Form]:
        """Read a node of ours as a call of its title, with its labels beside its operands."""
        return self.call(expr, expr.title or type(expr).__name__, expr.operands, expr.labels)


def _flat(terms: Iterable[Any]) -> list[Any]:
    # a sum inside a sum needs no brackets
    found: list[Any] = []
    for term in terms:
        found.extend(_flat(term.args) if isinstance(term, sympy.MatAdd) else [term])
    return found


def _root_of_square(expr: Any) -> Any:
    # A where an expression is the sum of A∘A, or of M∘M∘D∘D, which is ‖M∘D‖²
    if squared(expr) is not None or not (isinstance(expr, Total) and isinstance(expr.args[0], HadamardProduct)):
        return squared(expr)
    times = Counter(expr.args[0].args)
    if any(n % 2 for n in times.values()):
        return None
    return raw(HadamardProduct, *[a for a, n in times.items() for _ in range(n // 2)])


def _without_ones(term: Any) -> Any:
    # in a sum a number stands for itself in every entry
    c, A = split(term) if term.is_Matrix else (S.One, None)
    return c if isinstance(A, sympy.OneMatrix) else term


def _negated(expr: Any) -> Any:
    if not getattr(expr, "is_Matrix", False):
        return -expr
    c, A = split(expr)
    return A if c == -1 else MatMul(-c, *(A.args if isinstance(A, MatMul) else (A,)), evaluate=False)


def _over_and_under(c: Any) -> tuple[Any, ...]:
    above, below = [], []  # SymPy multiplies 2(a − b) out
    for factor in Mul.make_args(c):
        if factor.is_Rational and factor.q != 1:
            above.append(S(factor.p))
            below.append(S(factor.q))
        elif factor.is_Pow and factor.exp.could_extract_minus_sign() and not factor.exp.is_Add:
            below.append(factor.base ** (-factor.exp))
        elif not (factor.is_Number and float(factor) == 1):  # nor 1.0
            above.append(factor)
    return tuple(Mul(*f, evaluate=len(f) != 2 or not any(a.is_Add for a in f)) for f in (above, below))


FORMULAS: Table[Callable[[Reading[Any], Any], Box[Any]]] = Table(
    "formula",
    "say how it is read, symnet.FORMULAS[{name}] = lambda reading, node: reading.call(node, '{name}', node.args)",
    {
        **dict.fromkeys((sympy.MatrixSymbol, sympy.Symbol), lambda r, e: r.names[e.name]),
        **dict.fromkeys((Let, LetScalar), lambda r, e: r.names[e.args[0].name]),
        Add: lambda r, e: r.sum(e.as_ordered_terms()),
        sympy.MatAdd: lambda r, e: r.sum(e.args),
        Mul: Reading.product,
        MatMul: Reading.matrix_product,
        HadamardProduct: Reading.hadamard,
        sympy.Pow: Reading.power,
        sympy.HadamardPower: lambda r, e: r.raised(e.base, e.exp, True),
        sympy.MatPow: lambda r, e: (
            r.style.matrix_power(r.write(e.base, ATOM), r.write(e.exp), bool(e.exp.is_Integer)),
            POWER,
        ),
        **dict.fromkeys((Elementwise, ElementwiseApplyFunction), lambda r, e: Reading.box(*r.inside(e))),
        Assumed: lambda r, e: r.box(e.args[0]),
        Total: Reading.total,
        sympy.DotProduct: lambda r, e: (r.style.inner(*map(r.write, e.args)), ATOM),
        sympy.Trace: lambda r, e: r.call(e, "tr", [e.arg]),
        sympy.Determinant: lambda r, e: r.call(e, "det", [e.arg]),
        sympy.OneMatrix: Reading.ones,
        sympy.ZeroMatrix: lambda r, e: (r.style.number(S.Zero), ATOM),
        sympy.Identity: lambda r, e: (r.style.identity(r.write(e.shape[0])), ATOM),
        Unit: lambda r, e: r.call(e, "unit", e.args),
        sympy.MatrixBase: lambda r, e: (r.style.constant([[r.write(a) for a in row] for row in e.tolist()]), ATOM),
        sympy.Number: Reading.number,
        sympy.NumberSymbol: lambda r, e: (r.style.number(e), ATOM),
        step: Reading.step,
        sympy.Abs: lambda r, e: (r.style.absolute(r.write(e.args[0])), ATOM),
        sympy.Piecewise: lambda r, e: (
            r.style.cases([(r.write(v), None if c is S.true else r.write(c)) for v, c in e.args]),
            ATOM,
        ),
        sympy.Rel: lambda r, e: (r.style.condition(r.write(e.lhs), e.rel_op, r.write(e.rhs)), PRODUCT),
        sympy.And: lambda r, e: (r.style.both([r.write(a, PRODUCT) for a in e.args]), HADAMARD),
        sympy.Or: lambda r, e: (r.style.either([r.write(a, HADAMARD) for a in e.args]), ADD),
        sympy.Not: lambda r, e: r.call(e, "not", e.args),
        BooleanAtom: lambda r, e: (r.style.name("true" if e else "false"), ATOM),
        sympy.core.function.Application: lambda r, e: r.call(e, type(e).__name__, e.args),
        Node: Reading.node,
    },
)
