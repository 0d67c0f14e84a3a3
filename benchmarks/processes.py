"""Whole processes, each timed from its start to its end: XOR from import to trained net, and the import of symnet."""

import compileall
import math
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.timing import seconds, table

ROOT = Path(__file__).resolve().parent.parent
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
    """Print the times of the XOR programs, symnet's and by hand, and of the import."""
    repeats = 1 if smoke else 7
    compileall.compile_dir(ROOT / "symnet", quiet=1)  # as an installation does
    run("-m", "benchmarks.xor_symnet")  # so that all of it has been read from the disk once
    turns = [(run("-m", "benchmarks.xor_symnet"), run("-m", "benchmarks.xor_by_hand")) for _ in range(repeats)]
    for (_, ours), (_, theirs) in turns:
        assert ours < 0.01 and math.isclose(ours, theirs, rel_tol=1e-6), (ours, theirs)
    ours, theirs = (median(turn[k][0] for turn in turns) for k in range(2))
    rows = [("XOR, 5,000 steps to a loss below 0.01", seconds(ours), seconds(theirs), f"{ours / theirs:.2f}")]
    table("Whole processes", ("process", "symnet", "NumPy by hand", "ratio"), rows)
    imported = median(run("-c", IMPORT)[1] for _ in range(repeats))
    print(f"\nImporting symnet after SymPy and NumPy: {seconds(imported)}")
