"""From the equations that are read to the ones that are run: stable forms, and no entrywise function computed twice.

In: a program. Out: a program of the same values in which softmax and its relatives share one shifted exponential, and
in which a scalar function that several entrywise formulas need is an equation of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from sympy import (
    Abs, Basic, Expr, Function, Integer, Lambda, MatrixSymbol, Mul, OneMatrix, Pow, S, exp, log, preorder_traversal,
)  # fmt: skip
from sympy.matrices.expressions.determinant import Determinant

from symnet.backends.apart import picked, with_own_lines
from symnet.backends.precision import Formulas, precisely
from symnet.backends.roots import with_slopes_at_0
from symnet.expressions import (
    AxisMax, Elementwise, LogAbsDet, LogSoftmax, LogSumExp, SCALARS, Softmax, Table, add, bound_variables,
    by_exponential, elementwise, hadamard, is_declared, or_one, scaled, sigmoid, spread, sums,
)  # fmt: skip
from symnet.program import Builder, Equation, Program, live, with_known_inverses


def precise_equations(program: Program, outputs: Collection[Any]) -> list[Equation]:
    """Give the equations that `outputs` need, none of which loses digits."""
    equations, _ = live(program.equations, outputs)
    known = Formulas({e.lhs: e.rhs for e in equations}.get)
    written = {e.lhs for e in program.sections[0].equations} if program.sections else set()
    better, _ = live([replace(e, rhs=precisely(known, e.rhs, e.lhs in written)) for e in equations], outputs)
    parts = {p for e in better for f in _sigmoids(e.rhs) if (p := _part(e.rhs, f)) is not None}
    return [replace(e, rhs=_with_one_exponential(e.rhs, parts)) for e in better]


def _sigmoids(rhs: Any) -> set[Any]:
    return rhs.body.atoms(sigmoid) if isinstance(rhs, Elementwise) else set()


def _with_one_exponential(rhs: Any, parts: set[Any]) -> Any:
    # where sigmoid(u) and sigmoid(-u) are both needed they are 1/(1 + E) and E/(1 + E)
    both = [f for f in _sigmoids(rhs) if {_part(rhs, f), _part(rhs, sigmoid(-f.args[0]))} <= parts]
    known = {f: by_exponential(f) for f in both}
    return Elementwise(Lambda(rhs.variables, rhs.body.xreplace(known)), *rhs.args[1:]) if known else rhs


def lowered(program: Program, outputs: Collection[Any], own: Table[Any] | None = None) -> Program:
    """Give the program that the machine runs, for the equations that `outputs` need.

    own: rows of code for nodes that stay as they are, whatever their stable form.
    """
    target = Builder.beside(program)
    equations = with_known_inverses(precise_equations(program, outputs))
    equations = with_slopes_at_0(program, equations, target.names.fresh)
    wanted = _wanted(equations)
    places = picked(equations)
    for e in equations:
        rhs = with_own_lines(target, e.rhs, places)
        stable = None if own is not None and own.find(e.rhs) else STABLE.find(e.rhs)
        if stable is not None:
            rhs = stable(target, rhs)
        elif isinstance(rhs, Elementwise) and wanted:
            rhs = _with_shared(target, rhs, wanted)
        elif not isinstance(rhs, Elementwise) and rhs.has(or_one):  # a divisor of several terms, made once
            rhs = rhs.xreplace({divisor: target.define(divisor) for divisor in rhs.atoms(or_one)})
        elif isinstance(rhs, Expr) and not rhs.is_Matrix and rhs.has(log):
            rhs = _with_log_determinants(target, rhs)
        target.adopt(replace(e, rhs=rhs))
    return target.finish(list(outputs))


# -- softmax and its relatives: the maximum is taken out, the exponentials are shared


def _shifted(target: Builder, Z: Any, axis: int) -> tuple[Any, Any, Any, Any]:
    largest = target.define(AxisMax(Z, Integer(axis)))
    difference = target.define(add(Z, scaled(S.NegativeOne, spread(largest, Z.shape, axis))))
    exponentials = target.define(elementwise(exp, difference))
    return largest, difference, exponentials, target.define(sums(exponentials, axis))


def _softmax(target: Builder, Z: Any, axis: int) -> Any:
    _, _, exponentials, total = _shifted(target, Z, axis)
    (x,) = bound_variables(1)
    return hadamard(exponentials, Elementwise(Lambda((x,), 1 / x), spread(total, Z.shape, axis)))


def _log_softmax(target: Builder, Z: Any, axis: int) -> Any:
    _, difference, _, total = _shifted(target, Z, axis)
    return add(difference, scaled(S.NegativeOne, spread(target.define(elementwise(log, total)), Z.shape, axis)))


def _log_sum_exp(target: Builder, Z: Any, axis: int) -> Any:
    largest, _, _, total = _shifted(target, Z, axis)
    return add(largest, target.define(elementwise(log, total)))


STABLE: Table[Callable[[Builder, Any], Any]] = Table(
    "stable form",
    "it runs as it is",
    {
        Softmax: lambda target, e: _softmax(target, e.args[0], e.axis),
        LogSoftmax: lambda target, e: _log_softmax(target, e.args[0], e.axis),
        LogSumExp: lambda target, e: _log_sum_exp(target, e.args[0], e.axis),
    },
)


# -- the logarithm of a determinant, which may be too small or too large for a number


class SignedLogDet(Expr):
    """The sign of a determinant and the logarithm of its absolute value, a pair."""


class Item(Expr):
    """An item of a pair: `Item(pair, 0)`, a number."""

    is_commutative = True


def _opened(target: Builder, c: Any) -> Any:
    # products, powers and absolute values that have names, put in
    found = {s: target.definition(s) for s in c.free_symbols}
    inside = {s: d for s, d in found.items() if isinstance(d, (Abs, Pow, Mul)) and not d.atoms(MatrixSymbol)}
    return _opened(target, c.xreplace(inside)) if inside else c


def _with_log_determinants(target: Builder, rhs: Any) -> Any:
    # log(c·det(A)ᵏ) is log(c·signᵏ) + k·log|det(A)|: where the determinant is negative it stays what NumPy says
    for f in rhs.atoms(log):
        rest, summed = S.One, S.Zero
        for factor in Mul.make_args(_opened(target, f.args[0])):
            base, power = factor.as_base_exp()
            A = base.args[0] if isinstance(base, Abs) else base
            det = target.definition(A)
            if not isinstance(det, Determinant):
                rest *= factor
                continue
            if is_declared(det.args[0], "positive_definite"):
                summed += power * target.define(LogAbsDet(det.args[0]))
                continue
            pair = target.define(SignedLogDet(det.args[0]))
            rest *= S.One if A is not base else Item(pair, S.Zero) ** power
            summed += power * Item(pair, S.One)
        if summed != 0:
            rhs = rhs.xreplace({f: summed if rest == 1 else summed + log(rest)})
    return rhs


# -- scalar functions that several formulas need


def _costly(e: Basic) -> bool:
    if isinstance(e, Pow):
        return not e.exp.is_Integer and bool(e.free_symbols)
    return isinstance(e, Function) and not SCALARS.of(e).cheap and bool(e.free_symbols)


def _part(rhs: Elementwise, part: Expr) -> Any:
    used = [(v, a) for v, a in zip(rhs.variables, rhs.args[1:], strict=True) if v in part.free_symbols]
    new = bound_variables(len(used))
    body = part.xreplace({v: x for (v, _), x in zip(used, new, strict=True)})
    return Elementwise(Lambda(new, body), *[a for _, a in used]) if used and used[0][1].is_Matrix else None


def _wanted(equations: Sequence[Equation]) -> set[Any]:
    counts: Counter[Any] = Counter()
    for _, rhs in equations:
        if isinstance(rhs, Elementwise):
            counts.update(p for p in (_part(rhs, e) for e in preorder_traversal(rhs.body) if _costly(e)) if p)
    return {part for part, times in counts.items() if times > 1}


def _with_shared(target: Builder, rhs: Elementwise, wanted: set[Any]) -> Any:
    body, values = rhs.body, dict(zip(rhs.variables, rhs.args[1:], strict=True))
    inside = [e for e in preorder_traversal(body) if _costly(e) and e != body]
    inside.sort(key=lambda e: -len(list(preorder_traversal(e))))
    for number, part in enumerate(inside, 1):
        node = _part(rhs, part)
        if node in wanted and body.has(part):
            slot = bound_variables(len(rhs.variables) + number)[-1]
            values[slot] = target.define(_with_shared(target, node, wanted))
            body = body.xreplace({part: slot})
    if body is rhs.body:
        return rhs
    used = {v: a for v, a in values.items() if v in body.free_symbols}
    if not any(a.is_Matrix for a in used.values()):  # sign(s² + 1), where SymPy now sees that s is real
        return scaled(body.xreplace(used), OneMatrix(*rhs.shape))
    matrices_first = sorted(used, key=lambda v: not used[v].is_Matrix)
    new = bound_variables(len(used))
    renamed = body.xreplace(dict(zip(matrices_first, new, strict=True)))
    return Elementwise(Lambda(new, renamed), *[used[v] for v in matrices_first])
