"""The functions that kernels call, for object arrays of mpmath numbers: the same code, computed in many digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from symnet.expressions import SCALARS


def mpmath_functions() -> dict[str, Any]:
    """Give, by the names that kernels use, functions of arrays of mpmath numbers."""
    functions: dict[str, Any] = {"sqrt": _entrywise(mpmath.sqrt), "log1p": _entrywise(mpmath.log1p)}
    for row in SCALARS.values():
        for name, own in row.mpmath.items():
            functions[name] = _entrywise(getattr(mpmath, own) if isinstance(own, str) else own)
    functions["vdot"] = lambda a, b: (a * b).sum()
    functions["inv"] = lambda A: np.array(mpmath.inverse(mpmath.matrix(A.tolist())).tolist(), object)
    functions["det"] = lambda A: mpmath.det(mpmath.matrix(A.tolist()))
    functions["cholesky"] = lambda A: np.array(mpmath.cholesky(mpmath.matrix(A.tolist())).tolist(), object)
    functions["slogdet"] = lambda A: _signed(mpmath.det(mpmath.matrix(A.tolist())))
    return functions


def _signed(det: Any) -> tuple[Any, Any]:
    return (mpmath.sign(det), mpmath.log(abs(det))) if det else (det, mpmath.mpf("-inf"))


def _entrywise(f: Callable[..., Any]) -> Callable[..., Any]:
    vectorized = np.vectorize(f, otypes=[object])
    return lambda *a: vectorized(*a) if any(isinstance(x, np.ndarray) for x in a) else f(*a)
