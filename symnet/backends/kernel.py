"""What the machine runs: the equations of a program as one flat NumPy function, through `sympy.lambdify`.

In: a program and the names whose values are wanted. Out: a `Kernel`, which checks and binds the arrays that a user
gives and calls the bare function. The code of a single equation is in `code`.
"""

from __future__ import annotations

import builtins
import keyword
import linecache
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sympy import Basic, Identity, Integer, MatrixSymbol, OneMatrix, S, Symbol, ZeroMatrix, lambdify, sympify
from sympy.matrices.matrixbase import MatrixBase
from sympy.printing.numpy import SciPyPrinter

from symnet.backends import binding
from symnet.backends.numpy_code import Code, NumPyCode, SizeOf
from symnet.program.inline import for_machine
from symnet.backends.lowering import lowered
from symnet.backends.memory import collector_paused
from symnet.expressions.nodes import Unit, brief, symbols_of
from symnet.program.program import Equation, Program

RELEASE_FROM = 24  # lines of code from which values are released as soon as they are no longer needed
_RESERVED = (
    set(dir(np)) | set(dir(np.linalg)) | set(dir(builtins)) | {"numpy", "kernel"}
    | {name.rsplit(".", 1)[-1] for name in SciPyPrinter._kf.values()}
)  # fmt: skip


class Gradients(dict[Any, Any]):
    """Gradients by symbol; `grads["W1"]` finds them by name too."""

    def __missing__(self, key: Any) -> Any:
        for symbol, value in self.items():
            if symbol.name == key:
                return value
        raise KeyError(f"{key}: there are gradients for {', '.join(s.name for s in self)}")


def identifiers(names: Collection[str]) -> dict[str, str]:
    """Give each name a Python identifier of its own that shadows nothing the code uses.

    >>> identifiers(["W1", "W.1", "lambda", "exp"])
    {'W1': 'W1', 'lambda': 'lambda_', 'exp': 'exp_', 'W.1': 'W_1'}
    """
    taken: set[str] = set()
    given = {}
    for name in sorted(names, key=lambda n: not n.isidentifier()):
        safe = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
        safe = safe if safe.isidentifier() or keyword.iskeyword(safe) else f"_{safe}"
        while safe in taken or safe in _RESERVED or keyword.iskeyword(safe) or keyword.issoftkeyword(safe):
            safe += "_"
        taken.add(safe)
        given[name] = safe
    return given


@dataclass(eq=False)
class Kernel:
    """A compiled loss with its gradients, or any compiled expression.

    `arguments`: the names of the arrays, in the order `function` takes them; `parameters`: the symbols of the
    gradients; `function`: the bare NumPy function, which checks nothing; `source`: its text, which runs on its own.
    """

    program: Program = field(repr=False)
    outputs: tuple[Any, ...] = field(repr=False)
    parameters: tuple[Any, ...]
    arguments: tuple[str, ...]
    dtype: Any = None
    printer: type[NumPyCode] = field(default=NumPyCode, repr=False)
    functions: Mapping[str, Any] = field(default_factory=dict, repr=False)  # in the place of NumPy's
    _functions: dict[Any, Callable[..., Any]] = field(default_factory=dict, repr=False)

    def __call__(self, values: Mapping[Any, Any]) -> tuple[Any, Gradients]:
        """Give the loss and the gradients by symbol.

        values: symbols or names → arrays of the symbols' shapes (a scalar for a scalar symbol). Raises `KeyError` for
        an unknown or missing name, `ShapeError` for a wrong shape, `ValueError` for NaN or empty arrays, `TypeError`
        for arrays that hold no numbers.
        """
        arrays = self.bind(values)
        dtype = self._dtype_of(arrays)
        loss, gradients = self._function(dtype)(*arrays)
        loss, *gradients = [_typed(value, dtype) for value in (loss, *gradients)]
        loss = loss.item() if isinstance(loss, np.float64) else loss
        return loss, Gradients(zip(self.parameters, gradients, strict=True))

    def bind(self, values: Mapping[Any, Any]) -> list[Any]:
        """Check the values and give the arrays in the order of `arguments`; raises what calling the kernel raises."""
        given = binding.named(values)
        sizes = self.program.names.sizes
        binding.check_names(given, self.arguments, sizes)
        symbols = {name: self.program.names.symbols[name] for name in self.arguments}
        fixed = {name: binding.as_size(name, given[name]) for name in sizes if name in given}
        arrays = {name: binding.as_array(name, given[name]) for name in self.arguments if name not in fixed}
        for name, array in arrays.items():
            binding.check_rank(symbols[name], array)
            binding.check_data(name, array)
        matrices = [s for s in symbols.values() if isinstance(s, MatrixSymbol)]
        binding.bind_sizes(matrices, arrays, fixed)
        binding.check_distributions(self.program.distributions, arrays)
        dtype = self.dtype or _common_dtype(arrays.values())
        return [fixed[n] if n in fixed else arrays[n].astype(dtype, copy=False)[()] for n in self.arguments]

    def _dtype_of(self, arrays: Sequence[Any]) -> Any:
        return np.dtype(self.dtype or next((a.dtype for a in arrays if hasattr(a, "dtype")), float))

    @property
    def function(self) -> Callable[..., Any]:
        """The bare function: arrays in the order of `arguments` → `loss, [gradients in the order of parameters]`."""
        return self._function(np.dtype(self.dtype or float))

    @cached_property
    def source(self) -> str:
        """The function as text: `kernel`, with the imports it needs; it runs in an empty file."""
        code = "".join(linecache.getlines(self.function.__code__.co_filename))
        imports = [line for line in (self.function.__doc__ or "").splitlines() if line.startswith("from ")]
        return "\n".join([*imports, "", "", code.replace("_lambdifygenerated", "kernel", 1)]).lstrip("\n")

    def _function(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        if dtype not in self._functions:
            with collector_paused():
                self._functions[dtype] = self._compiled(dtype)
        return self._functions[dtype]

    @cached_property
    def equations(self) -> list[Equation]:
        """The equations that the machine runs, in order."""
        return for_machine(self._lowered.equations, self._lowered, _names(self.outputs))

    @cached_property
    def _lowered(self) -> Program:
        return lowered(self.program, _names(self.outputs))

    def _compiled(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        symbols = [self.program.names.symbols[name] for name in self.arguments]
        final = self.program.final
        names = [*self.arguments, *self.program.names.sizes, *[e.lhs.name for e in self.equations]]
        safe = identifiers(dict.fromkeys(names))
        largest = float(np.log(np.finfo(dtype).max)) if dtype.kind in "fc" else 709.0
        typed = sorted((s for s in symbols if s.name not in self.program.names.sizes), key=lambda s: not s.is_Matrix)
        first = next((f"{safe[s.name]}.dtype" for s in typed), "float")
        lengths = _lengths(symbols, safe)
        printer = self.printer(safe, set(self.program.names.sizes), first, np.floor(largest), lengths)
        steps: list[tuple[Any, Any]] = [*_size_steps(self.equations, symbols, self.program.names.sizes)]
        steps += _with_releases(self.equations, {final.get(o, o) for o in _names(self.outputs)}, set(symbols))
        outputs = _listed(self.outputs, {o: safe[final.get(o, o).name] for o in _names(self.outputs)})
        arguments = [Symbol(safe[name]) for name in self.arguments]
        function = lambdify(
            arguments, S.Zero, modules=[dict(self.functions), "numpy"], printer=printer, cse=lambda _: (steps, outputs)
        )
        modules = printer.module_imports
        imports = [f"from {m} import {', '.join(sorted(used))}" for m, used in sorted(modules.items()) if used]
        function.__doc__ = "\n".join(["A flat NumPy function that symnet derived.", *imports])
        return function


def _typed(value: Any, dtype: Any) -> Any:
    # a loss or gradient that does not depend on any array is a Python number
    return dtype.type(value) if isinstance(value, (int, float)) else value


def _names(outputs: tuple[Any, ...]) -> list[Any]:
    return [o for output in outputs for o in (output if isinstance(output, tuple) else (output,))]


def _listed(outputs: tuple[Any, ...], shown: dict[Any, str]) -> str:
    texts = [f"[{', '.join(shown[o] for o in out)}]" if isinstance(out, tuple) else shown[out] for out in outputs]
    return ", ".join(texts)


def _lengths(symbols: list[Any], safe: Mapping[str, str]) -> dict[Any, Any]:
    given = {s.name for s in symbols}
    found: dict[Any, Any] = {}
    for symbol in symbols:
        for axis, size in enumerate(symbol.shape if isinstance(symbol, MatrixSymbol) else ()):
            if size.is_Symbol and size.name not in given:
                found.setdefault(size, Code(f"{safe[symbol.name]}.shape[{axis}]", integer=True, positive=True))
    return found


def _size_steps(equations: list[Equation], symbols: list[Any], sizes: set[str]) -> list[tuple[Any, Any]]:
    used = {s.name for _, rhs in equations for s in _free(rhs) if s.name in sizes}
    steps: dict[str, tuple[Any, Any]] = {}
    for symbol in symbols:
        for axis, size in enumerate(symbol.shape if isinstance(symbol, MatrixSymbol) else ()):
            if size.is_Symbol and size.name in used and size.name not in {s.name for s in symbols}:
                steps.setdefault(size.name, (Symbol(size.name), SizeOf(symbol, Integer(axis))))
    return list(steps.values())


def _free(rhs: Any) -> set[Any]:
    # the size symbols that code will mention: those in coefficients and in matrices of ones that are really built
    found: set[Any] = set()
    stack = [rhs]
    while stack:
        node = stack.pop()
        if isinstance(node, MatrixSymbol):
            continue
        if isinstance(node, (Symbol, OneMatrix, Unit, ZeroMatrix, Identity)) or (node.is_Matrix and not node.args):
            found |= node.free_symbols
        stack.extend(a for a in node.args if isinstance(a, Basic))
    return {s for s in found if isinstance(s, Symbol)}


def _with_releases(equations: list[Equation], outputs: set[Any], inputs: set[Any]) -> list[tuple[Any, Any]]:
    if len(equations) < RELEASE_FROM:
        return [tuple(e) for e in equations]
    last = {}
    for k, (_, rhs) in enumerate(equations):
        for name in symbols_of(rhs):
            last[name] = k
    steps: list[tuple[Any, Any]] = []
    done: dict[int, list[Any]] = {}
    local = {e.lhs for e in equations} - outputs - inputs
    for name, k in last.items():
        if name in local:
            done.setdefault(k, []).append(name)
    for k, equation in enumerate(equations):
        steps.append(tuple(equation))
        steps += [(name, None) for name in done.get(k, ())]
    return steps


def _common_dtype(arrays: Collection[Any]) -> Any:
    floats = {a.dtype for a in arrays if a.ndim} or {a.dtype for a in arrays}
    return np.result_type(*floats) if floats else np.dtype(float)


def compile_program(
    program: Program,
    loss: Any,
    gradients: Sequence[tuple[Any, Any]],
    dtype: Any = None,
    printer: type[NumPyCode] = NumPyCode,
) -> Kernel:
    """Compile the loss and the gradients, pairs of symbol and gradient name. Arguments: data first, then parameters."""
    parameters = tuple(symbol for symbol, _ in gradients)
    trained = set(parameters)
    data = [n for n, s in _by_first_use(program) if s not in trained and _is_argument(program, n)]
    arguments = (*data, *[p.name for p in parameters])
    outputs = (loss, tuple(name for _, name in gradients))
    return Kernel(program, outputs, parameters, arguments, checked_dtype(dtype), printer)


def _by_first_use(program: Program) -> list[tuple[str, Any]]:
    met: dict[Any, int] = {}
    for k, (_, rhs) in enumerate(program.equations):
        for symbol in symbols_of(rhs):
            met.setdefault(symbol, k)
    return sorted(program.inputs.items(), key=lambda item: met.get(item[1], len(met)))


def _is_argument(program: Program, name: str) -> bool:
    # a size that can be read from an array is no argument
    if name not in program.names.sizes:
        return True
    matrices = [s for s in program.inputs.values() if isinstance(s, MatrixSymbol)]
    return not any(size.is_Symbol and size.name == name for m in matrices for size in m.shape)


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


def evaluate(expr: Any, values: Mapping[Any, Any]) -> Any:
    """Give the value of any expression: an array for a matrix expression, a number for a scalar one.

    expr: a SymPy expression; values: symbols or names → arrays. Raises what a `Kernel` raises.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> evaluate(A * A.T, {A: [[1, 2], [3, 4]]}).tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    expr = sympify(expr)
    expr = expr.as_immutable() if isinstance(expr, MatrixBase) else expr
    if not isinstance(expr, Basic):
        raise TypeError(f"evaluate: {brief(expr)} is no SymPy expression")
    kernel = _compiled_expression(expr)
    arrays = kernel.bind(values)
    result = kernel._function(kernel._dtype_of(arrays))(*arrays)
    if getattr(expr, "is_Matrix", False):
        return result
    return np.asarray(result)[()].item() if _is_float64(result) else result


@lru_cache(maxsize=128)
def _compiled_expression(expr: Basic) -> Kernel:
    program = Program()
    name = program.enter(expr, "value")
    arguments = tuple(n for n in program.inputs if _is_argument(program, n))
    return Kernel(program, (name,), (), arguments)


def _is_float64(result: Any) -> bool:
    return isinstance(result, (float, int)) or getattr(result, "dtype", None) == np.float64
