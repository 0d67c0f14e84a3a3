"""What a person reads: equations in sections as one page, in any of the notations.

In: sections of equations, the name of the loss, a notation. Out: one string. A gradient is written ∂L/∂W wherever it
stands; what moves a parameter or a state is written as an assignment to it. How a formula is read is in `reading`, how
a language writes it and lays out a page in its `Style`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy import MatrixSymbol

from symnet.notation.boxes import Boxes
from symnet.notation.latex import Latex, Notebook
from symnet.notation.mathematica import Mathematica
from symnet.notation.mathml import Html, MathML
from symnet.notation.reading import PRODUCT, Names, Reading
from symnet.notation.style import Line, Part, Style, unwritten
from symnet.notation.unicode import Unicode
from symnet.program import Equation, Section

NOTATIONS: dict[str, type[Style[Any]]] = {
    "unicode": Unicode,
    "latex": Latex,
    "mathml": MathML,
    "mathematica": Mathematica,
    "pretty": Boxes,
}


class _Page:
    # the names of a page, and the lines that are written with them

    def __init__(self, style: Style[Any], sections: Sequence[Section], loss: Any) -> None:
        self.style, self.sections = style, [s for s in sections if s.equations]
        self.equations = [e for s in self.sections for e in s.equations]
        names: Names[Any] = Names(style, (side for e in self.equations for side in (e.lhs, e.rhs)))
        self.reading = Reading(style, names)
        self.late: list[Equation] = []  # the old value is read once more, so the new one keeps its own name until then
        for k, e in enumerate(self.equations):
            if e.role == "gradient":
                form = style.partial(names[loss.name][0], names[e.of.name][0])
                if form is not None:
                    names[e.lhs.name] = form, PRODUCT
            elif e.role == "hessian":
                (w, v), own = e.of, names[loss.name][0]
                pair = [names[s.name][0] for s in (w, v)]
                form = style.second(own, pair[0]) if w == v else style.mixed(own, *pair)
                if form is not None:
                    names[e.lhs.name] = form, PRODUCT
            elif e.role == "jacobian":
                form = style.partial(*[names[s.name][0] for s in e.of])
                if form is not None:
                    names[e.lhs.name] = form, PRODUCT
            elif e.role in ("update", "state"):
                if any(later.rhs.has(e.of) for later in self.equations[k + 1 :]):
                    self.late.append(e)
                else:
                    names[e.lhs.name] = names[e.of.name]

    def part(self, section: Section) -> Part[Any]:
        write, late = self.reading.write, [e for e in section.equations if e in self.late]
        moves = [e.role in ("update", "state") and e not in late for e in section.equations]
        lines = [Line(write(e.lhs), write(e.rhs), moved) for e, moved in zip(section.equations, moves, strict=True)]
        return Part(section.title, lines + [Line(write(e.of), write(e.lhs), assigns=True) for e in late])

    def sizes(self) -> list[tuple[Any, Any, int]]:
        found: dict[str, tuple[Any, Any, int]] = {}
        defined = {e.lhs for e in self.equations}
        for e in self.equations:
            for symbol in sorted(e.rhs.atoms(MatrixSymbol) - defined, key=lambda s: s.name):
                for axis, size in enumerate(symbol.shape, 1):
                    if size.is_Symbol:
                        found.setdefault(size.name, (self.reading.write(size), self.reading.write(symbol), axis))
        return list(found.values())


def _rendered(style: Style[Any], sections: Sequence[Section], loss: Any) -> str:
    with style.drawing():
        page = _Page(style, sections, loss)
        return style.page([page.part(s) for s in page.sections], page.sizes())


def render(sections: Sequence[Section], loss: Any, notation: str = "unicode") -> str:
    """Give equations as a page.

    sections: equations under headings, empty ones are left out; loss: the name of the loss; notation: a key of
    `NOTATIONS`. Raises `ValueError` for a notation that is not there.
    """
    return _rendered(style_of(notation), sections, loss)


def notebook(sections: Sequence[Section], loss: Any) -> str:
    """Give equations as one LaTeX formula between `$$`, as a notebook shows it."""
    return _rendered(Notebook(), sections, loss)


def html(sections: Sequence[Section], loss: Any) -> str:
    """Give equations as HTML with MathML in it, which a saved notebook shows without a network."""
    return _rendered(Html(), sections, loss)


def writer(sections: Sequence[Section], loss: Any, notation: str = "unicode") -> Callable[[Any], str]:
    """Give what writes a name, or one side of an equation, as it is on the page of the sections."""
    style = style_of(notation)
    with style.drawing():
        page = _Page(style, sections, loss)

    def write(expr: Any) -> str:
        with style.drawing():
            return str(page.reading.write(expr))

    return write


def style_of(notation: Any) -> Style[Any]:
    """Give the style of a notation. Raises `ValueError` where there is none, `TypeError` where it leaves constructs."""
    if not isinstance(notation, str) or notation not in NOTATIONS:
        raise ValueError(f"there is no notation {notation!r}; there are {', '.join(NOTATIONS)}")
    style = NOTATIONS[notation]
    left = unwritten(style)
    if left:
        raise TypeError(
            f"the notation {notation!r} does not say how it writes {', '.join(left)}: give {style.__name__} these "
            "methods, or make it a subclass of the notation that it shares them with"
        )
    return style()
