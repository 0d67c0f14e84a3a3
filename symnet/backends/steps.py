"""The steps of a flat function: sizes read from arrays, equations, and values released when they are no longer needed.

In: the equations that the machine runs. Out: pairs (name, value), as `sympy.lambdify` takes them; the value None
releases the names of a tuple.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sympy import Basic, Identity, Integer, MatrixSymbol, OneMatrix, Symbol, Tuple, ZeroMatrix

from symnet.backends.emitter import Code
from symnet.backends.numpy_code import SizeOf
from symnet.expressions import Name, Unit, axes_of, symbols_of
from symnet.program import Equation, estimate

RELEASE_FROM = 24  # lines of code from which values are released as soon as they are no longer needed
LARGE = 1 << 14  # entries, 128 KiB of float64: from there C's malloc asks the system for new pages each time
Step: TypeAlias = tuple[Any, Any]


def lengths_of(symbols: Sequence[Name], safe: Mapping[str, str]) -> dict[Any, Code]:
    """Give, for each size symbol that no argument gives, the code that reads it from an array."""
    return {size: Code(f"{safe[symbol.name]}.shape[{axis}]") for size, symbol, axis in _sizes(symbols)}


def size_steps(equations: Sequence[Equation], symbols: Sequence[Name], sizes: frozenset[str]) -> list[Step]:
    """Give the steps that read the sizes which the code mentions."""
    used = {s.name for e in equations for s in _mentioned(e.rhs) if s.name in sizes}
    return [(Symbol(size.name), SizeOf(A, Integer(axis))) for size, A, axis in _sizes(symbols) if size.name in used]


def _sizes(symbols: Sequence[Name]) -> Iterator[tuple[Any, Name, int]]:
    met = {s.name for s in symbols}
    for size, symbol, axis in axes_of(symbols):
        if size.name not in met:
            met.add(size.name)
            yield size, symbol, axis


def _mentioned(rhs: Any) -> set[Any]:
    # the size symbols that code will mention: those in coefficients and in matrices of ones that are really built
    found: set[Any] = set()
    stack = [rhs]
    while stack:
        node = stack.pop()
        if isinstance(node, MatrixSymbol):
            continue
        if isinstance(node, (Symbol, OneMatrix, Unit, ZeroMatrix, Identity)):
            found |= node.free_symbols
        stack.extend(a for a in node.args if isinstance(a, Basic))
    return {s for s in found if isinstance(s, Symbol)}


def with_releases(equations: Sequence[Equation], kept: set[Name]) -> list[Step]:
    """Give the equations as steps; of many, or of large values, what is not `kept` is released after its last use."""
    every = len(equations) >= RELEASE_FROM
    last = {name: k for k, e in enumerate(equations) for name in symbols_of(e.rhs)}
    done: dict[int, list[Name]] = {}
    for e in equations:
        if e.lhs in last and e.lhs not in kept and (every or _is_large(e)):
            done.setdefault(last[e.lhs], []).append(e.lhs)
    steps: list[Step] = []
    for k, e in enumerate(equations):
        steps.append((e.lhs, e.rhs))
        steps += [(Tuple(*done[k]), None)] if k in done and e is not equations[-1] else []
    return steps


def _is_large(e: Equation) -> bool:
    return bool(e.lhs.is_Matrix) and estimate(e.lhs.shape[0]) * estimate(e.lhs.shape[1]) >= LARGE
