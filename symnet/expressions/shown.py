"""How what a user holds shows itself: in one line by `repr`, whole by `str`, typeset in a notebook.

In: a class that says its line in `_headline`, its text in `__str__`, and `_repr_html_` or `_repr_latex_` where it has
more than text. Out: its `repr`, and the forms from which a terminal or a notebook chooses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar

from symnet.expressions.members import Told

WIDEST = 110  # characters of a line
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
NAMED = 8  # names of a list before the others are counted


def in_a_line(text: str) -> str:
    """Give a text as one line in angle brackets, cut where it is too long."""
    line = " ".join(text.split())
    return f"<{line if len(line) <= WIDEST else line[: WIDEST - 1] + '…'}>"


def listed(names: Iterable[Any]) -> str:
    """Give names in a row; of many, the first ones and how many there are."""
    written = [str(getattr(name, "name", name)) for name in names]
    return ", ".join(written) if len(written) <= NAMED else f"{', '.join(written[:NAMED])}, … ({len(written)})"


def escape(text: str) -> str:
    """Give a text as HTML that shows it."""
    return text.translate(_ESCAPED)


def preformatted(text: str) -> str:
    """Give a text as HTML in letters of one width, so that its columns stand below each other."""
    return f'<pre style="font-family:DejaVu Sans Mono,Menlo,Consolas,monospace;line-height:1.4">{escape(text)}</pre>'


class Shown(Told):
    """What shows itself. `_headline`: what stands in the brackets of its `repr`, behind the name of the class."""

    def _headline(self) -> str:
        """Say in a few words what this is."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return in_a_line(type(self).__name__ + self._headline())

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        forms = {"text/plain": str(self), "text/html": self._repr_html_()}
        latex = getattr(self, "_repr_latex_", None)
        return forms | ({"text/latex": latex()} if latex else {})


class Made:
    """A dataclass whose `repr` is the call of the function that makes it, `called`."""

    called: ClassVar[str]

    def __repr__(self) -> str:
        written = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self)]  # type: ignore[arg-type]
        return f"{self.called}({', '.join(written)})"
