"""What a derivation costs, equation by equation: operations, bytes that are moved, memory that is taken.

In: a program, and numbers for its sizes. Out: a `Cost`, whose rows are the equations that the machine runs. All of it
is counted from their code; a size without a number stays a symbol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Basic, Integer, Max, S, preorder_traversal, sympify

from symnet.backends import (
    Kernel, Mapped, Spent, binding, checked_dtype, compile_program, compile_structured, costs, largest,
)  # fmt: skip
from symnet.expressions import Name, Shown, escape, listed, symbols_of
from symnet.notation import formula, writer
from symnet.program import Program, for_reader

WIDEST = 46  # characters of an equation in a table
UPDATES = ("update", "state")


@dataclass(frozen=True, eq=False, repr=False)
class CostRow(Shown):
    """An equation of a `Cost`. `name`: what it computes; `equation`: its formula; `section`: "forward", "backward", …;
    `shape`: of its value, () for a number; `operations`; `bytes`: read and written by them; `peak`: the most bytes of
    intermediates and results while it is computed.

    >>> import symnet as sn
    >>> w, X = sn.vector("w", 3), sn.matrix("X", "n", 3)
    >>> sn.derive(sn.norm(X * w)**2, w).cost().rows[0]
    <CostRow T₁ = X⋅w: 3n operations, 32n + 24 bytes, peak 8n bytes>
    """

    name: Name
    equation: str
    section: str
    shape: tuple[Any, ...]
    operations: Any
    bytes: Any
    peak: Any

    def _headline(self) -> str:
        numbers = (self.operations, self.bytes, self.peak)
        return " {}: {} operations, {} bytes, peak {} bytes".format(self.equation, *map(number_text, numbers))


@dataclass(frozen=True, eq=False, repr=False)
class Cost(Shown):
    """What `Derivation.cost` gives; sizes that are symbols stay symbols in all numbers.

    `rows`: the equations that the machine runs, each a `CostRow` with `operations`, `bytes` and `peak`; `operations`,
    `bytes`: their sums; `peak`: the most bytes that intermediates and results take at one time, as in a workspace;
    `inputs`: the bytes of data and parameters, which lie beside them; `sections`: operations by section; `sizes`: the
    numbers that were given; `dtype`: of the arrays.

    >>> import symnet as sn
    >>> X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
    >>> net = sn.mlp(X, [4, 2])
    >>> found = sn.derive(sn.squared_error(net.output, Y), net.parameters).cost({"n": 100})
    >>> found.operations, found.sections["forward"], found.bytes, found.peak, found.inputs
    (8201, 3401, 78880, 8080, 4208)
    >>> found.rows[0].operations, found.rows[0].bytes, found.rows[0].peak
    (1600, 12128, 3200)
    """

    rows: tuple[CostRow, ...]
    inputs: Any
    sizes: Mapping[str, int]
    dtype: np.dtype[Any]

    @cached_property
    def operations(self) -> Any:
        """The operations of all equations."""
        return _sum(row.operations for row in self.rows)

    @cached_property
    def bytes(self) -> Any:
        """The bytes that all operations read and write."""
        return _sum(row.bytes for row in self.rows)

    @cached_property
    def peak(self) -> Any:
        """The most bytes of intermediates and results at one time."""
        return plain(largest(sympify(row.peak) for row in self.rows))

    @property
    def sections(self) -> dict[str, Any]:
        """The operations by section."""
        found: dict[str, Any] = {}
        for row in self.rows:
            found[row.section] = found.get(row.section, 0) + row.operations
        return found

    def __getitem__(self, name: Any) -> CostRow:
        """Give the row of an equation, by its name: "Z1", or the symbol."""
        wanted = str(getattr(name, "name", name))
        for row in self.rows:
            if row.name.name == wanted:
                return row
        raise KeyError(f"cost: {wanted} is no equation that runs; there are {listed(row.name for row in self.rows)}")

    def _headline(self) -> str:
        operations, moved, peak = map(number_text, (self.operations, self.bytes, self.peak))
        return f": {len(self.rows)} equations, {operations} operations, {moved} bytes, peak {peak} bytes"

    def _table(self) -> list[list[str]]:
        lines = [["equation", "operations", "bytes", "peak"]]
        section = None
        for row in self.rows:
            if row.section != section:
                section = row.section
                lines.append([section.capitalize(), "", "", ""])
            lines.append([f"  {row.equation}", *map(number_text, (row.operations, row.bytes, row.peak))])
        return [*lines, ["in all", *map(number_text, (self.operations, self.bytes, self.peak))]]

    def _remarks(self) -> list[str]:
        told = f"; {', '.join(f'{size} = {number:,}' for size, number in self.sizes.items())}" if self.sizes else ""
        return [f"beside these: {number_text(self.inputs)} bytes of data and parameters, in {self.dtype}{told}"]

    def __str__(self) -> str:
        return text_table(self._table(), self._remarks())

    def _repr_html_(self) -> str:
        return html_table(self._table(), self._remarks())


def _sum(numbers: Iterable[Any]) -> Any:
    return plain(sum(map(sympify, numbers), S.Zero).expand())


def plain(number: Any) -> Any:
    """Give a whole number as Python's own, and anything else as it is."""
    number = sympify(number)
    return int(number) if number.is_Integer else number


def number_text(number: Any) -> str:
    """Write a number, or an expression in sizes, with its thousands apart."""
    number = sympify(number)
    if not number.free_symbols:
        return f"{int(number):,}" if number.is_Integer else f"{float(number):,.3g}"
    if isinstance(number, Max):
        return f"max({', '.join(sorted(map(number_text, number.args)))})"
    return " + ".join(_term(*term.as_coeff_Mul()) for term in number.expand().as_ordered_terms(order="grlex"))


def _term(number: Any, sizes: Any) -> str:
    if sizes == 1:
        return number_text(number)
    if not number.is_Rational:
        return f"{number_text(number)}{formula(sizes)}"
    times, over = Integer(number.p), Integer(number.q)
    return f"{number_text(times) if times != 1 else ''}{formula(sizes)}{f'/{number_text(over)}' if over != 1 else ''}"


def text_table(table: list[list[str]], remarks: list[str]) -> str:
    """Write a table, its first row a heading, its last one the sums, its first column text, and remarks below it."""
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    lines = [
        "   ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in table
    ]
    rule = "─" * (sum(widths) + 3 * (len(widths) - 1))
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], *remarks])


def html_table(table: list[list[str]], remarks: list[str]) -> str:
    """Write such a table as HTML."""
    head, *rows = table
    side = lambda k: f'style="text-align:{"right" if k else "left"}{";white-space:pre" if not k else ""}"'
    cells = ["".join(f"<td {side(k)}>{escape(c)}</td>" for k, c in enumerate(row)) for row in rows]
    top = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><tr>{top}</tr>{body}</table>" + "".join(f"<p>{escape(r)}</p>" for r in remarks)


def cut(text: str) -> str:
    """Cut an equation where it is too long for a table."""
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def known_numbers(program: Program, sizes: Mapping[Any, int] | None, caller: str) -> dict[str, int]:
    """Give the numbers of sizes by name. Raises `KeyError` for what is no size, `ValueError` for what is no number."""
    if sizes is not None and not isinstance(sizes, Mapping):
        some = next(iter(sorted(program.names.sizes)), "n")
        raise TypeError(
            f'{caller}: sizes are a dictionary from names or symbols to numbers, such as {{"{some}": 128}}, '
            f"not {type(sizes).__name__}"
        )
    found = {} if sizes is None else binding.named(sizes)
    for name in found:
        if name not in program.names.sizes:
            told = ", ".join(sorted(program.names.sizes)) or "numbers alone"
            raise KeyError(f"{caller}: {name} is no size of it; its sizes are {told}")
    for name, n in found.items():
        if isinstance(n, Basic) and not n.is_Integer:
            raise ValueError(
                f"{caller}: {name} must be a positive whole number, not {n}; leave it away where it is to stay a symbol"
            )
    return {name: binding.as_size(name, int(n) if isinstance(n, Basic) else n) for name, n in found.items()}


def whole(program: Program) -> Kernel:
    """Compile all that a program is for: its outputs, or the loss and all new values where it has a step."""
    outputs = program.outputs
    if any(e.role in UPDATES for e in program.equations):
        roles = {e.lhs: e.role for e in program.equations}
        outputs = (outputs[0], *[o for o in outputs if roles.get(o) in UPDATES])
    compiled = compile_structured if any(e.role == "hessian" for e in program.equations) else compile_program
    return compiled(program, outputs, Mapped(outputs))


def sections_of(program: Program, kernel: Kernel) -> list[str]:
    """Give, for each equation that a kernel runs, its section; what has none belongs to what it is made for."""
    section = {e.lhs.name: s.title.lower() for s in program.sections for e in s.equations}
    here = next((section[o.name] for o in reversed(program.outputs) if o.name in section), "forward")
    found = []
    for e in reversed(kernel.equations):
        here = section.get(e.lhs.name, here)
        found.append(here)
    return found[::-1]


def cost_of(program: Program, sizes: Mapping[Any, int] | None = None, dtype: Any = None) -> Cost:
    """Give the cost of all that a program is for; see `Derivation.cost`."""
    known = known_numbers(program, sizes, "cost")
    number = np.dtype(checked_dtype(dtype) or float)
    kernel = whole(program)
    spent = costs(kernel, known, number)
    put = {program.names.symbols[name]: Integer(n) for name, n in known.items()}
    shape = lambda s: tuple(plain(size.xreplace(put)) for size in getattr(s, "shape", ()))
    sections = for_reader(program)
    read, write = {e.lhs: e.rhs for s in sections for e in s.equations}, writer(sections, program.outputs[0])
    rows = tuple(
        CostRow(c.equation.lhs, cut(_text(c, read, write)), section, shape(c.equation.lhs),
                *map(plain, (c.operations, c.bytes, c.peak)))
        for c, section in zip(spent, sections_of(program, kernel), strict=True)
    )  # fmt: skip
    arrays = [s for name, s in kernel.symbols.items() if name not in program.names.sizes]
    inputs = sum((np.prod(shape(s), dtype=object) * number.itemsize for s in arrays if shape(s)), S.Zero)
    return Cost(rows, plain(inputs), known, number)


def _text(spent: Spent, read: Mapping[Any, Any], write: Any) -> str:
    # `read`: the equations as a person reads them
    e = spent.equation
    sign = "←" if e.role in UPDATES else "="
    for rhs in (e.rhs, read.get(e.lhs)):
        text = "" if rhs is None else _formula(rhs, write)
        if text:
            return f"{write(e.lhs)} {sign} {text}"
    called = re.sub(r"(?<!^)(?=[A-Z])", "_", type(e.rhs).__name__).lower()
    return f"{write(e.lhs)} {sign} {called}({', '.join(sorted(write(s) for s in symbols_of(e.rhs)))})"


def _formula(rhs: Any, write: Any) -> str:
    # nothing for what only the machine has, so that there is no formula
    try:
        text = str(write(rhs))
    except TypeError:
        return ""
    raw = {type(node).__name__ for node in preorder_traversal(rhs) if type(node).__name__[0].isupper()}
    return "" if any(f"{name}(" in text for name in raw) else text
