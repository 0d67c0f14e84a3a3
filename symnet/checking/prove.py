"""A proof, entry by entry: symnet's matrix gradient equals what `sympy.diff` makes of the loss written out.

In: a loss, a symbol, small concrete sizes. Out: a `Proof`, which says how much was proved: equality of formulas, or of
numbers in 50 digits at random rational points where the formulas do not simplify far enough.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Dummy, Expr, Function, Integer, MatrixSymbol, Max, Min, Piecewise, Pow, Rational, S, Symbol
from sympy.core.relational import Relational

from symnet.checking.explicit import entries, explicit
from symnet.checking.freedom import diagonals
from symnet.derivation import derive, gradient
from symnet.expressions import Shown, as_scalar, differentiated, facts_of, given, listed
from symnet.program import Target, targets_of
from symnet.request import checked_seed

DIGITS = 50
POINTS = 5
LARGEST = 60_000  # operations beyond which a difference is not expanded
LARGEST_FRACTION = 8_000  # likewise of one with denominators, whose common one grows with each


@dataclass(frozen=True, repr=False)
class Proof(Shown):
    """The result of `prove`; its truth value is `ok`.

    `ok`: whether all agree; `method`: "formulas" or "points"; `entries`: how many; `failed`: which do not agree.

    >>> import symnet as sn
    >>> x = sn.vector("x", 2)
    >>> proof = sn.prove(sn.norm(x)**2, x)
    >>> proof.ok, proof.method, proof.entries
    (True, 'formulas', 2)
    """

    parameter: Any
    ok: bool
    method: str
    entries: int
    failed: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        return self.ok

    def _headline(self) -> str:
        return f": {self}"

    def __str__(self) -> str:
        if not self.ok:
            return f"∂L/∂{self.parameter}: the entries {listed(self.failed)} do NOT agree with sympy.diff"
        how = "as formulas" if self.method == "formulas" else f"in {DIGITS} digits at {POINTS} random rational points"
        return f"∂L/∂{self.parameter}: all {self.entries} entries equal sympy.diff of the loss written out, {how}"


def prove(loss: Any, W: Any, sizes: Mapping[str, int] | None = None, *, seed: int = 0) -> Proof:
    """Prove the gradient of a loss for one symbol against `sympy.diff`, entry by entry.

    loss: a scalar expression; W: a matrix or scalar symbol; sizes: a small number for each size symbol, by name.

    The explicit entries of symnet's gradient and the derivatives of the explicit scalar loss are shown equal as
    formulas: their difference vanishes identically when functions of entries are taken as independent symbols. Where
    that does not settle it, they are compared in 50 digits at random rational points, and the result says so. Raises
    `KeyError` where a size has no number, and what `derive` raises.

    seed: chooses the points at which formulas that do not simplify are compared.

    >>> import symnet as sn
    >>> V, W, X = sn.matrix("V", 1, 2), sn.matrix("W", 2, 2), sn.matrix("X", 2, "n")
    >>> print(prove(sn.norm(V * sn.tanh(W * X)) ** 2, W, {"n": 2}))
    ∂L/∂W: all 4 entries equal sympy.diff of the loss written out, as formulas
    """
    loss = as_scalar(given(loss, "the loss"))
    sizes, seed = _checked_sizes(sizes), checked_seed(seed)
    claimed = explicit(gradient(loss, W), sizes)
    (W,) = derive(loss, W).wrt  # as the loss has it
    written = explicit(loss, sizes)
    if isinstance(W, MatrixSymbol):
        symbols = entries(W, sizes)
        pairs = {(i, j): (claimed[i, j], symbols[i, j]) for i in range(symbols.rows) for j in range(symbols.cols)}
    else:
        pairs = {(0, 0): (claimed, W)}
    constraints, dominant = _constraints(loss, W, sizes)
    method, failed = "formulas", []
    for index, (entry, symbol) in pairs.items():
        slope = differentiated(written, symbol) if symbol.is_Symbol else S.Zero  # an entry that is always 0
        difference = (entry - slope).xreplace(constraints)
        if _vanishes(difference):
            continue
        method = "points"
        if not _vanishes_at_points(difference, seed, dominant):
            failed.append(index)
    return Proof(W, not failed, method, len(pairs), tuple(failed))


def _checked_sizes(sizes: Any) -> dict[str, int]:
    if not isinstance(sizes, Mapping | None):
        raise TypeError(f"prove: sizes must be a dictionary such as {{'n': 2}}, not {sizes!r}")
    for name, size in (sizes or {}).items():
        if not isinstance(name, str):
            raise TypeError(f"prove: sizes are given by name, such as {{'n': 2}}, not by {name!r}")
        if isinstance(size, bool) or not isinstance(size, (int, Integer)) or size < 1:
            raise ValueError(f"prove: the size {name} must be a small positive whole number, not {size!r}")
    return dict(sizes or {})


def _constraints(loss: Any, W: Any, sizes: Mapping[str, int]) -> tuple[dict[Any, Any], dict[Any, list[Any]]]:
    # of distributions, such as the targets of a cross-entropy, the last entry of each by the others; and for
    # each diagonal entry of a positive definite matrix the others of its row
    program = derive(loss, W).program
    matrices = [s for s in program.inputs.values() if s.is_Matrix]
    sums = {s: s.sums_to_one for s in matrices if getattr(s, "sums_to_one", None) is not None}
    targets = [Target(axis, ((S.One, s, axis),), S.Zero) for s, axis in sums.items()] + targets_of(program)
    replaced = _settled(targets, sizes)
    dominant: dict[Any, list[Any]] = {}
    for symbol in matrices:
        dominant |= diagonals(symbol, entries(symbol, sizes)) if facts_of(symbol) else {}
    return replaced, dominant


def _settled(targets: Sequence[Target], sizes: Mapping[str, int]) -> dict[Any, Any]:
    # some entries by the others, such that each line of each target sums to 1: one linear system in all the entries;
    # the last ones of lines come first, of those the ones whose coefficients are short
    number = lambda c: c.xreplace({s: Integer(sizes[s.name]) for s in c.free_symbols if s.name in sizes})
    equations: list[Any] = []
    last: list[tuple[Any, Any]] = []
    for target in targets:
        sums = []
        for c, A, axis in target.terms:
            Y = entries(A, sizes)
            lines = (Y.T if axis == 0 else Y).tolist()
            sums.append([number(c) * sum(line) for line in lines])
            last += [((not c.is_number, sympy.count_ops(c)), line[-1]) for line in lines if line[-1].is_Symbol]
        equations += [sum(parts) + number(target.constant) - 1 for parts in zip(*sums, strict=True)]
    lasts = [entry for _, entry in sorted(last, key=lambda pair: pair[0])]
    others = [
        s for target in targets for _, A, _ in target.terms for s in entries(A, sizes).flat() if isinstance(s, Symbol)
    ]
    unknown = list(dict.fromkeys(lasts + others))
    if not unknown:
        return {}
    (found,) = sympy.linsolve(equations, unknown) or (None,)
    if found is None:
        raise ValueError(
            "prove: no matrices of these sizes sum to 1 as the cross-entropies of this loss state of their targets; "
            "give other sizes"
        )
    return {s: value for s, value in zip(unknown, found, strict=True) if s != value}


def _expanded(part: Any) -> Any:
    return sympy.expand(part) if isinstance(part, Expr) else part  # a piece with its condition is none


def _vanishes(difference: Any) -> bool:
    if difference == 0:
        return True
    if difference.count_ops() > LARGEST:
        return False
    known: dict[Any, Any] = {}

    def name(part: Any) -> Any:
        return known.setdefault(sympy.expand(part.func(*map(_expanded, part.args))), Dummy())

    taken = difference.replace(lambda e: isinstance(e, Function) or (isinstance(e, Pow) and not e.exp.is_Integer), name)
    if difference.count_ops() > LARGEST_FRACTION and any(p.exp.is_negative for p in taken.atoms(Pow)):
        return False
    return bool(sympy.cancel(sympy.together(taken)) == 0)


def _vanishes_at_points(difference: Any, seed: int, dominant: Mapping[Any, Any]) -> bool:
    generator = random.Random(seed)
    symbols = sorted(difference.free_symbols, key=str)
    value_at = _by_parts(difference)
    judged = 0
    for _ in range(POINTS * 10):
        point = {s: Rational(generator.randint(1, 97), 50) * generator.choice((1, -1)) for s in symbols}
        point |= {s: abs(v) for s, v in point.items() if isinstance(s, Symbol) and s.is_positive}
        point |= {d: 1 + sum(abs(point.get(s, 0)) for s in rest) for d, rest in dominant.items()}
        value = value_at(point)
        if value.has(S.NaN):
            continue  # a case distinction that has no case there
        if value != 0 and abs(value) > S(10) ** (-DIGITS // 2):
            return False
        judged += 1
        if judged == POINTS:
            return True
    raise ValueError("prove: the loss has no value at most of the points tried; give its case distinctions a last "
                     "case, (…, True)")  # fmt: skip


def _by_parts(difference: Any) -> Callable[[Mapping[Any, Any]], Any]:
    # its value at a point; what stands in it often is computed once, where no case distinction needs exact numbers
    if difference.has(Piecewise, Relational, Max, Min, sympy.Abs, sympy.sign):
        whole = lambda point: difference.xreplace(point)
        return lambda point: v if (v := whole(point)).has(S.NaN) or v == 0 else v.evalf(DIGITS, maxn=400)
    parts, (rest,) = sympy.cse(difference)

    def value(point: Mapping[Any, Any]) -> Any:
        known = {s: v.evalf(2 * DIGITS) for s, v in point.items()}
        for name, part in parts:
            known[name] = part.xreplace(known).evalf(2 * DIGITS)
        return rest.xreplace(known).evalf(2 * DIGITS)

    return value
