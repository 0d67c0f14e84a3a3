"""The names in use, and new ones that meet none of them.

In: the symbols of an expression. Out: names in which nothing is ever taken twice: the user's own, Z1, Z2, … for
pre-activations, A1, A2, … for activations, T1, T2, … for shared values, Zbar1 for the adjoint of Z1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sympy import MatrixSymbol, Symbol

from symnet.expressions import Fixed, Name, Parameter, checked_name, declared, facts_of, same_shape, shape_text


class Names(NamedTuple):
    """The names of a program. `symbols`: the user's, by name; `sizes`: those of sizes; `used`: all that are taken.

    `hidden`: names of values that are not worth one and are shown to nobody.
    """

    symbols: dict[str, Name] = Fixed()
    sizes: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    def fresh(self, prefix: str) -> str:
        """Give an unused name that begins with a prefix: the prefix alone if it is free."""
        return fresh_name(prefix, self.used)


def fresh_name(prefix: str, used: Collection[str], number: int | None = None) -> str:
    """Give the prefix with the first free number from `number`, or the prefix alone if that is free."""
    name = prefix if number is None else f"{prefix}{number}"
    number = number or 0
    while name in used:
        number += 1
        name = f"{prefix}{number}"
    return name


class Namer:
    """Names while a program is built: `fresh` and `adjoint` take the names that they give."""

    def __init__(self, names: Names | None = None) -> None:
        names = names or Names()
        self.symbols = dict(names.symbols)
        self.sizes = set(names.sizes)
        self.used = set(names.used)
        self.hidden = set(names.hidden)

    def settled(self) -> Names:
        """Give the names as they stand."""
        return Names(Fixed(self.symbols), frozenset(self.sizes), frozenset(self.used), frozenset(self.hidden))

    def declare(self, symbol: Name) -> Name:
        """Enter a symbol of the user's; give the one that has its name. Raises `ValueError` where they differ."""
        checked_name(symbol.name, "symbol", "W1")
        known = self.symbols.setdefault(symbol.name, symbol)
        self.used.add(symbol.name)
        if known == symbol:
            return known
        if isinstance(known, MatrixSymbol) and isinstance(symbol, MatrixSymbol):
            if isinstance(known, Parameter) or isinstance(symbol, Parameter):
                raise ValueError(_of_two_nets(known, symbol))
            if facts_of(known) != facts_of(symbol):
                raise ValueError(_of_other_facts(known, symbol))
            if same_shape(known.shape, symbol.shape):
                return known
            kinds = f"one is {shape_text(known.shape)}, the other {shape_text(symbol.shape)}"
        elif isinstance(known, MatrixSymbol) or isinstance(symbol, MatrixSymbol):
            kinds = "one is a matrix, the other a scalar or a size"
        else:
            return known  # scalar symbols that differ in their assumptions only: sizes are compared by name
        raise ValueError(f"two symbols are called {symbol.name}: {kinds}; rename one of them")

    def reserve(self, lets: Iterable[str]) -> None:
        """Take the names of `let`. Raises `ValueError` where one is a symbol of the expression."""
        for name in lets:
            if name in self.symbols:
                raise ValueError(f"let: {name} is a symbol of the expression already; choose another name")
            self.used.add(name)

    def fresh(self, prefix: str, number: int | None = None) -> str:
        """Take an unused name: the prefix and the first free number from `number`, or the prefix alone."""
        name = fresh_name(prefix, self.used, number)
        self.used.add(name)
        return name

    def nobody_sees(self, number: int) -> str:
        """Take a name for a value that is not worth one."""
        name = self.fresh("_", number)
        self.hidden.add(name)
        return name

    def adjoint(self, name: str) -> str:
        """Take the name of the adjoint of `name`: Zbar1 for Z1, which every notation writes with a bar."""
        stem, digits = re.fullmatch(r"(.*?)(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
        wanted = f"{stem}bar{digits}"
        return self.fresh(f"{name}bar") if wanted in self.used else self.fresh(wanted)


def _of_two_nets(known: Any, symbol: Any) -> str:
    name = symbol.name
    if isinstance(known, Parameter) and isinstance(symbol, Parameter):
        return (
            f"two nets have a symbol called {name}, each its own: give one of them other names, "
            "sn.mlp(X, sizes, prefix='net2_'); or use one net for both, net(X2), where they share their weights"
        )
    return (
        f"two symbols are called {name}, and one of them belongs to a net: take it from net.parameters, "
        "or give the net other names, sn.mlp(X, sizes, prefix='net_')"
    )


def _of_other_facts(known: Any, symbol: Any) -> str:
    kinds = [f"declared {declared.said(facts)}" if (facts := facts_of(s)) else "not declared to be anything"
             for s in (known, symbol)]  # fmt: skip
    return (
        f"two symbols are called {symbol.name}: one is {kinds[0]}, the other {kinds[1]}; declare it once and use that "
        "symbol everywhere, or rename one of them"
    )


def symbol_like(name: str, like: Any) -> Name:
    """Give the symbol of a name for a value: a matrix of its shape, or a scalar."""
    return MatrixSymbol(name, *like.shape) if like.is_Matrix else Symbol(name, real=True)
