"""Code to paste into Mathematica: listable functions, `.` for products, `*` entry by entry, one assignment a line.

In: strings of code. Out: a string of code. `CODE` has the functions that are more than a head and arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import sympy
from sympy import Heaviside, Not
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.printing.mathematica import MCodePrinter, known_functions

from symnet.expressions import (
    Commutation, Diag, Diagonal, LogSoftmax, LogSumExp, Paired, Softmax, Table, Total, Unit, Unpaired, Unvec, Vec,
    logaddexp, maximum, softplus,
)  # fmt: skip
from symnet.notation.style import Part, Text, joined, plain_number, template


def _turned(node: Any, text: str, axis: int = 0) -> str:
    return f"Transpose[{text}]" if node.axis == axis else text


def _sums(node: Any, a: str) -> str:
    return f"Total[Exp[{_turned(node, a)}], {{2}}]"


CODE: Table[Callable[..., str]] = Table(
    "Mathematica code",
    "it is a head and its arguments",
    {
        Softmax: lambda node, a: _turned(node, f"Exp[{_turned(node, a)}]/{_sums(node, a)}"),
        LogSoftmax: lambda node, a: _turned(node, f"({_turned(node, a)} - Log[{_sums(node, a)}])"),
        LogSumExp: lambda node, a: _turned(node, f"{{Log[{_sums(node, a)}]}}", axis=1),
        Total: lambda node, a: f"Total[{a}, 2]",
        Unit: lambda node, size, index: f"List /@ UnitVector[{size}, {index} + 1]",
        **dict.fromkeys((Diag, DiagMatrix, DiagonalMatrix), lambda node, v: f"DiagonalMatrix[Flatten[{v}]]"),
        **dict.fromkeys((Diagonal, DiagonalOf), lambda node, a: f"List /@ Diagonal[{a}]"),
        Vec: lambda node, a: f"List /@ Flatten[Transpose[{a}]]",
        Unvec: lambda node, v, rows, cols: f"Transpose[Partition[Flatten[{v}], {rows}]]",
        Commutation: lambda node, m, n: (
            f"IdentityMatrix[{m}*({n})][[Flatten[Transpose[Partition[Range[{m}*({n})], {m}]]]]]"
        ),
        Paired: lambda node, g, m, n: (
            f"With[{{$g = {g}}}, ArrayReshape[TensorTranspose[ArrayReshape[$g, {{{m}, Length[$g]/({m}), {n}, "
            f"Length[First[$g]]/({n})}}], {{2, 4, 1, 3}}], {{{m}*({n}), Length[Flatten[$g]]/({m}*({n}))}}]]"
        ),
        Unpaired: lambda node, r, m, n, p, q: (
            f"ArrayReshape[TensorTranspose[ArrayReshape[{r}, {{{n}, {m}, {q}, {p}}}], {{3, 1, 4, 2}}], "
            f"{{{m}*({p}), {n}*({q})}}]"
        ),
        softplus: lambda node, a: f"Log[1 + Exp[{a}]]",
        logaddexp: lambda node, a, b: f"Log[Exp[{a}] + Exp[{b}]]",
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

# 1 or 0, since comparisons do not thread over matrices
_CONDITIONS = {
    "<=": "UnitStep[{1} - ({0})]",
    ">=": "UnitStep[{0} - ({1})]",
    "<": "(1 - UnitStep[{0} - ({1})])",
    ">": "(1 - UnitStep[{1} - ({0})])",
    "==": "(1 - Unitize[{0} - ({1})])",
    "!=": "Unitize[{0} - ({1})]",
}


class Mathematica(Text):
    """Formulas as Mathematica code."""

    key = "mathematica"
    becomes = " = "
    signs = "-", " - ", " + "

    times = joined("*")
    dot = joined(" . ")
    scaled = template("%s*%s")
    hadamard = joined(" * ")
    quotient = joined("/")
    fraction = template("%s/%s")
    relations = {}  # comparisons are made of numbers, see `condition`
    power = template("%s^(%s)")
    matrix_power = template("MatrixPower[%s, %s]")
    transpose = template("Transpose[%s]")
    inverse = template("Inverse[%s]")
    pseudo_inverse = template("PseudoInverse[%s]")
    inverse_transpose = template("Inverse[Transpose[%s]]")
    root = template("Sqrt[%s]")
    both = joined("*")
    absolute = template("Abs[%s]")
    kron = lambda self, forms: f"KroneckerProduct[{', '.join(forms)}]"
    inner = template("Total[(%s)*(%s), 2]")
    identity = template("IdentityMatrix[%s]")

    def page(self, parts: Sequence[Part[str]], sizes: Sequence[tuple[str, str, int]]) -> str:
        lines = [f"{size} = Dimensions[{matrix}][[{axis}]];" for size, matrix, axis in sizes]
        for part in parts:
            lines += [f"(* {part.title} *)", *[f"{self.line(line)};" for line in part.lines]]
        return "\n".join(lines)

    def partial(self, loss: str, symbol: str) -> None:
        return None

    second = mixed = lambda self, *_: None

    def spellings(self, text: str) -> Iterator[str]:
        return (self.name(text) + "$" * marks for marks in count())

    def name(self, text: str) -> str:
        written = "".join(c if c.isascii() and c.isalnum() else "$" for c in text)
        written = written if written[:1].isalpha() else f"${written}"
        return f"{written}$" if written in _BUILT_IN or hasattr(sympy, written) and written[0].isupper() else written

    def number(self, value: Any) -> str:
        if isinstance(value, sympy.Float):
            return plain_number(value).replace("e", "*^")
        return str(MCodePrinter().doprint(value))

    def word(self, text: str) -> str:
        return str(known_functions.get(text, [(None, text.capitalize())])[0][1])

    def call(self, node: Any, head: str, arguments: Sequence[str], labels: Sequence[str]) -> str:
        row = CODE.find(node)
        quoted = [f'"{label}"' for label in labels]
        return row(node, *arguments) if row else f"{head}[{', '.join([*arguments, *quoted])}]"

    def undefined(self, node: Any, name: str, orders: Sequence[int], arguments: Sequence[str]) -> str:
        head, n = self.name(name), sum(orders)
        if len(orders) > 1:
            head = f"Derivative[{', '.join(map(str, orders))}][{head}]"
        elif n:
            head = head + "'" * n if n < 4 else f"Derivative[{n}][{head}]"
        return f"{head}[{', '.join(arguments)}]"

    def condition(self, a: str, relation: str, b: str) -> str:
        return _CONDITIONS[relation].format(a, b)

    bracket = condition

    def either(self, conditions: Sequence[str]) -> str:
        return f"(1 - {'*'.join(f'(1 - {c})' for c in conditions)})"

    def cases(self, pairs: Sequence[tuple[str, str | None]]) -> str:
        (value, condition), *others = pairs
        if condition is None:
            return f"({value})"
        return f"({condition}*({value}) + (1 - {condition})*{self.cases(others) if others else 'Indeterminate'})"

    def other_norm(self, a: str, index: str) -> str:
        return f"Norm[{a}]" if index == "2" else f"Total[SingularValueList[{a}]]"

    def norm(self, a: str, squared: bool) -> str:
        return f"Total[({a})^2, 2]" if squared else f"Sqrt[Total[({a})^2, 2]]"

    def ones(self, rows: str | None, cols: str | None) -> str:
        return f"ConstantArray[1, {{{rows or 1}, {cols or 1}}}]"

    def span(self, size: Any, first: Any, number: Any, step: Any) -> str:
        if number == 1 and size != 1:
            return f"{{{first + 1}}}"
        return f"{first + 1};;{first + 1 + (number - 1) * step};;{step}"

    def part(self, a: str, rows: str, cols: str) -> str:
        return f"({a})[[{rows}, {cols}]]"

    def entry(self, a: str, row: Any, col: Any) -> str:
        return f"({a})[[{row + 1}, {col + 1}]]"

    def blocks(self, rows: Sequence[Sequence[str]]) -> str:
        return f"ArrayFlatten[{self.constant(rows)}]"

    def constant(self, rows: Sequence[Sequence[str]]) -> str:
        return "{" + ", ".join("{" + ", ".join(row) + "}" for row in rows) + "}"
