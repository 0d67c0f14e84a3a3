"""Scalar functions that networks and their losses bring: Φ and φ, the exponential below 0, elu, clip, huber, x·log y.

In: scalar SymPy expressions. Out: scalar SymPy expressions whose derivatives are again of this kind, so that slopes
print as they are written in papers and never overflow. What each is worth in NumPy says its row in `facts`.
"""

from __future__ import annotations

from typing import Any

from sympy import Abs, Expr, Integer, Piecewise, S, erf, exp, log, pi, sqrt
from sympy.core.function import ArgumentIndexError

from symnet.expressions.scalars import MachineFunction, Real, relu, step


class normal_pdf(Real):
    """φ(x) = exp(-x²/2)/√(2π), the density of the normal distribution; its derivative is -x·φ(x)."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return -self.args[0] * self

    def _eval_rewrite_as_exp(self, x: Expr, **_: object) -> Expr:
        return exp(-(x**2) / 2) / sqrt(2 * pi)

    def _at(self, *numbers: Expr) -> Expr:
        return self._eval_rewrite_as_exp(*numbers)


class normal_cdf(Real):
    """Φ(x) = (1 + erf(x/√2))/2, the share of the normal distribution below x; its derivative is φ(x)."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return {S.Zero: S.Half, S.Infinity: S.One, S.NegativeInfinity: S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> Expr:
        return normal_pdf(self.args[0])

    def _eval_rewrite_as_erf(self, x: Expr, **_: object) -> Expr:
        return (1 + erf(x / sqrt(2))) / 2

    def _at(self, *numbers: Expr) -> Expr:
        return self._eval_rewrite_as_erf(*numbers)


class exp_below(Real):
    """exp(x) where x ≤ 0 and 0 elsewhere: the slope of elu there, and its own derivative."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        if x.is_positive:
            return S.Zero
        return exp(x) if x.is_nonpositive else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return self


class elu(Real):
    """x where it is positive, a·(exp(x) - 1) elsewhere, a = 1 where it is not given.

    The derivative at 0 is a. See D. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by
    exponential linear units" (2016), equation 15.
    """

    nargs: Any = (1, 2)

    @classmethod
    def eval(cls, x: Expr, a: Expr = S.One) -> Expr | None:
        if x.is_nonnegative:
            return x
        return a * (exp(x) - 1) if x.is_negative else None

    def fdiff(self, argindex: int = 1) -> Expr:
        x, a = self.args if len(self.args) == 2 else (*self.args, S.One)
        if argindex == 1:
            return step(x) + a * exp_below(x)
        if argindex == 2:
            return elu(x) - relu(x)
        raise ArgumentIndexError(self, argindex)


class softsign(Real):
    """x/(1 + |x|); its derivative is 1/(1 + |x|)²."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return x / (1 + abs(x)) if x.is_number else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (1 + Abs(self.args[0])) ** 2


class clip(Real):
    """x, but no less than a and no more than b; the derivative is 1 between the two and 0 at them and outside."""

    nargs = 3

    @classmethod
    def eval(cls, x: Expr, a: Expr, b: Expr) -> Expr | None:
        if (x - a).is_nonpositive:
            return a
        if (x - b).is_nonnegative:
            return b
        return x if (x - a).is_positive and (b - x).is_positive else None

    def fdiff(self, argindex: int = 1) -> Expr:
        x, a, b = self.args
        if argindex == 1:
            return step(x - a) * step(b - x)
        if argindex == 2:
            return 1 - step(x - a)
        if argindex == 3:
            return 1 - step(b - x)
        raise ArgumentIndexError(self, argindex)


class huber(Real):
    """x²/2 where |x| ≤ d, d·(|x| - d/2) elsewhere; its derivative is clip(x, -d, d).

    See P. Huber, "Robust estimation of a location parameter" (1964).
    """

    nargs = 2

    @classmethod
    def eval(cls, x: Expr, d: Expr) -> Expr | None:
        if not (x.is_number and d.is_number):
            return None
        return x**2 / 2 if abs(x) <= d else d * (abs(x) - d / 2)

    def fdiff(self, argindex: int = 1) -> Expr:
        x, d = self.args
        if argindex == 1:
            return clip(x, -d, d)
        if argindex == 2:
            return relu(Abs(x) - d)
        raise ArgumentIndexError(self, argindex)


class xlogy(Real):
    """x·log(y), which is 0 where x is 0, whatever y is."""

    nargs = 2

    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        if x.is_zero:
            return S.Zero
        return Integer(0) if y is S.One else None

    def fdiff(self, argindex: int = 1) -> Expr:
        x, y = self.args
        if argindex == 1:
            return log(y)
        if argindex == 2:
            return x / y
        raise ArgumentIndexError(self, argindex)

    def _eval_rewrite_as_log(self, x: Expr, y: Expr, **_: object) -> Expr:
        return x * log(y)

    def _at(self, *numbers: Expr) -> Expr:
        return self._eval_rewrite_as_log(*numbers)


class among(MachineFunction):
    """x where the second argument is positive, else -∞."""

    nargs = 2
    literal = staticmethod(lambda x, m: Piecewise((x, m > 0), (S.NegativeInfinity, True)))

    def fdiff(self, argindex: int = 1) -> Expr:
        return step(self.args[1]) if argindex == 1 else S.Zero


class or_one(MachineFunction):
    """x, but 1 where x is not positive: a divisor."""

    literal = staticmethod(lambda x: Piecewise((x, x > 0), (S.One, True)))


class finite(MachineFunction):
    """x, but 0 where x is -∞."""

    literal = staticmethod(lambda x: Piecewise((x, x > S.NegativeInfinity), (S.Zero, True)))
