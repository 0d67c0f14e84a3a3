"""What you read: equations as text, LaTeX, MathML, Mathematica code, or with stacked fractions.

In: equations in sections. Out: one string. Nothing here differentiates, names an intermediate or simplifies.
"""

from symnet.notation import images as images, linalg as linalg, networks as networks, structured as structured
from symnet.notation.formula import formula, show, typeset_in_notebooks
from symnet.notation.page import NOTATIONS, html, notebook, render, writer
from symnet.notation.reading import FORMULAS, Reading
from symnet.notation.spelling import ADD, ATOM, HADAMARD, POWER, PRODUCT, QUOTIENT
from symnet.notation.style import Line, Part, Style
import symnet.notation.undefined  # noqa: F401 - a row of its own
from symnet.notation.unicode import columns

__all__ = [
    "ADD", "ATOM", "FORMULAS", "HADAMARD", "NOTATIONS", "POWER", "PRODUCT", "QUOTIENT", "Line", "Part", "Reading",
    "Style", "columns", "formula", "html", "notebook", "render", "show", "typeset_in_notebooks", "writer",
]  # fmt: skip
