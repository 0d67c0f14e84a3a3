"""Whole processes, each timed from its start to its end: XOR from import to trained net, and the import of symnet."""

import compileall
import math
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.timing import seconds, table

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {  # name: module of the program, package that it needs
    "symnet": ("xor_symnet", "sympy"),
    "NumPy by hand": ("xor_by_hand", "numpy"),
    "JAX": ("xor_jax", "jax"),
    "PyTorch": ("xor_torch", "torch"),
}
IMPORT = """
import numpy, sympy
from time import perf_counter
start = perf_counter()
import symnet
print(perf_counter() - start)
"""


def run(*arguments: str) -> tuple[float, float]:
    """Run Python once; give the seconds it took and the number it printed."""
    start = perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return perf_counter() - start, float(done.stdout)


def report(smoke: bool) -> None:
    """Print the times of the XOR programs, in all libraries that are installed, and of the import."""
    repeats = 1 if smoke else 7
    compileall.compile_dir(ROOT / "symnet", quiet=1)  # as an installation does
    found = {name: f"benchmarks.{program}" for name, (program, needs) in PROGRAMS.items() if find_spec(needs)}
    turns = [{name: run("-m", module) for name, module in found.items()} for _ in range(repeats + 1)][1:]
    for name in found:
        assert all(turn[name][1] < 0.01 for turn in turns), name
        assert math.isclose(turns[0][name][1], turns[0]["symnet"][1], rel_tol=1e-6), name
    times = {name: median(turn[name][0] for turn in turns) for name in found}
    rows = [(name, seconds(time), f"{times['symnet'] / time:.2f}") for name, time in times.items()]
    rows += [(name, "not installed", "") for name in PROGRAMS if name not in found]
    table("Whole process, XOR, 5,000 steps to a loss below 0.01", ("in", "time", "symnet's ratio"), rows)
    imported = median(run("-c", IMPORT)[1] for _ in range(repeats))
    print(f"\nImporting symnet after SymPy and NumPy: {seconds(imported)}")
