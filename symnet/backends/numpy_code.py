"""NumPy code for the right-hand side of an equation, as an expert would write it by hand.

In: an expression of names. Out: a line of Python. b·1ᵀ broadcasts, A·1 is a sum, tr(AᵀB) is a dot product, a
coefficient goes on the smallest factor, dtypes are kept. `NUMPY` has one row for each class; scalar functions bring
their code themselves. `NumPyCode` is the printer that `sympy.lambdify` is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import (
    Basic, HadamardProduct, Identity, Inverse, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, S, Trace, Transpose,
    Tuple, ZeroMatrix, sympify,
)  # fmt: skip
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.matrixbase import MatrixBase

from symnet.backends.emitter import ATOM, SUM, TERM, Code, entrywise, number, signed_sum
from symnet.backends.lowering import Item, SignedLogDet
from symnet.backends.scalar_code import ScalarCode
from symnet.expressions import (
    AxisMax, Commutation, Diag, Diagonal, Elementwise, Kron, Paired, Table, Total, Unit, Unpaired, Unvec,
    Vec, is_subtracted, split, step,
)  # fmt: skip
from symnet.program import estimate


class SizeOf(Basic):
    """The length of an array along an axis."""


class NumPyCode(ScalarCode):
    """Writes one expression as NumPy; see `ScalarCode` for its arguments."""

    def doprint(self, expr: Any) -> str:
        """Give the code of one right-hand side or name. Raises `TypeError` where it has something NumPy lacks."""
        return str(self.full(expr))

    def piece(self, A: Any) -> Code:
        """Give code for an expression; where it is a matrix it may broadcast."""
        return self.node(A) if getattr(A, "is_Matrix", False) or NUMPY.find(A) else self.scalar(A, {})

    def node(self, A: Any) -> Code:
        """Give code for a node that has a row in `NUMPY`. Raises `TypeError` for any other."""
        return NUMPY.of(A)(self, A)

    def full(self, A: Any) -> Code:
        """Give code for an expression, a matrix with all its rows and columns."""
        code = self.piece(A)
        if not getattr(A, "is_Matrix", False) or self.is_whole(A, code):
            return code
        shape = Code(f"({', '.join(str(self.scalar(sympify(s), self.lengths)) for s in A.shape)})")
        if code.full == (False, False):
            return self.numpy.full(shape, code, dtype=self.numpy.dtype)
        return Code(str(code + self.numpy.zeros(shape, dtype=self.numpy.dtype)), SUM)

    def length(self, size: Any) -> Code:
        """Give code for a size."""
        return self.scalar(sympify(size), self.lengths)

    def is_whole(self, A: Any, code: Code) -> bool:
        """Tell whether code has all the rows and columns of A, so that nothing is left to broadcasting."""
        return all(has or size == 1 for has, size in zip(code.full, A.shape, strict=True)) and any(code.full)

    def scaled(self, c: Any, code: Code) -> Code:
        """Give code for a scalar times a piece: numbers below the line divide."""
        if c == 1:
            return code
        if is_subtracted(c):
            return -self.scaled(-c, code)
        above, below = [], []
        for f in Mul.make_args(c):
            if f.is_Rational and f.q != 1 and f.p == 1:
                below.append(S(f.q))
            elif f.is_Pow and f.exp == -1:
                below.append(f.base)
            else:
                above.append(f)
        full = code.full
        if above:  # one pass over the entries, whatever the coefficient
            code = self.scalar(c, {}) * code
        elif below:
            code = code / self.scalar(Mul(*below), {})
        return Code(code.text, code.level, full)

    def dot(self, a: Code, b: Code) -> Code:
        """Give the sum of the products of all entries."""
        return self.numpy.vdot(a, b)

    def largest_along(self, A: Code, axis: int) -> Code:
        """Give the largest entries along an axis."""
        return A.method("max", axis=axis, keepdims=True)

    def chosen_along(self, name: str, A: Code, axis: int) -> Code:
        """Give the largest ("max") or smallest ("min") entries along an axis, as values that have derivatives."""
        return A.method(name, axis=axis, keepdims=True)


# -- sums and products of matrices


def _matmul(c: NumPyCode, expr: Any) -> Code:
    coefficient, A = split(expr)
    if isinstance(A, OneMatrix):
        code = c.scalar(coefficient, {})
        return Code(code.text, code.level, (False, False))
    if not isinstance(A, MatMul):
        return c.scaled(coefficient, c.piece(A))
    *left, b = A.args
    a = left[0] if len(left) == 1 else MatMul(*left, evaluate=False)
    summed = _with_ones(c, a, b)
    if summed is not None:
        return c.scaled(coefficient, summed)
    sizes = [estimate(M.shape[0]) * estimate(M.shape[1]) for M in (a, b, A)]
    place = sizes.index(min(sizes)) if coefficient not in (1, -1) else 2
    factors = [c.full(a), c.full(b)]
    if place < 2:
        factors[place] = c.scaled(coefficient, factors[place])
        return factors[0] @ factors[1]
    return c.scaled(coefficient, factors[0] @ factors[1])


def _with_ones(c: NumPyCode, a: Any, b: Any) -> Code | None:
    one_a, one_b = isinstance(a, OneMatrix), isinstance(b, OneMatrix)
    if one_b and b.shape[0] == 1 and a.shape[1] == 1:  # a column spread along a row of ones
        code = c.piece(a)
        return Code(code.text, code.level, (code.full[0], False))
    if one_a and a.shape[1] == 1 and b.shape[0] == 1:
        code = c.piece(b)
        return Code(code.text, code.level, (False, code.full[1]))
    if one_b:
        return Code(c.full(a).method("sum", axis=1, keepdims=True).text, ATOM, (True, b.shape[1] == 1))
    if one_a:
        return Code(c.full(b).method("sum", axis=0, keepdims=True).text, ATOM, (a.shape[0] == 1, True))
    if isinstance(a, Diag):
        return Code((c.piece(a.args[0]) * c.full(b)).text, TERM)
    if isinstance(b, Diag):
        return Code((c.full(a) * c.piece(b.args[0]).T).text, TERM)
    if isinstance(b, Unit):
        j = int(b.args[1])
        return c.full(a)[f":, {j}:{j + 1}"]
    if isinstance(a, Transpose) and isinstance(a.args[0], Unit):
        i = int(a.args[0].args[1])
        return c.full(b)[f"{i}:{i + 1}, :"]
    return None


def _matadd(c: NumPyCode, expr: Any) -> Code:
    first, *others = expr.args
    terms = [(False, c.piece(first))]
    for term in others:
        k, A = split(term)
        minus = is_subtracted(k)
        if minus:
            term = MatMul(-k, *(A.args if isinstance(A, MatMul) else (A,)), evaluate=False)
        terms.append((minus, c.piece(term)))
    return signed_sum(terms)


def _hadamard(c: NumPyCode, expr: Any) -> Code:
    above: list[Code] = []
    below: list[Code] = []
    masks: list[Code] = []  # after the others: a boolean times a whole number would be no float
    conditions = [_condition(c, f) for f in expr.args]
    for factor, condition in zip(expr.args, conditions, strict=True):
        if condition is not None and None in conditions:
            masks.append(condition)
        elif isinstance(factor, Elementwise) and factor.body == 1 / factor.variables[0]:
            below.append(c.piece(factor.args[1]))
        else:
            above.append(c.piece(factor))
    code = entrywise(above) if above else number(1.0) if masks and not below else Code("1", ATOM, (False, False))
    for divisor in below:
        code = code / divisor
    return entrywise([code, *masks]) if masks else code


def _condition(c: NumPyCode, A: Any) -> Code | None:
    # [x > 0] and 1 - [x > 0] as NumPy booleans: right beside a factor of the kernel's dtype
    if not isinstance(A, Elementwise):
        return None
    for body, relation in ((A.body, ">"), (1 - A.body, "<=")):
        if isinstance(body, step):
            code = c.positive(body.args[0], _filled(c, A), relation)
            return Code(code.text, code.level).broadcast(*_filled(c, A).values())
    return None


# -- entry by entry


def _filled(c: NumPyCode, A: Elementwise) -> dict[Any, Code]:
    return {v: c.piece(a) for v, a in A.slots.items()}


def _elementwise(c: NumPyCode, A: Elementwise) -> Code:
    env, plain = _filled(c, A), {}
    for v, a in A.slots.items():  # numbers are written into the body, where NumPy would make 64 bits of their functions
        if isinstance(a, (OneMatrix, ZeroMatrix)):
            plain[v] = S.One if isinstance(a, OneMatrix) else S.Zero
        elif not a.is_Matrix and c.counts(a):
            plain[v] = a
    body = A.body.xreplace(plain)
    code = c.scalar(body, env)
    seen = [env[v] for v, a in A.slots.items() if a.is_Matrix and v in body.free_symbols]
    return Code(code.text, code.level, (False, False)).broadcast(*seen)


# -- what is left


def _total(c: NumPyCode, expr: Total) -> Code:
    A = expr.args[0]
    if isinstance(A, HadamardProduct) and len(A.args) == 2 and not any(_condition(c, a) for a in A.args):
        pieces = [c.piece(a) for a in A.args]
        if all(c.is_whole(a, code) for a, code in zip(A.args, pieces, strict=True)):
            return c.dot(*pieces)
    return c.full(A).method("sum")


def _array(c: NumPyCode, A: Any) -> Code:
    rows = ", ".join("[" + ", ".join(repr(float(x)) for x in row) + "]" for row in A.tolist())
    return c.numpy.array(Code(f"[{rows}]"), dtype=c.numpy.dtype)


def _linalg(name: str) -> Callable[[NumPyCode, Any], Code]:
    module, _, function = f"numpy.{name}".rpartition(".")
    return lambda c, A: Code(c.numpy.call(module, function, c.full(A.args[0])).text)


def log_det_positive(c: NumPyCode, A: Any) -> Code:
    """Give the logarithm of the determinant of a positive definite matrix, by Cholesky."""
    if c.complex_arguments:  # Cholesky's factor conjugates
        sign, size = (c.numpy.call("numpy.linalg", "slogdet", c.full(A.args[0]))[k] for k in "01")
        return c.numpy.log(sign) + size
    L = c.numpy.call("numpy.linalg", "cholesky", c.full(A.args[0]))
    return number(2) * c.numpy.log(L.method("diagonal")).method("sum")


# -- diagonals, stacked columns, Kronecker products


def _shaped(c: NumPyCode, code: Code, *sizes: Any) -> Code:
    return code.method("reshape", *[c.length(size) for size in sizes])


def _commutation(c: NumPyCode, K: Any) -> Code:
    rows, cols = K.args
    places = _shaped(c, c.numpy.arange(c.length(rows * cols)), cols, rows).T.method("ravel")
    return c.numpy.eye(c.length(rows * cols), dtype=c.numpy.dtype)[str(places)]


def _paired(c: NumPyCode, P: Any) -> Code:
    G, m, n = P.args
    p, q = G.shape[0] / m, G.shape[1] / n
    parts = _shaped(c, c.full(G), m, p, n, q).method("transpose", *map(number, (2, 0, 3, 1)))
    return _shaped(c, parts, m * n, p * q)


def _unpaired(c: NumPyCode, U: Any) -> Code:
    R, m, n, p, q = U.args
    parts = _shaped(c, c.full(R), n, m, q, p).method("transpose", *map(number, (1, 3, 0, 2)))
    return _shaped(c, parts, m * p, n * q)


# fmt: off
NUMPY: Table[Callable[..., Code]] = Table(
    "NumPy code", "write it with functions that NumPy has, or give it a row, symnet.NUMPY[{name}] = lambda c, node: "
    "c.numpy.function(c.full(node.args[0]))", {
    MatMul:          _matmul,
    MatAdd:          _matadd,
    HadamardProduct: _hadamard,
    Elementwise:     _elementwise,
    Transpose:       lambda c, A: c.piece(A.args[0]).T,
    Total:           _total,
    Trace:           _linalg("trace"),
    Inverse:         _linalg("linalg.inv"),
    Determinant:     _linalg("linalg.det"),
    SignedLogDet:    _linalg("linalg.slogdet"),
    Item:            lambda c, A: c.piece(A.args[0])[str(A.args[1])],
    AxisMax:         lambda c, A: c.largest_along(c.full(A.args[0]), A.axis),
    Identity:        lambda c, A: c.numpy.eye(c.scalar(A.shape[0], c.lengths), dtype=c.numpy.dtype),
    Unit:            lambda c, A: c.numpy.eye(c.scalar(A.args[0], c.lengths), 1, -int(A.args[1]), dtype=c.numpy.dtype),
    OneMatrix:       lambda c, A: Code("1", ATOM, (False, False)),
    ZeroMatrix:      lambda c, A: Code("0", ATOM, (False, False)),
    MatrixBase:      _array,
    Diag:            lambda c, A: c.numpy.diagflat(c.full(A.args[0])),
    Diagonal:        lambda c, A: c.full(A.args[0]).method("diagonal")[":, None"],
    Vec:             lambda c, A: c.full(A.args[0]).T.method("reshape", number(-1), number(1)),
    Unvec:           lambda c, A: _shaped(c, c.full(A.args[0]), A.args[2], A.args[1]).T,
    Kron:            lambda c, A: c.numpy.kron(*map(c.full, A.args)),
    Commutation:     _commutation,
    Paired:          _paired,
    Unpaired:        _unpaired,
    SizeOf:          lambda c, A: Code(f"{c.piece(A.args[0])}.shape[{A.args[1]}]"),
    MatrixSymbol:    lambda c, A: c.symbol(A),
    Tuple:           lambda c, names: Code(", ".join(str(c.full(name)) for name in names)),
})
# fmt: on
