"""Run every benchmark and print its table; `--smoke` does little of each, in seconds, to see that all of it works."""

import argparse
import os
import platform

import numpy
import sympy

from benchmarks import (
    attention,
    backends,
    c_code,
    convolution,
    depth,
    frameworks,
    jax_training,
    kernels,
    processes,
    products,
    second_order,
    training,
    workspace,
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="try that everything works; the times mean nothing")
    smoke = parser.parse_args().smoke
    versions = f"Python {platform.python_version()}, NumPy {numpy.__version__}, SymPy {sympy.__version__}"
    print(f"{versions}, {os.cpu_count()} processors" + (", smoke run: the times mean nothing" if smoke else ""))
    for section in (
        kernels, workspace, backends, attention, convolution, products, second_order, training, jax_training, depth,
        processes, frameworks, c_code,
    ):  # fmt: skip
        section.report(smoke)


if __name__ == "__main__":
    main()
