"""NumPy code for inverses in products, determinants and functions of matrices: rows of `NUMPY`.

In: a printer and a node. Out: code. `ANALYTIC` and `MPMATH` have what stands in the place of a function for complex
steps and for numbers of many digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import mpmath
import numpy as np
from sympy import Inverse

from symnet.backends import matrix_functions
from symnet.backends.emitter import Code
from symnet.backends.numpy_code import NUMPY, NumPyCode, log_det_positive
from symnet.expressions import (
    Adjugate, Entry, Explicit, Expm, ExpmSlope, Leading, LogAbsDet, MatrixPower, NuclearNorm, Part, Pinv, Placed,
    Polar, PowerSlope, Reshape, Roll, RunningSum, Solve, SpectralNorm, Stack, Sylvester, given, is_declared, same_size,
)  # fmt: skip
from symnet.program import Equation

OWN = matrix_functions.__name__
INVERTING = (Inverse, Solve, Adjugate, Pinv, MatrixPower)  # where NumPy finds that a matrix has no inverse


def not_inverted(error: Exception, equations: Iterable[Equation]) -> str:
    """Give the text of NumPy's error with the equations that it can have been."""
    met = [str(e) for e in equations if e.rhs.has(*INVERTING)]
    return f"{error}: at these values a matrix has no inverse, in {' or in '.join(met[:4])}" if met else str(error)


def _own(name: str) -> Callable[[NumPyCode, Any], Code]:
    return lambda c, A: c.numpy.call(OWN, name, *map(c.full, A.operands))


def _logdet(c: NumPyCode, A: Any) -> Code:
    if is_declared(A.args[0], "positive_definite"):
        return log_det_positive(c, A)
    return c.numpy.call("numpy.linalg", "slogdet", c.full(A.args[0]))["1"]


def _bounds(c: NumPyCode, size: Any, first: Any, number: Any, step: Any) -> str:
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
    rows, cols = (_bounds(c, given(n), *span) for span, n in zip(A.spans, A.args[0].shape, strict=True))
    if any(_is_beyond(given(n), *span) for span, n in zip(A.spans, A.args[0].shape, strict=True)):
        sizes = [c.length(k) for _, k, _ in A.spans]
        return c.numpy.call(OWN, "part", whole[f"{rows}, {cols}"], *sizes, Code(repr(str(A))))
    return whole[f"{rows}, {cols}"]


def _is_beyond(size: Any, first: Any, number: Any, step: Any) -> bool:
    # whether rows of a matrix may not be there, its size being a symbol
    last = given(first) + (given(number) - 1) * step
    return not size.is_Integer and not same_size(number, size) and last != 0 and not same_size(last, size - 1)


def _placed(c: NumPyCode, A: Any) -> Code:
    spans = [_bounds(c, given(n), *span) for span, n in zip(A.spans, A.shape, strict=True)]
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


def _norm(order: Any) -> Callable[[NumPyCode, Any], Code]:
    return lambda c, A: c.numpy.call("numpy.linalg", "norm", c.full(A.args[0]), Code(repr(order)))


def _power(c: NumPyCode, A: Any) -> Code:
    M, k, *along = A.args
    return c.numpy.call(OWN, "whole_power", c.full(M), c.piece(k), *map(c.full, along))


NUMPY.update({
    **dict.fromkeys((Expm, ExpmSlope), _own("expm")),
    **dict.fromkeys((MatrixPower, PowerSlope), _power),
    Pinv:      lambda c, A: c.numpy.call("numpy.linalg", "pinv", c.full(A.args[0])),
    SpectralNorm: _norm(2),
    NuclearNorm: _norm("nuc"),
    Leading:   _own("leading"),
    Polar:     _own("polar"),
    Sylvester: _own("sylvester"),
    Part:      _part,
    Placed:    _placed,
    Entry:     lambda c, A: c.full(A.args[0])[f"{A.args[1]}, {A.args[2]}"],
    Stack:     _stack,
    Reshape:   lambda c, A: c.full(A.args[0]).method("reshape", *map(c.length, A.shape)),
    Roll:      lambda c, A: c.numpy.roll(c.full(A.args[0]), int(A.args[1]), axis=int(A.args[2])),
    RunningSum: _cumsum,
    Explicit:  _explicit,
    # A⁻¹·B and its adjoint A⁻ᵀ·C factor A twice: NumPy solves no triangular system, an inverse used twice saves a third
    # of the time and loses digits, and SciPy's two calls take longer than both solutions
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


def _along(f: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    # the function of a real matrix a little way along an imaginary one
    return lambda A: f(A.real) + 1j * slope(A.real, A.imag)


def _pinv_slope(A: Any, E: Any) -> Any:
    P = np.linalg.pinv(A)
    return P @ P.T @ E.T @ (np.eye(len(A)) - A @ P) + (np.eye(len(P)) - P @ A) @ E.T @ P.T @ P - P @ E @ P


def _leading_slope(A: Any, E: Any) -> Any:
    U, s, Vt = np.linalg.svd(A)
    u, v = U[:, :1], Vt[:1].T
    sides = [(U, E @ v * s[0] + A @ (E.T @ u)), (Vt.T, E.T @ u * s[0] + A.T @ (E @ v))]
    gaps = [np.r_[s[0] ** 2 - s[1:] ** 2, np.full(len(W) - len(s), s[0] ** 2)][:, None] for W, _ in sides]
    du, dv = (W[:, 1:] @ (W[:, 1:].T @ x / gap) for (W, x), gap in zip(sides, gaps, strict=True))
    return du @ v.T + u @ dv.T


def _polar_slope(A: Any, E: Any) -> Any:
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    inside = U.T @ E @ Vt.T
    turned = U @ ((inside - inside.T) / (s[:, None] + s)) @ Vt
    return turned + (E - U @ (U.T @ E)) @ (Vt.T / s) @ Vt + (U / s) @ U.T @ (E - E @ Vt.T @ Vt)


def _norm_along(A: Any, order: Any) -> Any:
    slope = matrix_functions.leading if order == 2 else matrix_functions.polar
    return np.linalg.norm(A.real, order) + 1j * (slope(A.real) * A.imag).sum()


def _sylvester(H: Any, C: Any) -> Any:
    one = np.eye(len(H))
    return np.linalg.solve(np.kron(H, one) + np.kron(one, H.T), C.reshape(-1)).reshape(C.shape)


ANALYTIC: dict[str, Callable[..., Any]] = {
    "slogdet": _slogdet, "adjugate": _adjugate, "pinv": _along(np.linalg.pinv, _pinv_slope), "norm": _norm_along,
    "leading": _along(matrix_functions.leading, _leading_slope), "sylvester": _sylvester,
    "polar": _along(matrix_functions.polar, _polar_slope),
}  # fmt: skip


# -- in many digits


def _array(A: Any) -> Any:
    return np.array(A.tolist(), object)


def _matrix(A: Any) -> Any:
    return mpmath.matrix(A.tolist())


def _svd(A: Any) -> tuple[Any, Any, Any]:
    U, s, Vt = mpmath.svd_r(_matrix(A))
    return _array(U), np.array(list(s), object), _array(Vt)


def _expm(A: Any, E: Any = None) -> Any:
    if E is None:
        return _array(mpmath.expm(_matrix(A)))
    n = len(A)
    return _expm(np.block([[A, E], [0 * A, A]]))[:n, n:]


def _matrix_power(A: Any, k: Any, E: Any = None) -> Any:
    if E is None:
        return _array(_matrix(A) ** int(k))
    n = len(A)
    return _matrix_power(np.block([[A, E], [0 * A, A]]), k)[:n, n:]


def _pinv(A: Any) -> Any:
    U, s, Vt = _svd(A)
    kept = s > s[0] * 1e-14  # as many as for numbers of 64 bits
    return (Vt.T[:, kept] / s[kept]) @ U.T[kept]


def _leading(A: Any) -> Any:
    U, _, Vt = _svd(A)
    return U[:, :1] * Vt[:1]


def _polar(A: Any) -> Any:
    U, s, Vt = _svd(A)
    kept = s > s[0] * 1e-14
    return U[:, kept] @ Vt[kept]


def _sylvester_exactly(H: Any, C: Any) -> Any:
    values, Q = mpmath.eigsy(_matrix(H))
    Q, values = _array(Q), np.array(list(values), object)
    return Q @ ((Q.T @ C @ Q) / (values[:, None] + values)) @ Q.T


MPMATH: dict[str, Callable[..., Any]] = {
    "solve": lambda A, B: _array(mpmath.inverse(_matrix(A)) * _matrix(B)),
    "norm": lambda A, order: _svd(A)[1][0] if order == 2 else _svd(A)[1].sum(),
    "expm": _expm,
    "whole_power": _matrix_power,
    "pinv": _pinv,
    "leading": _leading,
    "polar": _polar,
    "sylvester": _sylvester_exactly,
    "adjugate": lambda A: _array(mpmath.det(_matrix(A)) * mpmath.inverse(_matrix(A))),
}
