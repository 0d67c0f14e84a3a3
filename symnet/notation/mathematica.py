"""Code to paste into Mathematica: listable functions, `.` for products, `*` entry by entry, one assignment a line.

In: strings of code. Out: a string of code. `CODE` has the functions that are more than a head and arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sympy
from sympy import Heaviside, Not
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.mathematica import MCodePrinter, known_functions

from symnet.expressions import LogSoftmax, LogSumExp, Softmax, Table, Total, Unit, maximum, softplus
from symnet.notation.style import Line, Part, SizeOf, Style
from symnet.notation.unicode import joined_sum, plain_number


def _along(node: Any, text: str) -> str:
    return f"Transpose[{text}]" if node.axis == 0 else text


def _sums(node: Any, a: str) -> str:
    return f"Total[Exp[{_along(node, a)}], {{2}}]"


def _log_sum_exp(node: Any, a: str) -> str:
    row = f"{{Log[{_sums(node, a)}]}}"
    return row if node.axis == 0 else f"Transpose[{row}]"


CODE: Table[Callable[..., str]] = Table(
    "Mathematica code",
    "it is a head and its arguments",
    {
        Softmax: lambda node, a: _along(node, f"Exp[{_along(node, a)}]/{_sums(node, a)}"),
        LogSoftmax: lambda node, a: _along(node, f"({_along(node, a)} - Log[{_sums(node, a)}])"),
        LogSumExp: _log_sum_exp,
        Total: lambda node, a: f"Total[{a}, 2]",
        Unit: lambda node, size, index: f"List /@ UnitVector[{size}, {index} + 1]",
        MatrixElement: lambda node, a, i, j: f"({a})[[{i} + 1, {j} + 1]]",
        softplus: lambda node, a: f"Log[1 + Exp[{a}]]",
        maximum: lambda node, a, b: f"({b} + Ramp[{a} - ({b})])",
        Heaviside: lambda node, a, at_0: f"(UnitStep[{a}] - (1 - {at_0})*(1 - Unitize[{a}]))",
        Not: lambda node, a: f"(1 - {a})",
    },
)

# Letters and words with a meaning of their own in Mathematica: a user's symbol of that name gets a $.
_BUILT_IN = set(
    "C D E I K N O Abs ConstantArray Cos Det Dimensions Exp IdentityMatrix Inverse List Log LogisticSigmoid "
    "MatrixPower Ramp Sign Sin Sqrt Tan Total Tr Transpose UnitStep UnitVector Unitize".split()
)


class Mathematica(Style[str]):
    """Formulas as Mathematica code."""

    key = "mathematica"
    becomes = " = "

    def line(self, line: Line[str]) -> str:
        return f"{line.lhs}{self.sign(line)}{line.rhs}"

    def page(self, parts: Sequence[Part[str]], sizes: Sequence[SizeOf[str]]) -> str:
        lines = [f"{s.size} = Dimensions[{s.matrix}][[{s.axis}]];" for s in sizes]
        for part in parts:
            lines += [f"(* {part.title} *)", *[f"{self.line(line)};" for line in part.lines]]
        return "\n".join(lines)

    def spellings(self, text: str) -> Iterator[str]:
        written = self.name(text)
        while True:
            yield written
            written += "$"

    def name(self, text: str) -> str:
        written = "".join(c if c.isascii() and c.isalnum() else "$" for c in text)
        written = written if written[:1].isalpha() else f"${written}"
        return f"{written}$" if written in _BUILT_IN or hasattr(sympy, written) and written[0].isupper() else written

    def verbatim(self, text: str) -> str:
        return self.name(text)

    def number(self, value: Any) -> str:
        if isinstance(value, sympy.Float):
            return plain_number(value).replace("e", "*^")
        return str(MCodePrinter().doprint(value))

    def paren(self, a: str) -> str:
        return f"({a})"

    def signed_sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        return joined_sum(terms, "-")

    def times(self, factors: Sequence[str], numeric: bool) -> str:
        return "*".join(factors)

    def dot(self, factors: Sequence[str]) -> str:
        return " . ".join(factors)

    def scaled(self, c: str, a: str) -> str:
        return f"{c}*{a}"

    def hadamard(self, factors: Sequence[str], plain: bool) -> str:
        return " * ".join(factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return f"{a}/{b}"

    def power(self, a: str, exponent: str, entrywise: bool, whole: bool) -> str:
        return f"{a}^({exponent})"

    def matrix_power(self, a: str, exponent: str, whole: bool) -> str:
        return f"MatrixPower[{a}, {exponent}]"

    def transpose(self, a: str) -> str:
        return f"Transpose[{a}]"

    def inverse(self, a: str) -> str:
        return f"Inverse[{a}]"

    def word(self, text: str) -> str:
        return str(known_functions.get(text, [(None, text.capitalize())])[0][1])

    def call(self, node: Any, head: str, arguments: Sequence[str], labels: Sequence[str]) -> str:
        row = CODE.find(node)
        if row is not None:
            return row(node, *arguments)
        quoted = [f'"{label}"' for label in labels]
        return f"{head}[{', '.join([*arguments, *quoted])}]"

    def root(self, node: Any, a: str) -> str:
        return f"Sqrt[{a}]"

    def bracket(self, a: str, relation: str, b: str) -> str:
        larger, smaller = (a, b) if relation == ">" else (b, a)
        return f"(1 - UnitStep[{smaller} - ({larger})])"

    def condition(self, a: str, relation: str, b: str) -> str:
        # 1 or 0, since comparisons do not thread over matrices
        return {
            "<=": f"UnitStep[{b} - ({a})]",
            ">=": f"UnitStep[{a} - ({b})]",
            "<": f"(1 - UnitStep[{a} - ({b})])",
            ">": f"(1 - UnitStep[{b} - ({a})])",
            "==": f"(1 - Unitize[{a} - ({b})])",
            "!=": f"Unitize[{a} - ({b})]",
        }[relation]

    def both(self, conditions: Sequence[str]) -> str:
        return "*".join(conditions)

    def either(self, conditions: Sequence[str]) -> str:
        return f"(1 - {'*'.join(f'(1 - {c})' for c in conditions)})"

    def cases(self, pairs: Sequence[tuple[str, str | None]]) -> str:
        (value, condition), *others = pairs
        if condition is None:
            return f"({value})"
        return f"({condition}*({value}) + (1 - {condition})*{self.cases(others) if others else 'Indeterminate'})"

    def absolute(self, a: str) -> str:
        return f"Abs[{a}]"

    def norm(self, a: str, squared: bool) -> str:
        return f"Total[({a})^2, 2]" if squared else f"Sqrt[Total[({a})^2, 2]]"

    def inner(self, a: str, b: str) -> str:
        return f"Total[({a})*({b}), 2]"

    def ones(self, rows: str | None, cols: str | None) -> str:
        return f"ConstantArray[1, {{{rows or 1}, {cols or 1}}}]"

    def identity(self, size: str) -> str:
        return f"IdentityMatrix[{size}]"

    def constant(self, rows: Sequence[Sequence[str]]) -> str:
        return "{" + ", ".join("{" + ", ".join(row) + "}" for row in rows) + "}"
