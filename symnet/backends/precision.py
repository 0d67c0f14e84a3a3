"""Digits that only a look at two equations can save: 1 - A where A is sigmoid(Z) runs as sigmoid(-Z).

In: a right-hand side, and what its names stand for. Out: the same value, computed so that no digits are lost; names
stay in it wherever they do no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import (
    Add, Expr, HadamardProduct, MatAdd, OneMatrix, arg, cosh, default_sort_key, exp, im, preorder_traversal, re,
    sech, sinh, tanh,
)  # fmt: skip

from symnet.expressions import (
    PRECISE,
    Elementwise,
    Total,
    apply_entrywise,
    of_entries,
    precise,
    scaled,
    split,
    stand_in,
    total,
)

DEPTH = 8  # how many equations deep a formula is looked through
LONGEST = 24  # parts of a formula that a name is put in for
LOW = 8  # powers up to this one stay within all numbers, or nearly so
FEW = 3  # a sum or product of more terms than these is not looked through


class Formulas:
    """What is known of the equations of one program: `variables` stand for their values, each looked through once."""

    def __init__(self, definition: Callable[[Any], Any]) -> None:
        self.definition = definition
        self.variables: dict[Any, Any] = {}
        self.looked_through: dict[Any, Seen] = {}


class Seen:
    """A right-hand side as a formula of `leaves`; `named`: formula → the name that has its value."""

    def __init__(self, known: Formulas) -> None:
        self.known = known
        self.whole: Any = None
        self.leaves: dict[Any, Any] = {}
        self.named: dict[Any, Any] = {}
        self.shortened = False  # whether what has been put in is better by itself already

    def variable(self, value: Any) -> Any:
        """Give the variable that stands for a matrix or scalar."""
        variables = self.known.variables
        if value not in variables:
            variables[value] = stand_in(len(variables))
        self.leaves[variables[value]] = value
        return variables[value]

    def formula(self, value: Any, depth: int = DEPTH) -> Any:
        """Give the formula of a value or right-hand side."""
        if not value.is_Matrix:
            if value.is_Number:
                return value
            if any(s.is_Matrix for s in value.free_symbols):  # a norm or an inner product, say
                return self.variable(value)
            return value.xreplace({s: self._name(s, depth) for s in value.free_symbols})
        c, A = split(value)
        c = self.formula(c, depth)
        if isinstance(A, OneMatrix):
            return c
        whole = self._operation(A, depth) if isinstance(A, OPERATIONS) else self._name(A, depth)
        return whole if c == 1 else c * whole

    def _name(self, name: Any, depth: int) -> Any:
        looked_through = self.known.looked_through
        if (name, depth) not in looked_through:
            looked_through[name, depth] = inside = Seen(self.known)
            inside.whole = inside._found(name, depth)
        inside = looked_through[name, depth]
        self.leaves.update(inside.leaves)
        for formula, variable in inside.named.items():
            self.named.setdefault(formula, variable)
        self.shortened |= inside.shortened
        return inside.whole

    def _found(self, name: Any, depth: int) -> Any:
        rhs = self.known.definition(name) if depth else None
        if rhs is None or not _plain(rhs):
            return self.variable(name)
        formula = self.formula(rhs, depth - 1)
        if _is_long(formula):
            if not formula.has(exp, cosh, sinh) or _is_long(formula := precise(formula)):
                return self.variable(name)
            self.shortened = True
        power = formula.is_Pow and not (formula.exp.is_number and abs(formula.exp) <= LOW)
        self.shortened |= power and formula.exp.is_number
        if not (power or formula.has(*PRECISE) or formula.is_Add and any(t.is_number for t in formula.args)):
            return self.variable(name)
        self.named.setdefault(formula, self.variable(name))
        return formula

    def _operation(self, A: Any, depth: int) -> Any:
        if isinstance(A, Elementwise):
            return A.body.xreplace({v: self.formula(a, depth) for v, a in A.slots.items()})
        return of_entries(A, [self.formula(a, depth) for a in A.args])


_COMPLEX = (arg, im, re)
OPERATIONS = (Elementwise, MatAdd, HadamardProduct)


def _is_long(formula: Any) -> bool:
    return any(number >= LONGEST for number, _ in enumerate(preorder_traversal(formula)))


def _scalar(rhs: Any) -> bool:
    return isinstance(rhs, Expr) and bool(rhs.args) and all(s.is_commutative for s in rhs.free_symbols)


def _plain(rhs: Any) -> bool:
    # what a formula of scalars can stand for; long ones are left alone
    if not rhs.is_Matrix:
        return _scalar(rhs) and not hasattr(type(rhs), "ends_lookup") and len(rhs.args) <= FEW
    rest = split(rhs)[1]
    return isinstance(rest, OPERATIONS) and len(rest.args) <= FEW + 1


def precisely(known: Formulas, rhs: Any, written: bool = True) -> Any:
    """Give `rhs` computed without lost digits, or itself.

    `known`: kept for the equations of one program, so that SymPy knows their formulas.
    `written`: whether a user wrote it. The entrywise slope of tanh that a derivation needs stays 1 - A∘A, a tenth of
    the cost of a cosh: what it loses is small beside the slope of 1 that tanh has at 0.
    """
    if isinstance(rhs, Total) and isinstance(split(rhs.args[0])[1], HadamardProduct):
        inner = precisely(known, rhs.args[0], written)
        return rhs if inner is rhs.args[0] else total(inner)
    if rhs.is_Matrix and not isinstance(split(rhs)[1], OPERATIONS):
        c, rest = split(rhs)
        better = precisely(known, c, written) if _scalar(c) else c
        return rhs if better is c else scaled(better, rest)
    if not (rhs.is_Matrix or _scalar(rhs)):
        return rhs
    seen = Seen(known)
    body = seen.formula(rhs)
    better = precise(body)
    if not written and rhs.is_Matrix and better.has(sech) and not body.has(sech, cosh, sinh):
        slopes = [f for f in body.atoms(Add) if f.has(tanh) and precise(f).has(sech)]
        kept = {f: stand_in(len(known.variables) + k) for k, f in enumerate(sorted(slopes, key=default_sort_key))}
        better = precise(body.xreplace(kept)).xreplace({s: f for f, s in kept.items()})
        if better.has(sech):
            return rhs
    if better.has(*_COMPLEX) and not rhs.has(*_COMPLEX):  # SymPy could not tell that a part is real
        return rhs
    gone = any(f.is_Function and not body.has(f.func) for f in seen.named)  # φ(x)/φ(x)
    if better == body and not gone and not seen.shortened:
        return rhs
    for formula in sorted(seen.named, key=lambda f: -f.count_ops()):
        better = better.xreplace({f: seen.named[formula] for f in (formula, precise(formula)) if f.args})
    used = {v: a for v, a in seen.leaves.items() if v in better.free_symbols}
    return apply_entrywise(better, used, rhs.shape) if rhs.is_Matrix else better.xreplace(used)
