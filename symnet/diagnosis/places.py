"""Places in an equation, and edits: another expression at one of them.

In: a right-hand side. Out: each of its parts with the way to it, and the right-hand side with another part there. A
part is put in as it is: shapes need not fit, since a user's need not have fitted either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sympy import Add, Basic, HadamardProduct, MatAdd, MatMul, Mul, OneMatrix, Pow, Transpose, ZeroMatrix, sympify

from symnet.diagnosis.edits import Mutation, Name, Words
from symnet.expressions import (
    AlongAxis, AvgPool, AvgUnpool, Channels, Elementwise, Fold, Images, MaxPick, MaxPool, MaxUnpool, Total, Unfold, raw,
    scaled, split, symbols_of,
)  # fmt: skip

Path: TypeAlias = tuple[int, ...]
WINDOWS = (AvgPool, AvgUnpool, Channels, Fold, Images, MaxPick, MaxPool, MaxUnpool, Unfold)
_OPEN = (MatAdd, MatMul, HadamardProduct, Transpose, Elementwise, AlongAxis, Total, Add, Mul, Pow, *WINDOWS)
_UNCHECKED = (MatAdd, MatMul, HadamardProduct, Transpose)


class Place(NamedTuple):
    """A part of a right-hand side: the way to it, and what it is an argument of (None for the whole)."""

    path: Path
    node: Any
    parent: Any = None


def places(rhs: Any, path: Path = (), parent: Any = None) -> Iterator[Place]:
    """Give every part of a right-hand side, the whole first."""
    yield Place(path, rhs, parent)
    if isinstance(rhs, _OPEN):
        for i, part in enumerate(rhs.args):
            is_function = isinstance(rhs, Elementwise) and i == 0
            is_number = isinstance(rhs, (AlongAxis, Pow)) and i > 0 or isinstance(rhs, WINDOWS) and not part.is_Matrix
            if isinstance(part, Basic) and not is_function and not is_number:
                yield from places(part, (*path, i), rhs)


def put(rhs: Any, path: Path, new: Any) -> Any:
    """Give a right-hand side with something else at a place."""
    if not path:
        return new
    first, *rest = path
    arguments = list(rhs.args)
    arguments[first] = put(arguments[first], tuple(rest), new)
    if isinstance(rhs, _UNCHECKED):
        return Basic.__new__(type(rhs), *arguments)  # one of its kind mostly: it is not kept to be shared
    return rhs.func(*arguments, evaluate=False) if isinstance(rhs, (Add, Mul, Pow)) else rhs.func(*arguments)


def renamed(rhs: Any, old: Name, new: Any) -> Any:
    """Give a right-hand side with another name, of the same shape, wherever one stands."""
    found = rhs
    for place in places(rhs):
        if place.node == old:
            found = put(found, place.path, new)
    return found.xreplace({old: new}) if old in symbols_of(found) else found


def times(c: Any, A: Any) -> Any:
    """Give c·A, of a matrix or a scalar."""
    c = sympify(c)
    return scaled(c, A) if getattr(A, "is_Matrix", False) else c * A


def tidied(rhs: Any) -> Any:
    """Give a right-hand side without the ones and zeros that stand where a factor or a term was dropped."""
    if not isinstance(rhs, _OPEN):
        return rhs
    arguments = [tidied(a) if isinstance(a, Basic) else a for a in rhs.args]
    if isinstance(rhs, (MatMul, HadamardProduct)):
        matrices = [a for a in arguments if a.is_Matrix]
        c = Mul(*[a for a in arguments if not a.is_Matrix])
        if not matrices:
            return c
        if isinstance(rhs, HadamardProduct):
            matrices = [a for a in matrices if not isinstance(a, OneMatrix)] or matrices[:1]
        for i, a in enumerate(matrices):
            inner, rest = split(a)
            c, matrices[i] = c * inner, rest
        return scaled(c, product_of(type(rhs), *matrices))
    if isinstance(rhs, MatAdd):
        terms = [a for a in arguments if a != 0 and not isinstance(a, ZeroMatrix)]
        flat = [t for a in terms for t in (a.args if isinstance(a, MatAdd) else (a,))]
        return product_of(MatAdd, *flat) if flat else rhs
    return raw(type(rhs), *arguments) if isinstance(rhs, Transpose) else rhs.func(*arguments)


def product_of(kind: type, *factors: Any) -> Any:
    """Give a product or sum of a class as it stands, of a single part that part."""
    return factors[0] if len(factors) == 1 else raw(kind, *factors)


@dataclass(frozen=True, eq=False)
class Edit:
    """Another expression `new` at a place of the equation of `site`.

    `tag`: what it has in common with the same edit elsewhere; `coefficient`: where `new` depends on a number that is to
    be fitted, the function that gives `new` of it.
    """

    kind: str
    site: Name
    path: Path
    new: Any
    words: Words
    cost: float
    tag: Any = None
    coefficient: Any = None

    def of(self, rhs: Any, number: Any = None) -> Any:
        """Give the right-hand side with the edit in it."""
        return put(rhs, self.path, self.new if self.coefficient is None else self.coefficient(number))

    def mutation(self, right: Any, number: Any = None) -> Mutation:
        """Give the mutation of an equation that it is."""
        return Mutation(self.kind, {self.site: self.of(right, number)}, self.words, self.cost)
