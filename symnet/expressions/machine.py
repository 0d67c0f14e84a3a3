"""Scalar functions that programs compute and no formula shows: what small differences and far tails are written with.

In: scalar expressions. Out: functions whose `literal` says what they stand for; their code is in `facts`.
"""

from __future__ import annotations

from sympy import Max, cosh, exp, log

from symnet.expressions.curves import normal_cdf, normal_pdf
from symnet.expressions.scalars import MachineFunction, sigmoid, softplus


class bose(MachineFunction):
    """1/(exp(x) - 1), which is 0 for large x."""

    literal = staticmethod(lambda x: 1 / (exp(x) - 1))


class shrunk_expm1(MachineFunction):
    """(exp(x) - 1)·exp(-max(x, 0)), which is between -1 and 1."""

    literal = staticmethod(lambda x: (exp(x) - 1) * exp(-Max(x, 0)))


class shrunk_softplus(MachineFunction):
    """softplus(x)·exp(max(-x, 0)), which is 1 far below 0."""

    literal = staticmethod(lambda x: softplus(x) * exp(Max(-x, 0)))


class capped_exp(MachineFunction):
    """exp(x), which stays finite, for `part` and `whole`."""

    literal = staticmethod(exp)


class part(MachineFunction):
    """x·w for w = 1/(1 + x): sigmoid(u) where x is exp(u), and no product that comes before this one."""

    nargs = 2
    literal = staticmethod(lambda x, w: x * w)


class whole(MachineFunction):
    """1/(1 + x): sigmoid(-u) where x is exp(u)."""

    literal = staticmethod(lambda x: 1 / (1 + x))


class log1mexp(MachineFunction):
    """log(1 - exp(x)) for negative x."""

    literal = staticmethod(lambda x: log(1 - exp(x)))


class cloglog(MachineFunction):
    """log(1 - exp(-exp(x))), which is x far below 0."""

    literal = staticmethod(lambda x: log(1 - exp(-exp(x))))


class planck(MachineFunction):
    """exp(x)/(exp(exp(x)) - 1), the slope of cloglog, which is 1 far below 0."""

    literal = staticmethod(lambda x: exp(x) / (exp(exp(x)) - 1))


class logcosh(MachineFunction):
    """log(cosh(x))."""

    literal = staticmethod(lambda x: log(cosh(x)))


class logmeanexp(MachineFunction):
    """log((1 + exp(x))/2), which is 0 at 0."""

    literal = staticmethod(lambda x: log((1 + exp(x)) / 2))


class logsoftplus(MachineFunction):
    """log(log(1 + exp(x))), which is x far below 0."""

    literal = staticmethod(lambda x: log(softplus(x)))


class rate(MachineFunction):
    """sigmoid(x)/softplus(x), the slope of log(softplus(x)), which is 1 far below 0."""

    literal = staticmethod(lambda x: sigmoid(x) / softplus(x))


class lognormcdf(MachineFunction):
    """log(Φ(x)), which is about -x²/2 far below 0."""

    literal = staticmethod(lambda x: log(normal_cdf(x)))


class mills(MachineFunction):
    """φ(x)/Φ(x), the slope of log(Φ(x)), which is about -x far below 0."""

    literal = staticmethod(lambda x: normal_pdf(x) / normal_cdf(x))
