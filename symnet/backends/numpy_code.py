"""NumPy code for the right-hand side of an equation, as an expert would write it by hand.

In: an expression of names. Out: a line of Python. b·1ᵀ broadcasts, A·1 is a sum, tr(AᵀB) is a dot product, a
coefficient goes on the smallest factor, dtypes are kept. A subclass of SymPy's printer, for `sympy.lambdify`.
"""

from __future__ import annotations

from typing import Any

import numpy
from sympy import (
    Add,
    And,
    Basic,
    Expr,
    HadamardProduct,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    Not,
    OneMatrix,
    Or,
    S,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    sympify,
)
from sympy.core.relational import Relational
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.matrixbase import MatrixBase
from sympy.printing.numpy import SciPyPrinter
from sympy.printing.precedence import precedence

from symnet.backends.lowering import AxisMax
from symnet.expressions.nodes import Distribution, Elementwise, Total, Unit, split
from symnet.expressions.scalars import sigmoid, step

SUM, TERM, ATOM = range(3)  # precedence of a + b, of a * b and -a, and of names, calls and brackets
Box = tuple[str, int]
Full = tuple[bool, bool]  # whether code has all rows, all columns of the shape it stands for, or broadcasts


class Code(Symbol):
    """A piece of finished code in the place of a bound variable."""


class SizeOf(Basic):
    """The length of an array along an axis."""


class NumPyCode(SciPyPrinter):
    """Prints one expression as NumPy. `names`: symbol name → identifier; `dtype`: code that gives the dtype."""

    largest_exponent = float(numpy.log(numpy.finfo(numpy.float64).max))

    def __init__(
        self,
        names: dict[str, str],
        sizes: set[str],
        dtype: str,
        largest_exponent: float,
        lengths: dict[Any, Any] | None = None,
    ) -> None:
        super().__init__({"fully_qualified_modules": False, "allow_unknown_functions": False})
        self._names = names
        self._sizes = sizes
        self._dtype_code = dtype
        self._lengths = lengths or {}  # size symbol → the code that reads it from an array
        self.largest_exponent = largest_exponent

    def doprint(self, expr: Any, assign_to: Any = None) -> str:
        """Give the code of one right-hand side or name. Raises `TypeError` where it has something NumPy lacks."""
        self._not_supported: set[Any] = set()
        self._number_symbols: set[Any] = set()
        code = self._print(expr)
        if self._not_supported:
            what = ", ".join(sorted({type(e).__name__ for e in self._not_supported}))
            raise TypeError(f"there is no NumPy code for {what}, met in {expr}; write it with functions that NumPy has")
        return code

    def _numpy(self, function: str) -> str:
        return self._module_format(f"numpy.{function}")

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, Basic) and (
            getattr(expr, "is_Matrix", False) or isinstance(expr, (Total, Trace, Determinant))
        ):
            return self.full(expr)
        if isinstance(expr, Expr) and expr.is_number and expr.args and not expr.is_Rational:
            return repr(float(expr))
        return super()._print(expr, **kwargs)

    # -- matrices

    def full(self, A: Any) -> str:
        """Give code for a matrix with all its rows and columns."""
        (code, level), whole = self.box(A)
        if not A.is_Matrix or self._is_whole(A, whole):
            return code
        shape = f"({', '.join(self._print(sympify(s).xreplace(self._lengths)) for s in A.shape)})"
        if whole == (False, False):
            return f"{self._numpy('full')}({shape}, {code}, dtype={self._dtype_code})"
        return f"{code} + {self._numpy('zeros')}({shape}, dtype={self._dtype_code})"

    def _is_whole(self, A: Any, whole: Full) -> bool:
        return all(has or size == 1 for has, size in zip(whole, A.shape, strict=True)) and whole != (False, False)

    def _operand(self, A: Any, least: int) -> str:
        # an operand of @, which does not broadcast
        (code, level), whole = self.box(A)
        if not self._is_whole(A, whole):
            return f"({self.full(A)})"
        return code if level >= least else f"({code})"

    def box(self, A: Any) -> tuple[Box, Full]:
        """Give code with its precedence, and which axes it fills; the others broadcast."""
        method = _BOXES.get(type(A)) or next((m for kind, m in _BOXES.items() if isinstance(A, kind)), None)
        if method is not None:
            return method(self, A)
        if A.is_Matrix:
            return (super()._print(A), ATOM), (True, True)
        return self._scalar_box(A), (True, True)

    def _scalar_box(self, c: Any) -> Box:
        level = {True: ATOM}.get(c.is_Atom and not c.could_extract_minus_sign(), None)
        code = self._scalar(c)
        if level is None:
            strength = precedence(c)
            level = SUM if strength <= precedence(Add(Symbol("a"), Symbol("b"))) else TERM
            level = ATOM if code.isidentifier() else level
        return code, level

    def _scalar(self, c: Any) -> str:
        code = self._print(c)
        counted = all(s.name in self._sizes for s in c.free_symbols)
        needs_float = counted and not c.is_rational_function() and not c.is_number
        return f"float({code})" if needs_float else code

    def _bracketed(self, box: Box, least: int) -> str:
        return box[0] if box[1] >= least else f"({box[0]})"

    def scaled(self, c: Any, box: Box) -> Box:
        """Give code for a scalar times what `box` holds."""
        if c == 1:
            return box
        if c == -1:
            return f"-{self._bracketed(box, TERM)}", SUM
        above, below = [], []
        for f in Mul.make_args(c):
            if f.is_Rational and f.q != 1 and abs(f.p) == 1:
                above.append(S(f.p))
                below.append(S(f.q))
            elif f.is_Pow and f.exp == -1:
                below.append(f.base)
            else:
                above.append(f)
        top, bottom = Mul(*above), Mul(*below)
        code = self._bracketed(box, TERM)
        if top == -1:
            code = f"-{code}"
        elif top != 1:
            code = f"{self._bracketed(self._scalar_box(top), TERM)}*{code if box[1] == ATOM else f'({code})'}"
        if bottom != 1:
            code = f"{code}/{self._bracketed(self._scalar_box(bottom), ATOM)}"
        return code, TERM

    def _matmul(self, expr: Any) -> tuple[Box, Full]:
        c, A = split(expr)
        if not isinstance(A, MatMul):
            box, whole = self.box(A)
            return self.scaled(c, box), whole
        factors = list(A.args)
        if len(factors) > 2:
            return self._matmul(MatMul(c, MatMul(*factors[:-1], evaluate=False), factors[-1], evaluate=False))
        a, b = factors
        summed = self._with_ones(a, b)
        if summed is not None:
            return (self.scaled(c, summed[0]), summed[1])
        sizes = [self._entries(a.shape), self._entries(b.shape), self._entries(A.shape)]
        place = sizes.index(min(sizes)) if c not in (1, -1) else 2
        left, right = self._operand(a, TERM), self._operand(b, ATOM)
        if place == 0:
            left = self._bracketed(self.scaled(c, (left, TERM if not isinstance(a, MatMul) else SUM)), ATOM)
        if place == 1:
            right = f"({self.scaled(c, (right, ATOM))[0]})"
        if isinstance(b, MatMul) and not right.startswith("("):
            right = f"({right})"
        product = (f"{left} @ {right}", TERM)
        return (self.scaled(c, (f"({product[0]})", ATOM)) if place == 2 and c != 1 else product), (True, True)

    def _entries(self, shape: Any) -> float:
        return float(numpy.prod([float(s) if S(s).is_number else 512.0 for s in shape]))

    def _with_ones(self, a: Any, b: Any) -> tuple[Box, Full] | None:
        one_a, one_b = isinstance(a, OneMatrix), isinstance(b, OneMatrix)
        if one_b and b.shape[0] == 1 and a.shape[1] == 1:  # a column spread along a row of ones
            box, (rows, _) = self.box(a)
            return box, (rows, False)
        if one_a and a.shape[1] == 1 and b.shape[0] == 1:
            box, (_, cols) = self.box(b)
            return box, (False, cols)
        for is_one, A, axis in ((one_b, a, 1), (one_a, b, 0)):
            if is_one:
                code = f"{self._operand(A, ATOM)}.sum(axis={axis}, keepdims=True)"
                return (code, ATOM), ((True, b.shape[1] == 1) if axis else (a.shape[0] == 1, True))
        if isinstance(b, Unit):
            j = b.args[1]
            return (f"{self._operand(a, ATOM)}[:, {j}:{j + 1}]", ATOM), (True, True)
        if isinstance(a, Transpose) and isinstance(a.args[0], Unit):
            i = a.args[0].args[1]
            return (f"{self._operand(b, ATOM)}[{i}:{i + 1}, :]", ATOM), (True, True)
        return None

    def _matadd(self, expr: Any) -> tuple[Box, Full]:
        rows = cols = False
        text = ""
        for term in expr.args:
            c, A = split(term)
            negative = bool(text) and c.could_extract_minus_sign()
            box, (r, k) = self.box(
                MatMul(-c, *(A.args if isinstance(A, MatMul) else (A,)), evaluate=False) if negative else term
            )
            rows, cols = rows or r, cols or k
            text += f" {'-' if negative else '+'} " if text else ""
            text += self._bracketed(box, TERM if negative else SUM)
        return (text, SUM), (rows, cols)

    def _hadamard(self, expr: Any) -> tuple[Box, Full]:
        above: list[str] = []
        below: list[str] = []
        masks: list[str] = []  # after the others: a boolean times a whole number would be no float
        rows = cols = False
        boolean = [self._condition(f) for f in expr.args]
        all_boolean = all(boolean)
        for factor, condition in zip(expr.args, boolean, strict=True):
            if condition is not None and not all_boolean:
                masks.append(f"({condition})")
                continue
            divisor = isinstance(factor, Elementwise) and factor.body == 1 / factor.variables[0]
            box, (r, k) = self.box(factor.args[1] if divisor else factor)
            rows, cols = rows or r, cols or k
            if divisor:
                below.append(self._bracketed(box, ATOM))
            else:
                code = self._bracketed(box, TERM)
                above.append(f"({code})" if "@" in code and box[1] == TERM else code)
        if any(c is not None for c in boolean):
            rows = cols = True
        code = (" * " if any(" " in a for a in above) else "*").join(above) or "1"
        return (" * ".join(["/".join([code, *below]), *masks]), TERM), (rows, cols)

    # -- entry by entry

    def _condition(self, A: Any) -> str | None:
        # [x > 0] and 1 - [x > 0] as NumPy booleans: right beside a factor of the kernel's dtype
        if not isinstance(A, Elementwise):
            return None
        for body, sign in ((A.body, ">"), (1 - A.body, "<=")):
            if isinstance(body, step):
                return self._comparison(self._filled(A, body.args[0]), sign)
        return None

    def _comparison(self, x: Any, sign: str) -> str:
        above = [t for t in Add.make_args(x) if not t.could_extract_minus_sign()]
        below = [-t for t in Add.make_args(x) if t.could_extract_minus_sign()]
        if above and below:
            return f"{self._print(Add(*above))} {sign} {self._print(Add(*below))}"
        if below:
            return f"{self._print(Add(*below))} {'<' if sign == '>' else '>='} 0"
        return f"{self._print(x)} {sign} 0"

    def _filled(self, A: Elementwise, body: Any) -> Any:
        values = {}
        for v, a in zip(A.variables, A.args[1:], strict=True):
            box = self.box(a)[0] if a.is_Matrix else self._scalar_box(a)
            values[v] = Code(self._bracketed(box, ATOM), real=True)
        return body.xreplace(values)

    def _elementwise(self, A: Elementwise) -> tuple[Box, Full]:
        wholes = [self.box(a)[1] for a in A.args[1:] if a.is_Matrix]
        whole = (any(r for r, _ in wholes), any(c for _, c in wholes))
        filled = self._filled(A, A.body)
        code = self._print(filled)
        if isinstance(filled, Code):
            return (code, ATOM), whole
        if isinstance(filled, sigmoid):
            return (code[1:-1], TERM), whole
        strength = precedence(filled)
        level = SUM if strength <= precedence(Add(Symbol("a"), Symbol("b"))) or code.startswith("-") else TERM
        if code.endswith(")") and code.split("(")[0].isidentifier() and strength > 70:
            level = ATOM
        return (code, level), whole

    def _print_Code(self, expr: Code) -> str:
        return str(expr.name)

    def _print_Symbol(self, expr: Symbol) -> str:
        return self._names.get(expr.name, expr.name)

    def _print_Float(self, expr: Any) -> str:
        return repr(float(expr))

    def _print_sigmoid(self, expr: Any) -> str:
        negated = f"{self._numpy('minimum')}({self._print(-expr.args[0])}, {self.largest_exponent:.0f})"
        return f"(1/(1 + {self._numpy('exp')}({negated})))"

    def _print_softplus(self, expr: Any) -> str:
        return f"{self._numpy('logaddexp')}(0, {self._print(expr.args[0])})"

    def _print_relu(self, expr: Any) -> str:
        return f"{self._numpy('maximum')}({self._print(expr.args[0])}, 0)"

    def _print_maximum(self, expr: Any) -> str:
        return f"{self._numpy('maximum')}({', '.join(map(self._print, expr.args))})"

    def _print_step(self, expr: Any) -> str:
        return f"({self._comparison(expr.args[0], '>')}).astype({self._dtype_code})"

    def _print_Abs(self, expr: Any) -> str:
        return f"{self._numpy('absolute')}({self._print(expr.args[0])})"

    def _print_Heaviside(self, expr: Any) -> str:
        return f"{self._numpy('heaviside')}({self._print(expr.args[0])}, 0.5)"

    def _print_Piecewise(self, expr: Any) -> str:
        code = self._numpy("nan")
        for value, condition in reversed(expr.args):
            if condition is S.true:
                code = self._print(value)
            else:
                code = f"{self._numpy('where')}({self._print(condition)}, {self._print(value)}, {code})"
        constant = not any(value.free_symbols for value, _ in expr.args)
        return f"{code}.astype({self._dtype_code})" if constant and expr.free_symbols else code

    def _print_Relational(self, expr: Relational) -> str:
        return f"({self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)})"

    def _print_And(self, expr: And) -> str:
        return f"({' & '.join(map(self._print, expr.args))})"

    def _print_Or(self, expr: Or) -> str:
        return f"({' | '.join(map(self._print, expr.args))})"

    def _print_Not(self, expr: Not) -> str:
        return f"(~{self._print(expr.args[0])})"

    def _print_Mul(self, expr: Mul) -> str:
        sign, factors = "", expr.as_ordered_factors()
        if expr.could_extract_minus_sign():
            sign, factors = "-", (-expr).as_ordered_factors() if (-expr).is_Mul else [-expr]
        above, below = [], []
        for f in factors:
            if f.is_Rational and f.q != 1:
                below.append(self._print(S(f.q)))
                f = S(f.p)
            if f.is_Pow and f.exp.could_extract_minus_sign() and not f.exp.is_Add:
                inverse = f.base ** (-f.exp)
                below.append(self._factor(inverse))
            elif f != 1:
                above.append(self._factor(f))
        code = sign + ("*".join(above) or "1")
        if not below:
            return code
        return f"{code}/{below[0]}" if len(below) == 1 and "*" not in below[0] else f"{code}/({'*'.join(below)})"

    def _factor(self, f: Any) -> str:
        code = self._print(f)
        return f"({code})" if precedence(f) <= precedence(Add(Symbol("a"), Symbol("b"))) or code[0] == "-" else code

    def _print_Pow(self, expr: Any, **kwargs: Any) -> str:
        base, exponent = expr.args
        if isinstance(base, Code) and exponent.is_Integer and 2 <= abs(exponent) <= 3:
            repeated = "*".join([self._print(base)] * int(abs(exponent)))
            return repeated if exponent > 0 else f"1/({repeated})"
        if exponent == S.Half and base.free_symbols and all(s.name in self._sizes for s in base.free_symbols):
            return f"({self._print(base)})**0.5"
        return super()._print_Pow(expr, **kwargs)

    # -- what is left

    def _total(self, expr: Total) -> tuple[Box, Full]:
        A = expr.args[0]
        if isinstance(A, HadamardProduct) and len(A.args) == 2 and not any(map(self._condition, A.args)):
            boxes = [self.box(a) for a in A.args]
            if all(self._is_whole(a, whole) for a, (_, whole) in zip(A.args, boxes, strict=True)):
                return (f"{self._dot(*[b[0] for b, _ in boxes])}", ATOM), (True, True)
        code = self.full(A)
        return (f"({code}).sum()" if not code.isidentifier() else f"{code}.sum()", ATOM), (True, True)

    def _dot(self, a: str, b: str) -> str:
        return f"{self._numpy('vdot')}({a}, {b})"

    def _constant(self, A: Any) -> tuple[Box, Full]:
        rows = ", ".join("[" + ", ".join(repr(float(x)) for x in row) + "]" for row in A.tolist())
        return (f"{self._numpy('array')}([{rows}], dtype={self._dtype_code})", ATOM), (True, True)

    def _zeros(self, A: Any) -> tuple[Box, Full]:
        return ("0", ATOM), (False, False)

    def _axis_max(self, A: AxisMax) -> tuple[Box, Full]:
        return (f"{self._operand(A.args[0], ATOM)}.max(axis={A.axis}, keepdims=True)", ATOM), (True, True)

    def _eye(self, A: Identity) -> tuple[Box, Full]:
        return (f"{self._numpy('eye')}({self._print(A.shape[0])}, dtype={self._dtype_code})", ATOM), (True, True)

    def _unit(self, A: Unit) -> tuple[Box, Full]:
        n, i = A.args
        return (f"{self._numpy('eye')}({self._print(n)}, 1, {-i}, dtype={self._dtype_code})", ATOM), (True, True)

    def _transpose(self, A: Transpose) -> tuple[Box, Full]:
        box, (rows, cols) = self.box(A.args[0])
        return (f"{self._bracketed(box, ATOM)}.T", ATOM), (cols, rows)

    def _linalg(self, A: Any) -> tuple[Box, Full]:
        function = {Inverse: "linalg.inv", Determinant: "linalg.det", Trace: "trace"}[type(A)]
        return (f"{self._numpy(function)}({self.full(A.args[0])})", ATOM), (True, True)

    def _print_SizeOf(self, expr: SizeOf) -> str:
        return f"{self._print(expr.args[0])}.shape[{expr.args[1]}]"


_BOXES: dict[type, Any] = {
    MatrixSymbol: lambda p, A: ((p._names.get(A.name, A.name), ATOM), (True, True)),
    MatMul: NumPyCode._matmul,
    MatAdd: NumPyCode._matadd,
    HadamardProduct: NumPyCode._hadamard,
    Elementwise: NumPyCode._elementwise,
    Transpose: NumPyCode._transpose,
    Total: NumPyCode._total,
    Trace: NumPyCode._linalg,
    Inverse: NumPyCode._linalg,
    Determinant: NumPyCode._linalg,
    Identity: NumPyCode._eye,
    Unit: NumPyCode._unit,
    OneMatrix: lambda p, A: (("1", ATOM), (False, False)),
    ZeroMatrix: NumPyCode._zeros,
    AxisMax: lambda p, A: p._axis_max(A),
    Distribution: lambda p, A: p.box(A.args[0]),
    MatrixBase: NumPyCode._constant,
}
