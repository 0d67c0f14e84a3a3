"""The names that a finished program shows: layers numbered without holes, adjoints named after what they belong to.

In: equations whose values have names that nobody sees, or numbers in the order in which they were met. Out: the names
that are shown instead. A pre-activation with an activation is numbered before one without, so that A2 always belongs
to Z2 and no number is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Any

from sympy import Expr, HadamardProduct, MatMul, MatrixSymbol, OneMatrix

from symnet.expressions import CONSTANTS, Name, split, spread_vector
from symnet.program.inline import as_written, live, read, substitute
from symnet.program.names import Namer, symbol_like
from symnet.program.program import Equation
from symnet.program.survey import ACTIVATIONS


class Layers:
    """Pre-activations Z and activations A, numbered as they are met until a program is finished."""

    def __init__(self, names: Namer) -> None:
        self.letters: dict[Name, str] = {}
        self.numbers: dict[Name, int] = {}  # of pre-activations
        self._names = names
        self._met: dict[str, int] = {}
        self._highest = {"Z": 0, "A": 0}

    def name(self, letter: str, of: Any = None) -> str:
        """Take a name with the number of the layer `of`, else with the next one."""
        number = self.numbers.get(of) or self._highest[letter] + 1
        while f"{letter}{number}" in self._names.used:
            number += 1
        self._highest[letter] = max(number, self._highest[letter])
        text = self._names.fresh(letter, number)
        self._met[text] = number
        return text

    def enter(self, lhs: Name, text: str) -> None:
        """Remember a value that has been given such a name."""
        self.letters[lhs] = text[0]
        if text[0] == "Z":
            self.numbers[lhs] = self._met[text]

    def __contains__(self, lhs: Any) -> bool:
        return lhs in self.numbers


def deserves_a_line(adjoint: Any, sizes: Mapping[str, Name]) -> bool:
    """Tell whether the adjoint of what a user named is a line: one that is no constant and not spread along ones."""
    if not adjoint.is_Matrix:
        return bool(adjoint.free_symbols - set(sizes.values()))
    A = split(adjoint)[1]
    return spread_vector(A.args) is None and not isinstance(A, CONSTANTS)


def final_names(
    equations: Sequence[Equation],
    outputs: Collection[Name],
    parameters: Sequence[Name],
    given: Mapping[Name, Name],
    letters: Mapping[Name, str],
    lets: Collection[Name],
    names: Namer,
) -> dict[Name, Name]:
    """Give what the values of a program are called.

    `given`: names that are settled; `letters`: Z or A by value; `lets`: what stays although no output needs it.
    """
    kept, uses = live(equations, outputs)
    final = dict(given)
    names.used -= {final.get(lhs, lhs).name for lhs in letters}
    known = {e.lhs for e in kept}
    idle = [e for e in live(equations, {*outputs, *lets})[0] if e.lhs not in known] if lets else []
    for lhs, text in _layers([*kept, *idle], letters, names).items():
        final[lhs] = symbol_like(text, lhs)
    names.used |= {final[lhs].name for lhs in letters if lhs in final}
    hidden = [e for e in kept if e.lhs.name in names.hidden and e.lhs not in final]
    lines = [e for e in hidden if not e.movable]
    shared = [e for e in hidden if e.movable and (uses[e.lhs] != 1 or e.lhs in outputs)]
    _, moved = read(equations, outputs, parameters)
    seen = {e.lhs for e in shared if not moved(e)}
    first = {e.lhs for e in lines} | seen
    for e in [*(e for e in hidden if e.lhs in first), *(e for e in shared if e.lhs not in seen)]:
        final[e.lhs] = symbol_like(_text(e, final, names), e.lhs)
    return final


def _text(e: Equation, final: Mapping[Name, Name], names: Namer) -> str:
    if e.role == "adjoint":
        primal = final.get(e.of, e.of)
        if primal.name not in names.hidden:
            return names.adjoint(primal.name)
    return names.fresh(getattr(e.rhs, "letter", "T"), 1)


def _layers(kept: Sequence[Equation], letters: Mapping[Name, str], names: Namer) -> dict[Name, str]:
    activated = {a for e in kept if _is_shown_activation(e, letters, names) for a in e.rhs.args if a in letters}
    followed = activated | {e.of for e in kept if letters.get(e.lhs) == "A"}
    layers = [e.lhs for e in kept if letters.get(e.lhs) == "Z"]
    numbers: dict[Any, int] = {}
    number = 0
    for lhs in [*(z for z in layers if z in activated), *(z for z in layers if z not in activated)]:
        shown = "ZA" if lhs in followed else "Z"
        number = next(k for k in count(number + 1) if all(f"{letter}{k}" not in names.used for letter in shown))
        numbers[lhs] = number
    found = {lhs: f"Z{k}" for lhs, k in numbers.items()}
    activations = [e for e in kept if letters.get(e.lhs) == "A"]
    own = {e.of: e.lhs for e in reversed(activations) if e.of in numbers}
    taken = {numbers[z] for z in own}
    number = 0
    for e in activations:
        if own.get(e.of) == e.lhs:
            found[e.lhs] = f"A{numbers[e.of]}"
        else:
            number = next(k for k in count(number + 1) if k not in taken and f"A{k}" not in names.used)
            found[e.lhs] = f"A{number}"
    return found


def _is_shown_activation(e: Equation, letters: Mapping[Name, str], names: Namer) -> bool:
    return isinstance(e.rhs, ACTIVATIONS) and isinstance(e.lhs, MatrixSymbol) and e.lhs.name not in names.hidden


def renamed(e: Equation, final: Mapping[Name, Name]) -> Equation:
    """Give an equation with the names that are shown."""
    of = final.get(e.of, e.of) if isinstance(e.of, Expr) else e.of
    return Equation(final.get(e.lhs, e.lhs), substitute(e.rhs, final, as_written), e.role, of, e.movable)


def without_dead_layers(
    equations: Sequence[Equation], outputs: Collection[Name], letters: Mapping[Name, str]
) -> set[Name]:
    """Give the names of the equations that stay; a layer that a stable form has made needless leaves its number."""
    kept = {e.lhs for e in live(equations, outputs)[0]}
    return kept if any(lhs not in kept for lhs in letters) else {e.lhs for e in equations}


def reading_order(term: Any, equations: Sequence[Equation], place: Mapping[Name, int]) -> tuple[bool, int]:
    """Give a key for the terms of a sum as textbooks write it: W·X, what has a name, entrywise products, a bias, ones.

    What is subtracted comes last.
    """
    c, A = split(term)
    e = equations[place[A]] if A in place else None
    of = split(e.rhs)[1] if e is not None and e.movable else A
    rank = 3 * (of is A) if isinstance(of, MatMul) else {HadamardProduct: 2, OneMatrix: 4}.get(type(of), 1)
    return bool(c.could_extract_minus_sign()), rank
