"""Numbers for variants of a derivation: its equations computed one by one, any of them replaced.

In: the equations of a derivation, arrays, and other right-hand sides for some names. Out: gradients. Each right-hand
side is written as NumPy code once, by the printer of the kernels, so a variant computes what a kernel would; what
kernels take apart into several equations is computed here (softmax and its like) or by a kernel of its own (layer
norm and its like).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from types import CodeType
from typing import Any

import numpy as np
from sympy import MatrixSymbol, Symbol

from symnet.backends import NUMPY, Kernel, NumPyCode, identifiers
from symnet.backends import compile as compiled
from symnet.diagnosis.edits import Changes, Name
from symnet.diagnosis.numbers import ALONG_AXIS, Known, Numbers
from symnet.expressions import Elementwise, Node, symbols_of
from symnet.program import Equation


_OPERANDS = [f"operand{i}" for i in range(8)]


def _standing(name: str, node: Any) -> Name:
    return MatrixSymbol(name, *node.shape) if node.is_Matrix else Symbol(name, real=True)


class _Code:
    """NumPy code of single expressions, run as soon as it is written; all that variants know of backends."""

    def __init__(self, names: Sequence[str], sizes: Mapping[str, int]) -> None:
        self.safe = identifiers(dict.fromkeys([*names, *_OPERANDS]))
        self._printer = NumPyCode(self.safe, frozenset(sizes), "float", 709.0)
        numpy = {name: getattr(np, name) for name in dir(np) if not name.startswith("_")}
        self._functions = numpy
        self._compiled: dict[Any, tuple[CodeType, dict[str, Any]]] = {}
        self._kernels: dict[Any, Kernel] = {}
        self._stem = "along_axis"
        while any(name.startswith(self._stem) for name in self.safe.values()):
            self._stem += "_"

    def run(self, expr: Any, values: Mapping[str, Any]) -> Any:
        """Give the value of an expression, `values` being identifier → array."""
        if expr not in self._compiled:
            self._compiled[expr] = self._compile(expr)
        code, along_axis = self._compiled[expr]
        for name, node in along_axis.items():
            values = {**values, name: self._apart(node, values)}
        return eval(code, self._functions, values)  # noqa: S307 - code that our own printer wrote, of safe identifiers

    def applied(self, node: Elementwise, operands: list[Any]) -> Any:
        """Give an entrywise function of values."""
        shape = next(a.shape for a in node.args[1:] if a.is_Matrix)
        given = zip(_OPERANDS, node.args[1:], strict=False)
        places = [MatrixSymbol(name, *shape) if a.is_Matrix else Symbol(name) for name, a in given]
        values = {self.safe[name]: v for name, v in zip(_OPERANDS, operands, strict=False)}
        return self.run(Elementwise(node.args[0], *places), values)

    def _apart(self, node: Any, values: Mapping[str, Any]) -> Any:
        # the value of a node that kernels take apart
        if type(node) in ALONG_AXIS:
            return ALONG_AXIS[type(node)](self.run(node.args[0], values), node.axis)
        if node not in self._kernels:
            given = zip(_OPERANDS, node.operands, strict=False)
            places = [MatrixSymbol(name, *a.shape) if a.is_Matrix else Symbol(name) for name, a in given]
            self._kernels[node] = compiled(node.with_operands(*places))
        operands = zip(_OPERANDS, node.operands, strict=False)
        return self._kernels[node]({name: self.run(a, values) for name, a in operands})

    def _compile(self, expr: Any) -> tuple[CodeType, dict[str, Any]]:
        apart = {node for node in expr.atoms(Node) if type(node) in ALONG_AXIS or NUMPY.find(node) is None}
        nodes = enumerate(apart)
        names = {node: _standing(f"{self._stem}{i}", node) for i, node in nodes}
        plain = expr.xreplace(names)
        along_axis = {name.name: node for node, name in names.items() if plain.has(name)}
        code = compile(self._printer.doprint(plain), "<variant>", "eval")
        for module, functions in self._printer.module_imports.items():
            for name in functions - self._functions.keys():
                self._functions[name] = getattr(import_module(module), name)
        return code, along_axis


class Variants:
    """The equations of a derivation at one point. `gradients(changes)` computes them with some equations replaced.

    `evaluations` counts the equations that were computed again.
    """

    def __init__(
        self,
        forward: Sequence[Equation],
        backward: Sequence[Equation],
        values: Mapping[str, Any],
        sizes: Mapping[str, int],
    ) -> None:
        self._code = _Code([*values, *sizes, *[e.lhs.name for e in [*forward, *backward]]], sizes)
        self._safe = self._code.safe
        self._backward = backward
        self._rhs = {e.lhs: e.rhs for e in backward}
        self._reads = {e.lhs: frozenset(symbols_of(e.rhs)) for e in backward}
        self._right = {self._safe[n]: v for n, v in {**values, **sizes}.items()}
        self.numbers = Numbers(self._safe, sizes, self._code.run, self._code.applied)
        self._known: Known = {}  # values of parts of the right equations
        self.evaluations = 0
        for lhs, rhs in [*forward, *backward]:
            self._right[self._safe[lhs.name]] = self._code.run(rhs, self._right)

    def value(self, expr: Any) -> Any:
        """Give the value of an expression where every equation is right."""
        return self.numbers.value(expr, self._right, self._known)

    def reads(self, lhs: Name) -> frozenset[Name]:
        """Give the names that a backward equation reads."""
        return self._reads[lhs]

    def again(self, lhs: Name, values: Mapping[Name, Any]) -> Any:
        """Give what one backward equation gives where some names have other values."""
        self.evaluations += 1
        here = {**self._right, **{self._safe[n.name]: v for n, v in values.items()}}
        return self._code.run(self._rhs[lhs], here)

    def gradients(
        self,
        changes: Changes,
        wanted: Mapping[Name, Name],
        extra: Mapping[str, float] | None = None,
        scaled: Mapping[Name, float] | None = None,
        moved_only: bool = False,
    ) -> Iterator[tuple[Name, Any]]:
        """Give (parameter, gradient) with some equations replaced, `wanted` being gradient name → parameter.

        They come as soon as they are computed, in the order of the equations; `extra`: other values by name;
        `scaled`: factors of what equations give. Only what depends on a change is computed again; `moved_only`: and
        only that is given.
        """
        scaled = scaled or {}
        sites = {*changes, *scaled}
        values, moved, untouched = self._right, set[Name](), not extra
        for lhs, rhs in self._backward:
            here = lhs in sites
            if here or not moved.isdisjoint(self._reads[lhs]):
                if not moved:
                    values = {**self._right, **{self._safe[name]: value for name, value in (extra or {}).items()}}
                self.evaluations += 1
                known = untouched and not moved
                new = self._computed(changes, lhs, rhs, values, known)
                values[self._safe[lhs.name]] = new * scaled[lhs] if lhs in scaled else new  # type: ignore[index]
                moved.add(lhs)
            if lhs in wanted and (lhs in moved or not moved_only):
                yield wanted[lhs], np.asarray(values[self._safe[lhs.name]], float)

    def _computed(self, changes: Changes, lhs: Name, rhs: Any, values: Mapping[str, Any], is_first: bool) -> Any:
        if lhs not in changes:
            return self._code.run(rhs, values)
        return self.numbers.value(changes[lhs], values, self._known if is_first else {})
