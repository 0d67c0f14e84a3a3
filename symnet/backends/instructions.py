"""The code of a flat function taken apart: one operation an instruction, on names and numbers alone.

In: the text of a function that assigns each name once. Out: its instructions, in the order in which Python would
compute them, and what it returns. Nothing is known here of what an operation means.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

KEPT = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop)
INSIDE = (ast.Tuple, ast.List, ast.Slice, ast.keyword)  # what is no value of its own
WHOLE = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.IfExp, ast.BoolOp, ast.Starred)  # not computed part by part


@dataclass(frozen=True, eq=False)
class Instruction:
    """`name` is the value of `code`, one operation that `reads` other values, by name."""

    name: str
    code: Any
    reads: tuple[str, ...]

    @cached_property
    def compiled(self) -> CodeType:
        """The code, ready for `eval`."""
        return compile(ast.fix_missing_locations(ast.Expression(self.code)), "<instruction>", "eval")

    @cached_property
    def text(self) -> str:
        """The instruction as a line of Python."""
        return f"{self.name} = {ast.unparse(self.code)}"


class _Apart(ast.NodeTransformer):
    def __init__(self, names: Iterator[str], values: set[str]) -> None:
        self.names, self.values, self.found = names, values, list[Instruction]()

    def define(self, name: str, code: Any) -> None:
        code = self.operation(code)
        read = dict.fromkeys(n.id for n in ast.walk(code) if isinstance(n, ast.Name) and n.id in self.values)
        self.values.add(name)
        self.found.append(Instruction(name, code, tuple(read)))

    def operation(self, node: Any) -> Any:
        if isinstance(node, (*KEPT, *WHOLE)):
            return node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # a method
            method = ast.Attribute(self.visit(node.func.value), node.func.attr, ast.Load())
            return ast.Call(method, [self.visit(a) for a in node.args], [self.visit(k) for k in node.keywords])
        return self.generic_visit(node)

    def visit(self, node: Any) -> Any:
        if isinstance(node, (*KEPT, *WHOLE)):
            return node
        if isinstance(node, INSIDE) or (isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)):
            return self.generic_visit(node)
        name = next(self.names)
        self.define(name, node)
        return ast.Name(name, ast.Load())


def instructions(text: str) -> tuple[tuple[str, ...], list[Instruction], Any]:
    """Give the arguments of a function, its instructions, and the expression that it returns, of names alone."""
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    arguments = tuple(a.arg for a in function.args.args)
    taken = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | {*arguments}
    apart = _Apart((name for k in range(1, 10**9) if (name := f"t{k}") not in taken), {*arguments})
    for line in function.body:
        if isinstance(line, ast.Return):
            return arguments, apart.found, apart.visit(line.value)
        if isinstance(line, ast.Assign) and not (isinstance(line.value, ast.Constant) and line.value.value is None):
            (target,) = line.targets
            assert isinstance(target, ast.Name)
            apart.define(target.id, line.value)
    raise AssertionError("a flat function ends by returning its values")
