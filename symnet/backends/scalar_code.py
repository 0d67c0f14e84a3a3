"""Python code for scalar expressions, and for the bodies of entrywise functions.

In: a scalar expression, and the code of its bound variables. Out: a piece of code. Functions bring their code in
`SCALARS`; here is how sums, products, powers, conditions and numbers are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_, mul, or_
from typing import Any, TypeAlias

from sympy import (
    Add, And, Expr, Function, Mul, Not, Number, NumberSymbol, Or, Piecewise, Pow, S, Symbol,
)  # fmt: skip
from sympy.core.relational import Relational
from sympy.logic.boolalg import ITE, BooleanAtom

from symnet.backends.emitter import ATOM, SUM, TERM, Code, Namespace, number, signed_sum
from symnet.expressions import SCALARS, Bound, Table, step

Env: TypeAlias = Mapping[Any, Code]


def _real(expr: Any) -> float:
    # SymPy leaves a rounding error as imaginary part where a real number comes out of complex ones
    value = complex(expr)
    if abs(value.imag) > 1e-12 * abs(value):
        raise TypeError(f"{expr} is a complex number; complex numbers are not supported")
    return value.real


class ScalarCode:
    """Writes scalar expressions. `names`: symbol name → identifier; `sizes`: which of them are sizes.

    `dtype`: code that gives the dtype; `largest`: the largest number whose exponential is finite; `lengths`: size
    symbol → code that reads it from an array.
    """

    complex_arguments = False

    def __init__(
        self, names: Mapping[str, str], sizes: frozenset[str], dtype: str, largest: float, lengths: Env | None = None
    ) -> None:
        self.names, self.sizes, self.lengths = names, sizes, dict(lengths or {})
        self.module_imports: dict[str, set[str]] = {}
        self.numpy = Namespace(largest, dtype, self.module_imports)

    def symbol(self, symbol: Any) -> Code:
        """Give the identifier of a symbol."""
        return Code(self.names.get(symbol.name, symbol.name))

    def node(self, A: Any) -> Code:
        """Give code for what is no scalar expression; a subclass knows how."""
        raise TypeError(f"there is no code for {type(A).__name__}, met in {A}")

    def scalar(self, expr: Any, env: Env) -> Code:
        """Give code for a scalar expression; `env` has the code of its bound variables."""
        if expr in env:
            return env[expr]
        if isinstance(expr, Expr) and expr.is_number and expr.args and not expr.is_Rational:
            return number(_real(expr))
        row = SCALAR_CODE.find(expr)
        if row is not None:
            return row(self, expr, env)
        if not isinstance(expr, Function):
            return self.node(expr)
        code: Code = SCALARS.of(expr).code(self.complex_arguments)(
            self.numpy, *[self.scalar(a, env) for a in expr.args]
        )
        return Code(f"float({code})") if self.counts(expr) else code

    def counts(self, expr: Any) -> bool:
        """Tell whether a scalar is made of sizes and numbers only: its value must not widen float32 arrays."""
        return all(not isinstance(s, Bound) and s.name in self.sizes for s in expr.free_symbols)

    def compare(self, a: Code, relation: str, b: Any) -> Code:
        """Give a comparison of real values."""
        return a.compare(relation, b)

    def positive(self, x: Any, env: Env, relation: str = ">") -> Code:
        """Give the comparison of x with 0, as A > B where x is A − B."""
        above = [t for t in Add.make_args(x) if not t.could_extract_minus_sign()]
        below = [-t for t in Add.make_args(x) if t.could_extract_minus_sign()]
        if not above:
            return self.compare(self.scalar(Add(*below), env), {">": "<", "<=": ">="}[relation], 0)
        return self.compare(self.scalar(Add(*above), env), relation, self.scalar(Add(*below), env) if below else 0)


def _sum(c: ScalarCode, expr: Any, env: Env) -> Code:
    terms = sorted(expr.as_ordered_terms(), key=lambda t: bool(t.could_extract_minus_sign()))
    negative = [bool(term.could_extract_minus_sign()) for term in terms]
    if all(negative):
        negative[0] = False
    return signed_sum([(n, c.scalar(-t if n else t, env)) for n, t in zip(negative, terms, strict=True)])


def _product(c: ScalarCode, expr: Any, env: Env) -> Code:
    if expr.could_extract_minus_sign():
        return -c.scalar(-expr, env)
    above, below = [], []
    for f in expr.as_ordered_factors():
        if f.is_Rational and f.q != 1:
            below.append(c.scalar(S(f.q), env))
            f = S(f.p)
        if f.is_Pow and f.exp.could_extract_minus_sign() and not f.exp.is_Add:
            below.append(c.scalar(f.base ** (-f.exp), env))
        elif f != 1:
            above.append(c.scalar(f, env))
    code: Any = reduce(mul, above) if above else 1
    return code / reduce(mul, below) if below else code


def _power(c: ScalarCode, expr: Any, env: Env) -> Code:
    base, exponent = expr.args
    if base in env and exponent.is_Integer and 2 <= abs(exponent) <= 3:
        repeated = reduce(mul, [env[base]] * int(abs(exponent)))
        return repeated if exponent > 0 else 1 / repeated
    if exponent == S.Half:
        return c.scalar(base, env) ** 0.5 if c.counts(base) else c.numpy.sqrt(c.scalar(base, env))
    if exponent.could_extract_minus_sign() and not exponent.is_Add:
        return 1 / c.scalar(base**-exponent, env)
    return c.scalar(base, env) ** c.scalar(exponent, env)


def _piecewise(c: ScalarCode, expr: Piecewise, env: Env) -> Code:
    pairs = list(expr.args)
    if pairs[-1].args[1] is S.true:
        code = c.scalar(pairs.pop().args[0], env)
    else:
        code = c.numpy.constant("nan")
    for value, condition in reversed(pairs):
        code = c.numpy.where(c.scalar(condition, env), c.scalar(value, env), code)
    constant = not any(value.free_symbols for value, _ in expr.args)
    return code.method("astype", c.numpy.dtype) if constant and expr.free_symbols else code


def _constant(c: ScalarCode, expr: Any, env: Env) -> Code:
    if expr.is_Integer:
        return Code(str(int(expr)), ATOM if expr >= 0 else SUM, (False, False))
    if expr.is_Rational:
        return Code(f"{expr.p}/{expr.q}", TERM if expr > 0 else SUM, (False, False))
    return number(float(expr))


# fmt: off
SCALAR_CODE: Table[Callable[[ScalarCode, Any, Env], Code]] = Table("code", "write it with functions that NumPy has", {
    Symbol:       lambda c, e, env: c.symbol(e),
    Number:       _constant,
    NumberSymbol: _constant,
    Add:          _sum,
    Mul:          _product,
    Pow:          _power,
    step:         lambda c, e, env: c.positive(e.args[0], env).method("astype", c.numpy.dtype),
    Piecewise:    _piecewise,
    Relational:   lambda c, e, env: c.compare(c.scalar(e.lhs, env), e.rel_op, c.scalar(e.rhs, env)),
    And:          lambda c, e, env: reduce(and_, [c.scalar(a, env) for a in e.args]),
    Or:           lambda c, e, env: reduce(or_, [c.scalar(a, env) for a in e.args]),
    ITE:          lambda c, e, env: c.scalar(Or(And(e.args[0], e.args[1]), And(Not(e.args[0]), e.args[2])), env),
    BooleanAtom:  lambda c, e, env: Code(str(bool(e))),
    Not:          lambda c, e, env: ~c.scalar(e.args[0], env),
})
# fmt: on
