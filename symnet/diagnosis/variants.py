"""Numbers for variants of a derivation: its equations computed one by one, any of them replaced.

In: the equations of a derivation, arrays, and other right-hand sides for some names. Out: gradients. Each right-hand
side is written as NumPy code once, by the printer of the kernels, so a variant computes what a kernel would; what
kernels take apart into several equations is computed here (softmax and its like) or by a kernel of its own (layer
norm and its like).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from types import CodeType
from typing import Any, TypeAlias

import numpy as np
from sympy import MatrixSymbol, Symbol

from symnet.backends import NUMPY, Kernel, NumPyCode, identifiers, largest_exponent
from symnet.backends import compile as compiled
from symnet.diagnosis.edits import Changes, Name
from symnet.diagnosis.numbers import ALONG_AXIS, Known, Numbers
from symnet.expressions import Elementwise, Node, symbols_of
from symnet.program import Equation


IMPOSSIBLE = (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, NameError)  # shapes that do not fit
_OPERANDS = [f"operand{i}" for i in range(8)]


_Compiled: TypeAlias = tuple[CodeType, dict[str, Any]]  # code, and the nodes that are computed apart, by name


def _standing(name: str, node: Any) -> Name:
    return MatrixSymbol(name, *node.shape) if node.is_Matrix else Symbol(name, real=True)


def _stands_alone(expr: Any) -> bool:
    return isinstance(expr, Node) and NUMPY.find(expr) is None


class _Code:
    """NumPy code of single expressions, run as soon as it is written; all that variants know of backends."""

    def __init__(self, names: Sequence[str], sizes: Sequence[str]) -> None:
        self.safe = identifiers(dict.fromkeys([*names, *_OPERANDS]))
        self._operands = [self.safe[name] for name in _OPERANDS]
        self._printer = NumPyCode(self.safe, frozenset(sizes), "float", largest_exponent(float))
        numpy = {name: getattr(np, name) for name in dir(np) if not name.startswith("_")}
        self._functions = numpy
        self._compiled: dict[Any, _Compiled] = {}
        self._functions_of: dict[Any, _Compiled] = {}
        self._kernels: dict[Any, Kernel] = {}
        self._stem = "along_axis"
        while any(name.startswith(self._stem) for name in self.safe.values()):
            self._stem += "_"

    def run(self, expr: Any, values: Mapping[str, Any]) -> Any:
        """Give the value of an expression, `values` being identifier → array."""
        return self.done(self.written(expr), values)

    def written(self, expr: Any) -> _Compiled:
        """Give the code of an expression."""
        found = self._compiled.get(expr)
        if found is None:
            found = self._compiled[expr] = self._compile(expr)
        return found

    def done(self, written: _Compiled, values: Mapping[str, Any]) -> Any:
        """Give the value that code gives."""
        code, along_axis = written
        for name, node in along_axis.items():
            values = {**values, name: self._apart(node, values)}
        return eval(code, self._functions, values)  # noqa: S307 - code that our own printer wrote, of safe identifiers

    def applied(self, node: Elementwise, operands: list[Any]) -> Any:
        """Give an entrywise function of values."""
        shape = next(a.shape for a in node.args[1:] if a.is_Matrix)
        key = node.args[0], shape, tuple(a.is_Matrix for a in node.args[1:])
        written = self._functions_of.get(key)
        if written is None:
            given = zip(_OPERANDS, node.args[1:], strict=False)
            places = [MatrixSymbol(name, *shape) if a.is_Matrix else Symbol(name) for name, a in given]
            written = self._functions_of[key] = self.written(Elementwise(node.args[0], *places))
        return self.done(written, dict(zip(self._operands, operands, strict=False)))

    def alone(self, node: Any, operands: list[Any]) -> Any:
        """Give the value of a node that kernels take apart: by one kernel, whatever its operands are made of."""
        given = [*zip(_OPERANDS, node.operands, strict=False)]
        places = [MatrixSymbol(name, *a.shape) if a.is_Matrix else Symbol(name) for name, a in given]
        of_places = node.with_operands(*places)
        if of_places not in self._kernels:
            self._kernels[of_places] = compiled(of_places)
        return self._kernels[of_places](dict(zip(_OPERANDS, operands, strict=False)))

    def _apart(self, node: Any, values: Mapping[str, Any]) -> Any:
        if type(node) in ALONG_AXIS:
            return ALONG_AXIS[type(node)](self.run(node.args[0], values), node.axis)
        return self.alone(node, [self.run(a, values) for a in node.operands])

    def _compile(self, expr: Any) -> _Compiled:
        apart = {node for node in expr.atoms(Node) if type(node) in ALONG_AXIS or _stands_alone(node)}
        nodes = enumerate(apart)
        names = {node: _standing(f"{self._stem}{i}", node) for i, node in nodes}
        plain = expr.xreplace(names)
        along_axis = {name.name: node for node, name in names.items() if plain.has(name)}
        code = compile(self._printer.doprint(plain), "<variant>", "eval")
        for module, functions in self._printer.module_imports.items():
            for name in functions - self._functions.keys():
                self._functions[name] = getattr(import_module(module), name)
        return code, along_axis


@lru_cache(maxsize=4)
def _code_of(names: tuple[str, ...], sizes: tuple[str, ...]) -> _Code:
    # one for all points of a net, and for its next diagnosis: code knows names, no values
    return _Code(names, sizes)


@dataclass(frozen=True, eq=False)
class _Line:
    # an equation: the name of its value in code, the code, and what it reads
    lhs: Name
    rhs: Any
    safe: str
    written: _Compiled
    reads: frozenset[Name]


_Step: TypeAlias = tuple[_Line, bool, bool, Any]  # whether it is computed again, is changed itself, and what it is of


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
        names = [*values, *sizes, *[e.lhs.name for e in [*forward, *backward]]]
        self._code = _code_of(tuple(dict.fromkeys(names)), tuple(sizes))
        self._safe = self._code.safe
        self._lines = {
            lhs: _Line(lhs, rhs, self._safe[lhs.name], self._code.written(rhs), frozenset(symbols_of(rhs)))
            for lhs, rhs in backward
        }
        self._places = {lhs: k for k, lhs in enumerate(self._lines)}
        self._moved: dict[frozenset[Name], frozenset[Name]] = {}
        self._plans: dict[Any, tuple[list[_Step], list[_Step], Mapping[Name, Name]]] = {}
        self._right = {self._safe[n]: v for n, v in {**values, **sizes}.items()}
        self.numbers = Numbers(
            self._safe, sizes, self._code.run, self._code.applied, _stands_alone, self._code.alone
        )  # fmt: skip
        self._known: Known = {}  # values of parts of the right equations
        self.evaluations = 0
        with np.errstate(all="ignore"):  # at a corner a formula may be 0/0
            for lhs, rhs in [*forward, *backward]:
                self._right[self._safe[lhs.name]] = self._code.run(rhs, self._right)

    def value(self, expr: Any) -> Any:
        """Give the value of an expression where every equation is right."""
        return self.numbers.value(expr, self._right, self._known)

    def reads(self, lhs: Name) -> frozenset[Name]:
        """Give the names that a backward equation reads."""
        return self._lines[lhs].reads

    def right(self, lhs: Name) -> Any:
        """Give the right-hand side of a backward equation."""
        return self._lines[lhs].rhs

    def place(self, lhs: Name) -> int:
        """Give the place of a backward equation among them."""
        return self._places[lhs]

    def moved_by(self, sites: frozenset[Name]) -> frozenset[Name]:
        """Give the backward names that depend on what the equations of `sites` give, themselves among them."""
        if sites not in self._moved:
            if len(sites) > 1:
                self._moved[sites] = frozenset().union(*(self.moved_by(frozenset((site,))) for site in sites))
            else:
                names = set[Name]()
                for lhs, line in self._lines.items():
                    if lhs in sites or not names.isdisjoint(line.reads):
                        names.add(lhs)
                self._moved[sites] = frozenset(names)
        return self._moved[sites]

    def beside(self, extra: Mapping[str, float] | None) -> tuple[dict[str, Any], Known]:
        """Give the right values by identifier with some other ones, and what is known of expressions in them."""
        if not extra:
            return self._right, self._known
        return {**self._right, **{self._safe[name]: value for name, value in extra.items()}}, {}

    def largest(self) -> int:
        """Give how many numbers the largest value of a backward equation has."""
        return max((int(np.size(self._right[line.safe])) for line in self._lines.values()), default=0)

    def again(self, lhs: Name, values: Mapping[Name, Any]) -> Any:
        """Give what one backward equation gives where some names have other values."""
        self.evaluations += 1
        here = {**self._right, **{self._safe[n.name]: v for n, v in values.items()}}
        return self._code.done(self._lines[lhs].written, here)

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
        moved, everything = self._plan(frozenset((*changes, *(scaled or ()))), wanted)
        values, known = self._right, {} if extra else self._known
        for line, is_moved, is_site, w in moved if moved_only else everything:
            if is_moved:
                if values is self._right:
                    values = {**self.beside(extra)[0]}
                self.evaluations += 1
                if is_site and line.lhs in changes:
                    new = self.numbers.value(changes[line.lhs], values, known)
                else:
                    new = self._code.done(line.written, values)
                known = {}
                values[line.safe] = new * scaled[line.lhs] if is_site and scaled and line.lhs in scaled else new
            if w is not None:
                yield w, np.asarray(values[line.safe], float)

    def _plan(self, sites: frozenset[Name], wanted: Mapping[Name, Name]) -> tuple[list[_Step], list[_Step]]:
        # the equations that depend on some, and all of them
        key = sites, id(wanted)
        if key not in self._plans:
            names = self.moved_by(sites)
            steps = [(line, lhs in names, lhs in sites, wanted.get(lhs)) for lhs, line in self._lines.items()]
            self._plans[key] = [s for s in steps if s[1]], steps, wanted  # which is kept, as what its id stands for
        return self._plans[key][:2]
