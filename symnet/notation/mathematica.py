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
    AxisMax, AxisProd, AxisVar, Commutation, Diag, Diagonal, Earlier, Hardmax, LogSoftmax, LogSumExp,
    MaskedSoftmax, MeanOfAll, Means, OtherProducts, OverDeviation, OverRoot, Paired, RootMeanSquared, Smallest, Softmax,
    Standardised, Table, Total, Unit, Unpaired, Unvec, Variance, Vec, curves, logaddexp, maximum, minimum, softplus,
)  # fmt: skip
from symnet.notation.spelling import by_tens, plain_number
from symnet.notation.style import Part, Text, joined, template


def _turned(node: Any, text: str, axis: int = 0) -> str:
    return f"Transpose[{text}]" if node.axis == axis else text


def _sums(node: Any, a: str) -> str:
    return f"Total[Exp[{_turned(node, a)}], {{2}}]"


def _columns(node: Any, code: str, *forms: str) -> str:
    # code for columns, with $0, $1, … for the matrices, turned where rows are meant
    names = [f"$m{k}" for k in range(len(forms))]
    known = ", ".join(f"{n} = {_turned(node, form, axis=1)}" for n, form in zip(names, forms, strict=True))
    for k, name in enumerate(names):
        code = code.replace(f"#{k}", name)
    return _turned(node, f"With[{{{known}}}, {code}]", axis=1)


_MEAN = "ConstantArray[Mean[#0], Length[#0]]"  # each column's mean in all its entries
_CENTRED = "(#0 - ConstantArray[Mean[#0], Length[#0]])"
_OVER = "({above})/ConstantArray[Sqrt[Mean[({squared})^2] + {epsilon}], Length[#0]]"


def _number(value: Any) -> str:
    return plain_number(value).replace("e", "*^")


def _others(node: Any, *forms: str) -> str:
    # the product of the others, of A + t·G + … where directions G are given, differentiated in each t
    steps = [f"$t{k}" for k in range(1, len(forms))]
    column = " + ".join(["#0[[All, $j]]", *[f"$t{k}*#{k}[[All, $j]]" for k in range(1, len(forms))]])
    entry = f"Times @@ Delete[{column}, $i]"
    if steps:
        entry = f"(D[{', '.join([entry, *steps])}] /. {{{', '.join(f'{t} -> 0' for t in steps)}}})"
    return _columns(node, f"Table[{entry}, {{$i, Length[#0]}}, {{$j, Length[First[#0]]}}]", *forms)


CODE: Table[Callable[..., str]] = Table(
    "Mathematica code",
    "it is a head and its arguments",
    {
        Softmax: lambda node, a: _turned(node, f"Exp[{_turned(node, a)}]/{_sums(node, a)}"),
        LogSoftmax: lambda node, a: _turned(node, f"({_turned(node, a)} - Log[{_sums(node, a)}])"),
        LogSumExp: lambda node, a: _turned(node, f"{{Log[{_sums(node, a)}]}}", axis=1),
        Means: lambda node, a: _columns(node, _MEAN, a),
        MeanOfAll: lambda node, a: f"With[{{$m0 = {a}}}, ConstantArray[Mean[Flatten[$m0]], Dimensions[$m0]]]",
        AxisVar: lambda node, a: _columns(node, f"{{Total[{_CENTRED}^2]/(Length[#0] - ({_number(node.args[2])}))}}", a),
        Variance: lambda node, a: (
            f"With[{{$m0 = Flatten[{a}]}}, Total[($m0 - Mean[$m0])^2]/(Length[$m0] - ({_number(node.args[1])}))]"
        ),
        Standardised: lambda node, a: _columns(
            node, _OVER.format(above=_CENTRED, squared=_CENTRED, epsilon=_number(node.args[2])), a
        ),
        OverDeviation: lambda node, g, a: _columns(
            node, _OVER.format(above="#1", squared=_CENTRED, epsilon=_number(node.args[3])), a, g
        ),
        RootMeanSquared: lambda node, a: _columns(
            node, _OVER.format(above="#0", squared="#0", epsilon=_number(node.args[2])), a
        ),
        OverRoot: lambda node, g, a: _columns(
            node, _OVER.format(above="#1", squared="#0", epsilon=_number(node.args[3])), a, g
        ),
        AxisMax: lambda node, a: _columns(node, "{Max /@ Transpose[#0]}", a),
        Smallest: lambda node, a: _columns(node, "{Min /@ Transpose[#0]}", a),
        Hardmax: lambda node, a: _columns(
            node, "Transpose[Map[(1 - Unitize[# - Max[#]])/Count[#, Max[#]] &, Transpose[#0]]]", a
        ),
        AxisProd: lambda node, a: _columns(node, "{Times @@ #0}", a),
        OtherProducts: _others,
        MaskedSoftmax: lambda node, a, m: _columns(
            node,
            "Transpose[Map[#/Max[Total[#], $MinMachineNumber] &, Transpose[UnitStep[#1 - $MinMachineNumber]*Exp[#0]]]]",
            a,
            m,
        ),
        Earlier: lambda node, a: f"LowerTriangularize[{a}]",
        curves.normal_cdf: lambda node, x: f"CDF[NormalDistribution[], {x}]",
        curves.normal_pdf: lambda node, x: f"PDF[NormalDistribution[], {x}]",
        curves.clip: lambda node, x, a, b: f"Clip[{x}, {{{a}, {b}}}]",
        curves.elu: lambda node, x, a="1": f"(Ramp[{x}] + ({a})*(Exp[-Ramp[-({x})]] - 1))",
        curves.huber: lambda node, x, d: f"(Clip[{x}, {{-({d}), {d}}}]*({x} - Clip[{x}, {{-({d}), {d}}}]/2))",
        curves.softsign: lambda node, x: f"(({x})/(1 + Abs[{x}]))",
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
        minimum: lambda node, a, b: f"({b} - Ramp[{b} - ({a})])",
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
    broadcasts = False
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
            digits, exponent = by_tens(value) or (plain_number(value), 0)
            return f"{digits}*^{exponent}" if exponent else digits
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
