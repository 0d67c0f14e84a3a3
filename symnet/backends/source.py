"""The bare function of a kernel: its equations as one flat text, made a function by `sympy.lambdify`.

In: a kernel, and who writes its code. Out: a function with `text` and `imports`, and the text that runs in an empty
file, with the functions of ours that it calls.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from inspect import getsource
from types import ModuleType
from typing import Any

import numpy as np
from sympy import S, Symbol, lambdify

from symnet.backends.emitter import largest_exponent
from symnet.backends.identifiers import identifiers
from symnet.backends.numpy_code import NumPyCode
from symnet.backends.steps import lengths_of, size_steps, with_releases

# what code may call: SymPy's "numpy" would load the parts of NumPy that wait until somebody asks, which takes 0.05 s
NUMPYS = {name: vars(part)[name] for part in (np.linalg, np) for name in part.__all__ if name in vars(part)}


def written(
    kernel: Any, code: type[NumPyCode], functions: dict[str, Any], entries: str | None, dtype: np.dtype[Any]
) -> Callable[..., Any]:
    """Give the bare function as another writer writes it, with functions of one's own in the place of NumPy's."""
    sizes, symbols = kernel.program.names.sizes, list(kernel.symbols.values())
    safe = identifiers(dict.fromkeys([*kernel.arguments, *sizes, *[e.lhs.name for e in kernel.equations]]))
    largest = largest_exponent(dtype if dtype.kind in "fc" else float)
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
    function.imports, function.names = writer.module_imports, safe
    function.__qualname__ = "kernel.function"  # which Python says where arguments do not fit
    function.__doc__ = "A flat function that symnet derived."
    return function  # type: ignore[no-any-return]


def standalone(
    text: str, imports: Mapping[str, Iterable[str]], library: str = "numpy", instead: ModuleType | None = None
) -> str:
    """Give the code of a function so that it runs in an empty file: imports, the functions of ours it calls, itself.

    imports: module → the names that the text needs of it; library: what functions of ours import in the place of NumPy;
    instead: a module whose functions stand in the place of those of the same names.
    """
    lines = {(module, name) for module, names in imports.items() if not _is_ours(module) for name in names}
    waiting = [(module, name) for module, names in imports.items() if _is_ours(module) for name in names]
    needed: dict[str, str] = {}
    while waiting:
        module, name = waiting.pop()
        if name in needed:
            continue
        function = getattr(instead, name, None) or getattr(sys.modules[module], name)
        needed[name] = getsource(function).rstrip()
        used = {node.id for node in ast.walk(ast.parse(needed[name])) if isinstance(node, ast.Name)}
        for origin, called in _globals(function.__module__, used):
            if _is_ours(origin):
                waiting.append((origin, called))
            else:
                lines.add((re.sub(r"^numpy\b", library, origin), called))
    whole = [_imported(lines), *[needed[name] for name in sorted(needed)], text]
    return "\n\n\n".join(filter(None, whole))


def _is_ours(module: str) -> bool:
    return module.startswith("symnet.")


@lru_cache(maxsize=16)
def _origins(module: str) -> dict[str, tuple[str, str]]:
    # where the names of a module come from: (module, name), or (module, "as name") for a module as a whole
    found = {}
    for node in ast.parse(getsource(sys.modules[module])).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = (module, node.name)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            found |= {alias.name: (str(node.module), alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {str(alias.asname): (alias.name, f"as {alias.asname}") for alias in node.names}
    return found


def _globals(module: str, used: Iterable[str]) -> list[tuple[str, str]]:
    origins = _origins(module)
    return [origins[name] for name in used if name in origins]


def _imported(lines: Iterable[tuple[str, str]]) -> str:
    wholes = sorted(f"import {module} {name}" for module, name in lines if name.startswith("as "))
    parts: dict[str, list[str]] = {}
    for module, name in sorted(lines):
        if not name.startswith("as "):
            parts.setdefault(module, []).append(name)
    froms = {module: f"from {module} import {', '.join(names)}" for module, names in parts.items()}
    standard = [froms.pop(module) for module in sorted(froms) if module in sys.stdlib_module_names]
    return "\n\n".join(filter(None, ("\n".join(standard), "\n".join([*wholes, *froms.values()]))))
