"""From one operation a line to what is worth a line: values that are used once move into the line that uses them.

In: the equations of a program, and which of them must stay. Out: fewer equations, in the same order, with names T1, T2,
… for the shared values that have none. Nothing is computed twice by moving, and nothing is simplified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sympy import Basic, HadamardProduct, MatAdd, MatMul, MatrixSymbol, S, Symbol, Transpose

from symnet.expressions.algebra import add, hadamard, matmul, scaled
from symnet.program.names import is_data
from symnet.expressions.nodes import Distribution, Elementwise, Total, raw, split
from symnet.program.program import Equation, Program

_UNCHECKED = (MatMul, MatAdd, HadamardProduct, Transpose)  # SymPy would check their shapes again
Count = Callable[[Any], Iterator[Any]]


def names_in(rhs: Any) -> Iterator[Any]:
    """Give the names in the right-hand side of an equation, as often as its code needs them."""
    if isinstance(rhs, (MatrixSymbol, Symbol)):
        yield rhs
    elif isinstance(rhs, Elementwise):
        for v, argument in zip(rhs.variables, rhs.args[1:], strict=True):
            times = _occurrences(rhs.body, v)
            for name in names_in(argument):
                yield from [name] * times
    else:
        for argument in rhs.args:
            if isinstance(argument, Basic):
                yield from names_in(argument)


def names_read(rhs: Any) -> Iterator[Any]:
    """Give the names in the right-hand side of an equation, as often as a reader meets them: ‖A‖² has A once."""
    if isinstance(rhs, Total) and isinstance(rhs.args[0], HadamardProduct) and len(set(rhs.args[0].args)) == 1:
        yield from names_read(rhs.args[0].args[0])
    elif isinstance(rhs, (MatrixSymbol, Symbol, Elementwise)):
        yield from names_in(rhs)
    else:
        for argument in rhs.args:
            if isinstance(argument, Basic):
                yield from names_read(argument)


def _occurrences(body: Any, variable: Any) -> int:
    if body == variable:
        return 1
    if body.is_Pow and body.exp.is_Integer and 1 < abs(body.exp) <= 3:
        return int(abs(body.exp)) * _occurrences(body.base, variable)
    return sum(_occurrences(a, variable) for a in body.args)


def substitute(rhs: Any, known: dict[Any, Any], rebuild: Callable[..., Any]) -> Any:
    """Replace names by what `known` has for them. `rebuild(node, *args)` makes each changed node anew."""
    if isinstance(rhs, (MatrixSymbol, Symbol)):
        return known.get(rhs, rhs)
    if not rhs.args:
        return rhs
    arguments = [substitute(a, known, rebuild) if isinstance(a, Basic) else a for a in rhs.args]
    unchanged = all(a is b for a, b in zip(arguments, rhs.args, strict=True))
    if unchanged and not isinstance(rhs, Distribution):
        return rhs
    return rebuild(rhs, *arguments)


def as_written(node: Any, *arguments: Any) -> Any:
    """Rebuild a node as it is, brackets and all: what the machine runs."""
    return raw(type(node), *arguments) if isinstance(node, _UNCHECKED) else node.func(*arguments)


def as_read(node: Any, *arguments: Any) -> Any:
    """Rebuild a node for a reader: products and sums without inner brackets, distributions as the matrix they are."""
    if isinstance(node, Distribution):
        return arguments[0]
    if isinstance(node, MatMul):
        return _sign_inside(matmul(*arguments))
    if isinstance(node, MatAdd):
        terms: list[Any] = []
        for a in arguments:
            terms.extend(a.args if isinstance(a, MatAdd) else (a,))
        return raw(MatAdd, *terms)
    return as_written(node, *arguments)


def _sign_inside(product: Any) -> Any:
    # −(Y − P)∘F is (P − Y)∘F
    c, A = split(product)
    if not c.could_extract_minus_sign():
        return product
    factors = A.args if isinstance(A, HadamardProduct) else (A,)
    for i, factor in enumerate(factors):
        signs = [split(t)[0].could_extract_minus_sign() for t in factor.args] if isinstance(factor, MatAdd) else []
        if any(signs) and not all(signs):
            turned = add(*[scaled(S.NegativeOne, t) for t in factor.args])
            rest = (*factors[:i], turned, *factors[i + 1 :])
            return scaled(-c, hadamard(*rest) if len(rest) > 1 else turned)
    return product


def live(equations: list[Equation], outputs: Iterable[Any], count: Count) -> tuple[list[Equation], Counter[Any]]:
    """Give the equations that the outputs need, and how often each name is used."""
    uses: Counter[Any] = Counter(outputs)
    kept = []
    for equation in reversed(equations):
        if uses[equation.lhs]:
            kept.append(equation)
            uses.update(count(equation.rhs))
    return kept[::-1], uses


def for_machine(equations: list[Equation], program: Program, outputs: Iterable[Any]) -> list[Equation]:
    """Give the equations that the kernel runs: no value is computed twice."""
    outputs = set(outputs)
    kept, uses = live(equations, outputs, names_in)
    movable = program.temporary - program.kept - outputs
    inlined = {e.lhs for e in kept if e.lhs in movable and uses[e.lhs] == 1}
    return _settled(kept, inlined, _final_names(kept, inlined, program), as_written)


def for_reader(equations: list[Equation], program: Program, outputs: Iterable[Any]) -> list[Equation]:
    """Give the equations that a person reads: a difference from data, such as Z − Y, is written out where it stands."""
    outputs = set(outputs)
    kept, uses = live(equations, outputs, names_read)
    movable = program.temporary - program.kept - outputs
    inlined = {e.lhs for e in kept if e.lhs in movable and (uses[e.lhs] == 1 or _is_small(e.rhs, program))}
    name_values(equations, program, outputs)
    return _settled(kept, inlined, _final_names(kept, inlined, program), as_read)


def name_values(equations: list[Equation], program: Program, outputs: Iterable[Any]) -> None:
    """Give the shared values the names T1, T2, … in the order in which they are read."""
    outputs = set(outputs)
    movable = program.temporary - program.kept - outputs
    machine, uses = live(equations, outputs, names_in)
    _final_names(machine, {e.lhs for e in machine if e.lhs in movable and uses[e.lhs] == 1}, program)


def _is_small(rhs: Any, program: Program) -> bool:
    if not isinstance(rhs, MatAdd) or len(rhs.args) != 2:
        return False
    named = all(split(a)[1] not in program.temporary for a in rhs.args)
    return named and any(is_data(a, program.parameters) and split(a)[1] not in program.definitions for a in rhs.args)


def _final_names(kept: list[Equation], inlined: set[Any], program: Program) -> dict[Any, Any]:
    final = program.final
    for lhs in (e.lhs for e in kept if e.lhs in program.temporary and e.lhs not in inlined):
        if lhs not in final:
            primal: Any = program.primal.get(lhs)
            primal = final.get(primal, primal)
            hidden = primal is None or primal in program.temporary
            text = program.names.fresh("T", 1) if hidden else program.names.adjoint(primal.name)
            final[lhs] = MatrixSymbol(text, *lhs.shape) if lhs.is_Matrix else Symbol(text, real=True)
    return final


def _settled(
    kept: list[Equation], inlined: set[Any], final: dict[Any, Any], rebuild: Callable[..., Any]
) -> list[Equation]:
    known: dict[Any, Any] = dict(final)
    settled = []
    for lhs, rhs in kept:
        rhs = substitute(rhs, known, rebuild)
        if lhs in inlined:
            known[lhs] = rhs
        else:
            settled.append(Equation(final.get(lhs, lhs), rhs))
    return settled
