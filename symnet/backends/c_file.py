"""A derivation as one file of C99 that needs nothing but the C library: no allocation, every size a number.

In: a program, what its functions are to give, and the size of everything. Out: the text of the file: prediction, loss,
gradients and one step of training, and a `main` that tries them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symnet.backends import binding, c_blocks as c_blocks, c_rows as c_rows
from symnet.backends.c_code import C99 as C99
from symnet.backends.c_function import Buffers, Function, Signature, Told, is_own
from symnet.backends.c_text import helper_text
from symnet.backends.stated import must_be
from symnet.expressions import Name, axes_of, listed, size_number, symbols_of
from symnet.program import Equation, Program, targets_of

MOST = 2**30  # bytes of all arrays of a file


@dataclass(frozen=True)
class Update:
    """A step of training: the new values (new → old), the hyperparameters, and the states' values at the start.

    `rates`: symbol → number, or a function of the step's number from 0, or None where nothing is known.
    """

    moved: dict[Name, Name]
    rates: dict[Name, Any]
    states: dict[Name, float]


def checked_name(name: Any) -> str:
    """Give the name of the file's functions. Raises `ValueError` or `TypeError` for what C has not as a name."""
    if not isinstance(name, str):
        raise TypeError(f"c: name is {name!r}, which is no text; write a name such as 'net'")
    if not is_own(name):
        raise ValueError(
            f"c: name={name!r} cannot begin the names of C functions: write letters of English, digits and _, a letter "
            "first, and no word that C keeps for itself, such as 'net'"
        )
    return name


def checked_type(dtype: Any) -> bool:
    """Tell whether it is float, not double. Raises `TypeError` for any other type."""
    if isinstance(dtype, str) and dtype in ("float", "double"):  # as C calls them
        return dtype == "float"
    try:
        found = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(f"c: dtype={dtype!r} is no type of C's; use 'float' (32 bits) or 'double' (64 bits)")
    return bool(found == np.float32)


def known_sizes(program: Program, sizes: Mapping[Any, Any] | None) -> dict[str, int]:
    """Give the numbers of all sizes. Raises `ValueError` or `KeyError` where one is missing, unknown or no size."""
    needed = {size.name: A for size, A, _ in axes_of(program.inputs.values())}
    needed.update({name: None for name in program.names.sizes if name not in needed})
    if sizes is not None and not isinstance(sizes, Mapping):
        raise TypeError(f"c: sizes is {sizes!r}; write a number for each size by its name, such as sizes={{'n': 4}}")
    given = {str(getattr(key, "name", key)): value for key, value in dict(sizes or {}).items()}
    for name, value in given.items():
        if name not in needed:
            known = f"its sizes are {listed(needed)}" if needed else "all its sizes are numbers"
            raise KeyError(f"c: sizes has {name}, which is no size of this derivation; {known}")
        binding.as_size(name, value)
    for name, A in needed.items():
        if name not in given:
            where = f", a size of {A.name}" if A is not None else ""
            raise ValueError(f"c: C needs every size as a number; say what {name} is{where}: sizes={{{name!r}: 4}}")
    return {name: int(binding.as_size(name, value)) for name, value in given.items()}


@dataclass
class CFile:
    """The file that is being put together from functions of a program."""

    program: Program
    name: str
    single: bool
    known: dict[str, int]
    functions: dict[str, Signature] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.told = Told(self.known, self.single, self.name, Buffers(self.name))

    def add(
        self, what: str, value: Name | None, outputs: Sequence[Name], moved: Mapping[Name, Name] | None = None,
        arguments: Callable[[Sequence[Equation]], Sequence[Name]] | None = None,
    ) -> Signature:  # fmt: skip
        """Add a function `NAME_what` (or `NAME`): its value, and what it gives through pointers."""
        name = f"{self.name}_{what}" if what else self.name
        function = Function(
            self.told, name, self.program, value, outputs, moved or {}, arguments or self._by_use(moved or {})
        )
        self.functions[what] = signature = function.written()
        return signature

    def _by_use(self, moved: Mapping[Name, Name]) -> Callable[[Sequence[Equation]], list[Name]]:
        # the data as they are used, then the parameters, then what else is moved
        last = [*self.program.parameters, *[s for s in moved.values() if s not in self.program.parameters]]

        def arguments(equations: Sequence[Equation]) -> list[Name]:
            used = list(dict.fromkeys(s for e in equations for s in self._in_order(e)))
            return [*[s for s in used if s not in last], *[s for s in last if s in used]]

        return arguments

    def _in_order(self, e: Equation) -> list[Name]:
        inputs, sizes = self.program.inputs, self.program.names.sizes
        found = {s for s in symbols_of(e.rhs) if s.name in inputs and inputs[s.name] == s and s.name not in sizes}
        return [s for s in inputs.values() if s in found]

    def size(self, symbol: Name) -> int:
        """Give the number of entries."""
        if not symbol.is_Matrix:
            return 1
        return size_number(symbol.shape[0], self.known) * size_number(symbol.shape[1], self.known)

    @property
    def bytes_of_buffers(self) -> int:
        """The static memory of the file."""
        return sum(self.told.buffers.sizes) * (4 if self.single else 8)

    def text(self, about: str, main: str = "") -> str:
        """Give the text of the file."""
        if self.bytes_of_buffers > MOST:
            raise ValueError(
                f"c: the values need {self.bytes_of_buffers:,} bytes of static memory, and {MOST:,} are allowed; "
                "take fewer samples at a time, or compile to NumPy"
            )
        real = self.told.real
        helpers = [helper_text(h, f"{self.name}_{h}", self.single) for h in sorted(self.told.helped)]
        buffers = [f"static {real} {self.name}_buffer{k}[{n}];" for k, n in enumerate(self.told.buffers.sizes)]
        functions = [f.text for f in self.functions.values()]
        heads = "#include <math.h>" + "\n#include <stdio.h>" * bool(main)
        return "\n\n".join(filter(None, [about, heads, "\n".join(buffers), *helpers, *functions, main])) + "\n"


def about(file: CFile, update: Update | None) -> str:
    """Give the comment that the file begins with: each function's arrays, and how much memory is static."""
    lines = [f"{file.name}: derived by symnet. Matrices lie row by row; arrays must not overlap."]
    for what, f in file.functions.items():
        gives = [*(["the loss"] if what in ("loss", "gradients", "step") else []), *map(str, f.outputs)]
        gives += [f"new {', '.join(s.name for s in f.arguments if s in f.moved)}"] if f.moved else []
        lines.append(f"  {f.name} gives {', '.join(gives)}")
    for s in dict.fromkeys(s for f in file.functions.values() for s in [*f.arguments, *f.outputs]):
        shape = [" x ".join(str(size_number(k, file.known)) for k in s.shape)] if s.is_Matrix else []
        if said := ", ".join([*shape, *must_be(s)]):
            lines.append(f"  {s.name}: {said}")
    for target in targets_of(file.program):
        lines.append(
            f"  {target.text}: each {target.line} must sum to {1 - target.constant}, which is not checked here"
        )
    for label in file.program.labels:
        together = f", and each {label.line} sum to 1" if label.entries.hot else ""
        lines.append(f"  {label.text}: each entry must be {label.entries.words}{together}, which is not checked here")
    if update is not None:
        for rate, value in update.rates.items():
            if value is not None and not callable(value):
                lines.append(f"  {rate.name}: {value!r}")
    lines.append(f"Static memory: {file.bytes_of_buffers} bytes, arrays shared by values that are not alive together.")
    text = "\n".join(lines).replace("*/", "* /")
    return "/* " + text.encode("ascii", "backslashreplace").decode().replace("\n", "\n * ") + "\n */"
