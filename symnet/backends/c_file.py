"""A derivation as one file of C99 that needs nothing but the C library: no allocation, every size a number.

In: a program, what its functions are to give, and the size of everything. Out: the text of the file: prediction, loss,
gradients and one step of training, and a `main` that tries them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symnet.backends import binding
from symnet.backends.c_function import Buffers, Function, Signature, Told, c_names, is_own
from symnet.backends.c_text import helper_text, literal
from symnet.expressions import Name, axes_of, listed, size_number, symbols_of
from symnet.program import Equation, Program

MOST = 2**30  # bytes of all arrays of a file

FILL = """static void {prefix}_fill({real} *const a, const int size)
{{
    static unsigned long state = 1;
    for (int i = 0; i < size; i++) {{
        state = (1103515245UL * state + 12345UL) & 0x7fffffffUL;
        a[i] = ({real})state / ({real})1073741824.0 - 1;
    }}
}}"""


@dataclass(frozen=True)
class Update:
    """A step of training: the new values (new → old), the hyperparameters, and the states' values at the start.

    `rates`: symbol → number, or a function of the step's number from 0, or None where nothing is known.
    """

    moved: dict[Name, Name]
    rates: dict[Name, Any]
    states: dict[Name, float]


@dataclass(frozen=True)
class Trial:
    """What `main` does: arrays by name, where some are given, and the number of steps."""

    values: Mapping[str, Any]
    steps: int


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
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(f"c: dtype={dtype!r} is no type of C's; use 'float' (32 bits) or 'double' (64 bits)")
    return bool(found == np.float32)


def known_sizes(program: Program, sizes: Mapping[Any, Any]) -> dict[str, int]:
    """Give the numbers of all sizes. Raises `ValueError` or `KeyError` where one is missing, unknown or no size."""
    needed = {size.name: A for size, A, _ in axes_of(program.inputs.values())}
    needed.update({name: None for name in program.names.sizes if name not in needed})
    given = {str(getattr(key, "name", key)): value for key, value in dict(sizes or {}).items()}
    for name, value in given.items():
        if name not in needed:
            known = f"its sizes are {listed(needed)}" if needed else "all its sizes are numbers"
            raise KeyError(f"c: sizes has {name}, which is no size of this derivation; {known}")
        if binding.as_size(name, value) < 1:
            raise ValueError(f"c: the size {name} is {value}; it must be 1 or more")
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

    def text(self, about: str, trial: Callable[[CFile], str] | None = None) -> str:
        """Give the text of the file."""
        if self.bytes_of_buffers > MOST:
            raise ValueError(
                f"c: the values need {self.bytes_of_buffers:,} bytes of static memory, and {MOST:,} are allowed; "
                "take fewer samples at a time, or compile to NumPy"
            )
        real = self.told.real
        tried = trial(self) if trial else ""
        helpers = [helper_text(h, f"{self.name}_{h}", self.single) for h in sorted(self.told.helped)]
        buffers = [f"static {real} {self.name}_buffer{k}[{n}];" for k, n in enumerate(self.told.buffers.sizes)]
        functions = "\n\n".join(f.text for f in self.functions.values())
        math = "#include <math.h>" if any(sign in functions + "".join(helpers) for sign in ("(", "INF")) else ""
        heads = [math] + (["#include <stdio.h>"] if trial else [])
        return "\n\n".join(filter(None, [about, "\n".join(heads), "\n".join(buffers), *helpers, functions, tried])) + "\n"


def about(file: CFile, update: Update | None) -> str:
    """Give the comment that the file begins with: each function's arrays, and how much memory is static."""
    lines = [f"{file.name}: derived by symnet. Matrices lie row by row; arrays must not overlap."]
    for what, f in file.functions.items():
        gives = [*(["the loss"] if what in ("loss", "gradients", "step") else []), *map(str, f.outputs)]
        gives += [f"new {listed(s.name for s in f.arguments if s in f.moved)}"] if f.moved else []
        lines.append(f"  {f.name} gives {', '.join(gives)}")
    shapes = dict.fromkeys(s for f in file.functions.values() for s in [*f.arguments, *f.outputs] if s.is_Matrix)
    for s in shapes:
        rows, cols = (size_number(k, file.known) for k in s.shape)
        lines.append(f"  {s.name}: {rows} x {cols}")
    if update is not None:
        for rate, value in update.rates.items():
            if value is not None and not callable(value):
                lines.append(f"  {rate.name}: {value!r}")
    lines.append(f"Static memory: {file.bytes_of_buffers} bytes, arrays shared by values that are not alive together.")
    text = "\n".join(lines).replace("*/", "* /")
    return "/* " + text.encode("ascii", "backslashreplace").decode().replace("\n", "\n * ") + "\n */"


def main_text(file: CFile, update: Update | None, trial: Trial, loss: Name) -> str:
    """Give a `main` that prints the loss and the gradients, and trains."""
    first, step, predict = file.functions["gradients"], file.functions.get("step"), file.functions.get("predict")
    symbols = dict.fromkeys(s for f in file.functions.values() for s in f.arguments)
    rates = update.rates if update is not None else {}
    names = c_names([s.name for s in symbols], file.name, {"taken", "main"})
    outputs = dict.fromkeys(o for what in ("gradients", "predict") if what in file.functions for o in file.functions[what].outputs)
    results = c_names([o.name for o in outputs], file.name, {*names.values(), "taken"})
    real, single = file.told.real, file.single
    lines: list[str] = []
    filled: list[Name] = []
    for s in symbols:
        if s in rates:
            continue
        start = update.states.get(s) if update is not None else None
        given = trial.values.get(s.name)
        numbers = np.full(file.size(s), start) if start is not None else given
        if numbers is None:
            filled.append(s)
            lines.append(f"static {real} {names[s.name]}[{file.size(s)}];")
        else:
            flat = np.broadcast_to(np.asarray(numbers, float), _shape(s, file)).ravel() if start is None else numbers
            inside = ", ".join(str(literal(x, single)) for x in flat)
            lines.append(f"static {real} {names[s.name]}[{file.size(s)}] = {{{inside}}};")
    lines += [f"static {real} {results[o.name]}[{file.size(o)}];" for o in outputs]
    lines += [f"{file.name}_fill({names[s.name]}, {file.size(s)});" for s in filled]
    passed = lambda f: ", ".join(
        [
            _rate(rates[s], s, single) if s in rates else names[s.name] if s.is_Matrix or s in f.moved else f"{names[s.name]}[0]"
            for s in f.arguments
        ]
        + [results[o.name] for o in f.outputs]
    )
    lines.append(f'printf("loss %.9g\\n", (double){first.name}({passed(first)}));')
    lines += _printed([results[o.name] for o in first.outputs], [file.size(o) for o in first.outputs])
    if step is not None:
        lines += [
            f"for (int taken = 0; taken < {trial.steps}; taken++) {{", f"    {step.name}({passed(step)});", "}",
            f'printf("after {trial.steps} steps: loss %.9g\\n", (double){first.name}({passed(first)}));',
        ]  # fmt: skip
    if predict is not None:
        lines.append(f"{predict.name}({passed(predict)});")
        lines += _printed([results[o.name] for o in predict.outputs], [file.size(o) for o in predict.outputs])
    body = "\n".join(f"    {line}" for text in lines for line in text.split("\n"))
    fill = FILL.format(prefix=file.name, real=real) + "\n\n" if filled else ""
    return f"{fill}int main(void)\n{{\n{body}\n    return 0;\n}}"


def _shape(s: Name, file: CFile) -> tuple[int, ...]:
    return tuple(size_number(k, file.known) for k in s.shape) if s.is_Matrix else (1,)


def _printed(names: Sequence[str], sizes: Sequence[int]) -> list[str]:
    return [
        f'printf("{name}");\nfor (int i = 0; i < {size}; i++) printf(" %.9g", (double){name}[i]);\nprintf("\\n");'
        for name, size in zip(names, sizes, strict=True)
    ]


def _rate(value: Any, symbol: Name, single: bool) -> str:
    real = "float" if single else "double"
    if value is None:
        raise ValueError(
            f"c: main=True needs the value of {symbol.name}, which the optimizer has: give the optimizer as optimizer="
        )
    if not callable(value):
        return str(literal(value, single))
    if all(value(k) == k + 1 for k in (0, 1, 2, 10, 100)):
        return f"({real})(taken + 1)"
    raise ValueError(f"c: main cannot follow {symbol.name}, a function of the step; give a number, or call the step yourself")
