"""NumPy code for complex arguments: analytic everywhere, decisions on real parts, so that a complex step is exact.

A transpose does not conjugate, relu, abs and max look at the real part, stable forms stay analytic. For real arguments
it computes what `numpy_code.NumPyCode` computes.
"""

from __future__ import annotations

from typing import Any

from symnet.backends.emitter import Code, entrywise, piece
from symnet.backends.numpy_code import NumPyCode


class ComplexCode(NumPyCode):
    """Writes one expression as NumPy code for complex arrays."""

    complex_arguments = True

    def compare(self, a: Code, relation: str, b: Any) -> Code:
        b = piece(b)
        return self.numpy.real(a).compare(relation, b if b.full == (False, False) else self.numpy.real(b))

    def dot(self, a: Code, b: Code) -> Code:
        return entrywise([a, b]).method("sum")

    def largest_along(self, A: Code, axis: int) -> Code:
        return A.real.method("max", axis=axis, keepdims=True)

    def chosen_along(self, name: str, A: Code, axis: int) -> Code:
        chosen = A.real.compare("==", A.real.method(name, axis=axis, keepdims=True))
        return (A * chosen).method("sum", axis=axis, keepdims=True) / chosen.method("sum", axis=axis, keepdims=True)
