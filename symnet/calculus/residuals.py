"""What a least-squares loss is the squares of, and the Jacobian of that.

In: the program of a loss and its gradients. Out: the same with a section "Jacobian": residuals r, so that the loss is
‖r‖²/2 and what no parameter changes, and the matrix J of their derivatives in the parameters. A sum of squares is
recognised by its structure: weights of data or numbers, sums along axes and several terms are taken into r.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from typing import Any, NamedTuple

from sympy import (
    Add, Expr, HadamardProduct, Identity, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Pow, S, Transpose,
    ZeroMatrix, expand_mul, sqrt,
)  # fmt: skip

from symnet.calculus.linear import struck_off
from symnet.calculus.outer import dependents, written_out
from symnet.calculus.reverse import sweep
from symnet.calculus.second import paired
from symnet.expressions import (
    Elementwise, Name, Total, Unvec, Vec, apply_entrywise, as_column, brief, elementwise, factored, hadamard,
    in_a_column, in_a_row, matmul, same_size, scaled, split, symbols_of, total, transpose, turned,
)  # fmt: skip
from symnet.program import Builder, Program, Role, expanded, live, symbol_like


class Square(NamedTuple):
    """The term c·Σ W∘R∘R of a loss, c·R² for a scalar R; W is None where all weights are 1."""

    c: Any
    W: Any
    R: Any

    def residual(self) -> Any:
        """Give what half the sum of squares of is the term."""
        R = self.R if self.W is None else hadamard(elementwise(sqrt, self.W), self.R)
        return scaled(sqrt(2 * self.c), R) if R.is_Matrix else sqrt(2 * self.c) * R


class Squares:
    """Takes the loss in `builder` apart into squares of what depends on the parameters."""

    def __init__(self, builder: Builder, wrt: Sequence[Name], refusal: str) -> None:
        self.builder, self.refusal = builder, refusal
        self.depends = dependents(builder, wrt)

    def of(self, loss: Name) -> list[Square]:
        """Give the squares whose sum the loss is, apart from what is constant. Raises `ValueError` for another loss."""
        found = self._of_scalar(S.One, loss)
        if not found:
            raise self._refused(loss)
        return found

    def _refused(self, part: Any) -> ValueError:
        whole = expanded(self.builder.equations, total(part) if part.is_Matrix else part)
        return ValueError(self.refusal.format(part=brief(whole)))

    def _varies(self, part: Any) -> bool:
        return not self.depends.isdisjoint(symbols_of(part))

    # -- scalars

    def _of_scalar(self, c: Any, scalar: Any) -> list[Square]:
        found = []
        for term in Add.make_args(expand_mul(written_out(self.builder, self.depends, scalar))):
            inside = term.free_symbols & self.depends
            if inside:
                weight, square = term.as_independent(*inside, as_Add=False)
                found += self._of_term(c * weight, square)
        return found

    def _of_term(self, c: Any, square: Any) -> list[Square]:
        sum_of = self.builder.definition(square)
        if isinstance(sum_of, Total):
            return self._of_sum(c, None, sum_of.args[0])
        root = _root(square)
        if root is None or c.is_negative:
            raise self._refused(c * square)
        return [Square(c, None, root)]

    # -- sums of the entries of W∘A

    def _of_sum(self, c: Any, W: Any, A: Any) -> list[Square]:
        k, A = split(A)
        if not self._varies(A):
            return []
        definition = self.builder.definition(A) if isinstance(A, MatrixSymbol) else A
        if definition is None or self._varies(k):
            raise self._refused(A)
        if isinstance(A, MatrixSymbol):
            return self._of_sum(k * c, W, definition)
        if isinstance(A, MatAdd):
            return [square for term in A.args for square in self._of_sum(k * c, W, term)]
        if isinstance(A, Transpose):
            return self._of_sum(k * c, None if W is None else transpose(W), A.args[0])
        if isinstance(A, (Vec, Unvec)) and W is None:
            return self._of_sum(k * c, None, A.args[0])
        if isinstance(A, MatMul):
            return self._of_product(k * c, W, A)
        if isinstance(A, HadamardProduct):
            return self._of_factors(k * c, W, A)
        if isinstance(A, Elementwise):
            return self._of_function(k * c, W, A)
        raise self._refused(A)

    def _of_product(self, c: Any, W: Any, A: Any) -> list[Square]:
        # Σ W∘(L·X·R) is Σ (Lᵀ·W·Rᵀ)∘X
        places = [k for k, factor in enumerate(A.args) if self._varies(factor)]
        if len(places) > 1:
            raise self._refused(A)
        (k,) = places
        left, right = map(transpose, A.args[:k]), map(transpose, A.args[k + 1 :])
        weights = matmul(*left, OneMatrix(*A.shape) if W is None else W, *right)
        return self._of_sum(c, weights, A.args[k])

    def _of_factors(self, c: Any, W: Any, A: Any) -> list[Square]:
        weights = [a for a in A.args if not self._varies(a)]
        whole = hadamard(*weights, *([] if W is None else [W])) if weights or W is not None else None
        factors = Counter(a for a in A.args if self._varies(a))
        if len(factors) == 1 and factors.total() == 1:
            return self._of_sum(c, whole, next(iter(factors)))
        if any(times % 2 for times in factors.values()):
            raise self._refused(A)
        return self._square(c, whole, hadamard(*[a for a, times in factors.items() for _ in range(times // 2)]), A)

    def _of_function(self, c: Any, W: Any, A: Elementwise) -> list[Square]:
        varying = [v for v, a in A.slots.items() if self._varies(a)]
        found = []
        for term in Add.make_args(expand_mul(A.body)):
            weight, square = term.as_independent(*varying, as_Add=False)
            if not square.free_symbols:
                continue
            root = _root(square)
            if root is None:
                raise self._refused(A)
            number, rest = weight.as_coeff_Mul()
            weights = [] if rest == 1 else [apply_entrywise(rest, A.slots)]
            if weights and not weights[0].is_Matrix:
                number, weights = number * weights[0], []
            if W is not None:
                weights.append(W)
            found += self._square(number * c, hadamard(*weights) if weights else None,
                                  apply_entrywise(root, A.slots), A)  # fmt: skip
        return found

    def _square(self, c: Any, W: Any, R: Any, whole: Any) -> list[Square]:
        if W is not None:
            number, W = split(W)
            c, W = c * number, None if isinstance(W, OneMatrix) else W
        if c.is_negative:
            raise self._refused(scaled(c, whole))
        return [Square(c, W, R)]


def _root(square: Expr) -> Any:
    # what is squared, or None: x²·y⁴ is (x·y²)²
    factors = Mul.make_args(square)
    if all(isinstance(a, Pow) and a.exp.is_Integer and a.exp.is_even and a.exp > 0 for a in factors):
        return Mul(*[a.base ** (a.exp / 2) for a in factors])
    return None


# -- the section


class System(NamedTuple):
    """A program with its residuals and their Jacobian, by blocks: `J[k][i]` is that of r[k] in the i-th parameter."""

    program: Program
    r: tuple[Name, ...]
    J: tuple[tuple[Name | None, ...], ...]


def with_jacobian(program: Program, wrt: Sequence[Name], refusal: str) -> System:
    """Give a program with the section "Jacobian". Raises `ValueError`, with `refusal` of the part, for another loss."""
    builder = Builder.of(program)
    squares = Squares(builder, wrt, refusal).of(program.outputs[0])
    squares.sort(key=lambda square: wrt.index(square.R) + 1 if square.R in wrt else 0)  # penalties come last
    weights = {s for square in squares for s in square.c.free_symbols}
    builder.constants |= weights
    builder.section("Jacobian")
    number = len(squares) > 1
    residuals = []
    for k, square in enumerate(squares, 1):
        residual = builder.value(square.residual())
        letter = "R" if residual.is_Matrix and not same_size(residual.shape[1], S.One) else "r"
        residuals.append(builder.call(residual, builder.names.fresh(f"{letter}{k}" if number else letter)))
    program = builder.finish([*program.outputs, *residuals])
    residuals = list(program.outputs[-len(residuals) :])
    builder, names = Builder.of(program), {e.lhs for e in program.equations}
    builder.constants |= weights
    blocks = []
    for k, r in enumerate(residuals, 1):
        row: list[Name | None] = []
        for w in wrt:
            J = _jacobian(program, r, w, names)
            text = f"J{k if number else ''}" + (f"_{w.name}" if len(wrt) > 1 else "")
            role: Role = "jacobian" if number or len(wrt) > 1 else "value"
            of = (r, w) if role == "jacobian" else None
            row.append(None if J is None else builder.call(builder.value(J), builder.names.fresh(text), role, of))
        blocks.append(row)
    whole = [J for row in blocks for J in row if J is not None]
    program = builder.finish([*program.outputs, *whole])
    final = dict(zip(whole, program.outputs[-len(whole) :], strict=True))
    return System(program, tuple(residuals), tuple(tuple(J and final[J] for J in row) for row in blocks))


def _jacobian(program: Program, r: Name, w: Name, names: Container[Name]) -> Any:
    builder = Builder.of(program)
    u = builder.input(symbol_like(builder.names.fresh("u"), r))
    builder.section("Jacobian")
    pulled = sweep(builder, paired(builder, [(u, r)]), [w])[w]
    kept, _ = live(builder.equations, [pulled])
    J = factored(expanded(kept, factored(turned(struck_off(kept, u, pulled))), names))
    if isinstance(J, ZeroMatrix) or J == 0:
        return None
    if J.is_Matrix and not (r.is_Matrix or w.is_Matrix):
        return split(J)[0] if isinstance(split(J)[1], Identity) else total(J)
    return J


def assembled(system: System, wrt: Sequence[Name]) -> tuple[Any, Any]:
    """Give r as a column, and J with a row for each entry of r and a column for each entry of the parameters."""
    r = as_column(*system.r)
    rows = [
        in_a_row(*[ZeroMatrix(_length(one), _length(w)) if J is None else J for J, w in zip(row, wrt, strict=True)])
        for one, row in zip(system.r, system.J, strict=True)
    ]
    return r, in_a_column(*rows)


def _length(A: Any) -> Any:
    return A.shape[0] * A.shape[1] if A.is_Matrix else S.One
