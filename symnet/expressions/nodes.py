"""The expression nodes SymPy lacks.

A node is data, shape and notation; no calculus. What it is computed from stands in `operands`, what each of its entries
is in `entry`.
"""

from __future__ import annotations

from typing import Any

from sympy import (
    Add, Expr, HadamardPower, HadamardProduct, Integer, Inverse, MatAdd, MatMul, MatPow, Max, S, Symbol,
    Transpose, exp, log,
)  # fmt: skip
from sympy.core.symbol import Str
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.precedence import PRECEDENCE, precedence

from symnet.expressions.entering import checked_name, given
from symnet.expressions.interned import MatrixNode, ScalarNode
from symnet.expressions.lengths import length, root_of, written_total
from symnet.expressions.scalars import Bound
from symnet.expressions.sizes import Shape
from symnet.expressions.written import LATEX, TEXT, Signs, Writer

_OPEN = (MatAdd, MatMul, HadamardProduct, HadamardPower, MatPow, Inverse)  # what an operator beside it would split


def _is_atom(a: Any) -> bool:
    # whether its text can stand beside ∘ without brackets
    if isinstance(a, Elementwise):
        return bool(a.body.is_Function)
    if isinstance(a, (Transpose, Assumed)):
        return _is_atom(a.args[0])
    return not isinstance(a, _OPEN)


class Elementwise(MatrixNode):
    """f applied entry by entry: `Elementwise(Lambda((x, y, …), body), A, B, …)`; write it with `elementwise`.

    Arguments after the function are matrices of one shape, then scalars that are the same for every entry.
    """

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return MatrixNode.shape_of(*args[1:])

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[1:]

    def with_operands(self, *operands: Any) -> Any:
        return Elementwise(self.args[0], *operands)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        values = [a[i, j] if getattr(a, "is_Matrix", False) else a for a in operands]
        return self.body.xreplace(dict(zip(self.variables, values, strict=True)))

    def _sympystr(self, printer: Any) -> str:
        return self._written(printer, TEXT)

    def _latex(self, printer: Any) -> str:
        return self._written(printer, LATEX)

    def _written(self, printer: Any, signs: Signs) -> str:
        body = self.body.xreplace({v: a for v, a in self.slots.items() if not a.is_Matrix})
        bare = {v: str(printer._print(a)) for v, a in self.slots.items() if a.is_Matrix}
        shown = {v: text if _is_atom(self.slots[v]) else f"{signs.left}{text}{signs.right}" for v, text in bare.items()}
        return Writer(printer, shown, bare, signs).write(body)

    @property
    def precedence(self) -> int:
        """How strongly SymPy's printers take the formula to bind."""
        return PRECEDENCE["Add"] if self.body.is_Mul or self.body.is_Pow else int(precedence(self.body))

    @property
    def body(self) -> Expr:
        """The scalar function, in the bound variables."""
        return self.args[0].expr

    @property
    def variables(self) -> tuple[Bound, ...]:
        """The bound variables, one for each argument."""
        return self.args[0].variables

    @property
    def slots(self) -> dict[Bound, Any]:
        """The operand that each bound variable stands for."""
        return dict(zip(self.variables, self.operands, strict=True))


class AlongAxis(MatrixNode):
    """A node with an axis after its matrices, of which there are `matrices`."""

    matrices = 1

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[: self.matrices]

    @property
    def axis(self) -> int:
        """The axis that is normalised or reduced: 0 runs down a column, 1 along a row."""
        return int(self.args[self.matrices])

    @property
    def labels(self) -> tuple[str, ...]:
        return (f"axis={self.axis}",) if self.axis else ()

    def line(self, i: int, j: int, Z: Any) -> list[Expr]:
        """Give the entries of an explicit Z that are taken together for the entry i, j."""
        rows, cols = Z.shape
        return [Z[r, j] for r in range(rows)] if self.axis == 0 else [Z[i, c] for c in range(cols)]


class Softmax(AlongAxis):
    """exp(Z) divided by its sums along an axis."""

    title = "softmax"

    @property
    def sums_to_one(self) -> int:  # type: ignore[override]
        return self.axis

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (Z,) = operands
        return exp(Z[i, j]) / Add(*map(exp, self.line(i, j, Z)))


class LogSoftmax(AlongAxis):
    """The logarithm of softmax, computed without leaving logarithms."""

    title = "log_softmax"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (Z,) = operands
        return Z[i, j] - log(Add(*map(exp, self.line(i, j, Z))))


class Reduction(AlongAxis):
    """A node that makes one row (axis 0) or one column (axis 1) of a matrix."""

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        Z, axis = args
        return (S.One, Z.shape[1]) if axis == 0 else (Z.shape[0], S.One)


class LogSumExp(Reduction):
    """log of the sums of exp(Z) along an axis: a row (axis 0) or a column (axis 1)."""

    title = "logsumexp"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return log(Add(*map(exp, self.line(i, j, operands[0]))))


class AxisMax(Reduction):
    """The largest entries along an axis: a row (axis 0) or a column (axis 1)."""

    title = "max"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return Max(*self.line(i, j, operands[0]))


class Assumed(AlongAxis):
    """A matrix of which the user states something; elsewhere it is that matrix."""

    @property
    def precedence(self) -> int:
        """How strongly SymPy's printers take the text to bind."""
        return int(precedence(self.args[0]))

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(self.args[0]))

    _latex = _sympystr

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][i, j]


class Distribution(Assumed):
    """A matrix that the user states to sum to 1 along an axis, such as one-hot targets."""

    @property
    def sums_to_one(self) -> int:  # type: ignore[override]
        return self.axis


class Admitted(Assumed):
    """A matrix that has the entries which a loss takes as targets: `Admitted(Y, axis, Str(loss))`."""

    @property
    def loss(self) -> str:
        """The loss that takes them."""
        return str(self.args[2].name)


class Unit(MatrixNode):
    """The column of `size` zeros with a single 1 in row `index`: `Unit(size, index).T * A` is a row of A."""

    title = "unit"

    @property
    def operands(self) -> tuple[Any, ...]:
        return ()

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[0], S.One

    def _entry(self, i: Any, j: Any, **_: Any) -> Expr:
        return Integer(int(i == self.args[1])) if i.is_Integer and j.is_Integer else MatrixElement(self, i, j)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return Integer(int(i == self.args[1]))


class Diag(MatrixNode):
    """The square matrix with the entries of a column on its diagonal."""

    title = "diag"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[0].shape[0], args[0].shape[0]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][i, 0] if i == j else S.Zero


class Commutation(MatrixNode):
    """The permutation K with K·vec A = vec Aᵀ for A of `rows` rows and `cols` columns: `Commutation(rows, cols)`."""

    title = "K"

    @property
    def operands(self) -> tuple[Any, ...]:
        return ()

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[0] * args[1], args[0] * args[1]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        rows, cols = map(int, self.args)
        return Integer(int(i // cols == j % rows and i % cols == j // rows))


class _Named:
    args: tuple[Any, ...]
    labels = ()

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[1:]

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(Symbol(self.args[0].name)))

    _latex = _sympystr


class Let(_Named, MatrixNode):
    """A matrix expression that the user named."""

    shape_of = Elementwise.shape_of

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][i, j]


class LetScalar(_Named, ScalarNode):
    """A scalar expression that the user named."""

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0]


class Total(ScalarNode):
    """The sum of all entries of a matrix: a scalar. `Total(A∘A)` is the squared Frobenius norm."""

    title = "sum"

    def __new__(cls, A: Any) -> Any:
        if not getattr(A, "is_Matrix", False):
            raise TypeError(f"the sum of all entries of {A}: a scalar stands where a matrix is meant; write it times "
                            "OneMatrix, or replace a matrix by one of its shape")  # fmt: skip
        return super().__new__(cls, A)

    def _eval_power(self, exponent: Any) -> Any:
        return length(self, exponent) if root_of(self) is not None else None

    @property
    def precedence(self) -> int:
        """How strongly SymPy's printers take the text to bind."""
        return PRECEDENCE["Atom" if root_of(self) is None else "Pow"]

    def _sympystr(self, printer: Any) -> str:
        return written_total(self.args[0], printer) or super()._sympystr(printer)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return Add(*operands[0])


def let(name: str, expr: Any) -> Any:
    """Name a sub-expression; it appears under that name in every formula and kernel.

    name: the name, such as "H"; expr: a matrix or scalar expression. Gives an expression of the same shape.
    Raises `TypeError` where `name` is not a string or is empty, or `expr` is no expression.

    >>> import symnet as sn
    >>> W, X = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")
    >>> H = sn.let("H", sn.tanh(W * X))
    >>> print(sn.derive(sn.sum(H), [W]).forward[1])
    H = tanh(Z1)
    """
    checked_name(name, "let", "H")
    expr = given(expr, "let")
    if not isinstance(expr, Expr):
        raise TypeError(f"let: {expr} is of the type {type(expr).__name__}, no scalar and no matrix")
    return (Let if expr.is_Matrix else LetScalar)(Str(name), expr)
