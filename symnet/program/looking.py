"""A chain of values as one scalar formula: the equations of its operands are looked through, a few levels deep.

In: a program that is being built, and a matrix or scalar of it. Out: the formula of its entries, and what its variables
stand for. What is larger than a step of a textbook is a variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Protocol

from sympy import (
    Expr, HadamardProduct, MatAdd, MatMul, MatrixSymbol, OneMatrix, Piecewise, Pow, S, Symbol, Transpose, ZeroMatrix,
    exp, log, preorder_traversal,
)  # fmt: skip

from symnet.expressions import Elementwise, is_light, of_entries, split, stand_in, spread_vector, transpose

DEPTH = 6  # how many equations deep a formula is looked through
LARGEST = 200  # parts of a formula; a step of a textbook has fewer


class Defining(Protocol):
    """What is asked of the program that is being built."""

    def definition(self, name: Any) -> Any: ...
    def value(self, expr: Any) -> Any: ...


class View:
    """A matrix or scalar as a scalar formula of `leaves`, {variable: what it stands for}, its equations put in."""

    def __init__(self, b: Defining) -> None:
        self.b = b
        self.leaves: dict[Any, Any] = {}
        self.named: dict[Any, Any] = {}  # formula → the value that it was put in for
        self.crossed = False
        self.risk = 0
        self.room = LARGEST
        self._known: dict[Any, Any] = {}
        self._formulas: dict[Any, tuple[Any, int]] = {}  # and the room that each has taken
        self._scalars: dict[Any, tuple[Any, int]] = {}

    def leaf(self, A: Any) -> Any:
        """Give the variable that stands for a value."""
        if A not in self._known:
            self._known[A] = stand_in(len(self._known))
            self.leaves[self._known[A]] = A
        return self._known[A]

    def __call__(self, A: Any, depth: int = DEPTH, turned: bool = False) -> Expr:
        """Give the formula of the entries of A (of its transpose where `turned`)."""
        formula, used = self._formulas.get((A, depth, turned), (None, 0))
        if formula is None or used > self.room:
            before = self.room
            formula = self._seen(A, depth, turned)
            self._formulas[A, depth, turned] = formula, before - self.room
        else:
            self.room -= used
        return formula

    def _seen(self, A: Any, depth: int, turned: bool) -> Expr:
        if not A.is_Matrix:
            return self._real(self.scalar(A, depth))
        c, rest = split(A)
        if isinstance(rest, (OneMatrix, ZeroMatrix)):
            return self._real(self.scalar(c, depth)) if isinstance(rest, OneMatrix) else S.Zero
        if isinstance(rest, Transpose):
            inside = self(rest.args[0], depth, not turned)
        else:
            definition = None if isinstance(rest, _ENTRYWISE) else meaning(self.b, rest)
            inside = self._formula(rest if isinstance(rest, _ENTRYWISE) else definition, rest, depth, turned)
            if definition is not None and inside.args:
                self.named[inside] = transpose(rest) if turned else rest
        return self._real(self.scalar(c, depth)) * inside

    def _real(self, c: Any) -> Any:
        # SymPy would look for imaginary parts, at any length
        return c.xreplace({s: self.leaf(s) for s in c.free_symbols if not s.is_real})

    def _formula(self, rhs: Any, name: Any, depth: int, turned: bool) -> Expr:
        if rhs is None or depth == 0 or not isinstance(rhs, (*_ENTRYWISE, MatMul)):
            return self.leaf(transpose(name) if turned else name)
        if isinstance(rhs, MatMul):
            c, rest = split(rhs)
            light = (
                isinstance(rest, OneMatrix)
                or is_light(rest)
                and spread_vector([a for a in rest.args if a.is_Matrix]) is None
            )
            return self(rhs, depth - 1, turned) if light else self.leaf(transpose(name) if turned else name)
        if isinstance(rhs, Elementwise) and not self._has_room(rhs.body):
            return self.leaf(transpose(name) if turned else name)
        self.crossed = True
        if isinstance(rhs, Elementwise):
            values = {v: self(a, depth - 1, turned and a.is_Matrix) for v, a in rhs.slots.items()}
            whole = put_in(rhs.body, values)
            return self.leaf(transpose(name) if turned else name) if whole is None else whole
        return of_entries(rhs, [self(a, depth - 1, turned) for a in rhs.args])

    def _has_room(self, body: Any) -> bool:
        self.room -= sum(1 for _ in islice(preorder_traversal(body), self.room + 1))
        return self.room >= 0

    def with_names(self, body: Expr, rewritten: Callable[[Expr], Expr]) -> Expr:
        """Put the names back where what they stand for is still in a `rewritten` formula, be it with the other sign."""
        for formula, name in sorted(self.named.items(), key=lambda item: -item[0].count_ops()):
            for f in dict.fromkeys((formula, rewritten(formula))):
                if f.args and (body.has(f) or f.is_Add and body.has(-f)):
                    x = self.leaf(name)
                    body = body.xreplace({f: x, -f: -x} if f.is_Add else {f: x})
        self.leaves = {x: A for x, A in self.leaves.items() if body.has(x)}
        return body

    def scalar(self, c: Any, depth: int = DEPTH) -> Expr:
        """Give a scalar with the equations of its names put in."""
        whole, risk = self._scalar(c, depth)
        self.crossed |= whole is not c
        self.risk += risk
        return whole

    def _scalar(self, c: Any, depth: int) -> tuple[Any, int]:
        # and what may overflow or lose digits in what was put in
        found = {s: self._definition(s, depth) for s in c.free_symbols}
        known = {s: formula for s, (formula, _) in found.items() if formula is not s}
        whole = put_in(c, known, LARGEST + _size(c)) if known else c
        return (c, 0) if whole is None else (whole, sum(risk for _, risk in found.values()))

    def _definition(self, s: Any, depth: int) -> tuple[Any, int]:
        if (s, depth) not in self._scalars:
            rhs = meaning(self.b, s) if depth else None
            plain = isinstance(rhs, Expr) and rhs.is_commutative and rhs.args and not rhs.atoms(MatrixSymbol)
            formula, risk = self._scalar(rhs, depth - 1) if plain else (s, 0)
            self._scalars[s, depth] = formula, risk + risk_of(rhs) if plain else 0
        return self._scalars[s, depth]


_ENTRYWISE = (Elementwise, MatAdd, HadamardProduct)


def put_in(body: Expr, values: Mapping[Any, Expr], largest: int = LARGEST) -> Expr | None:
    """Give a formula with values in place of its variables, None where it has over `largest` parts or cases in cases.

    Each value stands wherever its variable stood, so that a chain of formulas grows with the product of their sizes;
    a case distinction of any size inside another is multiplied out by SymPy.
    """
    if body.has(Piecewise) and any(value.has(Piecewise) for value in values.values()):
        return None
    sizes = {v: _size(value) for v, value in values.items()}
    if sum(sizes.get(part, 1) for part in preorder_traversal(body)) > largest:
        return None
    return body.xreplace(values)


def _size(formula: Any) -> int:
    return sum(1 for _ in islice(preorder_traversal(formula), LARGEST + 1))


def meaning(b: Defining, name: Any) -> Any:
    """Give what a name stands for, second names looked through, or None."""
    rhs = b.definition(name)
    while isinstance(rhs, (MatrixSymbol, Symbol)) and b.definition(rhs) is not None:  # a second name
        rhs = b.definition(rhs)
    return rhs


def risk_of(body: Any) -> int:
    """Count what may overflow or lose digits."""
    return sum(body.count(kind) for kind in (exp, log, Pow))
