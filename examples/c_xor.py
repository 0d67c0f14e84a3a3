"""Exclusive or, learnt by a C program that needs no Python: derived, written, built, run.

Run `python examples/c_xor.py [FOLDER]`; the file goes to FOLDER/xor.c, here by default. Without a C compiler it is only
written.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import symnet as sn


def source(steps=2000):
    """Give the C of a net of 2, 3 and 1 units with tanh, its `main` and the steps of Adam in float."""
    X, Y = sn.matrix("X", 2, 4), sn.matrix("Y", 1, 4)  # four samples, one a column
    net = sn.mlp(X, [3, 1])
    d = sn.derive(sn.squared_error(net.output, Y), net)
    rng = np.random.default_rng(1)
    start = {W: rng.normal(size=tuple(map(int, W.shape))) for W in net.parameters}
    data = {X: [[0, 0, 1, 1], [0, 1, 0, 1]], Y: [[0, 1, 1, 0]]}
    return d.c("xor", "float", optimizer=sn.Adam(0.05), main=data | start, steps=steps)


def memory(text):
    """Give the bytes of all static arrays: data, parameters, states, results, and what the values share."""
    return sum(4 * int(size) for size in re.findall(r"^ *static float \w+\[(\d+)\]", text, re.MULTILINE))


def main():
    text = source()
    path = Path(sys.argv[1] if len(sys.argv) > 1 else ".", "xor.c")
    path.write_text(text)
    print(f"{path}: {len(text.splitlines())} lines, {memory(text)} bytes of data in all")
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        print("there is no C compiler on the path, so it is not built here")
        return
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder, "xor"))
        strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2"]
        subprocess.run([compiler, *strict, str(path), "-o", program, "-lm"], check=True)
        lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    print(lines[0], lines[-2], f"predicted {lines[-1]}", sep="\n")
    assert np.allclose([float(v) for v in lines[-1].split()[1:]], [0, 1, 1, 0], atol=0.02)


if __name__ == "__main__":
    main()
