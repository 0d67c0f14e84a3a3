"""Scalar functions that SymPy lacks, and the bound variables of those that are applied entry by entry.

In: scalar SymPy expressions. Out: scalar SymPy expressions that differentiate to what a textbook prints (sigmoid to
s·(1 − s), relu to the bracket [x > 0]) and that can be computed without overflow. Nothing here knows of matrices.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar

from sympy import Abs, Dummy, Expr, Function, Integer, Mul, S, Symbol, default_sort_key, exp, log, sign
from sympy.core.function import ArgumentIndexError


class Bound(Symbol):
    """A bound variable of an entrywise function; it meets no symbol of the user's, whatever its name."""


@cache
def bound_variables(number: int, level: int = 0) -> tuple[Bound, ...]:
    """Give the bound variables of an entrywise function of `number` arguments, the same ones every time."""
    return tuple(Bound(f"x{k}" + "_" * level, real=True) for k in range(1, number + 1))


@cache
def stand_in(number: int) -> Dummy:
    """Give what stands for the value of a number, from 0 on, in a formula that is looked at, the same one every time.

    SymPy remembers what it finds out of a formula: with variables of its own each formula is looked at anew."""
    return Dummy(f"v{number:04}", real=True)


_level = 0


@contextmanager
def nested_variables(number: int) -> Iterator[tuple[Bound, ...]]:
    """Give bound variables that differ from those of the entrywise functions around, while one is being written."""
    global _level
    _level += 1
    try:
        yield bound_variables(number, _level - 1)
    finally:
        _level -= 1


class Real(Function):
    """A function that is real wherever its arguments are."""

    is_real = True
    nargs = 1

    def _eval_evalf(self, prec: int) -> Expr | None:
        found = self._at(*(a._evalf(prec) for a in self.args))
        return None if found is None else found._evalf(prec)

    def _at(self, *numbers: Expr) -> Expr | None:
        # where each argument is a plain number, of which SymPy knows the sign
        return self.eval(*numbers)


class MachineFunction(Real):
    """A function that programs compute and formulas do not show; `literal` is what it stands for."""

    literal: ClassVar[Any]

    def fdiff(self, argindex: int = 1) -> Expr:
        given = {Dummy(real=True): a for a in self.args}
        return type(self).literal(*given).diff([*given][argindex - 1]).subs(given)

    def _at(self, *numbers: Expr) -> Expr:
        return type(self).literal(*numbers)  # type: ignore[no-any-return]


class sigmoid(Real):
    """The logistic function 1/(1 + exp(-x)); its derivative is s·(1 - s)."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return {S.Zero: S.Half, S.Infinity: S.One, S.NegativeInfinity: S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, x: Expr, **_: object) -> Expr:
        return 1 / (1 + exp(-x))

    def _at(self, *numbers: Expr) -> Expr:
        return self._eval_rewrite_as_exp(*numbers)


class softplus(Real):
    """log(1 + exp(x)), the antiderivative of the sigmoid."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return {S.Zero: log(2), S.Infinity: S.Infinity, S.NegativeInfinity: S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0])

    def _eval_rewrite_as_log(self, x: Expr, **_: object) -> Expr:
        return log(1 + exp(x))

    def _at(self, *numbers: Expr) -> Expr:
        return self._eval_rewrite_as_log(*numbers)


class step(Real):
    """The bracket [x > 0]: 1 where x is positive, 0 elsewhere, 0 at 0 too; its derivative is taken as 0."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        if x.is_positive:
            return S.One
        return S.Zero if x.is_nonpositive else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


class relu(Real):
    """max(x, 0); its derivative is [x > 0], so relu'(0) = 0."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        if x.is_nonnegative:
            return x
        return S.Zero if x.is_nonpositive else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return step(self.args[0])


class _Extreme(Real):
    # of two values the one that is ahead, in the direction `way`; where they tie the second one counts

    nargs = 2
    way = S.One

    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        ahead = cls.way * (x - y)
        if x == y or ahead.is_nonnegative:
            return x
        if ahead.is_nonpositive:
            return y
        other = y if x.is_zero else x
        return cls.way * relu(cls.way * other) if x.is_zero or y.is_zero else None

    def fdiff(self, argindex: int = 1) -> Expr:
        x, y = self.args
        first = step(self.way * (x - y))
        if argindex not in (1, 2):
            raise ArgumentIndexError(self, argindex)
        return first if argindex == 1 else 1 - first


class maximum(_Extreme):
    """The larger of two values. Where they tie the second one counts, so that the two derivatives add up to 1."""


class minimum(_Extreme):
    """The smaller of two values. Where they tie the second one counts, so that the two derivatives add up to 1."""

    way = S.NegativeOne


class logaddexp(Real):
    """log(exp(x) + exp(y)); its derivatives are the shares of the two terms, sigmoid(x - y) and sigmoid(y - x)."""

    nargs = 2

    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        if x == y:
            return x + log(2)
        if x.is_zero or y.is_zero:
            return softplus(y if x.is_zero else x)
        return None if x.sort_key() <= y.sort_key() else cls(y, x)

    def fdiff(self, argindex: int = 1) -> Expr:
        x, y = self.args
        return sigmoid(x - y) if argindex == 1 else sigmoid(y - x)

    def _eval_rewrite_as_log(self, x: Expr, y: Expr, **_: object) -> Expr:
        return log(exp(x) + exp(y))

    def _at(self, *numbers: Expr) -> Expr:
        return self._eval_rewrite_as_log(*numbers)


def joined_signs(product: Any) -> Expr:
    """Give a product with |x|·sign(x) as x, x·sign(x) as |x| and x/|x| as sign(x)."""
    powers = dict(product.as_powers_dict())
    for x in sorted({f.args[0] for f in powers if isinstance(f, (sign, Abs))}, key=default_sort_key):
        turn, itself = (powers.get(f, S.Zero) for f in (sign(x), x))
        size = powers.get(Abs(x), S.Zero) if Abs(x) != x else S.Zero  # |x| is x itself where x is a size
        if not all(isinstance(e, Integer) for e in (size, turn, itself)) or turn < 0:
            continue
        for f in (Abs(x), sign(x), x):
            powers.pop(f, None)
        odd, whole = (turn + itself) % 2, size + itself
        if whole > 0:
            powers[x if odd else Abs(x)] = S.One
            powers[Abs(x)] = powers.get(Abs(x), S.Zero) + whole - 1
        else:
            powers[Abs(x)] = whole
            powers[sign(x)] = Integer(odd)
    return Mul(*[base**e for base, e in powers.items()])


def joined_steps(product: Any) -> Expr:
    """Give a product with relu(x)·[x > 0] as relu(x), and with [x > 0]² as [x > 0]."""
    powers = dict(product.as_powers_dict())
    for bracket in [f for f in powers if isinstance(f, step) and powers[f].is_positive]:
        powers[bracket] = S.Zero if powers.get(relu(*bracket.args), S.Zero).is_positive else S.One
    return Mul(*[base**e for base, e in powers.items()])
