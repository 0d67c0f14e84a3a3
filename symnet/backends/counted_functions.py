"""What the functions cost that kernels have and NumPy lacks: windows of images, functions of matrices.

In: a ledger, and a call with arrays that have only a shape. Out: an array of the result's shape. The function itself is
run, on numbers of these shapes, to see what it gives.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from symnet.backends import matrix_functions, windows
from symnet.backends.counted import Ledger, counted_in, longest, results

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
        given, result = counted_in(arguments), results(ledger, name, f, arguments, options)
        largest = longest([a.size for a in (*given, *result)])
        ledger.count(0 if name in _MOVING else largest * given[0].shape[0] if name in _CUBIC else largest)
        return result if len(result) > 1 else result[0]

    return function
