"""A function in a text with its operands, and what it means.

In: a call in one reading. Out: the forms and values of its operands, and what is written as a number or a shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Integer, S, Symbol

from symnet.expressions import as_size
from symnet.parsing import guarded
from symnet.parsing.parts import operand
from symnet.parsing.text import Part
from symnet.parsing.unify import Form, Unknown


class Call:
    """A function and its operands in a reading: their forms and values, and what is written as a number or a word."""

    def __init__(self, reading: Any, part: Part) -> None:
        self.reading, self.part, self.syntax = reading, part, reading.dialect.syntax
        self.prefix, _, self.name = part.value.rpartition(".")
        self.name = self.name or part.value
        number = len(part.args) - len(part.named)
        self.args, self.named = part.args[:number], dict(zip(part.named, part.args[number:], strict=True))
        self.ours = self.prefix in ("sn", "symnet") or reading.dialect.printed

    def form(self, k: int = 0) -> Form:
        """Give the form of an operand."""
        return self.reading.forms[self.args[k]]

    def value(self, k: int = 0) -> Any:
        """Give an operand, a vector of one axis as a column."""
        value = operand(self.reading.values[self.args[k]])
        return guarded.lies(value, down=True) if self.form(k).flat else value

    def values(self) -> list[Any]:
        """Give all operands."""
        return [self.value(k) for k in range(len(self.args))]

    def takes(self, least: int, most: int | None = None, *words: str) -> None:
        """Raise `ValueError` where there are more or fewer operands, or keywords that are not known."""
        most = least if most is None else most
        if not least <= len(self.args) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ValueError(f"{self.name} takes {wanted} argument{'s' * (wanted != '1')}, not {len(self.args)}")
        for word in self.named:
            if word not in words:
                raise ValueError(f"{self.name} takes no {word}= here" + (f", only {', '.join(words)}" if words else ""))

    def written(self, k: int | str, otherwise: Any = None) -> Any:
        """Give what is written as an argument: a number, a word, a shape; `otherwise` where it is not there."""
        if isinstance(k, str):
            place = self.named.get(k)
        else:
            place = self.args[k] if k < len(self.args) else None
        return otherwise if place is None else self.written_at(place)

    def written_at(self, place: int) -> Any:
        """Give what is written at a place of the tree. Raises `ValueError` for what is computed."""
        tree, forms = self.reading.tree, self.reading.forms
        part = tree.parts[place]
        if part.op in ("number", "word"):
            return part.value
        if part.op == "neg":
            return -self.written_at(part.args[0])
        if part.op == "list":
            return tuple(map(self.written_at, part.args))
        if part.op == "name" and part.value in self.reading.sizes:
            return self.reading.sizes[part.value]
        if part.op == "name" and part.value not in self.reading.given and part.value in self.reading.unknown:
            del self.reading.unknown[part.value]  # a size that nothing else tells
            return self.reading.sizes.setdefault(part.value, as_size(part.value, self.name))
        if part.op == "shape":
            return forms[part.args[0]].shape
        if part.op == "index" and tree.parts[part.args[0]].op == "shape":
            return self.written_at(part.args[0])[part.value[0]]
        if part.op in ("+", "-", "*"):
            a, b = map(self.written_at, part.args)
            return a + b if part.op == "+" else a - b if part.op == "-" else a * b
        raise ValueError(f"{self.name}: {tree.shown(part)} must be written as a number here")

    def size(self, value: Any) -> Any:
        """Give a size as it is written. Raises `ValueError` for what is none."""
        if isinstance(value, (Unknown, Symbol)):
            return value
        size = sympy.sympify(value) if isinstance(value, (int, sympy.Basic)) else S.Zero
        if not (getattr(size, "is_Integer", False) and 0 < size < 10**9) and not (
            size.free_symbols and size.is_integer
        ):
            raise ValueError(f"{self.name}: a size is a whole number or the name of one, not {value}")
        return size

    def axis(self, place: int = 1) -> int | None:
        """Give the axis that is written, 0 or 1, or None."""
        first = 1 if self.syntax == "matlab" else 0
        value = self.written("axis", self.written("dim", self.written(place)))
        if value is None or value == "all":
            return None
        axis = int(value) - first if isinstance(value, (int, Integer)) and not isinstance(value, bool) else 9
        axes = 1 if self.args and self.form().flat else 2
        axis = axis % axes if -axes <= axis < 0 and not first else axis
        if axis not in (0, 1):
            raise ValueError(
                f"{self.name}: the axis must be {first} (along columns) or {first + 1} (along rows), not {value}"
            )
        return axis


@dataclass(frozen=True)
class Meaning:
    """What a function does: the form of its result, and its value."""

    form: Callable[[Call], Form]
    value: Callable[[Call], Any]
