"""How structured matrices are read: diag(v), vec A, A ⊗ B, the commutation matrix.

In: a reading and a node. Out: a box. These are rows of `FORMULAS`.
"""

from __future__ import annotations

from typing import Any

from sympy import KroneckerProduct
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf

from symnet.expressions import Commutation, Kron, Paired, Unpaired, Unvec
from symnet.notation.reading import FORMULAS, Reading
from symnet.notation.spelling import PRODUCT, QUOTIENT
from symnet.notation.style import Box


def _kron(r: Reading[Any], e: Any) -> Box[Any]:
    return r.style.kron([r.write(a, PRODUCT) for a in e.args]), QUOTIENT


FORMULAS.update({
    **dict.fromkeys((Kron, KroneckerProduct), _kron),
    DiagMatrix: lambda r, e: r.call(e, "diag", e.args),
    DiagonalOf: lambda r, e: r.call(e, "diagonal", e.args),
    DiagonalMatrix: lambda r, e: r.call(e, "diag", [DiagonalOf(e.args[0])]),
    Commutation: lambda r, e: r.call(e, "K", e.args),
    Unvec: lambda r, e: r.call(e, "unvec", e.args),
    Paired: lambda r, e: r.call(e, "paired", e.args),
    Unpaired: lambda r, e: r.call(e, "unpaired", e.args),
})  # fmt: skip
