"""NumPy code for complex arguments: analytic everywhere, decisions on real parts, so that a complex step is exact.

A transpose does not conjugate, relu, abs and max look at the real part, stable forms stay analytic. For real arguments
it computes what `code.NumPyCode` computes.
"""

from __future__ import annotations

from typing import Any

from sympy import (
    Abs,
    Function,
    Heaviside,
    Piecewise,
    Pow,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    exp,
    log,
    sign,
    sin,
    sinh,
    tan,
    tanh,
)

from symnet.backends.numpy_code import ATOM, Box, Full, NumPyCode
from symnet.backends.lowering import AxisMax
from symnet.expressions.scalars import maximum, relu, sigmoid, softplus, step

ANALYTIC = (
    *(
        Abs,
        Heaviside,
        Piecewise,
        Pow,
        acos,
        acosh,
        asin,
        asinh,
        atan,
        atanh,
        cos,
        cosh,
        exp,
        log,
        sign,
        sin,
        sinh,
        tan,
        tanh,
    ),
    *(maximum, relu, sigmoid, softplus, step),
)


def allows_complex_step(body: Any) -> bool:
    """Tell whether every function in a scalar expression can be computed for complex arguments."""
    return all(isinstance(f, ANALYTIC) for f in body.atoms(Function))


class ComplexCode(NumPyCode):
    """Prints one expression as NumPy code for complex arrays."""

    def _real(self, x: Any) -> str:
        return f"{self._numpy('real')}({self._print(x)})"

    def _comparison(self, x: Any, sign: str) -> str:
        return f"{self._real(x)} {sign} 0"

    def _dot(self, a: str, b: str) -> str:
        return f"({a}*{b}).sum()" if a.isidentifier() and b.isidentifier() else f"(({a})*({b})).sum()"

    def _print_relu(self, expr: Any) -> str:
        x = expr.args[0]
        return f"{self._numpy('where')}({self._real(x)} > 0, {self._print(x)}, 0)"

    def _print_maximum(self, expr: Any) -> str:
        x, y = expr.args
        return f"{self._numpy('where')}({self._real(x - y)} > 0, {self._print(x)}, {self._print(y)})"

    def _print_Abs(self, expr: Any) -> str:
        x = expr.args[0]
        return f"{self._numpy('where')}({self._real(x)} < 0, {self._print(-x)}, {self._print(x)})"

    def _print_softplus(self, expr: Any) -> str:
        x = expr.args[0]
        e, one = self._numpy("exp"), self._numpy("log1p")
        above, below = f"{self._print(x)} + {one}({e}({self._print(-x)}))", f"{one}({e}({self._print(x)}))"
        return f"{self._numpy('where')}({self._real(x)} > 0, {above}, {below})"

    def _print_sign(self, expr: Any) -> str:
        return f"{self._numpy('sign')}({self._real(expr.args[0])})"

    def _print_Heaviside(self, expr: Any) -> str:
        return f"{self._numpy('heaviside')}({self._real(expr.args[0])}, 0.5)"

    def _print_Relational(self, expr: Any) -> str:
        return f"({self._real(expr.lhs)} {expr.rel_op} {self._real(expr.rhs)})"

    def _axis_max(self, A: AxisMax) -> tuple[Box, Full]:
        return (f"{self._operand(A.args[0], ATOM)}.real.max(axis={A.axis}, keepdims=True)", ATOM), (True, True)
