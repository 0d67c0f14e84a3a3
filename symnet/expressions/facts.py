"""What is known of each scalar function: one row for each, with its code, its corners and its names.

A row is all that another room needs to know. `numpy` is called with a module-like object and the arguments, and gives
the value: written once, it is traced to code, and it also computes when it is given NumPy itself. `analytic` is the
same for complex arguments, where `numpy` is not analytic; None where complex steps are not possible. `mpmath`: NumPy
names → the functions of mpmath that stand in for them in 50 digits. `kinks`: what vanishes where the function has a
corner or a jump. `names`: how notations call it, where that is not the class's own name.

To teach symnet a scalar function: write the class with its derivative (`fdiff`) and add its row,
`symnet.SCALARS[gelu] = symnet.Facts(numpy=lambda np, x: …)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import mpmath
import sympy
from sympy import Expr, Heaviside, Piecewise
from sympy.codegen.cfunctions import expm1, log1p
from sympy.core.relational import Relational

from symnet.expressions.curves import (
    among, clip, elu, exp_below, finite, huber, normal_cdf, normal_pdf, or_one, softsign, xlogy,
)  # fmt: skip
from symnet.expressions.machine import (
    bose, capped_exp, cloglog, log1mexp, logcosh, logmeanexp, lognormcdf, logsoftplus, mills, part, planck, rate,
    shrunk_expm1, shrunk_softplus, whole,
)  # fmt: skip
from symnet.expressions.scalars import logaddexp, maximum, minimum, relu, sigmoid, softplus, step
from symnet.expressions.table import Table


def _same(*_: Any) -> Any:
    raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Facts:
    """A row of `SCALARS`; see the module.

    `cheap`: it costs no more than reading its argument; `repeats`: its code reads an argument more than once, so that
    this is computed before.

    >>> import symnet as sn
    >>> sn.Facts(numpy=lambda np, x: x * np.tanh(x))
    <Facts: numpy>
    """

    numpy: Callable[..., Any]
    analytic: Callable[..., Any] | None = _same
    mpmath: Mapping[str, str | Callable[..., Any]] = field(default_factory=dict)
    kinks: Callable[..., tuple[Expr, ...]] = lambda *_: ()
    names: Mapping[str, str] = field(default_factory=dict)
    cheap: bool = False
    repeats: bool = False

    def __repr__(self) -> str:
        return f"<Facts: {', '.join(f.name for f in fields(self) if getattr(self, f.name) not in (f.default, {}))}>"

    def code(self, complex_arguments: bool) -> Callable[..., Any]:
        """Give the code for real or for complex arguments."""
        return self.analytic if complex_arguments and self.analytic not in (None, _same) else self.numpy


def _plain(name: str, own: str | None = None, **names: str) -> Facts:
    return Facts(lambda np, x: getattr(np, name)(x), mpmath={name: own or name}, names=names)


def _special(name: str, own: str | None = None, **names: str) -> Facts:
    return Facts(lambda np, *x: np.special(name, *x), None, {name: own or name}, names=names)


def _of_inverse(name: str, **names: str) -> Facts:  # 1/cos and its relatives
    return Facts(lambda np, x: 1 / getattr(np, name)(x), mpmath={name: name}, names=names)


def _logaddexp(a: Any, b: Any) -> Any:
    return max(a, b) + mpmath.log1p(mpmath.exp(-abs(a - b)))


def _heaviside(x: Any, at_0: Any) -> Any:
    return mpmath.mpf(at_0) if x == 0 else mpmath.mpf(x > 0)


def _softplus_analytic(np: Any, x: Any) -> Any:
    return np.where(np.real(x) > 0, x + np.log1p(np.exp(-x)), np.log1p(np.exp(x)))


def _logaddexp_analytic(np: Any, x: Any, y: Any) -> Any:
    return np.where(np.real(x - y) > 0, x + np.log1p(np.exp(y - x)), y + np.log1p(np.exp(x - y)))


def _log1mexp(np: Any, x: Any) -> Any:  # Mächler, "Accurately computing log(1 - exp(-|a|))" (2012)
    near, far = np.log(-np.expm1(x)), np.log1p(-np.exp(np.minimum(x, -0.5)))
    return np.where(x > -0.7, near, far)


def _logcosh(np: Any, x: Any) -> Any:
    near = np.log1p(2 * np.sinh(np.minimum(np.absolute(x), 1) / 2) ** 2)
    return np.where(np.absolute(x) < 1, near, np.absolute(x) + np.log1p(np.exp(-2 * np.absolute(x))) - math.log(2))


def _logcosh_analytic(np: Any, x: Any) -> Any:
    return np.where(np.real(x) < 0, np.log1p(np.exp(2 * x)) - x, x + np.log1p(np.exp(-2 * x))) - math.log(2)


def _normal_pdf(np: Any, x: Any) -> Any:  # at 40 it is 0 in every precision
    return np.exp(-(np.minimum(np.absolute(x), 40) ** 2) / 2) / math.sqrt(2 * math.pi)


def _elu(np: Any, x: Any, a: Any = 1) -> Any:
    below = np.expm1(np.minimum(x, 0))
    return np.where(x > 0, x, below if isinstance(a, int) else a * below)


def _elu_analytic(np: Any, x: Any, a: Any = 1) -> Any:
    return np.where(np.real(x) > 0, x, a * np.expm1(np.where(np.real(x) > 0, 0, x)))


def _clip_analytic(np: Any, x: Any, a: Any, b: Any) -> Any:
    x = np.where(np.real(x - a) > 0, x, a)
    return np.where(np.real(b - x) > 0, x, b)


def _huber(np: Any, x: Any, d: Any) -> Any:
    c = np.minimum(np.maximum(x, -d), d)
    return c * (x - c / 2)


def _huber_analytic(np: Any, x: Any, d: Any) -> Any:
    c = _clip_analytic(np, x, -d, d)
    return c * (x - c / 2)


def _xlogy(np: Any, x: Any, y: Any) -> Any:
    return x * np.log(np.where(np.absolute(x) > 0, y, 1))


def _below_all(np: Any) -> Any:
    return -np.constant("inf")


def _logmeanexp(np: Any, x: Any) -> Any:
    return np.where(x < 1, np.log1p(np.expm1(np.minimum(x, 1)) / 2), np.logaddexp(0, x) - math.log(2))


def _far_below(np: Any, x: Any) -> tuple[Any, Any]:  # where softplus(x) is exp(x)·(1 - exp(x)/2), and an x that is not
    far = np.real(x) < -30
    return far, np.where(far, -30, x)


def _logsoftplus(np: Any, x: Any) -> Any:
    return np.where(x < -30, x - np.exp(np.minimum(x, -30)) / 2, np.log(np.logaddexp(0, np.maximum(x, -30))))


def _logsoftplus_analytic(np: Any, x: Any) -> Any:
    far, near = _far_below(np, x)
    return np.where(far, x - np.exp(np.where(far, x, -30)) / 2, np.log(_softplus_analytic(np, near)))


def _rate(np: Any, x: Any) -> Any:
    near = np.maximum(x, -30)
    return np.where(x < -30, 1 - np.exp(np.minimum(x, -30)) / 2, 1 / ((1 + np.exp(-near)) * np.logaddexp(0, near)))


def _rate_analytic(np: Any, x: Any) -> Any:
    far, near = _far_below(np, x)
    quotient = 1 / ((1 + np.exp(-near)) * _softplus_analytic(np, near))
    return np.where(far, 1 - np.exp(np.where(far, x, -30)) / 2, quotient)


def _shrunk_softplus(np: Any, x: Any) -> Any:
    below = np.exp(-np.minimum(np.maximum(-x, 0), np.largest))
    return np.where(x < 0, np.log1p(below) / below, np.logaddexp(0, x))


def _shrunk_softplus_analytic(np: Any, x: Any) -> Any:
    below = np.exp(np.where(np.real(x) < 0, x, 0))
    return np.where(np.real(x) < 0, np.log1p(below) / below, _softplus_analytic(np, x))


def _cloglog(np: Any, x: Any) -> Any:
    near = np.exp(np.minimum(np.maximum(x, -30), np.largest))
    return np.where(x < -30, x - np.exp(np.minimum(x, -30)) / 2, _log1mexp(np, -near))


def _planck(np: Any, x: Any) -> Any:
    near = np.exp(np.minimum(np.maximum(x, -30), np.largest))
    return np.where(x < -30, 1 - np.exp(np.minimum(x, -30)) / 2, near * np.exp(-near) / -np.expm1(-near))


def _over_tail(np: Any, x: Any) -> Any:  # φ(x)/Φ(x) below -12, Laplace's continued fraction
    z = np.maximum(-x, 12)
    found = z
    for k in range(10, 0, -1):
        found = z + k / found
    return found


def _normal_cdf(np: Any, x: Any) -> Any:
    return np.special("erfc", -x / math.sqrt(2)) / 2


def _lognormcdf(np: Any, x: Any) -> Any:
    near = np.minimum(np.maximum(x, -12), 0)
    below = np.where(
        x < -12, -x * x / 2 - np.log(_over_tail(np, x) * math.sqrt(2 * math.pi)), np.log(_normal_cdf(np, near))
    )
    return np.where(x > 0, np.log1p(-_normal_cdf(np, -np.maximum(x, 0))), below)


def _mills(np: Any, x: Any) -> Any:
    near = np.maximum(x, -12)
    return np.where(x < -12, _over_tail(np, x), _normal_pdf(np, near) / _normal_cdf(np, near))


def _differences(body: Piecewise) -> tuple[Expr, ...]:
    return tuple(r.lhs - r.rhs for r in body.atoms(Relational))


_NAMED = (sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh, sympy.tanh)
_MAX = {**dict.fromkeys(("unicode", "pretty", "mathml"), "max"), "latex": r"\max"}
_MIN = {**dict.fromkeys(("unicode", "pretty", "mathml"), "min"), "latex": r"\min"}

# fmt: off
_PHI = {**dict.fromkeys(("unicode", "pretty", "mathml"), "φ"), "latex": r"\varphi"}
_CDF = {**dict.fromkeys(("unicode", "pretty", "mathml"), "Φ"), "latex": r"\Phi"}

SCALARS: Table[Facts] = Table(
    "row of scalar functions",
    "write it with functions that symnet knows, or give it one, symnet.SCALARS[{name}] = symnet.Facts(numpy=…)",
    {
        sigmoid:  Facts(lambda np, x: 1 / (1 + np.exp(np.minimum(-x, np.largest))), lambda np, x: 1 / (1 + np.exp(-x)),
                        names={"mathematica": "LogisticSigmoid"}),
        softplus: Facts(lambda np, x: np.logaddexp(0, x), _softplus_analytic, {"logaddexp": _logaddexp}),
        logaddexp: Facts(lambda np, x, y: np.logaddexp(x, y), _logaddexp_analytic, {"logaddexp": _logaddexp}),
        relu:     Facts(lambda np, x: np.maximum(x, 0), lambda np, x: np.where(np.real(x) > 0, x, 0),
                        kinks=lambda x: (x,), names={"mathematica": "Ramp"}, cheap=True),
        step:     Facts(lambda np, x: np.heaviside(x, 0), lambda np, x: np.heaviside(np.real(x), 0), cheap=True),
        maximum:  Facts(lambda np, x, y: np.maximum(x, y),
                        lambda np, x, y: np.where(np.real(x - y) > 0, x, y),
                        kinks=lambda x, y: (x - y,), names=_MAX, cheap=True),
        minimum:  Facts(lambda np, x, y: np.minimum(x, y),
                        lambda np, x, y: np.where(np.real(y - x) > 0, x, y),
                        kinks=lambda x, y: (y - x,), names=_MIN, cheap=True),
        sympy.Abs: Facts(lambda np, x: np.absolute(x), lambda np, x: np.where(np.real(x) < 0, -x, x),
                         {"absolute": "fabs"}, lambda x: (x,), {"mathematica": "Abs"}),
        sympy.sign:  Facts(lambda np, x: np.sign(x), lambda np, x: np.sign(np.real(x)), {"sign": "sign"}),
        Heaviside: Facts(lambda np, x, at_0=None: np.heaviside(x, 0.5),
                         lambda np, x, at_0=None: np.heaviside(np.real(x), 0.5), {"heaviside": _heaviside}),
        **dict.fromkeys((sympy.re, sympy.conjugate), Facts(lambda np, x: x, None)),  # all numbers are real
        Piecewise: Facts(_same, kinks=lambda *pairs: _differences(Piecewise(*pairs))),
        **{f: _plain(f.__name__, latex=rf"\{f.__name__}") for f in _NAMED},
        sympy.asin: _plain("arcsin", "asin"), sympy.acos: _plain("arccos", "acos"),
        sympy.atan: _plain("arctan", "atan"), sympy.asinh: _plain("arcsinh", "asinh"),
        sympy.acosh: _plain("arccosh", "acosh"), sympy.atanh: _plain("arctanh", "atanh"),
        sympy.sec: _of_inverse("cos"), sympy.csc: _of_inverse("sin"), sympy.cot: _of_inverse("tan"),
        sympy.sech: Facts(lambda np, x: 1 / np.cosh(np.minimum(np.absolute(x), np.largest)),
                          lambda np, x: 1 / np.cosh(x), {"cosh": "cosh"}),
        sympy.csch: Facts(lambda np, x: 1 / np.sinh(np.minimum(np.maximum(x, -np.largest), np.largest)),
                          lambda np, x: 1 / np.sinh(x), {"sinh": "sinh"}),
        sympy.coth: _of_inverse("tanh"),
        expm1: _plain("expm1"), log1p: _plain("log1p"),
        bose: Facts(lambda np, x: 1 / np.expm1(np.minimum(x, np.largest)), lambda np, x: 1 / np.expm1(x),
                    {"expm1": "expm1"}),
        shrunk_expm1: Facts(lambda np, x: np.where(x > 0, -1, 1) * np.expm1(-np.absolute(x)),
                            lambda np, x: np.where(np.real(x) > 0, -np.expm1(-x), np.expm1(x)), {"expm1": "expm1"},
                            repeats=True),
        shrunk_softplus: Facts(_shrunk_softplus, _shrunk_softplus_analytic,
                               {"log1p": "log1p", "logaddexp": _logaddexp}, repeats=True),
        capped_exp: Facts(lambda np, x: np.exp(np.minimum(x, np.largest)), lambda np, x: np.exp(x)),
        part: Facts(lambda np, x, w: x * w, cheap=True), whole: Facts(lambda np, x: 1 / (1 + x)),
        log1mexp: Facts(_log1mexp, lambda np, x: np.log(-np.expm1(x)), {"expm1": "expm1", "log1p": "log1p"}),
        cloglog: Facts(_cloglog, lambda np, x: np.log(-np.expm1(-np.exp(x))), {"expm1": "expm1", "log1p": "log1p"},
                       repeats=True),
        planck: Facts(_planck, lambda np, x: np.exp(x) / np.expm1(np.exp(x)), {"expm1": "expm1"}, repeats=True),
        logmeanexp: Facts(_logmeanexp, lambda np, x: _softplus_analytic(np, x) - math.log(2),
                          {"expm1": "expm1", "log1p": "log1p", "logaddexp": _logaddexp}),
        logsoftplus: Facts(_logsoftplus, _logsoftplus_analytic, {"logaddexp": _logaddexp}, repeats=True),
        rate: Facts(_rate, _rate_analytic, {"logaddexp": _logaddexp}, repeats=True),
        logcosh: Facts(_logcosh, _logcosh_analytic, {"log1p": "log1p", "sinh": "sinh", "absolute": "fabs"}),
        normal_pdf: Facts(_normal_pdf, lambda np, x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
                          {"absolute": "fabs"}, names=_PHI),
        normal_cdf: Facts(_normal_cdf, None, {"erfc": "erfc"}, names=_CDF),
        lognormcdf: Facts(_lognormcdf, None, {"erfc": "erfc", "log1p": "log1p"}, repeats=True),
        mills: Facts(_mills, None, {"erfc": "erfc", "absolute": "fabs"}, repeats=True),
        exp_below: Facts(lambda np, x: np.where(x > 0, 0, np.exp(np.minimum(x, 0))),
                         lambda np, x: np.where(np.real(x) > 0, 0, np.exp(np.where(np.real(x) > 0, 0, x))),
                         repeats=True),
        elu:      Facts(_elu, _elu_analytic, {"expm1": "expm1"}, lambda x, a=1: () if a == 1 else (x,),
                        repeats=True),
        clip:     Facts(lambda np, x, a, b: np.minimum(np.maximum(x, a), b), _clip_analytic,
                        kinks=lambda x, a, b: (x - a, x - b)),
        softsign: Facts(lambda np, x: x / (1 + np.absolute(x)), lambda np, x: x / (1 + np.where(np.real(x) < 0, -x, x)),
                        {"absolute": "fabs"}, repeats=True),
        huber:    Facts(_huber, _huber_analytic, repeats=True),
        xlogy:    Facts(_xlogy, _xlogy, {"absolute": "fabs"}, repeats=True),
        among:    Facts(lambda np, x, m: np.where(m > 0, x, _below_all(np)),
                        lambda np, x, m: np.where(np.real(m) > 0, x, _below_all(np))),
        or_one:   Facts(lambda np, x: np.where(x > 0, x, 1), lambda np, x: np.where(np.real(x) > 0, x, 1),
                        repeats=True),
        finite:   Facts(lambda np, x: np.where(x > _below_all(np), x, 0),
                        lambda np, x: np.where(np.real(x) > _below_all(np), x, 0), repeats=True),
        sympy.atan2: Facts(lambda np, y, x: np.arctan2(y, x), None, {"arctan2": "atan2"}),
        sympy.erf: _special("erf"), sympy.erfc: _special("erfc"), sympy.gamma: _special("gamma"),
        sympy.loggamma: _special("gammaln", "loggamma"), sympy.polygamma: _special("polygamma", "polygamma"),
    },
)
# fmt: on


def allows_complex_step(body: Expr) -> bool:
    """Tell whether every function in a scalar expression can be computed for complex arguments."""
    return all((row := SCALARS.find(f)) is not None and row.analytic is not None for f in body.atoms(sympy.Function))


def kinks_of(body: Expr) -> list[Expr]:
    """Give what vanishes where a scalar expression has a corner, as a root has where it is 0."""
    found = [p for p in body.atoms(sympy.Pow) if p.exp.is_Rational and 0 < p.exp < 1 and p.base.free_symbols]
    for f in body.atoms(sympy.Function):
        row = SCALARS.find(f)
        found += [kink for kink in row.kinks(*f.args) if kink.free_symbols] if row else []
    return found
