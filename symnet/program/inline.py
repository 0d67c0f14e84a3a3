"""Views of a list of equations: which values move into the lines that use them, and how those lines are rebuilt.

In: equations, the names that are asked for, and a policy. Out: fewer equations, in the same order. One engine serves
four readers: the machine (nothing is computed twice), a person (a difference from data is written out where it
stands), the closed form (everything is put in) and messages (what has no name is put in).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from sympy import Basic, HadamardProduct, Inverse, MatAdd, MatMul, MatrixSymbol, S, Symbol, Transpose

from symnet.expressions import (
    Elementwise, Name, SCALARS, Solve, Total, add, hadamard, matmul, nested, raw, scaled, split, squared,
)  # fmt: skip
from symnet.program.canonical import canonical_node
from symnet.program.chains import symmetric_names
from symnet.program.program import Equation, Program, Section
from symnet.program.stating import marked
from symnet.program.survey import is_data, is_difference
from symnet.program.symmetry import turned

LARGE = 400  # equations from which a closed form is not put in SymPy's own order, which would descend
SMALL = 24  # likewise, where second derivatives are put in: SymPy transposes all that is below
_UNCHECKED = (MatMul, MatAdd, HadamardProduct, Transpose)  # SymPy would check their shapes again
Rebuild: TypeAlias = Callable[..., Any]


# -- which names a line needs


def names_in(rhs: Any) -> Iterator[Name]:
    """Give the names in the right-hand side of an equation, as often as its code needs them."""
    if isinstance(rhs, (MatrixSymbol, Symbol)):
        yield rhs
    elif isinstance(rhs, Elementwise):
        for v, operand in rhs.slots.items():
            times = _occurrences(rhs.body, v)
            for name in names_in(operand):
                yield from [name] * times
    else:
        for argument in rhs.args:
            if isinstance(argument, Basic):
                yield from names_in(argument)


def names_read(rhs: Any) -> Iterator[Name]:
    """Give the names in the right-hand side of an equation, as often as a reader meets them: A∘A has A once."""
    if isinstance(rhs, Elementwise):
        for v, operand in rhs.slots.items():
            times = _readings(rhs.body, v)
            for name in names_read(operand):
                yield from [name] * times
    elif isinstance(rhs, (MatrixSymbol, Symbol)):
        yield rhs
    else:
        arguments = dict.fromkeys(rhs.args) if isinstance(rhs, HadamardProduct) else rhs.args
        for argument in arguments:
            if isinstance(argument, Basic):
                yield from names_read(argument)


def _readings(body: Any, variable: Any) -> int:
    return 1 if body == variable else sum(_readings(a, variable) for a in body.args)


def _occurrences(body: Any, variable: Any) -> int:
    if body == variable:
        return 1
    if body.is_Pow and body.exp.is_Integer and 1 < abs(body.exp) <= 3:
        return int(abs(body.exp)) * _occurrences(body.base, variable)
    times = sum(_occurrences(a, variable) for a in body.args)
    return 2 * times if body.is_Function and getattr(SCALARS.find(body), "repeats", False) else times


def live(
    equations: Iterable[Equation], outputs: Iterable[Name], count: Callable[[Any], Iterator[Name]] = names_in
) -> tuple[list[Equation], Counter[Name]]:
    """Give the equations that the outputs need, and how often each name is used."""
    uses: Counter[Name] = Counter(outputs)
    kept = []
    for equation in reversed([*equations]):
        if uses[equation.lhs]:
            kept.append(equation)
            uses.update(count(equation.rhs))
    return kept[::-1], uses


# -- the engine


def substitute(rhs: Any, known: Mapping[Any, Any], rebuild: Rebuild) -> Any:
    """Replace names by what `known` has for them. `rebuild(node, *args)` makes each node anew."""
    if isinstance(rhs, (MatrixSymbol, Symbol)):
        return known.get(rhs, rhs)
    if not rhs.args:
        return rhs
    arguments = [substitute(a, known, rebuild) if isinstance(a, Basic) else a for a in rhs.args]
    return rebuild(rhs, *arguments)


def _unchanged(node: Any, arguments: Sequence[Any]) -> bool:
    return all(a is b for a, b in zip(arguments, node.args, strict=True))


def settled(equations: Iterable[Equation], inlined: Callable[[Equation], bool], rebuild: Rebuild) -> list[Equation]:
    """Give the equations that stay, those that are `inlined` moved into the lines that use them."""
    known: dict[Any, Any] = {}
    stay = []
    for e in equations:
        rhs = substitute(e.rhs, known, rebuild)
        if inlined(e):
            known[e.lhs] = rhs
        else:
            stay.append(e if rhs is e.rhs else replace(e, rhs=rhs))
    return stay


def as_written(node: Any, *arguments: Any) -> Any:
    """Rebuild a node as it is, brackets and all: what the machine runs."""
    if _unchanged(node, arguments):
        return node
    return raw(type(node), *arguments) if isinstance(node, _UNCHECKED) else node.func(*arguments)


def as_read(node: Any, *arguments: Any, symmetric: Collection[Any] = ()) -> Any:
    """Rebuild a node for a reader: products and sums without inner brackets, inverses as such.

    `symmetric`: the names of matrices that are their own transposes.
    """
    if isinstance(node, Solve):
        return matmul(Inverse(arguments[0]), arguments[1])
    if _unchanged(node, arguments):
        return node
    if isinstance(node, MatMul):
        return _sign_inside(matmul(*arguments))
    if isinstance(node, HadamardProduct) and len(set(arguments)) > 1:  # (M∘D)∘(M∘D) is a square
        return hadamard(*arguments)
    if isinstance(node, Transpose):
        return turned(arguments[0], symmetric)
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


# -- the views


def for_machine(program: Program, outputs: Iterable[Name]) -> list[Equation]:
    """Give the equations that the machine runs: no value is computed twice, none has two names."""
    outputs = set(outputs)
    kept, uses = live(program.equations, outputs)

    def inlined(e: Equation) -> bool:
        once = e.movable and uses[e.lhs] == 1
        return e.lhs not in outputs and (once or isinstance(e.rhs, (MatrixSymbol, Symbol)))

    return _gradients_in_order(settled(kept, inlined, as_written), program.parameters)


def read(
    equations: Sequence[Equation], outputs: Iterable[Name], parameters: Iterable[Name]
) -> tuple[list[Equation], Callable[[Equation], bool]]:
    """Give the equations that a person needs, and which of them move into the lines that use them.

    A value that is used once does, and one that reads as short as a name for it: a difference from data, such as Z − Y,
    with a mask of data or without, a norm, an inner product of inputs.
    """
    outputs = set(outputs)
    kept, uses = live(equations, outputs, names_read)
    crowded = {name for e in kept for name, times in Counter(names_read(e.rhs)).items() if times > 2}
    once = {name for name, times in uses.items() if times == 1}
    short = _short(kept, frozenset(parameters), crowded, once)
    return kept, lambda e: e.movable and e.lhs not in outputs and (uses[e.lhs] == 1 or e.lhs in short)


def _short(
    equations: Sequence[Equation], parameters: frozenset[Name], crowded: Collection[Name], once: Collection[Name]
) -> set[Name]:
    movable = {e.lhs for e in equations if e.movable}
    defined = {e.lhs for e in equations}
    given = parameters | defined
    short: set[Name] = set()
    lengths: set[Name] = set()

    def is_short(rhs: Any) -> bool:
        if isinstance(rhs, MatAdd):
            named = not any(split(a)[1] in movable for a in rhs.args)
            pair = len(rhs.args) == 2 and is_difference(*rhs.args)
            return named and pair and any(is_data(a, given) for a in rhs.args)
        if isinstance(rhs, HadamardProduct):
            return len(rhs.args) == 2 and all(a in short or is_data(a, given) for a in rhs.args)
        factors = rhs.args[0].args if isinstance(rhs, Total) and isinstance(rhs.args[0], HadamardProduct) else ()
        return len(factors) == 2 and all(isinstance(a, MatrixSymbol) and a not in defined for a in factors)

    for e in equations:
        whole = squared(e.rhs)
        moves = whole in movable and (whole in once or whole in short)
        length = isinstance(whole, MatrixSymbol) and not moves
        if length or (e.rhs.is_Pow and e.rhs.base in lengths):  # ‖a‖², 1/‖a‖
            lengths.add(e.lhs)
        if e.movable and (e.lhs in lengths or e.lhs not in crowded and is_short(e.rhs)):
            short.add(e.lhs)
    return short


def for_reader(program: Program) -> tuple[Section, ...]:
    """Give the equations that a person reads; see `read`."""
    kept, inlined = read(program.equations, program.outputs, program.parameters)
    stay = settled(kept, inlined, partial(as_read, symmetric=symmetric_names(kept)))
    of_section = {e.lhs: s.title for s in program.sections for e in s.equations}
    ordered = _gradients_in_order(stay, program.parameters)
    return tuple(Section(s.title, tuple(e for e in ordered if of_section[e.lhs] == s.title)) for s in program.sections)


def closed(program: Program, name: Name) -> Any:
    """Give one value of a program in its inputs alone, as a user would have typed it."""
    kept, _ = live(program.equations, [name])
    return _put_in(kept, canonical_node if len(kept) < LARGE else as_read, {})[name]


def closed_at(program: Program, known: Mapping[Any, Any]) -> list[Any]:
    """Give the outputs of a program likewise, with expressions in the place of inputs.

    A product that several lines need stays one factor in each of them, so that nothing is computed twice when the
    expressions are compiled.
    """
    kept, uses = live(program.equations, program.outputs)
    rebuild = canonical_node if len(kept) < SMALL else as_read
    shared = {name for name in uses if uses[name] > 1}
    values = _put_in(kept, rebuild, program.assumptions, known, shared=shared)
    return [values[output] for output in program.outputs]


def expanded(
    equations: Iterable[Equation], expr: Any, names: Container[Name] = (), assumptions: Mapping[Any, int] | None = None
) -> Any:
    """Give an expression of values of equations in their inputs alone, and in those values that are in `names`."""
    wanted = Equation(Symbol("expanded"), expr)
    kept, _ = live([*equations, wanted], [wanted.lhs])
    rebuild = canonical_node if len(kept) < SMALL and not names else as_read
    return _put_in([e for e in kept if e.lhs not in names], rebuild, assumptions or {})[wanted.lhs]


def _put_in(
    equations: Iterable[Equation], rebuild: Rebuild, assumptions: Mapping[Any, int],
    known: Mapping[Any, Any] | None = None, shared: Container[Any] = (),
) -> dict[Any, Any]:  # fmt: skip
    # the values in the inputs, which keep what is stated of them; of a `shared` one a product stays one factor
    values = {A: marked(A, A, assumptions) for A in (split(stated)[1] for stated in assumptions)} | dict(known or {})
    for e in equations:
        value = marked(e.lhs, substitute(e.rhs, values, rebuild), assumptions)
        values[e.lhs] = nested(value) if e.lhs in shared else value
    return values


def readable(equations: Sequence[Equation], expr: Any, hidden: Collection[str]) -> str:
    """Give the text of an expression without names that the user has not seen, for messages."""
    wanted = Equation(Symbol("message"), expr)
    kept, _ = live([*equations, wanted], [wanted.lhs])
    *_, last = settled(kept, lambda e: e.lhs.name in hidden, as_read)
    text = _text(last.rhs)
    return text if len(text) < 90 else text[:87] + "…"


def _text(expr: Any) -> str:
    # SymPy's printer would check the sizes of a product once more
    if not isinstance(expr, MatMul):
        return str(expr)
    return "*".join(f"({_text(a)})" if a.is_Add or isinstance(a, MatAdd) else _text(a) for a in expr.args)


def _gradients_in_order(equations: list[Equation], parameters: Sequence[Name]) -> list[Equation]:
    # gradients that stand together stand in the order in which they were asked for
    place = {w: k for k, w in enumerate(parameters)}
    ordered: list[Equation] = []
    run: list[Equation] = []
    for e in [*equations, None]:
        if e is not None and e.role == "gradient" and not {r.lhs for r in run} & set(names_in(e.rhs)):
            run.append(e)
            continue
        ordered += sorted(run, key=lambda g: place.get(g.of, len(place)))
        run = [e] if e is not None and e.role == "gradient" else []
        if e is not None and not run:
            ordered.append(e)
    return ordered
