"""Matrix symbols with declared facts: symmetric, diagonal, positive definite, orthogonal, positive, one-hot.

In: a name, sizes, and what a user states of the matrix. Out: a matrix symbol that knows it, and the questions that
formulas ask: is it its own transpose, what is its inverse, which of its lines sum to 1, are its entries positive. Facts
that contradict each other, or leave the identity alone, are refused; arrays are checked where a kernel takes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import mul
from typing import Any

from sympy import (
    Basic, Dummy, Function, HadamardPower, HadamardProduct, Identity, Inverse, MatAdd, MatMul, MatrixSymbol, OneMatrix,
    S, Transpose, Tuple,
)  # fmt: skip
from sympy.core.symbol import Str
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.sizes import same_size, shape_text

# fact → how it reads in a sentence
WORDS = {
    "diagonal": "diagonal",
    "one_hot_columns": "one-hot in its columns",
    "one_hot_rows": "one-hot in its rows",
    "orthogonal": "orthogonal",
    "positive": "positive",
    "positive_definite": "positive definite",
    "symmetric": "symmetric",
}
ONE_HOT = {"columns": "one_hot_columns", "rows": "one_hot_rows"}
IMPLIED = {"diagonal": ("symmetric",), "positive_definite": ("symmetric",)}
SQUARE = {
    "symmetric": "a matrix that is its own transpose is square",
    "orthogonal": "QᵀQ = QQᵀ = I holds for square matrices; for orthonormal columns alone declare nothing",
}
_ZEROS = "has zeros off its diagonal, and a positive matrix has none"
_IDENTITY = "only the identity is both; write sympy.Identity(n)"
CONTRADICTIONS = {  # pairs of facts that no matrix has, or only the identity
    ("diagonal", "positive"): f"a diagonal matrix {_ZEROS}; for a diagonal with positive entries declare v positive "
    "and write sn.diag(v)",
    ("orthogonal", "positive"): f"an orthogonal matrix with entries from 0 on {_ZEROS}",
    ("one_hot_columns", "one_hot_rows"): "declare it orthogonal and one-hot in its columns, a permutation",
    ("one_hot_columns", "positive"): "a one-hot matrix has zeros, and a positive matrix has none",
    ("one_hot_rows", "positive"): "a one-hot matrix has zeros, and a positive matrix has none",
    ("orthogonal", "positive_definite"): _IDENTITY,
    ("one_hot_columns", "positive_definite"): _IDENTITY,
    ("one_hot_rows", "positive_definite"): _IDENTITY,
    ("diagonal", "one_hot_columns"): _IDENTITY,
    ("diagonal", "one_hot_rows"): _IDENTITY,
}
_OF_CLASSES = (
    "its entries are 0 or 1 and cannot move; leave it out of the symbols to differentiate in, or declare it without "
    "one_hot and write softmax(Z) for shares that move"
)
NO_DERIVATIVE = {
    "orthogonal": "it cannot move along a straight line; leave it out of the symbols to differentiate in, or write it "
    "with a matrix M that is free: (I − M + M.T)⁻¹·(I + M − M.T) is orthogonal",
    "one_hot_columns": _OF_CLASSES,
    "one_hot_rows": _OF_CLASSES,
}
DEPTH = 4  # how deep signs are looked for in an expression


class DeclaredMatrix(MatrixSymbol):
    """A matrix symbol with facts; its fourth argument is a tuple of their names, sorted. It sorts by its name."""

    def __new__(cls, name: Any, rows: Any, cols: Any, facts: Any) -> Any:
        args = MatrixSymbol.__new__(cls, name, rows, cols).args
        stated = tuple(fact.name if isinstance(fact, Str) else fact for fact in facts)
        _check(args[0].name, args[1], args[2], stated)
        return Basic.__new__(cls, *args, Tuple(*[Str(fact) for fact in sorted(stated)]))

    def sort_key(self, order: Any = None) -> Any:
        return MatrixSymbol(*self.args[:3]).sort_key(order)

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts, those that others imply among them."""
        return tuple(fact.name for fact in self.args[3])

    @property
    def sums_to_one(self) -> int | None:
        """The axis along which the entries sum to 1."""
        return 0 if "one_hot_columns" in self.facts else 1 if "one_hot_rows" in self.facts else None

    def _entry(self, i: Any, j: Any, **_: Any) -> Any:
        if "symmetric" in self.facts and i.is_Integer and j.is_Integer:
            if "diagonal" in self.facts and i != j:
                return S.Zero
            i, j = min(i, j), max(i, j)  # an entry and its mirror image are one
        return MatrixElement(self, i, j)

    def _eval_transpose(self) -> Any:
        return self if "symmetric" in self.facts else None

    def _eval_inverse(self) -> Any:
        return self.transpose() if "orthogonal" in self.facts else Inverse(self)


def with_facts(name: str, rows: Any, cols: Any, *, one_hot: Any = None, **flags: Any) -> MatrixSymbol:
    """Give a matrix symbol with the facts that a user states, a plain one where there is none."""
    for fact, flag in flags.items():
        if flag is not None and not isinstance(flag, bool):
            raise TypeError(f"{name}: {fact} is True or False, not {flag!r}")
    facts = {fact for fact, flag in flags.items() if flag}
    if one_hot is not None and one_hot is not False:
        if not isinstance(one_hot, str) or one_hot not in ONE_HOT:
            raise ValueError(f"{name}: one_hot says where the single 1 is: 'columns', each column has one, or 'rows', "
                             f"each row has one; not {one_hot!r}")  # fmt: skip
        facts.add(ONE_HOT[one_hot])
    if not facts:
        return MatrixSymbol(name, rows, cols)
    return DeclaredMatrix(name, rows, cols, facts.union(*[IMPLIED.get(fact, ()) for fact in facts]))


def _check(name: str, rows: Any, cols: Any, facts: Iterable[Any]) -> None:
    stated = set(facts)
    if not stated or not stated <= WORDS.keys():
        raise ValueError(f"{name}: a matrix may be declared {', '.join(WORDS.values())}; not {stated - WORDS.keys()}")
    for fact, why in SQUARE.items():
        if fact in stated and not same_size(rows, cols):
            raise ShapeError(f"{name} is {shape_text((rows, cols))}, but it is declared {said(stated)}: {why}")
    for pair, why in CONTRADICTIONS.items():
        if stated.issuperset(pair):
            raise ValueError(f"{name} cannot be {WORDS[pair[0]]} and {WORDS[pair[1]]}: {why}")


def said(facts: Iterable[str]) -> str:
    """Give facts as they stand in a sentence, those left away that others imply."""
    implied = {other for fact in facts for other in IMPLIED.get(fact, ())}
    return " and ".join(WORDS[fact] for fact in WORDS if fact in set(facts) - implied)


def facts_of(A: Any) -> tuple[str, ...]:
    """Give the facts that a symbol is declared with; none for anything else."""
    return A.facts if isinstance(A, DeclaredMatrix) else ()


def is_declared(A: Any, fact: str) -> bool:
    """Tell whether A is a symbol that is declared with a fact."""
    return isinstance(A, DeclaredMatrix) and fact in A.facts


def are_inverse(A: Any, B: Any) -> bool:
    """Tell whether A·B is the identity because a symbol in it is orthogonal."""
    bare = A.args[0] if isinstance(A, Transpose) else A
    if not is_declared(bare, "orthogonal"):
        return False
    if is_declared(bare, "symmetric"):
        return bool(A == B)
    return bool(B.args[0] == A if isinstance(B, Transpose) else isinstance(A, Transpose) and A.args[0] == B)


def is_positive(A: Any, depth: int = DEPTH) -> bool:
    """Tell whether all entries are positive: those of what is declared so, of sums and products of such."""
    if not A.is_Matrix:
        return bool(A.is_positive)
    if depth and isinstance(A, (Transpose, MatAdd, MatMul, HadamardProduct)):
        return all(is_positive(a, depth - 1) for a in A.args)
    if depth and isinstance(A, HadamardPower):
        return bool(A.args[1].is_real) and is_positive(A.args[0], depth - 1)
    return is_declared(A, "positive") or isinstance(A, OneMatrix)


def inverse_of(A: Any) -> Any:
    """Give the inverse of a symbol that is declared orthogonal, its transpose; None for anything else."""
    bare = A.args[0] if isinstance(A, Transpose) else A
    if isinstance(A, Identity):
        return A
    return A.transpose() if is_declared(bare, "orthogonal") else None


def of_positive(body: Any, slots: dict[Any, Any]) -> tuple[Any, dict[Any, Any]]:
    """Give a function of the entries of matrices, and {matrix: variable}, knowing which are positive: |x| is x.

    Products of positive matrices are looked into: sqrt(x·x) is x. Where that makes the function no shorter it stays.
    """
    new: dict[Any, Any] = {}
    known = {v: _with_sign(a, v, new) for a, v in slots.items()}
    if all(signed is v for v, signed in known.items()):
        return body, slots
    shorter = body.xreplace(known)
    return (shorter, new) if _length(shorter) < _length(body) else (body, slots)


def _length(body: Any) -> tuple[int, int]:
    return len(body.atoms(Function)), body.count_ops()


def _with_sign(A: Any, v: Any, slots: dict[Any, Any]) -> Any:
    numbers = [a for a in A.args if a.is_number] if isinstance(A, MatMul) else []
    if numbers and len(A.args) == len(numbers) + 1:
        signed = _with_sign(A.args[-1], v, slots)
        if signed is not v:
            return reduce(mul, numbers) * signed
        del slots[A.args[-1]]
    if not is_positive(A):
        return slots.setdefault(A, v)
    if isinstance(A, HadamardProduct):
        return reduce(mul, [_with_sign(a, v, slots) for a in A.args])
    if isinstance(A, HadamardPower):
        return _with_sign(A.args[0], v, slots) ** A.args[1]
    return slots.setdefault(A, Dummy(positive=True))
