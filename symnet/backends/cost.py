"""What a kernel costs, equation by equation: its own code is run on arrays that have only a shape.

In: a kernel, and numbers for the sizes that are to be numbers. Out: operations and entries, expressions in the sizes
that have none. No operation is described a second time: what is counted is what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Integer, MatrixSymbol, Symbol, sympify

from symnet.backends.counted import Ledger
from symnet.backends.counted_functions import counting
from symnet.backends.kernel import Kernel, written
from symnet.backends.numpy_code import NumPyCode, SizeOf
from symnet.program import Equation


@dataclass(frozen=True)
class Cost:
    """What an equation costs: `operations`, one for a multiplication with its addition and for any other arithmetic,
    comparison or function of an entry; `entries`: the numbers that its value has."""

    equation: Equation
    operations: Any
    entries: Any


class _Noted(NumPyCode):
    # each right-hand side ends an entry of the ledger
    def doprint(self, expr: Any) -> str:
        code = super().doprint(expr)
        return f"noted({code})" if _is_computed(expr) else code


def _is_computed(rhs: Any) -> bool:
    return not isinstance(rhs, (MatrixSymbol, Symbol, SizeOf, str)) and rhs != 0


def costs(kernel: Kernel, sizes: Mapping[str, int]) -> tuple[Cost, ...]:
    """Give the cost of each equation that a kernel runs, in order. `sizes`: numbers for sizes, by name."""
    known = {name: Integer(number) for name, number in sizes.items()}
    ledger = Ledger()
    functions = {**ledger.functions(), **counting(ledger), "noted": ledger.close}
    function = written(kernel, _Noted, functions, None, np.dtype(kernel.dtype or float))
    put = lambda size: sympify(size).xreplace({s: known[s.name] for s in sympify(size).free_symbols if s.name in known})
    arguments = [
        put(s) if name in kernel.program.names.sizes else ledger.array(*map(put, getattr(s, "shape", ())))
        for name, s in kernel.symbols.items()
    ]
    with np.errstate(all="ignore"):
        function(*arguments)
    noted = iter(ledger.entries)
    found = []
    for e in kernel.equations:
        operations, shape = next(noted) if _is_computed(e.rhs) else (0, getattr(e.rhs, "shape", ()))
        found.append(Cost(e, sympify(operations).expand(), put(np.prod(shape, dtype=object))))
    return tuple(found)
