"""Slopes of norms where the norm is 0: the root of what has slope 0 there has the slope 0, as |x| has.

In: the equations that are run. Out: the same ones, in which the gradient of ‖w‖, which is w/‖w‖, is 0 where w is 0, and
not 0/0: 0 is one of the slopes that a norm has in its corner (R. T. Rockafellar, "Convex Analysis" (1970), section 23).
What is divided by a norm where no slope is asked for stays 0/0, and so do the slopes of it. A second slope is not
finite in a corner: the equations of a Hessian have the bare quotients, in lines of their own where a gradient has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from sympy import (
    Add, Expr, HadamardProduct, Lambda, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Pow, S, Symbol, Transpose, log,
)  # fmt: skip

from symnet.expressions import AxisVar, Elementwise, Total, Variance, is_declared, or_one, symbols_of
from symnet.program import Equation, Program, symbol_like

Meaning: TypeAlias = Mapping[Any, Any]
Slots: TypeAlias = Mapping[Any, Any]
SECOND = ("Second order", "Parts")  # sections of Hessians, and of what they are made of


def with_slopes_at_0(program: Program, equations: Sequence[Equation], fresh: Callable[[str], str]) -> list[Equation]:
    """Give the equations of a program with a divisor other than 0 where a norm is 0, in those of its gradients.

    fresh: gives a name that no value has.
    """
    of_section = {section.title: section.equations for section in program.sections}
    ahead = {e.lhs for e in of_section.get("Backward", ())}
    if not any(list(_divisors(e.rhs)) for e in equations if e.lhs in ahead):
        return list(equations)
    before = [e for title, own in of_section.items() if title not in ("Backward", *SECOND) for e in own]
    meaning = {e.lhs: e.rhs for e in before} | {e.lhs: e.rhs for e in equations}
    steep = {key for e in before for key in _steep(meaning[e.lhs], meaning)}
    found = []
    for e in equations:
        apart = {}
        if e.lhs in ahead:
            for power, key, exponent in _roots(e.rhs, meaning):
                if key not in steep and exponent >= -S.Half:
                    apart[power] = Pow(or_one(power.base), power.exp)
        found.append(replace(e, rhs=_with(e.rhs, apart)) if apart else e)
    second = {e.lhs for title in SECOND for e in of_section.get(title, ())}
    return _with_bare_ones(equations, found, second, fresh) if second else found


def _with_bare_ones(
    bare: Sequence[Equation], guarded: Sequence[Equation], second: Collection[Any], fresh: Callable[[str], str]
) -> list[Equation]:
    # what second slopes are made of, once more as it was where the gradients have it otherwise
    other: set[Any] = set()
    for e, new in zip(bare, guarded, strict=True):
        if e.lhs not in second and (new is not e or not other.isdisjoint(symbols_of(e.rhs))):
            other.add(e.lhs)
    needed = {name for e in bare if e.lhs in second for name in symbols_of(e.rhs)}
    for e in reversed(bare):
        if e.lhs in needed & other:
            needed |= set(symbols_of(e.rhs))
    copies: dict[Any, Any] = {}
    found = []
    for e, new in zip(bare, guarded, strict=True):
        if e.lhs in needed & other:
            copy = symbol_like(fresh(e.lhs.name), e.lhs)
            found.append(replace(e, lhs=copy, rhs=e.rhs.xreplace(copies), role="value", of=None))
            copies[e.lhs] = copy
        found.append(replace(e, rhs=e.rhs.xreplace(copies)) if e.lhs in second else new)
    return found


def _with(rhs: Any, apart: Mapping[Any, Any]) -> Any:
    if isinstance(rhs, Elementwise):
        return Elementwise(Lambda(rhs.variables, rhs.body.xreplace(apart)), *rhs.args[1:])
    return rhs.xreplace(apart)


def _scalars(rhs: Any) -> Iterator[Expr]:
    # the scalar expressions that stand in a right-hand side
    if isinstance(rhs, Elementwise):
        yield rhs.body
    elif not rhs.is_Matrix:
        yield rhs
    for a in rhs.args:
        if isinstance(rhs, (MatMul, MatAdd, HadamardProduct)):
            yield from _scalars(a)


def _divisors(rhs: Any) -> Iterator[Any]:
    for body in _scalars(rhs):
        for power in body.atoms(Pow):
            if power.exp.is_Rational and power.exp < 0 and power.base.free_symbols:
                yield power


def _steep(rhs: Any, meaning: Meaning) -> Iterator[Any]:
    # of what a value is a quotient, a logarithm, or a root that is steeper than that of a square
    slots: Slots = rhs.slots if isinstance(rhs, Elementwise) else {}
    for body in _scalars(rhs):
        for f in body.atoms(Pow, log):
            inside = Mul.make_args(f.args[0])
            for factor in inside:
                key, exponent = _rooted(factor, slots, meaning)
                total = exponent * f.exp if isinstance(f, Pow) and f.exp.is_Rational else S.Zero
                if key is not None and total < S.Half:
                    yield key


def _roots(rhs: Any, meaning: Meaning) -> Iterator[tuple[Any, Any, Any]]:
    # (a divisor, what it is a power of and is flat where it is 0, the exponent of that)
    slots: Slots = rhs.slots if isinstance(rhs, Elementwise) else {}
    for power in _divisors(rhs):
        key, exponent = _rooted(power.base, slots, meaning)
        if key is not None:
            yield power, key, exponent * power.exp


def _rooted(base: Any, slots: Slots, meaning: Meaning) -> tuple[Any, Any]:
    # (u, a) where the base is uᵃ times a number and u is flat where it is 0; else (None, 0)
    factors = [f for f in Mul.make_args(base) if not f.is_number]
    if len(factors) != 1:
        return None, S.Zero
    inner, exponent = factors[0].as_base_exp()
    if not (exponent.is_Rational and exponent > 0):
        return None, S.Zero
    if _is_flat(inner, slots, meaning):
        return _without_variables(inner, slots), exponent
    A = _slot(inner, slots)
    rhs = meaning.get(A)
    if rhs is None or (rhs.is_Matrix and not isinstance(rhs, Elementwise)):
        return None, S.Zero
    key, a = _rooted(rhs.body, rhs.slots, meaning) if rhs.is_Matrix else _rooted(rhs, {}, meaning)
    return key, a * exponent


def _slot(v: Any, slots: Slots) -> Any:
    A = slots.get(v, v)
    while isinstance(A, (MatMul, Transpose)) and (ones := [a for a in A.args if not isinstance(a, OneMatrix)]):
        if len(ones) != 1:
            break
        A = ones[0]  # a column along a row of ones
    return A


def _without_variables(body: Any, slots: Slots) -> Any:
    # the same for every line in which it stands, whatever its variables
    if body in slots:
        return _slot(body, slots), ()
    return body, tuple((v, _slot(v, slots)) for v in slots if v in body.free_symbols)


# -- what has slope 0 where it is 0


def _is_flat(expr: Any, slots: Slots, meaning: Meaning) -> bool:
    waiting, seen = [(expr, slots)], set()
    while waiting:
        e, there = waiting.pop()
        if isinstance(e, (Symbol, MatrixSymbol)):
            A = _slot(e, there)
            if A in seen:
                continue
            seen.add(A)
            e, there = meaning.get(A, A), {}
        if isinstance(e, Elementwise):
            e, there = e.body, e.slots
        needed = _needed(e, meaning)
        if needed is None:
            return False
        waiting += [(part, there) for part in needed]
    return True


def _needed(e: Any, meaning: Meaning) -> Sequence[Any] | None:
    # what must be flat so that e is; None where e is not, whatever the parts
    if isinstance(e, (AxisVar, Variance)):
        return ()
    if isinstance(e, (Total, Transpose)):
        return e.args if not _is_positive_form(e.args[0], meaning) else ()
    if isinstance(e, Pow):
        if e.exp.is_Integer and e.exp.is_even and e.exp > 0:
            return ()
        return (e.base,) if e.exp.is_Rational and e.exp >= 1 else None
    if isinstance(e, HadamardProduct):
        return [A for A, times in Counter(e.args).items() if times % 2]
    if isinstance(e, (Add, MatAdd)):
        return [t for t in e.args if not (t.is_positive or t.is_zero)]
    if isinstance(e, (Mul, MatMul)):
        others = [f for f in e.args if not (f.is_positive or isinstance(f, OneMatrix))]
        return others if len(others) == 1 else None
    return None


def _is_positive_form(A: Any, meaning: Meaning) -> bool:
    # w∘(S·w) where S is positive definite
    if not (isinstance(A, HadamardProduct) and len(A.args) == 2):
        return False
    for w, v in (A.args, A.args[::-1]):
        product = meaning.get(v, v)
        if isinstance(product, MatMul) and product.args[-1] == w and len(product.args) == 2:
            return is_declared(product.args[0], "positive_definite")
    return False
