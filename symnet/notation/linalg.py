"""How inverses of transposes, determinants and functions of matrices are read.

In: a reading and a node. Out: a box. These are rows of `FORMULAS`.
"""

from __future__ import annotations

from typing import Any

from sympy import Abs, BlockMatrix, Inverse, MatPow, MatrixSlice, Transpose, log
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions import (
    Adjugate, Entry, Explicit, Expm, ExpmSlope, Leading, LogAbsDet, MatrixPower, NuclearNorm, Part, Pinv, Placed,
    Polar, PowerSlope, Reshape, Roll, RunningSum, Solve, SpectralNorm, Stack, Sylvester, given, matmul, of_slice,
    raw,
)  # fmt: skip
from symnet.notation.mathematica import CODE, Mathematica
from symnet.notation.reading import FORMULAS, Reading
from symnet.notation.spelling import ATOM, POWER
from symnet.notation.style import Box


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
    texts = [r.style.span(given(n), *map(given, span)) for span, n in zip(e.spans, A.shape, strict=True)]
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
    Pinv: lambda r, e: (r.style.pseudo_inverse(r.write(e.args[0], ATOM)), POWER),
    MatrixPower: lambda r, e: r.box(raw(MatPow, *e.args)),
    PowerSlope: lambda r, e: r.call(e, e.title, e.args),
    SpectralNorm: lambda r, e: (r.style.other_norm(r.write(e.args[0]), "2"), ATOM),
    NuclearNorm: lambda r, e: (r.style.other_norm(r.write(e.args[0]), "*"), ATOM),
    Part: _part,
    **dict.fromkeys((MatrixElement, Entry), _entry),
    MatrixSlice: lambda r, e: r.box(of_slice(e)),
    Stack: _stack,
    BlockMatrix: lambda r, e: (r.style.blocks([[r.write(a) for a in row] for row in e.blocks.tolist()]), ATOM),
    Explicit: lambda r, e: (r.style.constant([[r.write(a) for a in row] for row in e.by_row()]), ATOM),
})  # fmt: skip


def _accumulated(node: Any, a: str) -> str:
    f = "Accumulate[{}]" if not node.args[2] else "Reverse[Accumulate[Reverse[{}]]]"
    return f.format(a) if node.args[1] == 0 else f"Transpose[{f.format(f'Transpose[{a}]')}]"


def _put(node: Any, g: str) -> str:
    rows, cols = (Mathematica().span(n, *span) for span, n in zip(node.spans, node.shape, strict=True))
    m, n = node.shape
    return f"IdentityMatrix[{m}][[All, {rows}]] . ({g}) . IdentityMatrix[{n}][[{cols}]]"


def _of_svd(node: Any, a: str) -> str:
    kept = "1" if isinstance(node, Leading) else f"MatrixRank[{a}]"
    return f"With[{{$s = SingularValueDecomposition[{a}, {kept}]}}, $s[[1]] . Transpose[$s[[3]]]]"


def _corner(function: str) -> Any:
    # of a function of [a, e; 0, a] the block above on the right
    return lambda a, e: (
        f"With[{{$a = {a}, $e = {e}}}, {function.format('ArrayFlatten[{{$a, $e}, {0, $a}}]')}"
        "[[;;Length[$a], Length[$a] + 1;;]]]"
    )


CODE.update({
    Adjugate: lambda node, a: f"Adjugate[{a}]",
    Expm: lambda node, a: f"MatrixExp[{a}]",
    ExpmSlope: lambda node, a, e: _corner("MatrixExp[{}]")(a, e),
    PowerSlope: lambda node, a, k, e: _corner(f"MatrixPower[{{}}, {k}]")(a, e),
    **dict.fromkeys((Leading, Polar), _of_svd),
    Sylvester: lambda node, h, c: f"LyapunovSolve[{h}, {c}]",
    Reshape: lambda node, a: f"ArrayReshape[{a}, {{{node.args[1]}, {node.args[2]}}}]",
    Roll: lambda node, a: f"RotateRight[{a}, {node.args[1] if node.args[2] == 0 else f'{{0, {node.args[1]}}}'}]",
    RunningSum: _accumulated,
    Placed: _put,
})  # fmt: skip
