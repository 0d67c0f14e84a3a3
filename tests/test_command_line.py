"""`python -m symnet`: what is printed, the exit status, and one line or few where something is wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import symnet as sn
from symnet.__main__ import EXAMPLES, FORMATS, main

LOGISTIC = ["sum(log(1 + exp(-y * (X @ w))))", "--wrt", "w", "--shape", "X=m,n", "y=m", "w=n"]


def run(capsys, *arguments):
    """Give status, standard output and standard error."""
    try:
        status = main(arguments)
    except SystemExit as stop:  # argparse's
        status = stop.code
    return status, *capsys.readouterr()


def test_derive_prints_the_derivation(capsys):
    status, out, err = run(capsys, "derive", *LOGISTIC)
    X, w, y = sn.matrix("X", "m", "n"), sn.vector("w", "n"), sn.vector("y", "m")
    loss = sn.sum(sn.log(1 + sn.exp(sn.hadamard(-y, X * w))))
    assert (status, out.rstrip(), err) == (0, str(sn.derive(loss, w)).rstrip(), "")


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_is_what_the_library_gives(capsys, format):
    status, out, err = run(
        capsys, "derive", "norm(X @ w - y)**2/2", "--wrt", "w", "--shape", "X=m,n", "w=n", "--format", format
    )
    d = sn.derive(sn.parse("norm(X @ w - y)**2/2", X="m×n", w="n"), sn.vector("w", "n"))
    wanted = {
        "closed": "∂L/∂w = Xᵀ⋅(X⋅w − y)", "numpy": d.compile().source,
        **{f: d.render(f) for f in ("unicode", "pretty", "latex", "mathml", "mathematica")},
    }[format]  # fmt: skip
    assert (status, out.rstrip(), err) == (0, wanted.rstrip(), "")


@pytest.mark.parametrize("format, wanted", [
    ("unicode", "∂L/∂X = (X⋅w − y)⋅wᵀ\n∂L/∂w = Xᵀ⋅(X⋅w − y)\n∂L/∂y = y − X⋅w"), ("latex", r"X^{\mathsf{T}} \left(X w - y\right)"),
    ("mathematica", "dw = Transpose[X] . (X . w - y);"), ("mathml", "<math"), ("numpy", "dw = X.T @ T1"), ("pretty", "X⋅w"),
])  # fmt: skip
def test_closed_forms_in_each_notation(capsys, format, wanted):
    status, out, _ = run(
        capsys, "derive", "norm2(X*w - y)^2/2", "--shape", "X=m,n", "w=n", "y=m", "--closed", "--format", format
    )
    assert status == 0 and (wanted in out)


def test_the_source_that_is_printed_runs(capsys):
    _, out, _ = run(capsys, "derive", *LOGISTIC, "--format", "numpy")
    names = {}
    exec(out, names)
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(5, 3)), rng.normal(size=(5, 1)), rng.normal(size=(3, 1))
    loss, (gradient,) = names["kernel"](y=y, X=X, w=w)
    assert np.isclose(loss, np.log1p(np.exp(-y * (X @ w))).sum())
    assert np.allclose(gradient, -X.T @ (y / (1 + np.exp(y * (X @ w)))))


def test_hessian_prints_the_second_derivatives(capsys):
    assert run(capsys, "hessian", "norm(w)**4", "--shape", "w=n") == (0, "∂²L/∂w² = 4⋅(‖w‖²⋅I + 2⋅w⋅wᵀ)\n", "")
    status, out, _ = run(capsys, "hessian", *LOGISTIC, "--format", "unicode")
    assert status == 0 and "Second order" in out
    status, out, _ = run(capsys, "hessian", "norm(X @ w - y)**2", "--wrt", "w", "--shape", "w=n", "--format", "numpy")
    assert status == 0 and "X.T" in out
    status, out, _ = run(capsys, "hessian", "norm(X @ w - y)**2", "--wrt", "w", "--shape", "w=n", "--format", "latex")
    assert (status, out) == (0, "2 X^{\\mathsf{T}} X\n")


def test_check_compares_with_numeric_gradients(capsys):
    status, out, err = run(capsys, "check", "sum(tanh(W @ x + b))", "--shape", "W=4,3", "x=3", "b=4")
    assert (status, err) == (0, "") and "all 3 gradients agree" in out and "seed 0" in out


@pytest.mark.parametrize("loss, shapes, at", [
    ("sn.cross_entropy(W @ X, Y)", [], "normal"), ("log(det(A))", [], "positive"), ("sum(log(x))", ["x=vector"], "positive"), ("x'*inv(A)*x", ["x=n", "A=matrix"], "normal"),
])  # fmt: skip
def test_check_finds_values_at_which_the_loss_is_a_number(capsys, loss, shapes, at):
    status, out, err = run(capsys, "check", loss, *(["--shape", *shapes] if shapes else []))
    assert (status, err) == (0, "") and f"at {at} values" in out


def test_the_sizes_of_a_check_can_be_given(capsys):
    _, out, _ = run(capsys, "check", "norm(X @ w)", "--size", "m=2", "--shape", "w=n")
    assert "X          2×3" in out and "m = 2, n = 3" in out


def test_a_check_that_fails_has_the_status_1(capsys, monkeypatch):
    # at |x| = 0 there is no derivative to agree with
    monkeypatch.setattr("symnet.__main__._DRAWS", {"zero": lambda rng, shape: np.zeros(shape)})
    status, out, _ = run(capsys, "check", "norm(x)**2", "--shape", "x=3")
    assert status in (0, 1) and "at zero values" in out


MISTAKES = [
    (["derive", "norm(X @ w - y"], "symnet derive: this is no formula: '(' was never closed\n  norm(X @ w - y\n      ^\n"),
    (["derive", "norm(w)", "--wrt", "v", "--shape", "w=n"], "symnet derive: --wrt v: the loss has no symbol v; it has w\n"),
    (["derive", "norm(w)", "--shape", "w"], "symnet derive: --shape w: write it as X=m,n\n"),
    (["derive", "norm(w)", "--shape", "w=n", "w=m"], "symnet derive: --shape w=m: w is given twice\n"),
    (["derive", "X @ w", "--shape", "w=n"], "symnet derive: the loss is a m×1 matrix and must be a number; sum it, or take its norm\n"),
    (["check", "norm(w)", "--shape", "w=n", "--size", "k=3"], "symnet check: --size k: there is no such size; there are n\n"),
    (["check", "norm(w)", "--shape", "w=n", "--size", "n=-3"], "symnet check: --size n=-3: a size is a whole number, up to 10000\n"),
    (["hessian", "a*b"], "symnet hessian: a: in a*b it may be a number or a matrix; give a='scalar', a='n' or a='m×n', or 'matrix' for sizes that the formula tells"),
    (["derive", "__import__('os')"], "symnet derive: __import__ is no function that is known here"),
    (["derive", "3 + 4"], "symnet derive: "), (["check", "3 + 4"], "symnet check: "), (["hessian", "3"], "symnet hessian: "),
]  # fmt: skip


@pytest.mark.parametrize("arguments, said", MISTAKES, ids=[" ".join(a)[:40] for a, _ in MISTAKES])
def test_a_mistake_is_told_in_few_lines_on_the_standard_error(capsys, arguments, said):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "") and err.startswith(said) and err.count("\n") <= 3


@pytest.mark.parametrize(
    "arguments", [[], ["solve", "x"], ["derive"], ["derive", "x", "--format", "word"], ["check", "x", "--seed", "y"]]
)
def test_usage_is_told(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "") and err.startswith("usage: python -m symnet")


@pytest.mark.parametrize("line", re.findall(r"^  python -m symnet (.*)", EXAMPLES, re.MULTILINE))
def test_every_example_of_the_help_works(capsys, line):
    import shlex

    status, out, err = run(capsys, *shlex.split(line))
    assert (status, err) == (0, "") and out


@pytest.mark.parametrize("arguments", [["--help"], ["derive", "--help"], ["check", "-h"]])
def test_help_has_examples(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert (status, err) == (0, "") and "examples:" in out and max(map(len, out.splitlines())) <= 120


def test_it_runs_as_a_module_in_any_encoding():
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(sn.__file__).parent.parent)}
    line = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "symnet",
        "derive",
        "norm(w)**2",
        "--shape",
        "w=n",
        "--format",
        "closed",
    ]
    done = subprocess.run(line, capture_output=True, env=environment, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"?L/?w = 2?w\n", b"")
