"""Which names the equations get: the user's `let` names, Z1, Z2, … for pre-activations, A1, A2, … for activations.

In: an expression. Out: a plan from sub-expressions to names, and a store of names in which nothing is ever taken twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from sympy import Basic, Identity, MatAdd, MatMul, MatrixExpr, MatrixSymbol, OneMatrix, S, Symbol, Transpose, ZeroMatrix
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from symnet.expressions.nodes import (
    Distribution,
    Elementwise,
    Let,
    LetScalar,
    LogSoftmax,
    LogSumExp,
    Softmax,
    Unit,
    children,
    same_shape,
    shape_text,
    split,
    walk,
)

ENTRYWISE = (Elementwise, ElementwiseApplyFunction)
ACTIVATIONS = (*ENTRYWISE, Softmax, LogSoftmax, LogSumExp)


class Names:
    """The names in use. `fresh` gives one that is not, `adjoint` the one that prints with a bar."""

    def __init__(self) -> None:
        self.symbols: dict[str, Basic] = {}
        self.used: set[str] = set()
        self.sizes: set[str] = set()

    def declare(self, symbol: Basic) -> None:
        """Enter a symbol of the user's. Raises `ValueError` where another symbol has its name."""
        name = symbol.name  # type: ignore[attr-defined]
        known = self.symbols.setdefault(name, symbol)
        if known == symbol:
            self.used.add(name)
            return
        if isinstance(known, MatrixSymbol) and isinstance(symbol, MatrixSymbol):
            if same_shape(known.shape, symbol.shape):
                return
            kinds = f"one is {shape_text(known.shape)}, the other {shape_text(symbol.shape)}"
        elif isinstance(known, MatrixSymbol) or isinstance(symbol, MatrixSymbol):
            kinds = "one is a matrix, the other a scalar or a size"
        else:
            return  # scalar symbols that differ in their assumptions only: sizes are compared by name
        raise ValueError(f"two symbols are called {name}: {kinds}; rename one of them")

    def fresh(self, prefix: str, number: int | None = None) -> str:
        """Give an unused name: prefix and the first free number from `number`, or the prefix alone if it is free."""
        name = prefix if number is None else f"{prefix}{number}"
        number = number or 0
        while name in self.used:
            number += 1
            name = f"{prefix}{number}"
        self.used.add(name)
        return name

    def adjoint(self, name: str) -> str:
        """Give the name of the adjoint of `name`: Z1 has Zbar1."""
        stem, digits = re.fullmatch(r"(.*?)(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
        wanted = f"{stem}bar{digits}"
        if wanted in self.used:
            return self.fresh(f"{name}bar")
        self.used.add(wanted)
        return wanted


def is_affine(node: Basic) -> bool:
    """Tell whether a node is a product of matrices, or a sum with one among its terms."""
    if isinstance(node, MatMul):
        return sum(a.is_Matrix and not isinstance(a, (OneMatrix, Unit)) for a in node.args) > 1
    return isinstance(node, MatAdd) and any(isinstance(split(a)[1], MatMul) and is_affine(a) for a in node.args)


def is_data(term: MatrixExpr, parameters: frozenset[Basic]) -> bool:
    """Tell whether a term of a sum is a matrix that the user gives and that is no parameter."""
    bare = split(term)[1]
    bare = bare.args[0] if isinstance(bare, (Distribution, Transpose)) else bare
    return isinstance(bare, MatrixSymbol) and bare not in parameters


def declare_all(expr: Basic, names: Names) -> None:
    """Enter every symbol, size and `let` of an expression. Raises `ValueError` where a name means two things."""
    lets: dict[str, Basic] = {}
    sizes: set[Basic] = set()
    for node in _in_order_of_use(expr):
        if isinstance(node, MatrixSymbol):
            names.declare(node)
            for size in node.shape:
                sizes |= size.free_symbols
        elif isinstance(node, Symbol):
            names.declare(node)
        elif isinstance(node, (Let, LetScalar)):
            name = node.args[0].name
            if lets.setdefault(name, node) is not node:
                raise ValueError(f"two different expressions are called {name} by let; rename one of them")
        elif isinstance(node, (OneMatrix, ZeroMatrix, Identity, Unit)):
            sizes |= node.shape[0].free_symbols | node.shape[1].free_symbols
    for size in sorted(sizes, key=str):
        names.declare(size)
        names.sizes.add(size.name)
    for name in lets:
        if name in names.symbols:
            raise ValueError(f"let: {name} is a symbol of the expression already; choose another name")
        names.used.add(name)


def _in_order_of_use(expr: Basic) -> Iterator[Basic]:
    # a symbol comes where it is first used, so that W1 of the first layer comes before W2
    for node in walk(expr):
        yield from (child for child in children(node) if not child.args or isinstance(child, MatrixSymbol))
        yield node if node.args and not isinstance(node, MatrixSymbol) or node is expr else S.One


def plan(expr: Basic, parameters: frozenset[Basic]) -> dict[int, tuple[str, Basic]]:
    """Give, for sub-expressions by identity, ("let", name), ("Z", node) for a pre-activation, ("A", argument)."""
    consumers: dict[int, list[Basic]] = defaultdict(list)
    nodes = list(walk(expr))
    for node in nodes:
        for child in children(node):
            consumers[id(child)].append(node)
    planned: dict[int, tuple[str, Basic]] = {}
    for node in nodes:
        users = consumers[id(node)]
        named = [u for u in users if isinstance(u, (Let, LetScalar))]
        if named:
            planned[id(node)] = ("let", named[0].args[0])
        elif is_affine(node) and any(isinstance(u, ACTIVATIONS) or _is_residual(u, node, parameters) for u in users):
            planned[id(node)] = ("Z", node)
        elif isinstance(node, (*ENTRYWISE, Softmax)) and children(node)[0].args and _feeds_on(users):
            if not isinstance(children(node)[0], (MatrixSymbol, Transpose)):
                planned[id(node)] = ("A", children(node)[0])
    return planned


def _is_residual(user: Basic, node: Basic, parameters: frozenset[Basic]) -> bool:
    others = [a for a in user.args if a is not node] if isinstance(user, MatAdd) else []
    return bool(others) and all(is_data(a, parameters) for a in others)


def _feeds_on(users: list[Basic]) -> bool:
    return any(isinstance(u, (MatMul, MatAdd, Transpose, *ACTIVATIONS)) for u in users)


def shared(expr: Basic) -> set[int]:
    """Give the identities of the sub-expressions that stand in more than one place."""
    seen: set[int] = set()
    twice: set[int] = set()
    for node in walk(expr):
        for child in children(node):
            (twice if id(child) in seen else seen).add(id(child))
    return twice
