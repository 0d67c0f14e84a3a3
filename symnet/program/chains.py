"""A chain of matrix products, bracketed by the sizes of its factors, and products and sums that have been met before.

In: factors or terms. Out: which brackets cost the fewest multiplications; the product of the same factors with other
brackets; the largest sums that are contained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sympy import HadamardProduct, Inverse, MatAdd, MatMul, MatrixSymbol, OneMatrix, S, Transpose, cancel

from symnet.expressions import Solve, raw, scaled, size_number, split
from symnet.program.symmetry import is_symmetric, turned

_GUESS = 512  # what a symbolic size is taken for
_FEW = 5  # symbols in the shares of a sum that are put together
_LONGEST = 8  # factors of a product that is looked through


class _Guessed(dict[str, int]):
    def __missing__(self, name: str) -> int:
        return _GUESS


def estimate(size: Any) -> int:
    """Give a size as a number, symbols being taken for large."""
    return size_number(size, _Guessed())


def bracketed(chain: list[Any], pair: Callable[[Any, Any, bool], Any]) -> Any:
    """Build a product of the fewest multiplications; `pair(a, b, outermost)` makes each product of two.

    The dynamic program for matrix chains: Cormen and others, "Introduction to Algorithms" (2009), section 15.2.
    """
    sizes = [estimate(chain[0].shape[0]), *[estimate(A.shape[1]) for A in chain]]
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(len(chain))}
    for width in range(1, len(chain)):
        for i in range(len(chain) - width):
            j = i + width
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def build(i: int, j: int) -> Any:
        if i == j:
            return chain[i]
        k = best[i, j][1]
        return pair(build(i, k), build(k + 1, j), (i, j) == (0, len(chain) - 1))

    return build(0, len(chain) - 1)


def value_key(rhs: Any) -> Any:
    """Give what two right-hand sides of one value have in common."""
    if isinstance(rhs, (MatAdd, HadamardProduct)):
        return type(rhs), frozenset(Counter(rhs.args).items())
    return rhs


def known_sum(A: Any, axis: int, defined: Callable[[Any], Any], assumed: Mapping[Any, int], depth: int = 3) -> Any:
    """Give what a matrix sums to along an axis, one scalar for all of it, or None where that is not known.

    `defined` gives the right-hand side of a name, or None; `assumed`: names that sum to 1, or multiples
    of them, and along which axis.
    """
    c, A = split(A)
    if isinstance(A, Transpose):
        A, axis = A.args[0], 1 - axis
    if isinstance(A, OneMatrix):
        return c * A.shape[axis]
    rhs = defined(A)
    for value, along in assumed.items():
        k, whole = split(value)
        if whole == A and along == axis:
            return c / k
    if axis in (getattr(A, "sums_to_one", None), getattr(rhs, "sums_to_one", None)):
        return c
    if rhs is None or not depth or not isinstance(split(rhs)[1], (MatAdd, MatrixSymbol, Transpose)):
        return None
    whole = S.Zero
    for term in rhs.args if isinstance(rhs, MatAdd) else [rhs]:
        part = known_sum(term, axis, defined, assumed, depth - 1)
        if part is None:
            return None
        whole += part
    return c * _spelled_out(whole, defined)


def _spelled_out(c: Any, defined: Callable[[Any], Any]) -> Any:
    # with the scalars put in that it is made of, where that makes it shorter: T + ε is 1 where T is 1 − ε
    inside = {a: rhs for a in c.free_symbols if not a.is_Matrix and (rhs := defined(a)) is not None}
    if len(c.free_symbols | set().union(*(rhs.free_symbols for rhs in inside.values()))) > _FEW:
        return c  # `cancel` doubles its cost with each
    short, whole = cancel(c), cancel(c.xreplace(inside))
    return whole if len(whole.free_symbols) < len(short.free_symbols) else short


def without_known_sums(factors: Sequence[Any], known: Callable[[Any, int], Any]) -> list[Any]:
    """Give the factors of a product with 1ᵀ·Y put as s·1ᵀ where all columns of Y are known to sum to s."""
    scalars: list[Any] = [a for a in factors if not a.is_Matrix]
    bare: list[Any] = []
    for c, A in (split(a) for a in factors if a.is_Matrix):
        scalars.append(c)
        before = bare[-1] if bare else None
        s = known(A, 0) if isinstance(before, OneMatrix) else None
        s = known(before, 1) if s is None and before is not None and isinstance(A, OneMatrix) else s
        if before is None or s is None:
            bare.append(A)
            continue
        scalars.append(s)
        bare[-1] = OneMatrix(before.shape[0], A.shape[1])
    return [*scalars, *bare]


class KnownProducts:
    """The products met so far, found again with other brackets, or turned; `symmetric`: names that are their own."""

    def __init__(self) -> None:
        self.symmetric: set[Any] = set()
        self._factors: dict[Any, tuple[Any, ...]] = {}
        self._names: dict[tuple[Any, ...], Any] = {}

    def add(self, name: Any, rhs: Any) -> None:
        """Remember what `name` is: a product, an inverse or the solution of a system, and whether it is symmetric."""
        factors = self._of(rhs)
        if factors and len(factors) <= _LONGEST:
            self._factors[name] = factors
            self._names.setdefault(factors, name)
        if rhs.is_Matrix and is_symmetric(raw(MatMul, *factors) if len(factors) > 1 else rhs, self.symmetric):
            self.symmetric.add(name)

    def find(self, rhs: Any) -> Any:
        """Give the value of a product of the same factors, None where it has not been met."""
        factors = self._of(rhs)
        if len(factors) < 2:
            return None
        if factors in self._names:
            return self._names[factors]
        known = self._names.get(self._turned(factors))
        return None if known is None else turned(known, self.symmetric)

    def _of(self, rhs: Any) -> tuple[Any, ...]:
        # none where it is no product
        if isinstance(rhs, Inverse):
            return (rhs,)
        if isinstance(rhs, Solve):
            return (raw(Inverse, rhs.args[0], S.NegativeOne), *self._inside(rhs.args[1]))
        if type(rhs) is not MatMul or not rhs.args[0].is_Matrix:
            return ()
        return tuple(f for a in rhs.args for f in self._inside(a))

    def _inside(self, A: Any) -> tuple[Any, ...]:
        if isinstance(A, Transpose) and A.args[0] in self._factors:
            return self._turned(self._factors[A.args[0]])
        return self._of(A) or self._factors.get(A, (A,))

    def _turned(self, factors: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(turned(f, self.symmetric) for f in reversed(factors))


def symmetric_names(equations: Iterable[Any]) -> set[Any]:
    """Give the names of the matrices that are their own transposes, whatever the values."""
    products = KnownProducts()
    for e in equations:
        products.add(*e)
    return products.symmetric


class KnownSums:
    """The sums met so far, found again inside longer ones."""

    def __init__(self) -> None:
        self._sizes: dict[Any, int] = {}
        self._with: dict[Any, dict[Any, None]] = {}

    def add(self, terms: tuple[Any, ...], name: Any) -> None:
        """Remember that `name` is the sum of the terms."""
        if name not in self._sizes:
            self._sizes[name] = len(terms)
            for term in terms:
                self._with.setdefault(term, {})[name] = None

    def opposite(self, terms: tuple[Any, ...]) -> Any:
        """Give the name of the sum of the same terms with other signs, None where it has not been met."""
        turned = [scaled(S.NegativeOne, term) for term in terms]
        common = [set(self._with.get(term, ())) for term in turned]
        return next((name for name in set.intersection(*common) if self._sizes[name] == len(terms)), None)

    def __call__(self, terms: list[Any]) -> list[Any]:
        """Give the terms with the largest known sums among them put together; each term is looked up once a round."""
        while len(terms) > 2:
            hits = Counter(name for t in terms for name in self._with.get(t, ()))
            inside = [name for name, count in hits.items() if count == self._sizes[name] and 1 < count < len(terms)]
            if not inside:
                return terms
            largest = max(inside, key=lambda name: self._sizes[name])
            terms = [largest, *[t for t in terms if largest not in self._with.get(t, ())]]
        return terms
