"""Functions without a definition: f of a scalar or of each entry, and its derivatives f′, f″ by name.

In: scalar expressions with `sympy.Function("f")` in them. Out: scalar expressions whose derivatives are functions
without a definition again, called f′, f″ or ∂₁f; no `Derivative` and no `Subs` of SymPy's ever stays. A definition is
put in the place of a function and of its derivatives at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sympy import Derivative, Dummy, Expr, Function, Integral, Lambda, Mul, S
from sympy.core.function import AppliedUndef, UndefinedFunction

from symnet.expressions.table import brief

PRIMES = ("", "′", "″", "‴")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class _Known(Function):
    """What stands in the place of a function without a definition while SymPy differentiates."""

    is_real = True
    stands_in_for: Any = None

    def fdiff(self, argindex: int = 1) -> Expr:
        return derived(self.stands_in_for, argindex - 1, len(self.args))(*self.args)


class _Primed(AppliedUndef):
    def _eval_subs(self, old: Any, new: Any) -> Any:
        arguments = [a._subs(old, new) for a in self.args]
        return defined(self, arguments, {old: new}) if callable(new) else None


@cache
def _known(f: Any) -> Any:
    return type(f.__name__, (_Known,), {"stands_in_for": f})


def origin(f: Any) -> tuple[Any, tuple[int, ...]]:
    """Give the function that f is a derivative of, and how often it is differentiated in each of its arguments."""
    return getattr(f, "derivative_of", (f, ()))


@cache
def derived(f: Any, place: int, number: int) -> Any:
    """Give the derivative of a function of `number` arguments in one of them, again without a definition."""
    base, orders = origin(f)
    orders = tuple(n + (k == place) for k, n in enumerate(orders or (0,) * number))
    name = called(base.__name__, orders)
    return UndefinedFunction(name, bases=(_Primed,), __dict__={"derivative_of": (base, orders)})


def called(name: str, orders: tuple[int, ...]) -> str:
    """Give the name of a derivative: f′, f″, ∂₁f."""
    if len(orders) > 1:
        return "".join(f"∂{str(k).translate(_LOWERED)}" * n for k, n in enumerate(orders, 1)) + name
    (n,) = orders
    return name + (PRIMES[n] if n < len(PRIMES) else f"⁽{str(n).translate(_RAISED)}⁾")


def differentiated(body: Expr, variable: Any) -> Expr:
    """Give the derivative of a scalar expression as SymPy has it, f′ being a function like any other."""
    if not body.has(AppliedUndef):
        return _numbers_outside(body.diff(variable))
    there = body.replace(lambda e: isinstance(e, AppliedUndef), lambda e: _known(e.func)(*e.args))
    slope = there.diff(variable)
    return slope.replace(lambda e: isinstance(e, _Known), lambda e: e.stands_in_for(*e.args))


def _numbers_outside(slope: Expr) -> Expr:
    # (2x − 2y)/(2s²), which SymPy makes of the square of x − y, is (x − y)/s², and −(y − x)·z is (x − y)·z
    def shorter(product: Any) -> Expr:
        parts = [f.primitive() if f.is_Add else (S.One, f) for f in product.args]
        c, factors = Mul(*[c for c, _ in parts]), [f for _, f in parts]
        number = next((k for k, f in enumerate(factors) if f.is_Add and _is_difference(f)), None)
        if number is not None and len(factors) > 2 and Mul(c, *factors).as_coeff_Mul()[0].is_negative:
            c, factors[number] = -c, -factors[number]
        return Mul(c, *factors)

    return slope.replace(lambda e: e.is_Mul and any(f.is_Add for f in e.args), shorter)


def _is_difference(total: Expr) -> bool:
    return len(total.args) == 2 and sum(t.could_extract_minus_sign() for t in total.args) == 1


def checked(slope: Expr, body: Any) -> Expr:
    """Give a derivative. Raises `TypeError` where SymPy has left it unevaluated."""
    for part in slope.atoms(Derivative, Integral):
        function = part.args[0]
        raise TypeError(
            f"SymPy knows no derivative of {brief(function)}, met in {brief(body)}; write it with functions that it "
            "differentiates, or give a function of your own its derivative in `fdiff`"
        )
    return slope


def defined(part: Any, arguments: list[Any], rule: Mapping[Any, Any]) -> Any:
    """Give f(…) with the definition that `rule` has for f in its place, or None; f′(…) gets its derivative.

    A definition is a SymPy function, a `Lambda`, or a Python function of scalar expressions.
    """
    base, orders = origin(part.func)
    definition = rule.get(base)
    if definition is None:
        return None
    variables = [Dummy(real=True) for _ in arguments]
    body = definition(*variables)
    for variable, times in zip(variables, orders, strict=False):
        for _ in range(times):
            body = differentiated(body, variable)
    return Lambda(tuple(variables), body)(*arguments)


def without_definition(expr: Any) -> str:
    """Give the message for a function without a definition in what is to be computed; "" where there is none."""
    for part in sorted(expr.atoms(AppliedUndef), key=str):
        name = origin(part.func)[0].__name__
        return (
            f"{name} is a function without a definition and has no value; give it one, such as "
            f"loss.subs({name}, tanh) or loss.subs({name}, Lambda(x, x**3))"
        )
    return ""
