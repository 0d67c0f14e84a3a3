"""Which values of a program are structured matrices, and the parts of which a kernel puts them together.

In: a program and the names whose values are wanted. Out: a program whose outputs are the parts, and a `Result` that
makes `StructuredMatrix` objects of them. A value without a Kronecker product, a commutation, a diag(vec ·) or a
product of vec · with a row is an array as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sympy import Expr, Identity, MatAdd, MatMul, MatrixSymbol, S, Transpose

from symnet.backends import structured
from symnet.backends.results import Result
from symnet.expressions import Commutation, Diag, Kron, Name, Vec, split
from symnet.program import Builder, Program

Kind: TypeAlias = Literal["value", "array", "transposed", "eye", "diagonal", "commutation", "kron", "product", "sum"]


@dataclass(frozen=True)
class Plan:
    """How a value is put together. `places`: of the parts that it reads; `inside`: the plans of its operands."""

    kind: Kind
    places: tuple[int, ...] = ()
    inside: tuple[Plan, ...] = ()

    def build(self, parts: Sequence[Any]) -> Any:
        """Give the value, from the values of all parts."""
        own, inside = [parts[k] for k in self.places], [plan.build(parts) for plan in self.inside]
        match self.kind:
            case "value":
                return own[0]
            case "array":
                return structured.Dense(own[0])
            case "transposed":
                return inside[0].T
            case "eye":
                return structured.Eye(round(own[0]))
            case "diagonal":
                return structured.OnDiagonal(own[0])
            case "commutation":
                return structured.Permuted(*map(round, own))
            case "kron":
                return structured.KroneckerProduct(*inside)
            case "product":
                return structured.Product(own[0] if own else 1, inside)
        return structured.Sum(inside)


@dataclass(frozen=True)
class Assembled:
    """A result some of whose values are put together of several outputs."""

    plans: tuple[Plan, ...]
    whole: Result

    @property
    def parameters(self) -> tuple[Name, ...]:
        return tuple(getattr(self.whole, "parameters", ()))

    def returned(self, names: Sequence[str]) -> str:
        return f"[{', '.join(names)}]"

    def listed(self, returned: Any) -> list[Any]:
        return list(returned)

    def given(self, values: Sequence[Any]) -> Any:
        return self.whole.given([plan.build(values) for plan in self.plans])


def with_structure(program: Program, outputs: Sequence[Name], result: Any) -> tuple[Program, tuple[Name, ...], Any]:
    """Give the program, outputs and result of which a kernel is made, with the parts of structured values."""
    if not any(isinstance(e.rhs, (Kron, Vec)) or e.rhs.has(Commutation) for e in program.equations):
        return program, tuple(outputs), result
    skeletons = _Skeletons(Builder.of(program))
    if not any(map(skeletons.is_structured, outputs)):
        return program, tuple(outputs), result
    skeletons.builder.section("Parts")
    plans = [skeletons.plan(o) if skeletons.is_structured(o) else skeletons.part("value", o) for o in outputs]
    new = skeletons.builder.finish([*program.outputs, *skeletons.parts])
    return new, new.outputs[len(program.outputs) :], Assembled(tuple(plans), result)


class _Skeletons:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.parts: list[Name] = []

    def part(self, kind: Kind, *values: Expr) -> Plan:
        places = []
        for value in values:
            places.append(len(self.parts))
            named = self.builder.definition(value) is not None
            self.parts.append(value if named else self.builder.call(value, self.builder.names.fresh("part")))
        return Plan(kind, tuple(places))

    def is_structured(self, expr: Any) -> bool:
        A = split(expr)[1] if expr.is_Matrix else expr
        if isinstance(A, Diag):
            return self._is_stacked(A.args[0])
        if isinstance(A, (Kron, Commutation)):
            return True
        if isinstance(A, MatrixSymbol):
            rhs = self.builder.definition(A)
            return rhs is not None and self.is_structured(rhs)
        if isinstance(A, MatMul) and S.One not in A.shape and any(map(self._is_stacked, A.args)):
            return True  # vec A·(vec B)ᵀ
        return isinstance(A, (MatMul, MatAdd, Transpose)) and any(self.is_structured(a) for a in A.args if a.is_Matrix)

    def _is_stacked(self, A: Any) -> bool:
        A = A.args[0] if isinstance(A, Transpose) else A
        return isinstance(self.builder.definition(A), Vec)

    def plan(self, expr: Any) -> Plan:
        """Give the plan of a value of full size: nothing of that size is computed, so all products stay apart."""
        c, A = split(expr)
        if c != 1:
            return Plan("product", self.part("value", c).places, (self.plan(A),))
        if isinstance(A, MatrixSymbol):
            rhs = self.builder.definition(A)
            return self.plan(rhs) if isinstance(rhs, (*_APART, MatrixSymbol)) else self.part("array", A)
        inside = [a for a in A.args if getattr(a, "is_Matrix", False)]
        if isinstance(A, Kron):
            return Plan("kron", (), tuple(self.operand(a) for a in inside))
        if isinstance(A, (MatMul, MatAdd)):
            return Plan("product" if isinstance(A, MatMul) else "sum", (), tuple(map(self.plan, inside)))
        if isinstance(A, Transpose):
            return Plan("transposed", (), (self.plan(A.args[0]),))
        if isinstance(A, Identity):
            return self.part("eye", A.shape[0])
        if isinstance(A, Diag):
            return self.part("diagonal", A.args[0])
        return self.part("commutation", *A.args) if isinstance(A, Commutation) else self.part("array", A)

    def operand(self, A: Any) -> Plan:
        """Give the plan of an operand of a Kronecker product: an array, unless it has structure itself."""
        c, rest = split(A)
        return self.plan(A) if self.is_structured(A) or isinstance(rest, (Identity, Diag)) else self.part("array", A)


_APART = (MatMul, MatAdd, Transpose, Kron, Diag, Identity, Commutation)
