"""How a sum of squares and its powers are written by SymPy's own printers: norm(A)**2, norm(A), 1/norm(A)**3.

In: ‖A‖² and an exponent. Out: a power as SymPy has it, which prints as `sn.norm` is typed. Nothing else about it
differs from any other power.
"""

from __future__ import annotations

from typing import Any

from sympy import Basic, Expr, HadamardProduct, Identity, Pow, S
from sympy.printing.precedence import PRECEDENCE


def root_of(total: Any) -> Any:
    """Give A where `total` is the sum of A∘A, else None."""
    A = total.args[0] if getattr(total, "title", "") == "sum" else None
    return A.args[0] if isinstance(A, HadamardProduct) and len(A.args) == 2 and A.args[0] == A.args[1] else None


class Length(Pow):
    """‖A‖ to some power, the sum of A∘A being its base."""

    __slots__ = ()

    def __new__(cls, base: Any, exponent: Any, evaluate: bool = True) -> Any:
        if evaluate or root_of(base) is None:
            return Pow(base, exponent, evaluate=evaluate)
        return length(base, exponent)

    def _sympystr(self, printer: Any) -> str:
        base, e = f"norm({printer._print(root_of(self.base))})", 2 * self.exp
        if e.could_extract_minus_sign():
            return f"1/{base}" if e == -1 else f"{base}**({printer._print(e)})"
        if e is S.One:
            return base
        return f"{base}**{printer.parenthesize(e, PRECEDENCE['Pow'])}"

    def _rust_code(self, printer: Any) -> Any:
        return printer._print(self.base)  # which says what gives code; the printer takes no power of a class of ours


def length(base: Any, exponent: Any) -> Any:
    """Give a power of a sum of squares."""
    power = Expr.__new__(Length, base, exponent)
    power.is_commutative = True
    return power


def written_total(A: Basic, printer: Any) -> str | None:
    """Give the text of the sum of a product of two: norm(A)**2, inner(A, B) or Trace(A); None for any other."""
    if not isinstance(A, HadamardProduct) or len(A.args) != 2:
        return None
    if A.args[0] == A.args[1]:
        return f"norm({printer._print(A.args[0])})**2"
    rest = [a for a in A.args if not isinstance(a, Identity)]
    return f"{'inner' if len(rest) == 2 else 'Trace'}({', '.join(map(printer._print, rest))})"
