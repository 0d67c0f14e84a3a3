"""What is too deep or too large to be written out: SymPy's printers get the upper levels of it, and a … below.

In: the way a node is written. Out: the same for what can be shown. A printer calls itself for every level, and writes a
part that stands in two places twice, so that a residual net would fill the memory before it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from sympy import Basic, Expr, log
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

HIGH = 50  # levels of nodes from which a formula is not written out
LARGE = 3000  # parts, each counted as often as it is written
UPPER = 12  # levels of the printer that are written in any case


def within_reason(write: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """Give a way to write a node that says … where the node is too deep or too large."""

    @wraps(write)
    def written(node: Any, printer: Any) -> str:
        if printer._print_level > UPPER and (node._height > HIGH or node._size > LARGE):
            return f"{node.title or type(node).__name__}(…)"
        return write(node, printer)

    return written


class Printed:
    """How SymPy's printers write a node of ours, from its title; and SymPy's methods that go to the ground of it."""

    def _unprinted(self: Any, printer: Any) -> Any:
        raise TypeError(f"lambdify does not know {type(self).__name__}; write sn.compile(expression), which gives code")

    _pythoncode = _numpycode = _lambdacode = _mpmathcode = _unprinted

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
