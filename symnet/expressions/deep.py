"""What is too deep or too large to be written out: SymPy's printers get the upper levels of it, and a … below.

In: the way a node is written. Out: the same for what can be shown. A printer calls itself for every level, and writes a
part that stands in two places twice, so that a residual net would fill the memory before it ends. SymPy's `atoms` and
`has` would too: they are taught here to look once at each part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from sympy import Basic, Expr, log
from sympy.core.basic import _make_find_query
from sympy.core.traversal import iterargs
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

HIGH = 50  # levels of nodes from which a formula is not written out
LARGE = 3000  # parts, each counted as often as it is written
TOO_LARGE = 20_000  # parts through which SymPy does not go every way
SHARED = 10  # ways to a part, on average, from which an expression is no longer what it looks like
MANY = 1000  # nodes that one printer writes in full
CODE = [  # what SymPy's printers of code ask a node for
    f"_{name}"
    for name in "ccode cmathcode cxxcode fcode glsl javascript julia lambdacode maple mcode mpmathcode numpycode "
    "octave pythoncode rcode rust_code smtlib".split()
]
_PYTHON, _C = "sn.compile(expression), which gives code", "sn.derive(loss, W).c() for C"
WRITES = {  # what writes the language of a printer; for the others, both of these
    "_mcode": "sn.formula(expr, format='mathematica')", "_ccode": _C, "_cxxcode": _C, "_lambdacode": _PYTHON,
    "_mpmathcode": _PYTHON, "_numpycode": _PYTHON, "_pythoncode": _PYTHON,
}  # fmt: skip
FIRST = 4  # levels of the printer that are written then, too: the terms of a long sum
UPPER = 12  # levels of the printer that are written in any case


def within_reason(write: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """Give a way to write a node that says … where the node is too deep or too large."""

    @wraps(write)
    def written(node: Any, printer: Any) -> str:
        printer.written = getattr(printer, "written", 0) + 1
        level = printer._print_level
        if level > UPPER and (node._height > HIGH or node._size > LARGE) or level > FIRST and printer.written > MANY:
            return f"{node.title or type(node).__name__}(…)"
        return write(node, printer)

    return written


def is_larger(expr: Any, number: int) -> bool:
    """Tell whether an expression has more parts than a number, each counted as often as it is written."""
    stack, parts = [expr], 0
    while stack and parts <= number:
        part = stack.pop()
        inside = getattr(part, "_size", None)  # of a node of ours
        parts += inside or 1
        stack.extend(() if inside else part.args)
    return parts > number


def goes_every_way(expr: Any) -> bool:
    """Tell whether an expression is too large or too deep for what goes every way, by what is shared in it."""
    if not is_larger(expr, TOO_LARGE):
        return False
    parts = list(_once(expr))
    return any(getattr(part, "_height", 0) > HIGH for part in parts) or is_larger(expr, SHARED * len(parts))


class Printed:
    """How SymPy's printers write a node of ours, from its title; and SymPy's methods that go to the ground of it."""

    def _content(self: Any, printer: Any) -> Any:
        if self._size > TOO_LARGE:
            raise ValueError(
                f"mathml: {type(self).__name__}(…) has {self._size} parts, each as often as it is written; write "
                "sn.formula(expr, format='mathml'), or derive it and show its equations, d.mathml()"
            )
        return printer._print_Basic(self)

    _mathml_content = _mathml_presentation = _content

    @within_reason
    def _sympystr(self: Any, printer: Any) -> str:
        written = [*(printer._print(o) for o in self.operands), *self.labels]
        return f"{self.title or type(self).__name__}({', '.join(written)})"

    @within_reason
    def _latex(self: Any, printer: Any) -> str:
        title = (self.title or type(self).__name__).replace("_", r"\_")
        written = [*(printer._print(o) for o in self.operands), *self.labels]
        return rf"\operatorname{{{title}}}\left({', '.join(written)}\right)"

    @within_reason
    def _sympyrepr(self: Any, printer: Any) -> str:
        return f"{type(self).__name__}({', '.join(map(printer._print, self.args))})"

    def _pretty(self: Any, printer: Any) -> Any:
        return prettyForm(self._sympystr(StrPrinter()))

    def replace(self: Any, query: Any, value: Any = None, *args: Any, **options: Any) -> Any:
        """SymPy's `replace`; a symbol is replaced in a net of any depth."""
        if isinstance(query, Basic) and isinstance(value, Basic) and not (args or options):
            return self.xreplace({query: value})
        return self._shallow("replace", query, value, *args, **options)

    def rewrite(self: Any, *args: Any, **hints: Any) -> Any:
        """SymPy's `rewrite`; what would get logarithms by it, which negative numbers have not, stays as it is."""
        new = self._shallow("rewrite", *args, **hints)
        return self if new.atoms(log) - self.atoms(log) else new

    def expand(self: Any, *args: Any, **hints: Any) -> Any:
        """SymPy's `expand`; what is deep stays as it is."""
        return self if self._height > HIGH else Expr.expand(self, *args, **hints)

    def as_dummy(self: Any) -> Any:
        """SymPy's `as_dummy`; a node of ours has bound variables of its own already."""
        return self

    def equals(self: Any, other: Any, failing_expression: bool = False) -> Any:
        """Tell whether two expressions are the same; what is not written alike may still be equal."""
        return True if self == other else None

    def _shallow(self: Any, method: str, *args: Any, **options: Any) -> Any:
        if self._height > HIGH:
            raise ValueError(
                f"{type(self).__name__}(…) has {self._height} levels, too many for SymPy's {method}: write "
                ".subs(…) or .xreplace(…), or derive it and work with its equations"
            )
        return getattr(Basic, method)(self, *args, **options)


def _unprinted(way: str) -> Callable[[Any, Any], Any]:
    def told(node: Any, printer: Any) -> Any:
        raise TypeError(f"lambdify and SymPy's printers of code do not know {type(node).__name__}; write {way}")

    return told


for _name in CODE:
    setattr(Printed, _name, _unprinted(WRITES.get(_name, f"{_PYTHON}, or {_C}")))


def _once(expr: Any) -> Iterator[Any]:
    # all parts of an expression, from above, what is shared once
    seen, waiting = {expr}, deque([expr])
    while waiting:
        part = waiting.popleft()
        yield part
        for a in part.args:
            if isinstance(a, Basic) and a not in seen:
                seen.add(a)
                waiting.append(a)


def _atoms(self: Any, *types: Any) -> set[Any]:
    kinds = tuple(t if isinstance(t, type) else type(t) for t in types)
    return {part for part in _once(self) if (isinstance(part, kinds) if kinds else not part.args)}


def _occurring(expr: Any) -> dict[Any, int]:
    # how often each part stands in an expression, from above; SymPy would go every way to it
    order: list[Any] = []
    seen: set[Any] = set()
    stack = [(expr, False)]
    while stack:
        part, done = stack.pop()
        if done:
            order.append(part)
        elif part not in seen:
            seen.add(part)
            stack += [(part, True), *((a, False) for a in part.args if isinstance(a, Basic))]
    times = dict.fromkeys(reversed(order), 0)
    times[expr] = 1
    for part in times:
        for a in part.args:
            if isinstance(a, Basic):
                times[a] += times[part]
    return times


def _find(self: Any, query: Any, group: bool = False) -> Any:
    fits = _make_find_query(query)
    if group:
        return {part: times for part, times in _occurring(self).items() if fits(part)}
    return {part for part in _once(self) if fits(part)}


def _count(self: Any, query: Any) -> int:
    fits = _make_find_query(query)
    return sum(times for part, times in _occurring(self).items() if fits(part))


def _has(self: Any, parts: Callable[[Any], Iterator[Any]], *patterns: Any) -> bool:
    return bool(Basic._has(self, _once if parts is iterargs else parts, *patterns))


Expr.atoms, Expr._has, Expr.find, Expr.count = _atoms, _has, _find, _count
