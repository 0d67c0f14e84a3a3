"""What a kernel costs, equation by equation: its own code is run on arrays that have only a shape.

In: a kernel, and numbers for the sizes that are to be numbers. Out: operations, bytes and memory, expressions in the
sizes that have none. No operation is described a second time: what is counted is what runs. Memory is that of a
workspace: a value lies in it from the operation that makes it to the last one that reads it, and an operation writes
over an operand that nobody needs any more, where NumPy can.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from sympy import Integer, Max, MatrixSymbol, Symbol, Tuple, sympify

from symnet.backends.counted import Counted, Ledger
from symnet.backends.counted_functions import counting
from symnet.backends.instructions import Instruction, instructions
from symnet.backends.kernel import Kernel, written
from symnet.backends.numpy_code import NumPyCode, SizeOf
from symnet.backends.writing import Constants, Writer
from symnet.program import Equation


@dataclass(frozen=True)
class Spent:
    """What an equation costs: `operations`, one for a multiplication with its addition and for any other arithmetic,
    comparison or function of an entry; `entries`: the numbers that its value has; `bytes`: what its operations read
    and write; `peak`: the most bytes that intermediates and results take at one time while it is computed."""

    equation: Equation
    operations: Any
    entries: Any
    bytes: Any
    peak: Any


class _Noted(NumPyCode):
    # each right-hand side ends an entry of the ledger
    def doprint(self, expr: Any) -> str:
        code = super().doprint(expr)
        return f"noted({code})" if _is_computed(expr) else code


def _is_computed(rhs: Any) -> bool:
    return not isinstance(rhs, (MatrixSymbol, Symbol, SizeOf, Tuple, str)) and rhs != 0


def costs(kernel: Kernel, sizes: Mapping[str, Any], dtype: Any = None) -> tuple[Spent, ...]:
    """Give the cost of each equation that a kernel runs, in order. `sizes`: numbers for sizes, by name."""
    known = {name: Integer(number) for name, number in sizes.items()}
    number = np.dtype(dtype or kernel.dtype or float)
    ledger = Ledger(number)
    functions = {**ledger.functions(), **counting(ledger), "noted": ledger.close}
    function = written(kernel, _Noted, functions, None, number)
    put = lambda size: sympify(size).xreplace({s: known[s.name] for s in sympify(size).free_symbols if s.name in known})
    arguments = [
        put(s) if name in kernel.program.names.sizes else ledger.array(*map(put, getattr(s, "shape", ())))
        for name, s in kernel.symbols.items()
    ]
    with np.errstate(all="ignore"):
        run = _Run(function, arguments, ledger)
    noted, peaks = iter(ledger.entries), iter(run.peaks())
    moved = iter(run.moved)
    found = []
    for e in kernel.equations:
        operations, shape = 0, getattr(e.rhs, "shape", ())
        spent, peak = 0, Integer(0)
        if _is_computed(e.rhs):
            (operations, shape), spent, peak = next(noted), next(moved), next(peaks)
        entries = put(np.prod(shape, dtype=object))
        found.append(Spent(e, sympify(operations).expand(), entries, sympify(spent).expand(), peak))
    return tuple(found)


class _Run:
    """The operations of a function, done on arrays that have only a shape. `moved`: the bytes that are read and
    written, by entry of the ledger."""

    def __init__(self, function: Any, arguments: Sequence[Any], ledger: Ledger) -> None:
        names, self.program, returned = instructions(function.text)
        self.values: dict[str, Any] = dict(zip(names, arguments, strict=True))
        self.given = {id(a.root) for a in arguments if isinstance(a, Counted)}
        self.moved: list[Any] = [0]
        self.ends: list[int] = []  # of each entry, the number of its last instruction
        self.made: list[list[Counted]] = []  # by each instruction
        met = set(self.given)
        for k, i in enumerate(self.program):
            value = self.values[i.name] = eval(i.compiled, function.__globals__, self.values)
            new = [a for a in _arrays(value) if id(a.root) not in met]
            met |= {id(a.root) for a in new}
            self.made.append(new)
            if new:
                read = {id(a): a for name in i.reads for a in _arrays(self.values[name])}
                self.moved[-1] += sum(a.bytes for a in (*read.values(), *new))
            if len(ledger.entries) > len(self.ends):
                self.ends.append(k)
                self.moved.append(0)
        self.outputs = [a for n in _names(returned) for a in _arrays(self.values.get(n))]
        ufuncs = {name: f for name, f in vars(np).items() if isinstance(f, np.ufunc)}
        self.writer = Writer({**function.__globals__, **ufuncs}, {}, Constants(self.values))

    def peaks(self) -> list[Any]:
        """Give, by entry of the ledger, the most bytes that are alive at one time."""
        change = [Integer(0)] * (len(self.program) + 1)
        for array, first, last in self._spans():
            change[first] += array.bytes
            if last < len(self.program):
                change[last + 1] -= array.bytes
        alive, now = [], Integer(0)
        for step in change:
            now = (now + step).expand()
            alive.append(now)
        starts = [0, *(end + 1 for end in self.ends)]
        bounds = list(pairwise([*starts[:-1], len(self.program)]))  # what comes after the last entry belongs to it
        return [largest(alive[first:end]) for first, end in bounds]

    def _spans(self) -> Iterable[tuple[Counted, int, int]]:
        # each array of its own, the instruction that makes it, and the last one that needs it
        last = {id(a.root): k for k, i in enumerate(self.program) for n in i.reads for a in _arrays(self.values[n])}
        last |= {id(a.root): len(self.program) for a in self.outputs}
        places: list[list[Any]] = []
        at: dict[int, list[Any]] = {}
        for k, (i, made) in enumerate(zip(self.program, self.made, strict=True)):
            for array in (a for a in made if a.shape):
                until = last.get(id(array.root), k)
                for operand in self._over(i):
                    place = at.get(id(operand.root))
                    if place and place[2] == k and (operand.shape, operand.dtype) == (array.shape, array.dtype):
                        place[2] = until
                        break
                else:
                    place = [array, k, until]
                    places.append(place)
                at[id(array.root)] = place
        return [(array, first, until) for array, first, until in places]

    def _over(self, i: Instruction) -> list[Counted]:
        # operands that the operation may write over
        how = self.writer.written(i, _UNKNOWN)
        values = [self.values.get(name) for name in (how.over if how else ())]
        return [a for a in values if isinstance(a, Counted) and a.root is a]


class _Unknown(dict):  # type: ignore[type-arg]
    # arrays of which nothing is known, for a writer
    class Array:
        ndim = 0

    def get(self, _name: Any, _default: Any = None) -> Any:
        return self.Array


_UNKNOWN = _Unknown()


def _names(code: Any) -> list[str]:
    return [n.id for n in ast.walk(code) if isinstance(n, ast.Name)]


def _arrays(value: Any) -> list[Counted]:
    if isinstance(value, (tuple, list)):
        return [a for v in value for a in _arrays(v)]
    return [value] if isinstance(value, Counted) else []


def largest(candidates: Iterable[Any]) -> Any:
    """Give the largest of some expressions in sizes, each at least 1: one of them where that is clear."""
    kept: list[tuple[Any, dict[Any, Any]]] = []
    for one in dict.fromkeys(candidates):
        shifted = _shifted(one)
        if not any(_is_least(shifted, other) for _, other in kept):
            kept = [(e, other) for e, other in kept if not _is_least(other, shifted)] + [(one, shifted)]
    k = 1
    while k < len(kept) - 1:  # one between two others is never the largest
        others = [other for j, (_, other) in enumerate(kept) if j != k]
        between = any(_is_between(kept[k][1], p, q) for p, q in zip(others, reversed(others), strict=True))
        kept, k = (kept[:k] + kept[k + 1 :], k) if between else (kept, k + 1)
    return Max(*[e for e, _ in kept]) if kept else Integer(0)


def _shifted(expr: Any) -> dict[Any, Any]:
    # the coefficients of a polynomial in n - 1: one with none below 0 is nowhere below 0
    found = expr.xreplace({s: s + 1 for s in expr.free_symbols}).expand() if expr.free_symbols else expr
    return dict(found.as_coefficients_dict())


def _is_least(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    # whether it is never more than the other
    return all(one.get(key, 0) <= other.get(key, 0) for key in {*one, *other})


def _is_between(one: Mapping[Any, Any], p: Mapping[Any, Any], q: Mapping[Any, Any]) -> bool:
    # whether t*p + (1 - t)*q is never less, for some t from 0 to 1
    low, high = Integer(0), Integer(1)
    for key in {*one, *p, *q}:
        c, a, b = (e.get(key, Integer(0)) for e in (one, p, q))
        if a == b:
            if c > a:
                return False
        elif a > b:
            low = max(low, (c - b) / (a - b))
        else:
            high = min(high, (c - b) / (a - b))
    return bool(low <= high)
