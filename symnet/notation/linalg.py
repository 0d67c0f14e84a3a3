"""How inverses of transposes, determinants and functions of matrices are read.

In: a reading and a node. Out: a box. These are rows of `FORMULAS`.
"""

from __future__ import annotations

from typing import Any

from sympy import Abs, BlockMatrix, Inverse, MatrixSlice, Transpose, log
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions import (
    Explicit, LogAbsDet, Part, Placed, Reshape, Roll, RunningSum, Solve, Stack, given, matmul, of_slice, raw,
)  # fmt: skip
from symnet.notation.mathematica import CODE, Mathematica
from symnet.notation.reading import FORMULAS, Reading
from symnet.notation.style import ATOM, POWER, Box


def _inverse(r: Reading[Any], e: Any) -> Box[Any]:
    A = e.args[0]
    if isinstance(A, Transpose):
        return r.style.inverse_transpose(r.write(A.args[0], ATOM)), POWER
    return r.style.inverse(r.write(A, ATOM)), POWER


def _transpose(r: Reading[Any], e: Any) -> Box[Any]:
    A = e.args[0]
    if isinstance(A, Inverse):
        return r.style.inverse_transpose(r.write(A.args[0], ATOM)), POWER
    return r.style.transpose(r.write(A, ATOM)), ATOM


def _part(r: Reading[Any], e: Any) -> Box[Any]:
    A = e.args[0]
    texts = [r.style.span(*map(given, span), given(n)) for span, n in zip(e.spans, A.shape, strict=True)]
    return r.style.part(r.write(A, ATOM), *texts), ATOM


def _entry(r: Reading[Any], e: Any) -> Box[Any]:
    A, *places = e.args
    return r.style.entry(r.write(A, ATOM), *places), ATOM


def _stack(r: Reading[Any], e: Any) -> Box[Any]:
    if e.axis == 1:
        return r.style.blocks([[r.write(a) for a in e.operands]]), ATOM
    beside = [a.operands if isinstance(a, Stack) else (a,) for a in e.operands]
    rows = beside if len(set(map(len, beside))) == 1 else [(a,) for a in e.operands]
    return r.style.blocks([[r.write(a) for a in row] for row in rows]), ATOM


FORMULAS.update({
    Inverse: _inverse,
    Transpose: _transpose,
    Solve: lambda r, e: r.box(matmul(Inverse(e.args[0]), e.args[1])),
    LogAbsDet: lambda r, e: r.box(raw(log, raw(Abs, raw(Determinant, e.args[0])))),
    Part: _part,
    MatrixElement: _entry,
    MatrixSlice: lambda r, e: r.box(of_slice(e)),
    Stack: _stack,
    BlockMatrix: lambda r, e: (r.style.blocks([[r.write(a) for a in row] for row in e.blocks.tolist()]), ATOM),
    Explicit: lambda r, e: (r.style.constant([[r.write(a) for a in row] for row in e.by_row()]), ATOM),
})  # fmt: skip


def _accumulated(node: Any, a: str) -> str:
    f = "Accumulate[{}]" if not node.args[2] else "Reverse[Accumulate[Reverse[{}]]]"
    return f.format(a) if node.args[1] == 0 else f"Transpose[{f.format(f'Transpose[{a}]')}]"


def _put(node: Any, g: str) -> str:
    rows, cols = (Mathematica().span(*span, n) for span, n in zip(node.spans, node.shape, strict=True))
    m, n = node.shape
    return f"IdentityMatrix[{m}][[All, {rows}]] . ({g}) . IdentityMatrix[{n}][[{cols}]]"


CODE.update({
    Reshape: lambda node, a: f"ArrayReshape[{a}, {{{node.args[1]}, {node.args[2]}}}]",
    Roll: lambda node, a: f"RotateRight[{a}, {node.args[1] if node.args[2] == 0 else f'{{0, {node.args[1]}}}'}]",
    RunningSum: _accumulated,
    Placed: _put,
})  # fmt: skip
