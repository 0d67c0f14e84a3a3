"""What is computed entry by entry, written as one formula of an entry and made shorter where scalar algebra can.

In: a Hadamard product or an entrywise function in a closed form. Out: the same values, such as P − Y for
((1 − Y) ⊘ (1 − P) − Y ⊘ P) ∘ P ∘ (1 − P), or the node itself where nothing is won.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import (
    Abs, Add, Dummy, Expr, HadamardPower, HadamardProduct, MatAdd, MatMul, Mul, OneMatrix, Pow, S, Symbol,
    cancel, factor_terms, sign,
)  # fmt: skip

from symnet.expressions import (
    Elementwise, apply_entrywise, hadamard, joined_signs, raw, scalar_atoms, scaled, split, stable, stand_in,
)  # fmt: skip
from symnet.program.looking import put_in

_ENTRYWISE = (Elementwise, HadamardProduct, HadamardPower)
MANY = 30  # operations from which nothing is tried


def _is_entrywise_sum(A: Any) -> bool:
    return isinstance(A, MatAdd) and any(isinstance(split(a)[1], (OneMatrix, *_ENTRYWISE)) for a in A.args)


class _Entry:
    # one entry of an expression; `atoms`: what stands for the entries of each matrix, and for each scalar of a matrix

    def __init__(self) -> None:
        self.atoms: dict[Any, Dummy] = {}
        self.merged = 0

    def atom(self, part: Any) -> Dummy:
        return self.atoms.setdefault(part, stand_in(len(self.atoms)))

    def of(self, A: Any) -> Expr:
        if isinstance(A, OneMatrix):
            return S.One
        if isinstance(A, MatMul):
            c, rest = split(A)
            return self.atom(A) if rest is A else self.scalar(c) * self.of(rest)
        if isinstance(A, MatAdd):
            return Add(*map(self.of, A.args)) if _is_entrywise_sum(A) else self.atom(A)
        if not isinstance(A, _ENTRYWISE):
            return self.atom(A)
        self.merged += 1
        if isinstance(A, HadamardProduct):
            return Mul(*map(self.of, A.args))
        if isinstance(A, HadamardPower):
            return Pow(self.of(A.args[0]), self.scalar(A.args[1]))
        values = {v: self.argument(a) if a.is_Matrix else self.scalar(a) for v, a in A.slots.items()}
        whole = put_in(A.body, values)
        return self.atom(A) if whole is None else whole

    def argument(self, A: Any) -> Expr:
        # A∘B stays A∘B
        c, rest = split(A)
        plain = isinstance(rest, HadamardProduct) and not any(isinstance(a, _ENTRYWISE) for a in rest.args)
        return self.scalar(c) * self.atom(rest) if plain else self.of(A)

    def scalar(self, c: Any) -> Expr:
        # with all its nodes as symbols
        return c.xreplace({part: self.atom(part) for part in scalar_atoms(c) if not isinstance(part, Symbol)})


@lru_cache(maxsize=1024)
def reduced(A: Any) -> Any:
    """Give an entrywise expression in fewer operations, where there is such a form, else as it is."""
    if isinstance(A, Elementwise) and _opens(A.body) and sum(a.is_Matrix for a in A.operands) > 1:
        slots = {v: a for v, a in A.slots.items() if a.is_Matrix}
        return _matrix(A.body, slots, {v: a for v, a in A.slots.items() if not a.is_Matrix}, A.shape)
    before = _operations(A)
    if not 1 < before <= MANY or not _is_nested(A):
        return A
    entry = _Entry()
    body = entry.of(A)
    if entry.merged < 2 or body.count_ops() > MANY:
        return A
    best = min((body, _signs(body), *_rational(body)), key=lambda b: b.count_ops())
    if best.count_ops() >= before:
        return A
    values = {name: part for part, name in entry.atoms.items()}
    matrices = {name: part for name, part in values.items() if part.is_Matrix}
    scalars = {name: part for name, part in values.items() if not part.is_Matrix}
    return _matrix(best, matrices, scalars, A.shape)


def _inside(body: Expr) -> Expr:
    # what a function, or a power of one, is of: the sum or product that is written as an operation of matrices
    while (body.is_Function and len(body.args) == 1) or (body.is_Pow and body.exp.is_number):
        body = body.args[0]
    return body


def _opens(body: Expr) -> bool:
    return bool(_inside(body).is_Add or _inside(body).is_Mul)


def _is_nested(A: Any) -> bool:
    # whether there is more than one formula to bring together
    parts = A.operands if isinstance(A, Elementwise) else A.args
    inner = [split(a)[1] for a in parts if getattr(a, "is_Matrix", False)]
    return any(isinstance(a, _ENTRYWISE) or _is_entrywise_sum(a) for a in inner)


def _operations(A: Any) -> int:
    # as it is written now; not counted to the end where there are too many
    number, stack = 0, [A]
    while stack and number <= MANY:
        A = stack.pop()
        if isinstance(A, Elementwise):
            number += int(A.body.count_ops())
            stack += [a for a in A.operands if a.is_Matrix]
        elif isinstance(A, HadamardPower):
            number += 1
            stack.append(A.args[0])
        elif isinstance(A, MatMul):
            c, rest = split(A)
            if rest is not A:
                number += int(c != -1)
                stack.append(rest)
        elif isinstance(A, HadamardProduct) or _is_entrywise_sum(A):
            number += len(A.args) - 1
            stack += A.args
    return number


def _rational(body: Expr) -> list[Expr]:
    fused = _signs(stable(body))
    if not any(p.exp.could_extract_minus_sign() for p in fused.atoms(Pow)):
        return [fused]
    whole = cancel(fused)
    if _longest_below(whole) > _longest_below(fused):  # of (x - 1)⁴ multiplied out most digits would be lost
        return [fused]
    return [fused, _signs(whole), _signs(stable(factor_terms(whole)))]


def _longest_below(body: Expr) -> int:
    sums = [p.base for p in body.atoms(Pow) if p.exp.could_extract_minus_sign() and p.base.is_Add]
    return max((len(total.args) for total in sums), default=0)


def _signs(body: Expr) -> Expr:
    # |x|·sign(x) is x, x·sign(x) is |x|, x/|x| is sign(x), √(x²) is |x|
    body = body.replace(
        lambda e: isinstance(e, Pow) and e.base.is_Pow and e.base.exp == 2 and (2 * e.exp).is_Integer,
        lambda e: Abs(e.base.base) ** (2 * e.exp),
    )
    return body.replace(lambda e: isinstance(e, Mul) and e.has(sign, Abs), joined_signs)


def _matrix(body: Expr, matrices: dict[Any, Any], scalars: dict[Any, Any], shape: Any) -> Any:
    used = body.free_symbols & matrices.keys()
    if body.is_Add and len(used) > 1:
        terms = [_matrix(term, matrices, scalars, shape) for term in body.args]
        return raw(MatAdd, *terms).doit(deep=False)
    c, entries = body.as_independent(*matrices, as_Add=False)
    factors = Mul.make_args(entries)
    if len(used) > 1 and not any(f.is_Pow and f.exp.could_extract_minus_sign() for f in factors):
        parts = [_matrix(f, matrices, scalars, shape) for f in factors] if len(factors) > 1 else []
        if parts:
            return scaled(c.xreplace(scalars), hadamard(*parts))
    if not used:
        return scaled(body.xreplace(scalars), OneMatrix(*shape))
    if len(used) > 1 and (u := _inside(entries)) != entries and _opens(u):
        x = Dummy(real=True)
        k, inside = split(_matrix(u, matrices, scalars, shape))
        k, inside = (k, inside) if k.is_number else (S.One, scaled(k, inside))  # a number stands inside the function
        return scaled(c.xreplace(scalars), apply_entrywise(entries.xreplace({u: k * x}), {x: inside}))
    return scaled(c.xreplace(scalars), apply_entrywise(entries, {**matrices, **scalars}))
