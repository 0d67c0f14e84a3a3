"""What the machine runs: values of a program as one flat function, through `sympy.lambdify`.

In: a program and the names whose values are wanted. Out: a `Kernel`, a frozen value, which checks and binds the arrays
that a user gives and calls the bare function. The code of a single equation is in `numpy_code`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Basic, MatrixSymbol

from symnet.backends import binding
from symnet.backends.complex_code import ComplexCode
from symnet.backends.fitting import fitted
from symnet.backends.linalg_code import ANALYTIC, MPMATH, not_inverted
from symnet.backends.lowering import lowered
from symnet.backends.mpmath_code import mpmath_functions
from symnet.backends.numpy_code import NumPyCode
from symnet.backends.results import Mapped, Result, Single
from symnet.backends.source import standalone, written
from symnet.backends.stated import Stated, check_numbers
from symnet.backends.widened import NARROW, WIDE, Widened
from symnet.expressions import (
    Fixed, Name, Shown, Table, Values, as_expression, axes_of, listed, preformatted, symbols_of, without_definition,
)  # fmt: skip
from symnet.program import Builder, Equation, Program, collector_paused, for_machine, survey

if TYPE_CHECKING:
    from symnet.backends.workspace import Memory

# who writes the code, what stands in the place of NumPy's functions, and the dtype of new arrays, None as those given
BACKENDS: dict[str, tuple[type[NumPyCode], Callable[[], dict[str, Any]], str | None]] = {
    "numpy": (NumPyCode, dict, None),
    "complex": (ComplexCode, ANALYTIC.copy, "complex"),
    "mpmath": (NumPyCode, lambda: mpmath_functions() | MPMATH, "object"),
}
ELSEWHERE = {"c": ("c_kernel", "CKernel"), "jax": ("jax_kernel", "JaxKernel")}  # who runs them: file and class


def _later(file: str) -> Any:
    # a file of this wing that not everybody needs
    return import_module(f"symnet.backends.{file}")


@dataclass(frozen=True, eq=False, repr=False)
class Kernel(Shown):
    """A compiled loss with its gradients, or any compiled values; made by `compile`.

    `arguments`: the names of the arrays, in the order `function` takes them; `function`: the bare function, which
    checks nothing; `source`: its text, which runs on its own. A kernel can be pickled, copied and sent to another
    process; there it compiles itself again when it is first called. With a `workspace` the function computes in arrays
    that each thread keeps; `source` stays the code with arrays of its own.

    >>> import symnet as sn
    >>> W, x, y = sn.matrix("W", 2, 3), sn.vector("x", 3), sn.vector("y", 2)
    >>> d = sn.derive(sn.norm(sn.tanh(W * x) - y)**2, W)
    >>> kernel = d.compile()
    >>> values = {W: [[1, 0, 0], [0, 1, 0]], x: [[0], [0], [1]], y: [[0], [1]]}
    >>> loss, gradients = kernel(values)
    >>> gradients[W].tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, -2.0]]
    >>> kernel.arguments, kernel.parameters
    (('x', 'y', 'W'), (W,))
    >>> arrays = kernel.bind(values)
    >>> kernel.function(*arrays)[0] == loss and "return L, [Wbar]" in kernel.source
    True
    >>> kernel.equations[0], kernel.symbols["W"]
    (<Equation Z1 = W*x>, W)
    >>> d.compile(workspace=True).memory(values)  # bytes
    Memory(block=128, least=128, all=160, fresh=0)
    """

    program: Program
    outputs: tuple[Name, ...]
    result: Result
    arguments: tuple[str, ...]
    dtype: Any = None
    backend: str = "numpy"
    workspace: bool = False
    copy: bool = False
    _functions: dict[Any, Callable[..., Any]] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        kept = ("program", "outputs", "result", "arguments", "dtype", "backend", "workspace", "copy")
        return {name: getattr(self, name) for name in kept} | {"_functions": {}}

    def _headline(self) -> str:
        dtype = f", in {np.dtype(self.dtype)}" if self.dtype else ""
        return f": {listed(self.arguments)} → {listed(self.outputs)}{dtype}"

    def _repr_html_(self) -> str:
        return f"{preformatted(str(self))}<details><summary>source</summary>{preformatted(self.source)}</details>"

    @property
    def parameters(self) -> tuple[Name, ...]:
        """The symbols whose gradients, or new values, the kernel gives."""
        return tuple(getattr(self.result, "parameters", ()))

    def __call__(self, values: Values) -> Any:
        """Give the loss and the gradients by symbol, or whatever the kernel was compiled for.

        values: symbols or names → arrays of the symbols' shapes, of one axis where a symbol has one row or column (a
        scalar for a scalar symbol). Raises `KeyError` for
        an unknown or missing name, `ShapeError` for a wrong shape, `ValueError` for NaN or empty arrays, or what is
        not as it is declared, `TypeError` for arrays that hold no numbers.
        """
        arrays = self.bind(values)
        dtype = self._dtype_of(arrays)
        try:
            found = self._values(dtype, arrays)
        except np.linalg.LinAlgError as error:
            raise np.linalg.LinAlgError(not_inverted(error, self.equations)) from error
        own: list[Any] = []
        for value, output in zip(found, self.outputs, strict=True):  # each an array that shares memory with no other
            shared = any(np.may_share_memory(value, a) for a in [*arrays, *own])
            own.append(_typed(np.copy(value) if shared else value, output, dtype))
        return self.result.given(own)

    def bind(self, values: Values) -> list[Any]:
        """Check the values and give the arrays in the order of `arguments`; raises what calling the kernel raises."""
        given = binding.named(values)
        sizes, symbols = self.program.names.sizes, self.symbols
        binding.check_names(given, self.arguments, sizes)
        fixed = {name: binding.as_size(name, given[name]) for name in sizes if name in given}
        arrays = {name: binding.as_array(name, given[name]) for name in self.arguments if name not in fixed}
        for name, array in arrays.items():
            binding.check_data(name, array)
            arrays[name] = fitted(symbols[name], array)
        told = binding.bind_sizes([s for s in symbols.values() if isinstance(s, MatrixSymbol)], arrays, fixed)
        self.stated.check({**arrays, **told})
        dtype = self.dtype or _common_dtype(arrays, given)
        return [fixed[n] if n in fixed else arrays[n].astype(dtype, copy=False)[()] for n in self.arguments]

    def _values(self, dtype: Any, arrays: Sequence[Any]) -> list[Any]:
        function = self._function(dtype)
        numbers = getattr(function, "numbers", None)  # of JAX
        return numbers(*arrays) if numbers else self.result.listed(function(*arrays))

    def _dtype_of(self, arrays: Sequence[Any]) -> Any:
        return np.dtype(self.dtype or next((a.dtype for a in arrays if hasattr(a, "dtype")), float))

    @cached_property
    def symbols(self) -> dict[str, Name]:
        """The symbols of the arguments, by name."""
        return Fixed({name: self.program.inputs[name] for name in self.arguments})

    @cached_property
    def stated(self) -> Stated:
        """What is declared of the symbols, and what the program states of them."""
        return Stated(self.program, self.symbols)

    @property
    def function(self) -> Callable[..., Any]:
        """The bare function: arrays in the order of `arguments` → for a loss, `loss, [gradients in order]`."""
        return self._function(np.dtype(self.dtype or float))

    def memory(self, values: Values) -> Memory:
        """Give the bytes that the workspace of a kernel has for values. Raises `TypeError` where there is none."""
        arrays = self.bind(values)
        function: Any = self._function(self._dtype_of(arrays))
        if not self.workspace:
            raise TypeError("memory: this kernel has no workspace; write .compile(workspace=True)")
        return function.memory(*arrays)  # type: ignore[no-any-return]

    @cached_property
    def source(self) -> str:
        """The function as text: `kernel`, with the imports it needs; it runs in an empty file."""
        function: Any = self.function
        if self.backend in ELSEWHERE:
            return function.text  # type: ignore[no-any-return]
        return standalone(function.text.replace(function.__name__, "kernel", 1), function.imports)

    def _function(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        if dtype == NARROW and self.backend in ("numpy", "jax"):
            return Widened(self._function(WIDE))
        if dtype not in self._functions:
            with collector_paused():
                plain = self._compiled(dtype)
                self._functions[dtype] = _later("workspace").Workspace(plain, self.copy) if self.workspace else plain
        return self._functions[dtype]

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The equations that the machine runs, in order."""
        return tuple(for_machine(self._lowered, self._lowered.outputs))

    @cached_property
    def _lowered(self) -> Program:
        own = _later("jax_code").JAX if self.backend == "jax" else None
        return lowered(self.program, self.outputs, own)

    def _compiled(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        if self.backend in ELSEWHERE:
            return getattr(_later(ELSEWHERE[self.backend][0]), ELSEWHERE[self.backend][1])(self, dtype)  # type: ignore[no-any-return]
        code, functions, entries = BACKENDS[self.backend]
        return written(self, code, functions(), entries, dtype)


def _typed(value: Any, output: Any, dtype: np.dtype[Any]) -> Any:
    # a matrix is an array, a scalar a number of the dtype (in float64 Python's own), whatever the code computed
    if dtype.kind not in "fc":
        return value
    with np.errstate(over="ignore"):
        if output.is_Matrix:
            return np.asarray(value, dtype)
        number = dtype.type(value)
    return number.item() if isinstance(number, np.float64) else number


def _common_dtype(arrays: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    # that of the matrices; else that of the scalars, of which Python's own numbers and whole ones take any dtype
    told = [a for name, a in arrays.items() if a.ndim or _tells(given[name])]
    kinds = {a.dtype for a in told if a.ndim} or {a.dtype for a in told}
    return np.result_type(*kinds) if kinds else np.dtype(float)


def _tells(scalar: Any) -> bool:
    return getattr(scalar, "dtype", np.dtype(int)).kind == "f"


def compile_program(
    program: Program, outputs: Sequence[Name], result: Result, dtype: Any = None, backend: str = "numpy"
) -> Kernel:
    """Compile values of a program. The arguments are the data in the order of use, then the parameters."""
    for equation in program.equations:
        if undefined := without_definition(equation.rhs):
            raise TypeError(undefined)
    parameters = [p.name for p in program.parameters]
    told = {size.name for size, _, _ in axes_of(program.inputs.values())} & program.names.sizes
    data = [n for n in _by_first_use(program) if n not in parameters and n not in told]
    arguments = (*data, *[p for p in parameters if p in program.inputs])
    dtype = checked_dtype(dtype) if backend in ELSEWHERE or BACKENDS[backend][2] is None else dtype
    return Kernel(program, tuple(outputs), result, arguments, dtype, backend)


def compile_structured(
    program: Program, outputs: Sequence[Name], result: Result, dtype: Any = None, backend: str = "numpy"
) -> Kernel:
    """Compile values of a program, those that have a structure as their parts."""
    whole, parts, assembled = _later("skeleton").with_structure(program, outputs, result)
    return compile_program(whole, parts, assembled, dtype, backend)


def in_workspace(kernel: Kernel, workspace: bool = True, copy: bool = False) -> Kernel:
    """Give the kernel with a workspace or without one; `copy`: as in `Derivation.compile`."""
    if (kernel.workspace, kernel.copy) == (workspace, copy):
        return kernel
    return replace(kernel, workspace=workspace, copy=copy, _functions={})


def _by_first_use(program: Program) -> list[str]:
    met: dict[Any, int] = {}
    for k, (_, rhs) in enumerate(program.equations):
        for symbol in symbols_of(rhs):
            met.setdefault(symbol, k)
    return sorted(program.inputs, key=lambda name: met.get(program.inputs[name], len(met)))


def checked_backend(backend: Any) -> str:
    """Give the name of a backend. Raises `ValueError` for any other, `ModuleNotFoundError` where JAX is missing."""
    if backend not in ("numpy", *ELSEWHERE):
        raise ValueError(f"compile: backend={backend!r} is none; there are {', '.join(['numpy', *ELSEWHERE])}")
    if backend == "jax":
        _later("jax_code").jax_library("compile(backend='jax')")
    return str(backend)


def checked_dtype(dtype: Any) -> Any:
    """Give the dtype, or None. Raises `TypeError` for one that is not a real floating type."""
    if dtype is None:
        return None
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype: {dtype!r} is no NumPy type; write dtype='float32', or backend={dtype!r}") from None
    if found.kind != "f":
        raise TypeError(f"dtype: {found} cannot hold a gradient; use float, numpy.float32 or numpy.float64")
    return found


def compile(expressions: Any, dtype: Any = None, backend: str = "numpy") -> Kernel:
    """Compile any expression, or several at once, to one function, of NumPy unless another backend is asked for.

    expressions: a matrix or scalar expression, or a dictionary from keys to expressions; dtype, backend: as in
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
    return _compiled(expressions, dtype, checked_backend(backend), kept_apart=True)


def _compiled(expressions: Any, dtype: Any, backend: str, kept_apart: bool) -> Kernel:
    several = isinstance(expressions, Mapping)
    wanted = dict(expressions) if several else {"value": expressions}
    if not wanted:
        raise ValueError("compile: there is nothing to compile; give an expression or a dictionary of them")
    wanted = {key: as_expression(e, "compile") for key, e in wanted.items()}
    builder = Builder()
    for expr in wanted.values():  # the symbols of all come before any name is given
        survey(expr, names=builder.names)
    builder.keeps = True  # the expressions stay until all are entered, so what they share is looked at once
    values = [builder.enter(expr, str(getattr(key, "name", key))) for key, expr in wanted.items()]
    result: Result = Mapped(tuple(wanted)) if several else Single()
    with collector_paused():
        program = builder.finish(values)
        if kept_apart:
            return compile_structured(program, program.outputs, result, dtype, backend)
        return compile_program(program, program.outputs, result, dtype, backend)


def evaluate(expr: Any, values: Values) -> Any:
    """Give the value of any expression: an array for a matrix expression, a number for a scalar one.

    expr: a SymPy expression; values: symbols or names → arrays, as many as you have: what the expression does not need
    is left aside, but numbers are as their symbols are declared. Raises what `compile` and a `Kernel` raise.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> evaluate(A * A.T, {A: [[1, 2], [3, 4]]}).tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    kernel = _compiled_expression(as_expression(expr, "evaluate"), Table.changes)
    given = binding.needed(values, kernel.arguments, kernel.program.names.sizes)
    check_numbers(values, given)
    return kernel(given)


@lru_cache(maxsize=128)
def _compiled_expression(expr: Basic, tables: int) -> Kernel:  # anew when a table has changed
    return _compiled(expr, None, "numpy", kept_apart=False)
