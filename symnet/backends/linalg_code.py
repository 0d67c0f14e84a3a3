"""NumPy code for inverses in products, determinants and functions of matrices: rows of `NUMPY`.

In: a printer and a node. Out: code. `ANALYTIC` and `MPMATH` have what stands in the place of a function for complex
steps and for numbers of many digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from symnet.backends import matrix_functions
from symnet.backends.emitter import Code
from symnet.backends.numpy_code import NUMPY, NumPyCode
from symnet.expressions import (
    Adjugate, Explicit, LogAbsDet, Part, Placed, Reshape, Roll, RunningSum, Solve, Stack, given, same_size,
)  # fmt: skip

OWN = matrix_functions.__name__


def _own(name: str) -> Callable[[NumPyCode, Any], Code]:
    return lambda c, A: c.numpy.call(OWN, name, *map(c.full, A.operands))


def _logdet(c: NumPyCode, A: Any) -> Code:
    return c.numpy.call("numpy.linalg", "slogdet", c.full(A.args[0]))["1"]


def _bounds(c: NumPyCode, first: Any, number: Any, step: Any, size: Any) -> str:
    if step == 1:
        stop = given(first) + number
        begin, end = "" if first == 0 else str(c.length(first)), "" if same_size(stop, size) else str(c.length(stop))
        return f"{begin}:{end}"
    last = given(first) + given(number) * step  # beyond the end
    if step < 0:
        begin, end = ("" if same_size(first, given(size) - 1) else str(c.length(first))), ""
        end = str(c.length(last)) if last.is_nonnegative else ""
        return f"{begin}:{end}:{step}"
    inside = last - step + 1
    return f"{'' if first == 0 else c.length(first)}:{'' if (size - last).is_nonpositive else c.length(inside)}:{step}"


def _part(c: NumPyCode, A: Any) -> Code:
    whole = c.full(A.args[0])
    rows, cols = (_bounds(c, *span, given(n)) for span, n in zip(A.spans, A.args[0].shape, strict=True))
    if any(_is_beyond(*span, given(n)) for span, n in zip(A.spans, A.args[0].shape, strict=True)):
        sizes = [c.length(k) for _, k, _ in A.spans]
        return c.numpy.call(OWN, "part", whole[f"{rows}, {cols}"], *sizes, Code(repr(str(A))))
    return whole[f"{rows}, {cols}"]


def _is_beyond(first: Any, number: Any, step: Any, size: Any) -> bool:
    # whether rows of a matrix may not be there, its size being a symbol
    last = given(first) + (given(number) - 1) * step
    return not size.is_Integer and not same_size(number, size) and last != 0 and not same_size(last, size - 1)


def _placed(c: NumPyCode, A: Any) -> Code:
    spans = [_bounds(c, *span, given(n)) for span, n in zip(A.spans, A.shape, strict=True)]
    slices = [f"slice({', '.join(p or 'None' for p in span.split(':'))})" for span in spans]
    return c.numpy.call(OWN, "placed", c.full(A.args[0]), *map(c.length, A.shape), *map(Code, slices))


def _stack(c: NumPyCode, A: Any) -> Code:
    inside = Code(f"({', '.join(str(c.full(a)) for a in A.operands)})")
    return c.numpy.hstack(inside) if A.axis else c.numpy.vstack(inside)


def _cumsum(c: NumPyCode, A: Any) -> Code:
    axis, back = int(A.args[1]), A.args[2]
    turn = "::-1" if axis == 0 else ":, ::-1"
    code = c.full(A.args[0])
    return c.numpy.cumsum(code[turn], axis=axis)[turn] if back else c.numpy.cumsum(code, axis=axis)


def _explicit(c: NumPyCode, A: Any) -> Code:
    rows = ", ".join("[" + ", ".join(str(c.piece(a)) for a in row) + "]" for row in A.by_row())
    return c.numpy.array(Code(f"[{rows}]"), dtype=c.numpy.dtype)


NUMPY.update({
    Part:      _part,
    Placed:    _placed,
    Stack:     _stack,
    Reshape:   lambda c, A: c.full(A.args[0]).method("reshape", *map(c.length, A.shape)),
    Roll:      lambda c, A: c.numpy.roll(c.full(A.args[0]), int(A.args[1]), axis=int(A.args[2])),
    RunningSum: _cumsum,
    Explicit:  _explicit,
    Solve:     lambda c, A: c.numpy.call("numpy.linalg", "solve", *map(c.full, A.args)),
    LogAbsDet: _logdet,
    Adjugate:  _own("adjugate"),
})  # fmt: skip


def _slogdet(A: Any) -> Any:
    # for a complex step: the determinant is of a real matrix, a little way along
    sign, size = np.linalg.slogdet(A)
    return np.sign(sign.real), size + 1j * np.angle(sign * np.sign(sign.real))


def _adjugate(A: Any) -> Any:
    return np.linalg.det(A) * np.linalg.inv(A)


ANALYTIC: dict[str, Callable[..., Any]] = {"slogdet": _slogdet, "adjugate": _adjugate}


# -- in many digits


def _array(A: Any) -> Any:
    return np.array(A.tolist(), object)


def _matrix(A: Any) -> Any:
    return mpmath.matrix(A.tolist())


MPMATH: dict[str, Callable[..., Any]] = {
    "solve": lambda A, B: _array(mpmath.inverse(_matrix(A)) * _matrix(B)),
    "adjugate": lambda A: _array(mpmath.det(_matrix(A)) * mpmath.inverse(_matrix(A))),
}
