"""What the functions cost that kernels have and NumPy lacks: windows of images, functions of matrices.

In: a ledger, and a call with arrays that have only a shape. Out: an array of the result's shape. The function itself is
run, on numbers of these shapes, to see what it gives; where one size is a symbol, at 1 and at 2, since everything in it
is linear in the number of samples.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sympy import Integer, Symbol

from symnet.backends import matrix_functions, windows
from symnet.backends.counted import Counted, Ledger

_MOVING = ("padded", "part", "placed", "taps", "unfold")  # no arithmetic
_CUBIC = ("adjugate", "expm", "leading", "polar", "sylvester", "whole_power")  # of n×n matrices, the leading term


def counting(ledger: Ledger) -> dict[str, Callable[..., Any]]:
    """Give, by name, functions that count what those of kernels do: an operation for each entry of what is larger.

    Of functions of a matrix it is n³, their order.
    """
    ours = {name: f for name, f in vars(matrix_functions).items() if inspect.isfunction(f)} | windows.FUNCTIONS
    return {name: _counting(ledger, name, f) for name, f in ours.items()}


def _counting(ledger: Ledger, name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    def function(*arguments: Any, **options: Any) -> Any:
        given = [a for a in arguments if isinstance(a, Counted)]
        free = sorted({s for a in given for n in a.shape for s in getattr(n, "free_symbols", ())}, key=str)
        if len(free) > 1:
            raise TypeError(f"{name} is counted where at most one size is a symbol; give {free[0]} as one of sizes=")
        found = [_shapes(f, arguments, options, dict.fromkeys(free, number)) for number in (1, 2)[: 1 + len(free)]]
        shapes = [_along(one, free) for one in zip(*found, strict=True)]
        result = tuple(ledger.array(*shape) for shape in shapes)
        sizes = [a.size for a in (*given, *result)]
        largest = max(sizes, key=lambda n: n if not free else n.subs(free[0], 10**6) if hasattr(n, "subs") else n)
        ledger.count(0 if name in _MOVING else largest * given[0].shape[0] if name in _CUBIC else largest)
        return result if len(result) > 1 else result[0]

    return function


def _shapes(f: Callable[..., Any], arguments: Any, options: Any, put: Mapping[Symbol, int]) -> list[tuple[int, ...]]:
    def numbers(a: Any) -> Any:
        if not isinstance(a, Counted):
            return a
        shape = [int(n.xreplace(dict(put))) if hasattr(n, "xreplace") else int(n) for n in a.shape]
        return np.eye(shape[0], shape[1]) if len(shape) == 2 else np.zeros(shape, int)  # of one axis: places in windows

    with np.errstate(all="ignore"):
        found = f(*map(numbers, arguments), **options)
    return [np.shape(one) for one in (found if isinstance(found, tuple) else (found,))]


def _along(shapes: Any, free: Any) -> tuple[Any, ...]:
    first, second = shapes[0], shapes[-1]
    return tuple(Integer(a) if a == b else a + (b - a) * (free[0] - 1) for a, b in zip(first, second, strict=True))
