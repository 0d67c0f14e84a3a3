"""Sizes that are not given, found from the operations: an unknown shape is what its neighbours ask it to be.

In: shapes of operands, some of their sizes not known yet. Out: the same shapes, known, or a disagreement. A law is
settled as soon as the sizes tell what it means: whether `2*A` scales or multiplies matrices waits until they do. Where
they never tell, a sum is taken to be one of equal shapes; nothing else is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sympy import S
from symnet.expressions import same_size


@dataclass
class Watch:
    """Up to which level a law has been tried since something that it speaks of became known."""

    tried: int = 0


class Unknown:
    """A size, or a kind, that is not known yet. `watches`: of the laws that speak of it."""

    def __init__(self) -> None:
        self.found: Any = None
        self.watches: list[Watch] = []


def found(term: Any) -> Any:
    """Give what a size is known to be; an `Unknown` where it is not."""
    while isinstance(term, Unknown) and term.found is not None:
        term = term.found
    return term


def is_known(term: Any) -> bool:
    """Tell whether a size is known."""
    return not isinstance(found(term), Unknown)


def agree(a: Any, b: Any) -> bool:
    """Make two sizes one. Gives False where they are known and differ."""
    a, b = found(a), found(b)
    if not isinstance(a, Unknown):
        a, b = b, a
    if isinstance(a, Unknown):
        if a is not b:
            _join(a, b)
        return True
    return a is b or (not isinstance(a, str) and not isinstance(b, str) and same_size(a, b)) or a == b


def _join(a: Unknown, b: Any) -> None:
    # a law that speaks of one of them alone learns nothing when they are found to be one
    if isinstance(b, Unknown) and len(b.watches) < len(a.watches):
        a, b = b, a
    a.found = b
    for watch in a.watches:
        watch.tried = -1
    if isinstance(b, Unknown):
        b.watches += a.watches


@dataclass
class Form:
    """What is known of the shape of a part. `flat`: one axis, as NumPy has it; `kind`: "matrix" once it must be one;
    `literal`: a number that is written out, which tells nothing of what stands beside it."""

    rows: Any = field(default_factory=Unknown)
    cols: Any = field(default_factory=Unknown)
    flat: bool = False
    kind: Any = field(default_factory=Unknown)
    literal: bool = False

    @property
    def shape(self) -> tuple[Any, Any]:
        """The sizes, as far as they are known."""
        return found(self.rows), found(self.cols)

    @property
    def known(self) -> bool:
        """Whether both sizes are known."""
        return is_known(self.rows) and is_known(self.cols)

    @property
    def scalar(self) -> bool:
        """Whether it is known to be one number."""
        return found(self.rows) is S.One and found(self.cols) is S.One

    @property
    def number(self) -> bool:
        """Whether it is known to be a number, and no 1×1 matrix."""
        return self.scalar and found(self.kind) != "matrix"

    @property
    def wide(self) -> bool:
        """Whether it is known to be a matrix: it has an axis of more than one entry, or it must be one."""
        return any(is_known(s) and found(s) is not S.One for s in self.shape) or (
            found(self.kind) == "matrix" and not self.scalar
        )

    def copy(self) -> Form:
        """Give the same knowledge, to be added to on its own."""
        new = {id(size): Unknown() for size in self.shape if not is_known(size)}
        rows, cols = (new.get(id(size), size) for size in self.shape)
        return Form(rows, cols, self.flat, found(self.kind))

    def is_matrix(self) -> Form:
        """Say that it is a matrix."""
        agree(self.kind, "matrix")
        return self

    def equals(self, other: Form) -> bool:
        """Make two forms one. Gives False where they differ."""
        agree(self.kind, other.kind)
        return agree(self.rows, other.rows) and agree(self.cols, other.cols)

    def same(self, other: Form) -> bool:
        """Tell whether two forms are known to be equal."""
        return all(found(a) is found(b) or (is_known(a) and is_known(b) and same_size(found(a), found(b)))
                   for a, b in zip(self.shape, other.shape, strict=True))  # fmt: skip


def watching(forms: Iterable[Form]) -> Watch:
    """Give the watch of a law that speaks of some forms."""
    watch = Watch()
    for form in forms:
        for term in (*form.shape, found(form.kind)):
            if isinstance(term, Unknown):
                term.watches.append(watch)
    return watch


def scalar_form(literal: bool = False) -> Form:
    """Give the form of a number."""
    return Form(S.One, S.One, literal=literal)


class DisagreementError(Exception):
    """Two sizes that must be equal and are not; it is told in the user's words where it is caught."""


def must(agreed: bool) -> None:
    """Raise `DisagreementError` where two sizes did not agree."""
    if not agreed:
        raise DisagreementError


# A law gives True once it is settled. level 0: what is certain; 1: sums are of equal shapes; 2: so are entrywise
# products of what must be matrices, and a number is divided by a number.
Law = Callable[[int], bool]


def beside_number(number: Form, other: Form, out: Form, level: int, additive: bool) -> bool:
    """Settle what stands beside a number: in a sum a number as well, unless that is one that is written out."""
    must(out.equals(other))
    if not (other.known or other.wide or number.literal):
        if not (additive and level >= 1):
            return False
        must(other.equals(scalar_form()))
    return True


def entrywise(a: Form, b: Form, out: Form, additive: bool, broadcasts: bool) -> Law:
    """Give the law of two operands entry by entry: one shape, a number beside a matrix, or a spread row or column."""

    def settle(level: int) -> bool:
        for one, other in ((a, b), (b, a)):
            if one.scalar:
                return beside_number(one, other, out, level, additive)
        if a.same(b) and (a.wide or additive):
            must(a.equals(b) and out.equals(a))
            return True
        both = a.wide and b.wide
        if not (a.known and b.known) and not (both and not broadcasts):
            for p, axis in (
                *zip(a.shape, (out.rows, out.cols), strict=True),
                *zip(b.shape, (out.rows, out.cols), strict=True),
            ):
                if is_known(p) and found(p) is not S.One:
                    must(agree(axis, p))
            if not (level >= 1 and additive) and not (level >= 2 and both):
                return False
        for p, q, axis in zip(a.shape, b.shape, (out.rows, out.cols), strict=True):
            spread = broadcasts and is_known(p) and is_known(q) and found(p) != found(q)
            if spread and found(p) == 1:
                must(agree(axis, q))
            else:
                must(spread and found(q) == 1 or agree(p, q))
                must(agree(axis, p))
        if both or (additive and (a.wide or b.wide)):
            for form in (a, b, out) if not (a.scalar or b.scalar) else (out,):
                form.is_matrix()
        return True

    return settle


def product(a: Form, b: Form, out: Form) -> Law:
    """Give the law of MATLAB's `*`: a product of matrices, or of anything and a number."""

    def settle(level: int) -> bool:
        for one, other in ((a, b), (b, a)):
            if one.scalar:
                return beside_number(one, other, out, level, additive=False)
        scales = [one.known and out.known and out.same(one) for one in (a, b)]
        told = (a.known and out.known and not scales[0]) or (b.known and out.known and not scales[1])
        if (a.wide and b.wide) or told and (a.wide or b.wide):
            return matrix_product(a, b, out)(level)
        return False

    return settle


def matrix_product(a: Form, b: Form, out: Form) -> Law:
    """Give the law of a product of matrices, in which a vector of one axis lies as it fits."""

    def settle(level: int) -> bool:
        if a.flat and b.flat:
            must(agree(a.rows, b.rows) and out.equals(scalar_form()))
        elif a.flat:
            must(agree(a.rows, b.rows) and agree(out.rows, b.cols) and agree(out.cols, S.One))
        else:
            must(agree(a.cols, b.rows) and agree(out.rows, a.rows) and agree(out.cols, b.cols))
            if not b.flat:
                out.is_matrix()
        return True

    return settle


def quotient(a: Form, b: Form, out: Form) -> Law:
    """Give the law of MATLAB's `/`: by a number, or by a square matrix from the right."""

    def settle(level: int) -> bool:
        if b.scalar or (level == 2 and a.scalar and not b.wide):
            must(b.equals(scalar_form()) and out.equals(a))
            return True
        if not b.wide:
            return False
        must(agree(b.rows, b.cols))
        return matrix_product(a, b, out)(level)

    return settle


def matrix_power(a: Form, exponent: Form, out: Form) -> Law:
    """Give the law of a power: of a number, or of a square matrix."""

    def settle(level: int) -> bool:
        must(exponent.equals(scalar_form()) and agree(a.rows, a.cols) and out.equals(a))
        return True

    return settle
