"""A flat function that computes in arrays which are there already: the same operations, with `out=`.

In: the function that the NumPy code gives. Out: a function of the same arguments and values. When it first meets
arrays of some shapes it computes once as it stands, looks which values are arrays, which are views of others and
which are the same whatever the arrays hold, and writes a function for these shapes, in which every intermediate has
its place in one block of memory, shared by values that do not live at the same time. Each thread has its own block.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import local
from types import SimpleNamespace
from typing import Any

import numpy as np

from symnet.backends.instructions import Instruction, instructions
from symnet.backends.liveness import LINE, Span, least, placed
from symnet.backends.writing import Constants, Writer, Written, removed

KEPT = 8  # shapes that a thread has functions for
SHAPES = ("shape", "dtype", "ndim", "size")  # of an array, the same whatever it holds


@dataclass(frozen=True)
class Memory:
    """Bytes of a workspace: `block`, what it takes; `least`, the most that is alive at the same time; `all`, what the
    intermediates have together; `fresh`, what the operations that NumPy cannot write into an array allocate in a call.
    """

    block: int
    least: int
    all: int
    fresh: int


@dataclass(eq=False)
class Place:
    """An array in the block. `values`: the names that it has, one after another, each over the one before."""

    shape: tuple[int, ...]
    dtype: Any
    order: str
    values: list[str]
    first: int
    last: int

    @property
    def span(self) -> Span:
        return Span(self.first, self.last, _bytes((self.shape, self.dtype, self.order)))


@dataclass
class Seen:
    """What one run has shown. `roots`: value → the arrays, by name, whose memory it shares; `constants`: the values
    that are the same in every run for these shapes; `views`: of one or more arrays; `lines`: how values are written
    into arrays of these `layouts`; `fresh`: the bytes of other arrays."""

    roots: dict[str, frozenset[str]] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    views: set[str] = field(default_factory=set)
    lines: dict[str, Written] = field(default_factory=dict)
    layouts: dict[str, tuple[tuple[int, ...], Any, str]] = field(default_factory=dict)
    fresh: dict[str, int] = field(default_factory=dict)


def _arrays(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [a for v in value for a in _arrays(v)]
    return [value] if isinstance(value, np.ndarray) else []


def _bytes(layout: tuple[tuple[int, ...], Any, str]) -> int:
    return int(np.prod(layout[0])) * int(layout[1].itemsize)


def _layout(value: Any) -> str:
    return "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"


def looked_at(
    program: Sequence[Instruction], namespace: dict[str, Any], arguments: Mapping[str, Any], own: Constants
) -> Seen:
    """Run the instructions once, each value dropped when nobody needs it any more, and tell what was seen."""
    seen, values = Seen(), dict(arguments)
    writer = Writer(namespace, seen.constants, own)
    seen.constants.update({n: v for n, v in arguments.items() if type(v) is int})
    last = {name: k for k, i in enumerate(program) for name in i.reads}
    for k, i in enumerate(program):
        value = eval(i.compiled, namespace, values)
        values[i.name] = _met(i, value, values, writer, seen)
        for name in i.reads:
            if last[name] == k:
                values.pop(name, None)
    return seen


def _met(i: Instruction, value: Any, values: Mapping[str, Any], writer: Writer, seen: Seen) -> Any:
    is_shape = isinstance(i.code, ast.Attribute) and i.code.attr in SHAPES
    if is_shape or (all(name in seen.constants for name in i.reads)):
        seen.constants[i.name] = value
        seen.roots[i.name] = frozenset([i.name])
        return value
    shared = [n for n in i.reads if any(np.may_share_memory(a, b) for a in _arrays(value) for b in _arrays(values[n]))]
    if not isinstance(value, np.ndarray) or not value.ndim or shared:  # one number needs no place
        seen.roots[i.name] = frozenset(root for n in shared for root in seen.roots.get(n, ()))
        if isinstance(value, np.ndarray):
            seen.views.add(i.name)
        return value
    seen.roots[i.name] = frozenset([i.name])
    how = writer.written(i, values) if value.size and value.dtype.kind in "bifc" else None
    if how is None:
        seen.fresh[i.name] = value.nbytes
        return value
    seen.lines[i.name] = how
    order = _layout(value)
    seen.layouts[i.name] = value.shape, value.dtype, order
    return value if value.flags.c_contiguous or order == "F" else np.ascontiguousarray(value)


def _places(program: Sequence[Instruction], seen: Seen, returned: frozenset[str], fresh: frozenset[str]) -> list[Place]:
    # an operand that nobody needs after an operation is written over by it
    last = {root: k for k, i in enumerate(program) for name in i.reads for root in seen.roots.get(name, ())}
    last |= dict.fromkeys(returned, len(program))
    places: list[Place] = []
    at: dict[str, Place] = {}
    for k, i in enumerate(program):
        if i.name not in seen.lines or i.name in fresh:
            continue
        until, layout = last.get(i.name, k), seen.layouts[i.name]
        for operand in seen.lines[i.name].over:
            place = at.get(operand)
            if place is not None and place.last == k and (place.shape, place.dtype, place.order) == layout:
                place.values.append(i.name)
                place.last = until
                break
        else:
            place = Place(*layout, [i.name], k, until)
            places.append(place)
        at[i.name] = place
    return places


class Workspace:
    """A flat function with a workspace. `copy`: whether what it returns is the caller's; otherwise it lies in the
    workspace, and the next call of the same thread writes over it."""

    def __init__(self, plain: Any, copy: bool) -> None:
        self.plain, self.copy, self._own = plain, copy, local()
        self.__name__, self.__doc__, self.text, self.imports = plain.__name__, plain.__doc__, plain.text, plain.imports
        self.arguments, self.program, self.returned = instructions(plain.text)
        self.outputs = [n.id for n in ast.walk(self.returned) if isinstance(n, ast.Name)]

    def __call__(self, *arguments: Any) -> Any:
        run = getattr(self._own, "run", None)
        found = run(*arguments) if run else None
        return self._anew(arguments) if found is None else found

    def memory(self, *arguments: Any) -> Memory:
        """Give the bytes that a call with these arguments needs."""
        self(*arguments)
        memory: Memory = self._own.made[_kind(arguments)].memory
        return memory

    def code(self, *arguments: Any) -> str:
        """Give the code that runs for these arguments; its arrays and constants stand outside of it."""
        self(*arguments)
        text: str = self._own.made[_kind(arguments)].text
        return text

    def _anew(self, arguments: Sequence[Any]) -> Any:
        own = self._own
        if not hasattr(own, "made"):
            own.made, own.block = {}, np.empty(0, np.uint8)
        kind = _kind(arguments)
        made = own.made.pop(kind, None) or self._made(arguments)
        own.made[kind] = made
        if len(own.made) > KEPT:
            del own.made[next(iter(own.made))]
        own.run = made.run
        return made.run(*arguments)

    def _made(self, arguments: Sequence[Any]) -> Any:
        # a function for arguments of these shapes; where the block is too small there is a new one, for all shapes
        program, own = self.program, self._own
        with np.errstate(all="ignore"):
            met = dict(zip(self.arguments, arguments, strict=True))
            constants = Constants({*self.arguments, *(i.name for i in program)})
            seen = looked_at(program, self.plain.__globals__, met, constants)
        returned = frozenset(root for name in self.outputs for root in seen.roots.get(name, ()))
        own_now = returned & seen.lines.keys() if self.copy else frozenset[str]()
        for name in own_now:
            seen.fresh[name] = _bytes(seen.layouts[name])
        places = _places(program, seen, returned, own_now)
        spans = [place.span for place in places]
        offsets, size = placed(spans)
        if own.block.size < size + LINE:
            own.made.clear()
            own.block = np.empty(size + LINE, np.uint8)
        start = -own.block.ctypes.data % LINE
        namespace = {**self.plain.__globals__, **constants.arrays, **seen.constants}
        for place, offset in zip(places, offsets, strict=True):
            piece = own.block[start + offset : start + offset + place.span.size].view(place.dtype)
            namespace.update(dict.fromkeys(place.values, piece.reshape(place.shape, order=place.order)))
        text = self._text(seen, places, arguments, namespace)
        exec(compile(text, "<workspace>", "exec"), namespace)
        intermediate = sum(map(_bytes, seen.layouts.values()))
        fresh = sum(seen.fresh.values())
        unwritten = sum(size for name, size in seen.fresh.items() if name not in seen.layouts)
        memory = Memory(size, least(spans), intermediate + unwritten, fresh)
        return SimpleNamespace(run=namespace.pop("kernel"), memory=memory, text=text)

    def _text(self, seen: Seen, places: Sequence[Place], arguments: Sequence[Any], namespace: dict[str, Any]) -> str:
        over = {new: old for place in places for old, new in zip(place.values, place.values[1:], strict=False)}
        fixed = (seen.lines.keys() - seen.fresh.keys()) | seen.constants.keys()
        lines = _guard(self.arguments, arguments, namespace, {i.name for i in self.program})
        last = {name: k for k, i in enumerate(self.program) for name in i.reads}
        for k, i in enumerate(self.program):
            if i.name in seen.constants:
                continue
            if i.name in seen.lines:
                how = seen.lines[i.name]
                if i.name in seen.fresh:
                    shape, dtype, order = seen.layouts[i.name]
                    lines.append(f"{i.name} = empty({shape}, {dtype.name}, {order!r})")
                    namespace.update({"empty": np.empty, dtype.name: dtype.type})
                namespace.update((f, getattr(np, f)) for f in how.uses if f not in namespace)  # SciPy's is there
                lines += removed(how.lines, i.name, over[i.name]) if i.name in over else how.lines
            elif i.name in seen.views and all(name in fixed for name in i.reads):
                namespace[i.name] = eval(i.compiled, namespace)
                fixed = fixed | {i.name}
            else:
                lines.append(i.text)
            lines += [f"del {n}" for n in i.reads if last[n] == k and n in seen.fresh and n not in self.outputs]
        lines.append(f"return {self._given(seen)}")
        return f"def kernel({', '.join(self.arguments)}):\n    " + "\n    ".join(lines) + "\n"

    def _given(self, seen: Seen) -> str:
        class Copied(ast.NodeTransformer):  # what is the same in each run is the caller's own all the same
            def visit_Name(self, node: ast.Name) -> Any:
                array = seen.roots.get(node.id, frozenset()) & seen.constants.keys()
                is_array = node.id in seen.views or isinstance(seen.constants.get(node.id), np.ndarray)
                return ast.Call(ast.Attribute(node, "copy", ast.Load()), [], []) if array and is_array else node

        return ast.unparse(Copied().visit(ast.parse(ast.unparse(self.returned), mode="eval").body))


def _kind(arguments: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        (type(a), *((a.shape, a.dtype) if hasattr(a, "dtype") else (a,) if type(a) is int else ())) for a in arguments
    )


def _guard(names: Sequence[str], arguments: Sequence[Any], namespace: dict[str, Any], taken: set[str]) -> list[str]:
    # lines that give None for arguments of other shapes, types or sizes
    tests: list[str] = []
    for name, a in zip(names, arguments, strict=True):
        known = {f"{name}.shape": a.shape, f"{name}.dtype": a.dtype} if hasattr(a, "dtype") else {name: a}
        if not isinstance(a, np.ndarray):
            known = {f"type({name})": type(a)} | ({name: a} if type(a) is int else {})
        for code, value in known.items():
            what = f"g{len(tests)}"
            while what in namespace or what in names or what in taken:
                what += "_"
            namespace[what] = value
            tests.append(f"{code} {'is not' if isinstance(value, type) else '!='} {what}")
    if not tests:
        return []
    return ["try:", f"    if {' or '.join(tests)}:", "        return None", "except AttributeError:", "    return None"]
