"""One reading of a text: what its signs mean in a syntax, the shapes of all its parts, and the expression it is.

In: a `Tree`, a dialect, what is given of the symbols. Out: an expression, the same that symnet's functions would have
given. A shape that nothing tells is asked for by the name of its symbol; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import sympy
from sympy import MatrixSymbol, Symbol
from sympy.matrices.exceptions import ShapeError

from symnet.expressions import as_size, functions
from symnet.parsing import guarded, unify
from symnet.parsing.meanings import Call, meaning_of
from symnet.parsing.parts import COMPARED, FORMS, VALUES, is_one, no_formula, operand
from symnet.parsing.text import Part, Tree
from symnet.parsing.unify import DisagreementError, Form, found, is_known, scalar_form
from symnet.parsing.vocabulary import knows_head


@dataclass(frozen=True)
class Dialect:
    """What the signs of a syntax mean. `flat`: vectors have one axis; `broadcasts`: rows and columns are spread."""

    syntax: str
    signs: dict[str, str]
    flat: bool = False
    broadcasts: bool = False
    turns: bool = True  # a vector of one axis has a transpose, itself
    printed: bool = False  # as SymPy prints: a factor 1 is a matrix of ones, I an identity
    loose: bool = False  # beside a vector of one axis stands a matrix whose sizes nothing tells


_NUMPY = {"+": "add", "-": "subtract", "*": "times", "/": "divide", "@": "dotted", "**": "power"}
_SYMPY = {**_NUMPY, "*": "product", "/": "quotient", "@": "product", "**": "matrix_power", "∘": "times", "⊘": "divide",
          "∘^": "power"}  # fmt: skip
_MATLAB = {
    "+": "add", "-": "subtract", "*": "product", "/": "quotient", "\\": "solve", "^": "matrix_power", ".*": "times",
    "./": "divide", ".^": "power",
}  # fmt: skip
_MATHEMATICA = {"+": "add", "-": "subtract", "*": "times", "/": "divide", ".": "dotted", "^": "power"}
# a vector may be an array of one axis or a column: a text of NumPy's or Mathematica's is read in both ways
DIALECTS = {
    "numpy": (Dialect("numpy", _NUMPY, broadcasts=True), Dialect("numpy", _NUMPY, flat=True, broadcasts=True)),
    "sympy": (Dialect("sympy", _SYMPY),),
    "matlab": (Dialect("matlab", _MATLAB, broadcasts=True),),
    "mathematica": (Dialect("mathematica", _MATHEMATICA), Dialect("mathematica", _MATHEMATICA, flat=True, turns=False)),
}
# where columns do not fit, nor vectors of one axis beside what is known
LOOSE = {name: replace(both[1], loose=True) for name, both in DIALECTS.items() if len(both) > 1}
PRINTED = Dialect("sympy", _SYMPY, printed=True)
_SIZES = "mnkpqrst"
_CONSTANTS = {
    "numpy": {"pi": sympy.pi, **{f"{m}.{c}": value for m in ("np", "numpy", "jnp", "math", "sympy")
                                 for c, value in (("pi", sympy.pi), ("e", sympy.E))}},
    "sympy": {"pi": sympy.pi, "E": sympy.E},
    "matlab": {"pi": sympy.pi},
    "mathematica": {"Pi": sympy.pi, "E": sympy.E},
}  # fmt: skip
_NO_NUMBERS = ("inf", "nan", "Inf", "NaN", "Infinity", "Indeterminate", "np.inf", "np.nan", "oo", "zoo", "math.inf")
_TURNED = {"numpy": "A.T", "sympy": "A.T", "matlab": "A'", "mathematica": "Transpose[A]"}
_NO_SYMBOLS = {"mathematica": "C D E I K N O".split(), "sympy": "E I S N O Q".split()}


# what SymPy and our own functions raise
_OF_OTHERS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, NotImplementedError, RecursionError)


class Reading:
    """A text, read in one dialect. `given`: the symbols whose shapes are told; `sizes`: the sizes in them, by name."""

    def __init__(self, tree: Tree, dialect: Dialect, given: dict[str, Any], sizes: dict[str, Any]) -> None:
        self.tree, self.dialect, self.given, self.sizes = tree, dialect, given, dict(sizes)
        self.eye = "eye" if dialect.syntax == "matlab" else "I" if dialect.printed else None
        self.forms: list[Form] = []
        self.values: list[Any] = []
        self.unknown: dict[str, Form] = {}
        self.meant = False  # whether it failed at what the text means, and symnet lacks
        self.laws: list[tuple[unify.Law, Part, unify.Watch]] = []

    def expression(self) -> Any:
        """Give the expression. Raises `ValueError` or `ShapeError`, marked at the place that is meant."""
        for part in self.tree.parts:
            self.forms.append(self._told(part, self._form))
        self._solve()
        for name, form in self.unknown.items():
            if not form.known and found(form.kind) != "matrix":
                self._ask(name)
        for part, form in zip(self.tree.parts, self.forms, strict=True):
            ones, identity = part.op == "number", part.op == "name" and part.value == self.eye
            if (ones or identity and part.value not in self.given) and not form.known:
                what = "1, a matrix of ones, is not told; write OneMatrix(m, n)" if ones else "the identity is not told"
                self.tree.refuse(part.start, f"the shape of {what}")
        for forms in (self.unknown.values(), self.forms):
            self._name_sizes(forms)
            self._solve()
        for part in self.tree.parts:
            self.values.append(self._told(part, lambda p: guarded.checked(self._value(p))))
        value = self.values[-1]
        if isinstance(value, sympy.Expr) and value.has(sympy.zoo, sympy.nan, sympy.oo):
            self.tree.refuse(0, "this is divided by zero, or it is infinite")
        if not isinstance(value, sympy.Expr):
            self.tree.refuse(0, "this is no formula; write an expression, such as norm(X @ w - y)**2")
        return guarded.lies(value, down=True) if self.forms[-1].flat else value

    # -- shapes

    def law(self, law: unify.Law, part: Part, *forms: Form) -> None:
        """Have a law hold between forms, those of a part and of its operands."""
        if not self._settled(law, part, 0):
            self.laws.append((law, part, unify.watching(forms)))

    def _form(self, part: Part) -> Form:
        of = [self.forms[k] for k in part.args]
        if part.op == "name":
            return self.symbol_form(part.value)
        if part.op == "call":
            call = Call(self, part)
            return meaning_of(call).form(call)
        if part.op in self.dialect.signs:
            return self._of_sign(part, self.dialect.signs[part.op], *of)
        return FORMS.get(part.op, no_formula)(self, part, of)

    def _of_sign(self, part: Part, meant: str, a: Form, b: Form) -> Form:
        if meant == "dotted":
            return self.dotted(part, a, b)
        if meant in ("power", "matrix_power"):
            self._check_letters(*(self.tree.parts[k] for k in part.args))
        out = Form(literal=a.literal and b.literal)
        if self.dialect.printed and meant == "product":
            a, b = (self._ones(k, form) for k, form in zip(part.args, (a, b), strict=True))
        if meant in ("product", "quotient", "matrix_power"):
            law = {"product": unify.product, "quotient": unify.quotient, "matrix_power": unify.matrix_power}[meant]
            self.law(law(a, b, out), part, a, b, out)
        elif meant == "solve":
            unify.must(unify.agree(a.is_matrix().rows, a.cols) and unify.agree(a.cols, b.is_matrix().rows))
            out = Form(b.rows, b.cols).is_matrix()
        else:
            return self.beside(part, a, b, meant in ("add", "subtract"))
        return out

    def _check_letters(self, base: Part, exponent: Part) -> None:
        for part, letter, way in ((exponent, "T", _TURNED[self.dialect.syntax]), (base, "e", "exp(…)")):
            if part.op == "name" and part.value == letter and letter not in self.given:
                raise ValueError(f"{letter} in a power: write {way}, or {letter}='scalar' where it is a symbol")

    def _ones(self, place: int, form: Form) -> Form:
        # SymPy prints no factor 1 but the one that is a matrix of ones
        if is_one(self.tree.parts[place]):
            self.forms[place] = form = Form().is_matrix()
        return form

    def dotted(self, part: Part, a: Form, b: Form) -> Form:
        """Give the form of a product of matrices."""
        for one, k in ((a, part.args[0]), (b, part.args[1])):
            if one.number and not one.flat:
                text = self.tree.shown(self.tree.parts[k])
                raise ShapeError(f"{part.op} multiplies matrices, and {text} is a number; write *")
            if not one.flat:
                one.is_matrix()
        out = scalar_form() if a.flat and b.flat else Form(flat=a.flat or b.flat)
        if not out.scalar and not out.flat:
            out.is_matrix()
        self.law(unify.matrix_product(a, b, out), part, a, b, out)
        return out

    def beside(self, part: Part, a: Form, b: Form, additive: bool) -> Form:
        """Give the form of two operands entry by entry."""
        out = Form(
            flat=(a.flat or a.number) and (b.flat or b.number) and (a.flat or b.flat), literal=a.literal and b.literal
        )
        broadcasts = self.dialect.broadcasts
        if a.flat != b.flat and not (a.number or b.number):
            broadcasts = True
            wide = b if a.flat else a
            if not wide.known and self.dialect.loose and found(wide.kind) == "matrix":
                return self._spread(part, a if a.flat else b, wide)
            if not wide.known:
                raise ValueError("a vector of one axis stands beside a matrix of unknown shape; give its shape")
            if self.dialect.syntax == "numpy":
                a, b = (Form(f.cols, f.rows) if f.flat else f for f in (a, b))  # it lies along the last axis
        self.law(unify.entrywise(a, b, out, additive, broadcasts), part, a, b, out)
        return out

    def _spread(self, part: Part, vector: Form, wide: Form) -> Form:
        # a vector of one axis lies along the last axis of a matrix in NumPy, along the first one in Mathematica
        out = Form(wide.rows, wide.cols).is_matrix()
        unify.must(unify.agree(wide.cols if self.dialect.syntax == "numpy" else wide.rows, vector.rows))
        return out

    def is_symbol(self, name: str) -> bool:
        """Tell whether a name stands for a symbol of the text."""
        return name in self.given or any(part.op == "name" and part.value == name for part in self.tree.parts)

    def symbol_form(self, name: str) -> Form:
        """Give the form of a symbol."""
        if name in self.given:
            symbol, flat = self.given[name]
            if isinstance(symbol, Form):
                return self.unknown.setdefault(name, symbol)
            if not isinstance(symbol, MatrixSymbol):
                return scalar_form()
            rows, cols = symbol.shape
            return Form(rows, cols, flat=flat and self.dialect.flat).is_matrix()
        if name in self.sizes or name in _CONSTANTS[self.dialect.syntax]:
            return scalar_form(literal=True)
        if name == self.eye:
            size = unify.Unknown()
            return Form(size, size).is_matrix()
        if name in _NO_NUMBERS:
            raise ValueError(f"{name} is no number to compute with; write a finite one")
        if "." in name:
            raise ValueError(f"{name} is nothing that a formula has; write functions of NumPy's with their arguments")
        if self.dialect.syntax == "mathematica" and knows_head(name):
            raise ValueError(f"{name} is a function of Mathematica's; call it with [ ]")
        if name in _NO_SYMBOLS.get(self.dialect.syntax, ()):
            raise ValueError(f"{name} has a meaning of its own in this syntax; take another name for the symbol")
        return self.unknown.setdefault(name, Form())

    def _solve(self) -> None:
        level = 0
        while self.laws and level <= 2:
            settled = None
            for k, (law, part, watch) in enumerate(self.laws):
                if watch.tried < level:
                    watch.tried = level
                    if self._settled(law, part, level):
                        settled = k
                        break
            if settled is not None:
                del self.laws[settled]
            level = 0 if settled is not None else level + 1

    def _settled(self, law: unify.Law, part: Part, level: int) -> bool:
        try:
            return law(level)
        except DisagreementError:
            self._disagree(part)

    def _disagree(self, part: Part) -> NoReturn:
        operands = [(self.tree.shown(self.tree.parts[k]), self.forms[k]) for k in part.args[:2]]
        told = " but ".join(f"{text} is {_shape(form)}" for text, form in operands)
        self.tree.refuse(
            self._column(part), f"in {self.tree.shown(part)}: {told}; {_WAYS(self.dialect, part)}", ShapeError
        )

    def _name_sizes(self, forms: Iterable[Form]) -> None:
        # what is a matrix for sure and may have any size gets a name for it
        taken = {part.value for part in self.tree.parts if part.op == "name"} | set(self.sizes) | set(self.given)
        names = (s for s in (*_SIZES, *(f"n{k}" for k in range(1, 2 * len(self.tree.parts) + 9))) if s not in taken)
        for form in forms:
            for size in form.shape:
                if not is_known(size):
                    unify.agree(size, as_size(next(names), "size"))

    def _ask(self, name: str) -> NoReturn:
        first = next(part for part in self.tree.parts if part.op == "name" and part.value == name)
        around = next((part for _, part, _ in self.laws if part.start <= first.start < part.end), None)
        why = (
            f"in {self.tree.shown(around)} it may be a number or a matrix" if around else "nothing here tells its shape"
        )
        self.tree.refuse(first.start, f"{name}: {why}; give {name}='scalar', {name}='n' or {name}='m×n', or "
                         "'matrix' for sizes that the formula tells")  # fmt: skip

    # -- expressions

    def _value(self, part: Part) -> Any:
        of = [self.values[k] if part.op in ("call", "list", "index") else operand(self.values[k]) for k in part.args]
        if part.op == "name":
            return self.symbol(part.value)
        if part.op == "call":
            call = Call(self, part)
            return meaning_of(call).value(call)
        if part.op in COMPARED:
            return guarded.compared(part.op, *self.laid(part.args))
        meant = self.dialect.signs.get(part.op)
        if meant == "dotted":
            return guarded.dotted(of[0], of[1], (self.forms[part.args[0]].flat, self.forms[part.args[1]].flat))
        if meant == "solve":
            return guarded.product(of[0] ** -1, of[1])
        if meant:
            operation: Callable[..., Any] = getattr(guarded, meant)
            return operation(*self.laid(part.args))
        return VALUES[part.op](self, part, of)

    def laid(self, places: Sequence[int]) -> list[Any]:
        """Give the operands of an entrywise operation, vectors of one axis turned as they lie beside the other."""
        forms = [self.forms[k] for k in places]
        values = [operand(self.values[k]) for k in places]
        down = self.dialect.syntax != "numpy" or all(f.flat or f.number for f in forms)
        return [guarded.lies(v, down) if f.flat else v for v, f in zip(values, forms, strict=True)]

    def symbol(self, name: str) -> Any:
        """Give the symbol of a name, or the number that it stands for."""
        if name in self.given and name not in self.unknown:
            return self.given[name][0]
        form = self.unknown.get(name)
        if form is None and name in self.sizes:
            return self.sizes[name]
        if form is None and name == self.eye:
            return sympy.Identity(found(self.forms[len(self.values)].rows))
        if form is None:
            return _CONSTANTS[self.dialect.syntax][name]
        return Symbol(name) if form.number else functions.matrix(name, *form.shape)

    # -- errors

    def _column(self, part: Part) -> int:
        if part.op in ("call", "index", "part", "'", "neg") or not part.args:
            return part.start
        return max(self.tree.text.find(part.op, self.tree.parts[part.args[0]].end), part.start)

    def _told(self, part: Part, of: Callable[[Part], Any]) -> Any:
        try:
            return of(part)
        except DisagreementError:
            self._disagree(part)
        except _OF_OTHERS as error:
            self.meant |= isinstance(error, NotImplementedError)
            if error is self.tree.told:
                raise
            said = str(error.args[0]) if error.args else f"{self.tree.shown(part)} is not there"
            self.tree.refuse(self._column(part), said, ShapeError if isinstance(error, ShapeError) else ValueError)


def _shape(form: Form) -> str:
    return "a number" if form.scalar else "×".join("?" if not is_known(s) else str(s) for s in form.shape)


def _WAYS(dialect: Dialect, part: Part) -> str:
    if part.op in ("+", "-", ".*", "./", ".^") or dialect.signs.get(part.op) in ("times", "divide", "power"):
        dot = {"numpy": "; @ is the product of matrices", "mathematica": "; . is the product of matrices"}
        return "entry by entry they must have one shape" + (dot.get(dialect.syntax, "") if part.op == "*" else "")
    if dialect.signs.get(part.op) in ("dotted", "product"):
        times = {"numpy": "*", "matlab": ".*", "mathematica": "*"}.get(dialect.syntax)
        return "the inner sizes of a product must be equal" + (f"; {times} multiplies entry by entry" if times else "")
    if dialect.signs.get(part.op) == "matrix_power":
        way = "; .^ is entry by entry" if dialect.syntax == "matlab" else ""
        return f"a power of a matrix needs a square one and a number{way}"
    return "the sizes must fit"
