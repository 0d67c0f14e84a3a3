"""What the machine runs: values of a program as one flat function, through `sympy.lambdify`.

In: a program and the names whose values are wanted. Out: a `Kernel`, a frozen value, which checks and binds the arrays
that a user gives and calls the bare function. The code of a single equation is in `numpy_code`.
"""

from __future__ import annotations

import gc
import linecache
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sympy import Basic, MatrixSymbol, S, Symbol, lambdify

from symnet.backends import binding
from symnet.backends.complex_code import ComplexCode
from symnet.backends.identifiers import identifiers
from symnet.backends.lowering import lowered
from symnet.backends.mpmath_code import mpmath_functions
from symnet.backends.numpy_code import NumPyCode
from symnet.backends.results import Mapped, Result, Single
from symnet.backends.skeleton import with_structure
from symnet.backends.steps import lengths_of, size_steps, with_releases
from symnet.expressions import Fixed, Name, Table, Values, axes_of, brief, given, symbols_of
from symnet.program import Builder, Equation, Program, for_machine, survey


# who writes the code, and what stands in the place of NumPy's functions
BACKENDS: dict[str, tuple[type[NumPyCode], Callable[[], dict[str, Any]]]] = {
    "numpy": (NumPyCode, dict),
    "complex": (ComplexCode, dict),
    "mpmath": (NumPyCode, mpmath_functions),
}


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector, which would look through thousands of new equations again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True, eq=False)
class Kernel:
    """A compiled loss with its gradients, or any compiled values; made by `compile`.

    `arguments`: the names of the arrays, in the order `function` takes them; `function`: the bare function, which
    checks nothing; `source`: its text, which runs on its own. A kernel can be pickled, copied and sent to another
    process; there it compiles itself again when it is first called.
    """

    program: Program = field(repr=False)
    outputs: tuple[Name, ...]
    result: Result = field(repr=False)
    arguments: tuple[str, ...]
    dtype: Any = None
    backend: str = "numpy"
    _functions: dict[Any, Callable[..., Any]] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        kept = ("program", "outputs", "result", "arguments", "dtype", "backend")
        return {name: getattr(self, name) for name in kept} | {"_functions": {}}

    @property
    def parameters(self) -> tuple[Name, ...]:
        """The symbols whose gradients, or new values, the kernel gives."""
        return tuple(getattr(self.result, "parameters", ()))

    def __call__(self, values: Values) -> Any:
        """Give the loss and the gradients by symbol, or whatever the kernel was compiled for.

        values: symbols or names → arrays of the symbols' shapes (a scalar for a scalar symbol). Raises `KeyError` for
        an unknown or missing name, `ShapeError` for a wrong shape, `ValueError` for NaN or empty arrays, `TypeError`
        for arrays that hold no numbers.
        """
        arrays = self.bind(values)
        dtype = self._dtype_of(arrays)
        found = self.result.listed(self._function(dtype)(*arrays))
        found = [np.copy(v) if any(np.may_share_memory(v, a) for a in arrays) else v for v in found]
        return self.result.given([_typed(v, o, dtype) for v, o in zip(found, self.outputs, strict=True)])

    def bind(self, values: Values) -> list[Any]:
        """Check the values and give the arrays in the order of `arguments`; raises what calling the kernel raises."""
        given = binding.named(values)
        sizes, symbols = self.program.names.sizes, self.symbols
        binding.check_names(given, self.arguments, sizes)
        fixed = {name: binding.as_size(name, given[name]) for name in sizes if name in given}
        arrays = {name: binding.as_array(name, given[name]) for name in self.arguments if name not in fixed}
        for name, array in arrays.items():
            binding.check_rank(symbols[name], array)
            binding.check_data(name, array)
        binding.bind_sizes([s for s in symbols.values() if isinstance(s, MatrixSymbol)], arrays, fixed)
        assumed = {s: axis for s, axis in self.program.assumptions.items() if s.name in arrays}
        binding.check_distributions(assumed, arrays)
        dtype = self.dtype or _common_dtype(arrays.values())
        return [fixed[n] if n in fixed else arrays[n].astype(dtype, copy=False)[()] for n in self.arguments]

    def _dtype_of(self, arrays: Sequence[Any]) -> Any:
        return np.dtype(self.dtype or next((a.dtype for a in arrays if hasattr(a, "dtype")), float))

    @cached_property
    def symbols(self) -> dict[str, Name]:
        """The symbols of the arguments, by name."""
        return Fixed({name: self.program.inputs[name] for name in self.arguments})

    @property
    def function(self) -> Callable[..., Any]:
        """The bare function: arrays in the order of `arguments` → for a loss, `loss, [gradients in order]`."""
        return self._function(np.dtype(self.dtype or float))

    @cached_property
    def source(self) -> str:
        """The function as text: `kernel`, with the imports it needs; it runs in an empty file."""
        function: Any = self.function
        imports = [f"from {m} import {', '.join(sorted(used))}" for m, used in sorted(function.imports.items()) if used]
        return "\n".join([*imports, "", "", function.text.replace(function.__name__, "kernel", 1)]).lstrip("\n")

    def _function(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        if dtype not in self._functions:
            with collector_paused():
                self._functions[dtype] = self._compiled(dtype)
        return self._functions[dtype]

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The equations that the machine runs, in order."""
        return tuple(for_machine(self._lowered, self._lowered.outputs))

    @cached_property
    def _lowered(self) -> Program:
        return lowered(self.program, self.outputs)

    def _compiled(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        sizes, symbols = self.program.names.sizes, list(self.symbols.values())
        code, functions = BACKENDS[self.backend]
        safe = identifiers(dict.fromkeys([*self.arguments, *sizes, *[e.lhs.name for e in self.equations]]))
        largest = float(np.floor(np.log(np.finfo(dtype).max))) if dtype.kind in "fc" else 709.0
        typed = sorted((s for s in symbols if s.name not in sizes), key=lambda s: not s.is_Matrix)
        first = next((f"{safe[s.name]}.dtype" for s in typed), "float")
        writer = code(safe, sizes, first, largest, lengths_of(symbols, safe))
        outputs = self._lowered.outputs
        steps = size_steps(self.equations, symbols, sizes)
        steps += with_releases(self.equations, {*outputs, *symbols})
        returned = self.result.returned([safe[o.name] for o in outputs])
        function = lambdify(
            [Symbol(safe[name]) for name in self.arguments], S.Zero, modules=[functions(), "numpy"],
            printer=writer, cse=lambda _: (steps, returned),
        )  # fmt: skip
        function.text = "".join(linecache.getlines(function.__code__.co_filename))
        function.imports = writer.module_imports
        function.__doc__ = "A flat function that symnet derived."
        return function  # type: ignore[no-any-return]


def _typed(value: Any, output: Any, dtype: np.dtype[Any]) -> Any:
    # a value that does not depend on any array is a Python number; a float64 scalar is handed over as one
    if isinstance(value, (int, float)):
        value = dtype.type(value)
    return value.item() if isinstance(value, np.float64) and not output.is_Matrix else value


def _common_dtype(arrays: Collection[Any]) -> Any:
    floats = {a.dtype for a in arrays if a.ndim} or {a.dtype for a in arrays}
    return np.result_type(*floats) if floats else np.dtype(float)


def compile_program(
    program: Program, outputs: Sequence[Name], result: Result, dtype: Any = None, backend: str = "numpy"
) -> Kernel:
    """Compile values of a program. The arguments are the data in the order of use, then the parameters."""
    parameters = [p.name for p in program.parameters]
    told = {size.name for size, _, _ in axes_of(program.inputs.values())} & program.names.sizes
    data = [n for n in _by_first_use(program) if n not in parameters and n not in told]
    arguments = (*data, *[p for p in parameters if p in program.inputs])
    return Kernel(program, tuple(outputs), result, arguments, checked_dtype(dtype), backend)


def compile_structured(program: Program, outputs: Sequence[Name], result: Result, dtype: Any = None) -> Kernel:
    """Compile values of a program, those that have a structure as their parts."""
    whole, parts, assembled = with_structure(program, outputs, result)
    return compile_program(whole, parts, assembled, dtype)


def _by_first_use(program: Program) -> list[str]:
    met: dict[Any, int] = {}
    for k, (_, rhs) in enumerate(program.equations):
        for symbol in symbols_of(rhs):
            met.setdefault(symbol, k)
    return sorted(program.inputs, key=lambda name: met.get(program.inputs[name], len(met)))


def checked_dtype(dtype: Any) -> Any:
    """Give the dtype, or None. Raises `TypeError` for one that is not a real or complex floating type."""
    if dtype is None:
        return None
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype: {dtype!r} is no NumPy type; use float, numpy.float32 or numpy.float64") from None
    if found.kind not in "fc":
        raise TypeError(f"dtype: {found} cannot hold a gradient; use float, numpy.float32 or numpy.float64")
    return found


def compile(expressions: Any, dtype: Any = None) -> Kernel:
    """Compile any expression, or several at once, to one NumPy function.

    expressions: a matrix or scalar expression, or a dictionary from keys to expressions; dtype: as in
    `Derivation.compile`. Gives a `Kernel`: called with values by symbol or name it gives the value, or a dictionary
    with the same keys. What several expressions share is computed once. A Kronecker product, and what has one in it
    such as the Hessian in a matrix, is given as a `StructuredMatrix`, which is never multiplied out. Raises `TypeError`
    for what is no expression or has a class that symnet does not know, `ShapeError` where sizes do not match,
    `ValueError` for a name that means two things.

    >>> import symnet as sn
    >>> A, b = sn.matrix("A", 2, 2), sn.vector("b", 2)
    >>> kernel = compile({"image": A * b, "length": sn.norm(A * b)})
    >>> kernel({A: [[3, 0], [0, 4]], b: [[1], [1]]})["length"]
    5.0
    """
    return _compiled(expressions, dtype, kept_apart=True)


def _compiled(expressions: Any, dtype: Any, kept_apart: bool) -> Kernel:
    several = isinstance(expressions, Mapping)
    wanted = dict(expressions) if several else {"value": expressions}
    if not wanted:
        raise ValueError("compile: there is nothing to compile; give an expression or a dictionary of them")
    wanted = {key: _expression(e) for key, e in wanted.items()}
    builder = Builder()
    for expr in wanted.values():  # the symbols of all come before any name is given
        survey(expr, names=builder.names)
    values = [builder.enter(expr, str(getattr(key, "name", key))) for key, expr in wanted.items()]
    result: Result = Mapped(tuple(wanted)) if several else Single()
    with collector_paused():
        program = builder.finish(values)
        if kept_apart:
            return compile_structured(program, program.outputs, result, dtype)
        return compile_program(program, program.outputs, result, dtype)


def _expression(expr: Any) -> Basic:
    expr = given(expr)
    if not isinstance(expr, Basic):
        raise TypeError(f"{brief(expr)} is no SymPy expression")
    return expr


def evaluate(expr: Any, values: Values) -> Any:
    """Give the value of any expression: an array for a matrix expression, a number for a scalar one.

    expr: a SymPy expression; values: symbols or names → arrays. Raises what `compile` and a `Kernel` raise.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> evaluate(A * A.T, {A: [[1, 2], [3, 4]]}).tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    return _compiled_expression(_expression(expr), Table.changes)(values)


@lru_cache(maxsize=128)
def _compiled_expression(expr: Basic, tables: int) -> Kernel:  # anew when a table has changed
    return _compiled(expr, None, kept_apart=False)
