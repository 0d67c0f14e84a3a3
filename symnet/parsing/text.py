"""A formula as text: where it goes wrong is marked under it, and what it says is a list of operations.

In: a string. Out: a `Tree` of plain nodes, operands before what is made of them, with the places in the text that they
come from; what they mean is said elsewhere. Nothing is evaluated, and every bound stands here: on the length of the
text, on how deep it is nested, on the number of its operations and on the digits of its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import sympy
from sympy import Float, Integer

LONGEST = 10_000  # characters
DEEPEST = 100  # levels of brackets and functions
LARGEST = 1_000  # operations
DIGITS = 30  # of a whole number
EXPONENT = 1_000  # the largest one that is a number
_SHOWN = 100  # characters of the text in a message


@dataclass(frozen=True)
class Part:
    """One operation of a text. `args`: places of its operands in the tree; `named`: the keywords of the last ones."""

    op: str
    args: tuple[int, ...]
    start: int
    end: int
    value: Any = None
    named: tuple[str, ...] = ()


@dataclass
class Tree:
    """The operations of one text, operands first, the whole of it last."""

    text: str
    parts: list[Part] = field(default_factory=list)
    level: int = 0
    told: Exception | None = None  # what was refused

    def add(
        self, op: str, args: tuple[int, ...], start: int, end: int, value: Any = None, named: tuple[str, ...] = ()
    ) -> int:
        """Append an operation; give its place. Raises `ValueError` where there are too many."""
        if len(self.parts) >= LARGEST:
            self.refuse(start, f"the formula has more than {LARGEST} operations; build it of several expressions")
        self.parts.append(Part(op, args, start, end, value, named))
        return len(self.parts) - 1

    @contextmanager
    def deeper(self, at: int) -> Iterator[None]:
        """Go one level down into the text. Raises `ValueError` where that is too deep."""
        self.level += 1
        if self.level > DEEPEST:
            self.refuse(at, f"the formula is nested deeper than {DEEPEST} levels here; take parts out")
        yield
        self.level -= 1

    def refuse(self, at: int, message: str, kind: type[Exception] = ValueError) -> NoReturn:
        """Raise an error that shows the text, with a caret under the column."""
        self.told = kind(marked(self.text, at, f"parse: {message}"))
        raise self.told from None

    def shown(self, part: Part) -> str:
        """Give the text of an operation, shortened where it is long."""
        text = " ".join(self.text[part.start : part.end].split())
        return text if len(text) <= 40 else f"{text[:37]}…"

    def number(self, text: str, start: int, end: int) -> int:
        """Append a number. Raises `ValueError` for one that is too large."""
        if text.isdecimal():
            if len(text) > DIGITS:
                self.refuse(
                    start, f"a whole number of {len(text)} digits; {DIGITS} are read, write it as 1e{len(text)}"
                )
            return self.add("number", (), start, end, Integer(int(text)))
        value = float(text)
        if value in (float("inf"), float("-inf")):
            self.refuse(start, "the number is too large for floating-point numbers, which end at 1.8e308")
        return self.add("number", (), start, end, Float(value))


def marked(text: str, at: int, message: str) -> str:
    """Give a message with the text below it, and a caret under a column of it."""
    before = max(0, min(at, len(text)) - _SHOWN // 2)
    line = "".join(c if c.isprintable() else " " for c in text[before : before + _SHOWN])
    more = "…" if before else ""
    return f"{message}\n  {more}{line.rstrip()}\n  {' ' * (len(more) + min(at, len(text)) - before)}^"


def checked_text(text: Any) -> str:
    """Give a text that may be read. Raises `TypeError` for what is no string, `ValueError` for a long or empty one."""
    if not isinstance(text, str):
        kind = "an expression already" if isinstance(text, sympy.Basic) else f"of the type {type(text).__name__}"
        raise TypeError(f"parse: give a formula as a string, such as 'norm(X @ w - y)**2'; this is {kind}")
    if not text.strip():
        raise ValueError("parse: the text is empty; give a formula, such as 'norm(X @ w - y)**2'")
    if len(text) > LONGEST:
        raise ValueError(
            f"parse: the text has {len(text)} characters; {LONGEST} are read, build it of several formulas"
        )
    for at, c in enumerate(text):
        if not (c.isprintable() or c in "\t\n\r"):
            raise ValueError(marked(text, at, f"parse: the character {c!r} cannot be printed"))
        if c in _TYPESET and text[at - 1 : at] not in _RAISED:
            raise ValueError(marked(text, at, f"parse: {c!r} is no sign of a program's; write {_TYPESET[c]}"))
    deep = 0
    for at, c in enumerate(text):
        deep += (c in "([{") - (c in ")]}")
        if deep > DEEPEST:
            raise ValueError(marked(text, at, f"parse: more than {DEEPEST} brackets are open here; take parts out"))
    return text.translate({ord(c): " " for c in "\t\n\r"})


_RAISED = ("∘", *"⁰¹²³⁴⁵⁶⁷⁸⁹")  # A∘² is what `str` gives
# what formulas are printed with and no program reads
_TYPESET = {
    "²": "**2 or ^2", "³": "**3 or ^3", "ᵀ": ".T or '", "⋅": "@ or *", "·": "@ or *", "×": "*",
    "⊙": "* or .*", "−": "-", "‖": "norm(…)", "⁻": "inv(…)", "Σ": "sum(…)", "∑": "sum(…)",
    "√": "sqrt(…)", "½": "1/2", "⟨": "inner(…)", "⊗": "kron(…)", "÷": "/", "∂": "the function itself",
}  # fmt: skip
