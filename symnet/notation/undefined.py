"""How a function without a definition is read: f(Z₁), its derivatives f′(Z₁) and f″(Z₁), and ∂₁f(A, B) of several.

In: a call of such a function. Out: what the style makes of it.
"""

from __future__ import annotations

from typing import Any

from sympy.core.function import AppliedUndef

from symnet.expressions import origin
from symnet.notation.reading import FORMULAS, Reading
from symnet.notation.spelling import ATOM
from symnet.notation.style import Box


def _undefined(reading: Reading[Any], call: Any) -> Box[Any]:
    base, orders = origin(call.func)
    arguments = [reading.write(a) for a in call.args]
    return reading.style.undefined(call, base.__name__, orders, arguments), ATOM


FORMULAS[AppliedUndef] = _undefined
