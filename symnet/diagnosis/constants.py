"""Constant factors in equations: how one is written, and the numbers that one is read off.

In: right-hand sides and arrays by parameter. Out: a right-hand side times a number, and arrays as one vector.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sympy import Float, MatAdd, nsimplify

from symnet.diagnosis.edits import Name
from symnet.expressions import scaled


def times_constant(factor: float, rhs: Any) -> Any:
    """Give a right-hand side times a number, a sum term by term."""
    c = nsimplify(factor, rational=True, tolerance=1e-12) if abs(factor) < 1e6 else Float(factor)
    c = c if getattr(c, "q", 10**9) < 10**4 else Float(factor)
    if not rhs.is_Matrix:
        return c * rhs
    return MatAdd(*[scaled(c, t) for t in rhs.args], evaluate=False) if isinstance(rhs, MatAdd) else scaled(c, rhs)


def flat(gradients: Mapping[Name, Any], order: Iterable[Name]) -> Any:
    """Give arrays one after the other as one vector."""
    return np.concatenate([np.ravel(np.asarray(gradients[w], float)) for w in order])
