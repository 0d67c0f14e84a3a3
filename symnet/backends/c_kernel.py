"""A kernel in C: the file that `c_file` writes, built by the system's compiler where there is one, called with arrays.

In: a kernel and a floating type. Out: its bare function, as in NumPy. For each set of sizes it is built once, in a
temporary folder that is gone before the first call. Threads take turns.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from symnet.backends.c_file import CFile
from symnet.expressions import axes_of, size_number, symbols_of
from symnet.program import Equation

COMPILERS = ("cc", "gcc", "clang")
FLAGS = ["-std=c99", "-O3", "-fPIC", "-shared"]


class CKernel:
    """The bare function of a kernel: arrays in the order of its arguments → its values, as the NumPy function."""

    def __init__(self, kernel: Any, dtype: np.dtype[Any]) -> None:
        if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise TypeError(
                f"compile: there is no C for arrays of {dtype}; give float32 or float64, or write dtype=float"
            )
        self.kernel, self.dtype = kernel, dtype
        self.symbols = list(kernel.symbols.values())
        self.sizes = {s.name: (A.name, axis) for s, A, axis in axes_of(self.symbols)}
        names = [f"v[{k}]" for k in range(len(kernel.outputs))]
        self.given: Callable[[Any], Any] = eval(f"lambda v: ({kernel.result.returned(names)})")
        self.built: dict[tuple[int, ...], Callable[..., list[Any]]] = {}
        self._text: str | None = None if self._loose else self.file({}).text("")

    @property
    def _loose(self) -> bool:
        return bool(self.sizes) or any(s.name in self.kernel.program.names.sizes for s in self.symbols)

    @property
    def text(self) -> str:
        """The C, for the sizes that it was called with last. Raises `ValueError` where it was not called yet."""
        if self._text is None:
            raise ValueError("source: the C depends on the sizes of arrays; call the kernel, or write d.c(sizes=…)")
        return self._text

    def __call__(self, *arrays: Any) -> Any:
        known = self.known(arrays)
        key = tuple(known.values())
        if key not in self.built:
            file = self.file(known)
            self._text = file.text("")
            self.built[key] = self.caller(file, load(self._text))
        return self.given(self.built[key](arrays))

    def known(self, arrays: Sequence[Any]) -> dict[str, int]:
        """Read the sizes from arrays."""
        if not self._loose:
            return {}
        by_name = dict(zip(self.kernel.arguments, arrays, strict=True))
        sizes = self.kernel.program.names.sizes
        told = {name: int(a) for name, a in by_name.items() if name in sizes}
        return told | {s: np.shape(by_name[A])[axis] for s, (A, axis) in self.sizes.items()}

    def file(self, known: dict[str, int], name: str = "kernel") -> CFile:
        """Write the C for some sizes."""
        file = CFile(self.kernel.program, name, self.dtype == np.float32, known)
        values = [s for s in self.symbols if s.name not in self.kernel.program.names.sizes]

        def read(equations: Sequence[Equation]) -> list[Any]:
            used = {s for e in equations for s in symbols_of(e.rhs)}
            return [s for s in values if s in used or s in self.kernel.outputs]

        file.add("", None, list(dict.fromkeys(self.kernel.outputs)), arguments=read)
        return file

    def caller(self, file: CFile, library: ctypes.PyDLL) -> Callable[..., list[Any]]:
        """Give the function of a library as one of the arrays of all arguments, that gives those of all outputs."""
        signature, dtype = file.functions[""], self.dtype
        function = getattr(library, signature.name)
        number = ctypes.c_float if dtype == np.float32 else ctypes.c_double
        function.restype = None
        function.argtypes = [ctypes.c_void_p if s.is_Matrix else number for s in signature.arguments]
        function.argtypes += [ctypes.c_void_p for _ in signature.outputs]
        shapes = [_shape(o, file.known) for o in signature.outputs]
        order = [list(signature.outputs).index(o) for o in self.kernel.outputs]
        places = [k for k, s in enumerate(self.symbols) if s in signature.arguments]
        # arrays of its own, whose addresses are asked for once: to ask costs more than to copy so few numbers
        given = [np.empty(_shape(self.symbols[k], file.known), dtype) for k in places]
        values = [np.empty(shape, dtype) for shape in shapes]
        matrices = [(k, array) for k, array in zip(places, given, strict=True) if self.symbols[k].is_Matrix]
        numbers = [(n, k) for n, k in enumerate(places) if not self.symbols[k].is_Matrix]
        passed: list[Any] = [ctypes.c_void_p(a.ctypes.data) for a in (*given, *values)]
        lock = Lock()

        def call(arrays: Sequence[Any]) -> list[Any]:
            with lock:
                for k, array in matrices:
                    array[...] = arrays[k]
                for n, k in numbers:
                    passed[n] = float(arrays[k])
                function(*passed)
                return [values[k].copy() if shapes[k] else values[k][()] for k in order]

        return call


def _shape(output: Any, known: dict[str, int]) -> tuple[int, ...]:
    return tuple(size_number(k, known) for k in output.shape) if output.is_Matrix else ()


def compiler() -> list[str]:
    """Give the command of the C compiler. Raises `FileNotFoundError` where there is none."""
    told = os.environ.get("CC")
    if told:
        return shlex.split(told)
    found = next((path for name in COMPILERS if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(
            f"compile: backend='c' needs a C compiler, and none of {', '.join(COMPILERS)} is on the path; install one, "
            "name it in the environment variable CC, or leave backend away"
        )
    return [found]


def load(text: str) -> ctypes.PyDLL:
    """Build C as a library and load it. Raises `FileNotFoundError` or `RuntimeError` where that fails."""
    command = compiler()
    with tempfile.TemporaryDirectory(prefix="symnet", ignore_cleanup_errors=True) as folder:
        source, library = Path(folder, "kernel.c"), Path(folder, "kernel.so")
        source.write_text(text, encoding="ascii")
        try:
            done = subprocess.run(
                [*command, *FLAGS, str(source), "-o", str(library), "-lm"], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise FileNotFoundError(
                f"compile: the C compiler {command[0]} does not start ({error.strerror}); name another in the "
                "environment variable CC, or leave backend away"
            ) from None
        if done.returncode:
            raise RuntimeError(f"compile: the C compiler {command[0]} failed:\n{done.stderr.strip()}")
        return ctypes.PyDLL(str(library))
