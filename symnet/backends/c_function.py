"""One C function of a program: its arguments, its lines, and arrays that values share which are not alive together.

In: a program and the names whose values are wanted. Out: the text of a function, and what it needs beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import HadamardProduct, MatAdd, MatrixExpr
from sympy.matrices.expressions.determinant import Determinant

from symnet.backends.c_code import C99, CCode
from symnet.backends.lowering import STABLE, lowered
from symnet.expressions import Elementwise, Name, ScalarNode, split, symbols_of, walk
from symnet.program import Equation, Program, for_machine, live

# what C99 keeps for itself, and what its library has a meaning for where math.h, stdio.h and string.h are read
KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int "
    "long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile "
    "while main asm NAN INFINITY HUGE_VAL EOF NULL BUFSIZ FILENAME_MAX signgam errno stdin stdout stderr printf".split()
)
_MATH = (
    "acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ilogb ldexp log "
    "log10 log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma tgamma ceil floor "
    "nearbyint rint lrint llrint round lround llround trunc fmod remainder remquo copysign nan nextafter "
    "nexttoward fdim fmax fmin fma j0 j1 jn y0 y1 yn gamma drem significand finite isnan isinf index div abs "
).split()
RESERVED = KEYWORDS | {name + end for name in _MATH for end in ("", "f", "l")} | set("ijklpqrs")
LARGEST = 2**28  # entries of one array: an index times a step is an int


def is_own(name: str) -> bool:
    """Tell whether a C program may use a name as it likes."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None and not re.fullmatch(r"t\d+", name)
    return plain and name not in RESERVED


def c_names(names: Collection[str], prefix: str = "", taken: Collection[str] = ()) -> dict[str, str]:
    """Give each name a C identifier of its own, none of which begins with `prefix`.

    >>> c_names(["W1", "double", "W.1", "β"])
    {'W1': 'W1', 'double': 'double_', 'W.1': 'W_1', 'β': 'u3b2'}
    """
    used = set(taken)
    given: dict[str, str] = {}
    for name in sorted(names, key=lambda n: not is_own(n)):
        safe = "".join(
            ch if ch.isascii() and (ch.isalnum() or ch == "_") else "_" if ch.isascii() else f"u{ord(ch):x}"
            for ch in unicodedata.normalize("NFKC", name)
        )
        if not safe[:1].isalpha() or prefix and safe.startswith(prefix):
            safe = f"x{safe}"
        while safe in used or not is_own(safe):
            safe += "_"
        used.add(safe)
        given[name] = safe
    return {name: given[name] for name in names}


@dataclass
class Buffers:
    """Arrays that functions share: `sizes` of all; those that are `free` in the function being written."""

    prefix: str
    sizes: list[int] = field(default_factory=list)
    free: set[int] = field(default_factory=set)

    def take(self, size: int) -> int:
        """Give the number of an array of at least `size` entries: the tightest that is free, or the largest, grown."""
        fitting = [k for k in self.free if self.sizes[k] >= size]
        if fitting:
            number = min(fitting, key=lambda k: (self.sizes[k], k))
        elif self.free:
            number = max(self.free, key=lambda k: (self.sizes[k], -k))
            self.sizes[number] = size
        else:
            number = len(self.sizes)
            self.sizes.append(size)
        self.free.discard(number)
        return number

    def begin(self) -> None:
        """Free all of them, for the next function."""
        self.free = set(range(len(self.sizes)))


@dataclass(frozen=True)
class Told:
    """What all functions of a file have in common: size → number, the floating type, a prefix for names."""

    known: Mapping[str, int]
    single: bool
    prefix: str
    buffers: Buffers
    helped: set[str] = field(default_factory=set)

    @property
    def real(self) -> str:
        """The type of all numbers."""
        return "float" if self.single else "double"


@dataclass(frozen=True)
class Signature:
    """`arguments`, `outputs`: symbol → identifier; `moved`: the arguments that are written over."""

    name: str
    arguments: dict[Name, str]
    moved: Collection[Name]
    outputs: dict[Name, str]
    text: str


class Function:
    """A function that is being written. `outputs`: names to hand over through pointers; `value`: the one it returns.

    `moved`: new value → the argument that it is written to, once nothing needs the old one.
    """

    def __init__(
        self, told: Told, name: str, program: Program, value: Name | None, outputs: Sequence[Name],
        moved: Mapping[Name, Name], arguments: Callable[[Sequence[Equation]], Sequence[Name]],
    ) -> None:  # fmt: skip
        wanted = [*([value] if value is not None else []), *outputs, *moved]
        refuse_without_c(program, wanted)
        low = lowered(program, list(dict.fromkeys(wanted)))
        self.equations = list(for_machine(low, low.outputs))
        self.told, self.name, self.value, self.moved = told, name, value, dict(moved)
        self.arguments = list(arguments(self.equations))
        lefts = [e.lhs for e in self.equations]
        names = c_names(dict.fromkeys(s.name for s in [*self.arguments, *lefts]), told.prefix, [name])
        direct = set(outputs) & set(lefts) - ({value} if value is not None else set())
        spare = c_names([f"{o.name}_out" for o in outputs], told.prefix, names.values())
        self.outputs = {o: names[o.name] if o in direct else spare[f"{o.name}_out"] for o in outputs}
        self.names, self.direct = names, direct
        self.code = CCode(names, told.known, told.single, told.prefix)
        self.code.taken = self._taken
        self.code.pointed = {w.name for w in self.moved.values() if not w.is_Matrix}
        self.code.pointed |= {o.name for o in direct if not o.is_Matrix}
        self.held: dict[str, int] = {}
        self.passing: list[int] = []

    def _taken(self, size: int) -> str:
        number = self.told.buffers.take(self._checked(size, "a value"))
        self.passing.append(number)
        return f"{self.told.prefix}_buffer{number}"

    def _checked(self, size: int, what: str) -> int:
        if size > LARGEST:
            raise ValueError(
                f"c: {what} has {size:,} entries, and an array in C may have {LARGEST:,}; compile "
                "to NumPy for such sizes"
            )
        return size

    def written(self) -> Signature:
        """Write the function."""
        buffers, code = self.told.buffers, self.code
        buffers.begin()
        last = {s: k for k, e in enumerate(self.equations) for s in symbols_of(e.rhs)}
        kept = {*self.outputs, *self.moved, self.value}
        for k, e in enumerate(self.equations):
            self._equation(k, e, last)
            self._released(k, e, last, kept)
        for output, name in self.outputs.items():
            if output not in self.direct:
                self._copied(output, name)
        for new, W in self.moved.items():
            if self.names[new.name] != self.names[W.name]:
                self._copied(new, self.names[W.name])
        if self.value is not None:
            code.line(f"return {code.scalar(self.value, {})};")
        self.told.helped.update(code.helped)
        lines = "\n".join(code.lines)
        text = f"{self._head()}\n{{\n{lines}\n}}"
        return Signature(
            self.name, {s: self.names[s.name] for s in self.arguments}, set(self.moved.values()), self.outputs, text
        )

    def _copied(self, value: Name, name: str) -> None:
        code = self.code
        if value.is_Matrix:
            code.assign(name, code.view(value))
        else:
            code.line(f"{name}[0] = {code.scalar(value, {})};")

    def _equation(self, k: int, e: Equation, last: Mapping[Any, int]) -> None:
        code, real = self.code, self.told.real
        self.passing = []
        if not e.lhs.is_Matrix:
            value = code.scalar(e.rhs, {})
            if e.lhs in self.direct:
                code.line(f"{self.names[e.lhs.name]}[0] = {value};")
            else:
                code.line(f"const {real} {self.names[e.lhs.name]} = {value};")
            return
        rows, cols = code.shape(e.lhs)
        size = self._checked(rows * cols, e.lhs.name)
        name = self.names[e.lhs.name]
        W = self.moved.get(e.lhs)
        if W is not None and last.get(W, -1) <= k and e.lhs not in self.outputs and read_in_place(e.rhs, W):
            name = self.names[e.lhs.name] = self.names[W.name]
        elif e.lhs not in self.direct:
            number = self._inherited(k, e, last)
            number = self.told.buffers.take(size) if number is None else number
            self.held[e.lhs.name] = number
            code.line(f"{real} *const {name} = {self.told.prefix}_buffer{number}; /* {rows} x {cols} */")
        code.place = (e.rhs, name)
        view = code.view(e.rhs)
        code.place = None
        if view.name != name:
            code.assign(name, view)

    def _inherited(self, k: int, e: Equation, last: Mapping[Any, int]) -> int | None:
        # the array of a value that is not needed after this line, which may write over it entry by entry
        read = {s.name: s for s in symbols_of(e.rhs)}
        for s in [read[name] for name in self.held if name in read]:  # in the order of the equations
            dies = last.get(s) == k and s not in self.outputs and s not in self.moved
            if dies and self.code.shape(s) == self.code.shape(e.lhs) and read_in_place(e.rhs, s):
                return self.held.pop(s.name)
        return None

    def _released(self, k: int, e: Equation, last: Mapping[Any, int], kept: Collection[Any]) -> None:
        buffers = self.told.buffers
        buffers.free.update(self.passing)
        for s in {*symbols_of(e.rhs), e.lhs}:
            if last.get(s, k) <= k and s not in kept and s.name in self.held:
                buffers.free.add(self.held.pop(s.name))

    def _head(self) -> str:
        real = self.told.real
        moved = set(self.moved.values())
        parts = []
        for s in self.arguments:
            if s in moved:
                parts.append(f"{real} *restrict {self.names[s.name]}")
            elif s.is_Matrix:
                parts.append(f"const {real} *restrict {self.names[s.name]}")
            else:
                parts.append(f"const {real} {self.names[s.name]}")
        parts += [f"{real} *restrict {name}" for name in self.outputs.values()]
        kind = real if self.value is not None else "void"
        head = f"{kind} {self.name}({', '.join(parts) or 'void'})"
        return head if len(head) <= 120 else head.replace(", ", ",\n    ").replace("(", "(\n    ", 1)


def refuse_without_c(program: Program, wanted: Sequence[Name]) -> None:
    """Raise `TypeError` for a node without C, before lowering gives it a name that no user knows."""
    for e in live(program.equations, wanted)[0]:
        for node in walk(e.rhs):
            ours = isinstance(node, (MatrixExpr, ScalarNode, Determinant))
            if ours and C99.find(node) is None and STABLE.find(node) is None:
                C99.of(node)


def read_in_place(rhs: Any, W: Any) -> bool:
    """Tell whether each entry of `rhs` needs of W the same entry alone, so that it may be written over it."""
    if rhs == W:
        return True
    if W not in symbols_of(rhs):
        return True
    k, A = split(rhs)
    if k != 1:
        return W not in symbols_of(k) and read_in_place(A, W)
    if isinstance(A, (MatAdd, HadamardProduct)):
        return all(read_in_place(a, W) for a in A.args)
    if isinstance(A, Elementwise):
        return all(read_in_place(a, W) for a in A.operands if a.is_Matrix) and not any(
            W in symbols_of(a) for a in A.operands if not a.is_Matrix
        )
    return False
