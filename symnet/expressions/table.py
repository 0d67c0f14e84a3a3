"""Tables from classes of nodes to what is known of them: one way of looking up for all of them.

In: an expression. Out: the row of its class, or of the closest of its bases that has one. A matrix never finds the row
of scalars, so a class that nobody thought of has no row and is refused instead of being passed through.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from sympy import MatrixExpr, MatrixSymbol, Symbol, Tuple

from symnet.expressions.shown import listed

Key = TypeVar("Key")
Row = TypeVar("Row")


def brief(expr: Any) -> str:
    """Give a short text of an expression for messages."""
    stack, number = [expr], 0
    while stack:
        node, number = stack.pop(), number + 1
        if number > 60:
            named = getattr(expr, "stands_for", type(expr)).__name__
            return f"{getattr(expr, 'title', named) or ('f' if hasattr(expr, 'slots') else named)}(…)"
        if not isinstance(node, (MatrixSymbol, Symbol, Tuple)):
            parts = getattr(node, "args", ())
            stack.extend(parts if isinstance(parts, tuple) else ())
    text = " ".join(str(expr).split())
    return text if len(text) <= 60 else text[:57] + "…"


class Table(dict[type, Row], Generic[Row]):
    """A dictionary from classes to rows. `what`: what a row is, and `way_out`: what to write, both for messages.

    `Table.changes` counts the changes of all tables, for those who keep what they have made with them.
    """

    changes: ClassVar[int] = 0

    def __init__(self, what: str, way_out: str, rows: dict[type, Row]) -> None:
        super().__init__(rows)
        self.what = what
        self.way_out = way_out

    def __setitem__(self, kind: type, row: Row) -> None:
        Table.changes += 1
        super().__setitem__(kind, row)

    def __delitem__(self, kind: type) -> None:
        Table.changes += 1
        super().__delitem__(kind)

    def __repr__(self) -> str:
        return f"<Table: a {self.what} for {listed(kind.__name__ for kind in self)}>"

    def find(self, node: Any) -> Row | None:
        """Give the row of a node, or None."""
        for kind in getattr(node, "stands_for", type(node)).__mro__:
            if kind in self:
                return self[kind]
            if kind is MatrixExpr or "ends_lookup" in vars(kind):
                return None
        return None

    def of(self, node: Any) -> Row:
        """Give the row of a node. Raises `TypeError` where its class has none, saying what to write instead."""
        row = self.find(node)
        if row is None:
            name = type(node).__name__
            raise TypeError(
                f"there is no {self.what} for {name}, met in {brief(node)}: {self.way_out.format(name=name)}"
            )
        return row


class Fixed(dict[Key, Row], Generic[Key, Row]):
    """A dictionary that stays as it is; it can be copied and pickled."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this dictionary is part of a frozen value; make a copy, dict(…), to change it")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _refuse

    def __reduce__(self) -> Any:
        return Fixed, (dict(self),)
