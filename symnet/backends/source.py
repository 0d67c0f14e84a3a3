"""The bare function of a kernel: its equations as one flat text, made a function by `sympy.lambdify`.

In: a kernel, and who writes its code. Out: a function with `text` and `imports`.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import S, Symbol, lambdify

from symnet.backends.identifiers import identifiers
from symnet.backends.numpy_code import NumPyCode
from symnet.backends.steps import lengths_of, size_steps, with_releases

# what code may call: SymPy's "numpy" would load the parts of NumPy that wait until somebody asks, which takes 0.05 s
NUMPYS = {name: f for part in (np.linalg, np) for name, f in vars(part).items() if name in part.__all__}


def written(
    kernel: Any, code: type[NumPyCode], functions: dict[str, Any], entries: str | None, dtype: np.dtype[Any]
) -> Callable[..., Any]:
    """Give the bare function as another writer writes it, with functions of one's own in the place of NumPy's."""
    sizes, symbols = kernel.program.names.sizes, list(kernel.symbols.values())
    safe = identifiers(dict.fromkeys([*kernel.arguments, *sizes, *[e.lhs.name for e in kernel.equations]]))
    largest = float(np.floor(np.log(np.finfo(dtype).max))) if dtype.kind in "fc" else 709.0
    typed = sorted((s for s in symbols if s.name not in sizes), key=lambda s: not s.is_Matrix)
    first = entries or next((f"{safe[s.name]}.dtype" for s in typed), "float")
    writer = code(safe, sizes, first, largest, lengths_of(symbols, safe))
    outputs = kernel._lowered.outputs
    steps = size_steps(kernel.equations, symbols, sizes)
    steps += with_releases(kernel.equations, {*outputs, *symbols})
    returned = kernel.result.returned([safe[o.name] for o in outputs])
    function = lambdify(
        [Symbol(safe[name]) for name in kernel.arguments], S.Zero, modules=[functions, NUMPYS],
        printer=writer, cse=lambda _: (steps, returned),
    )  # fmt: skip
    function.text = "".join(linecache.getlines(function.__code__.co_filename))
    function.imports = writer.module_imports
    function.__doc__ = "A flat function that symnet derived."
    return function  # type: ignore[no-any-return]
