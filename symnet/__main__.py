"""The command line: `python -m symnet derive "norm(X @ w - y)**2" --wrt w --shape X=m,n w=n`.

In: a formula as text, and the shapes of its symbols. Out: what was asked for, on the standard output. Exit status 0:
done; 1: a check found that gradients do not agree; 2: a mistake in what was given, told on the standard error.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sympy import Float, MatrixSymbol, Symbol

from symnet.backends import compile
from symnet.checking import check_gradients
from symnet.derivation import derive
from symnet.expressions import as_scalar, axes_of, shape_text, size_number
from symnet.notation import formula
from symnet.parsing import parse
from symnet.program import Labels, Target, survey, targets_of
from symnet.second import hessian

NOTATIONS = ("unicode", "pretty", "latex", "mathml", "mathematica")
FORMATS = ("unicode", "closed", "pretty", "latex", "mathml", "mathematica", "numpy")
EXAMPLES = """examples:
  python -m symnet derive "sum(log(1 + exp(-y * (X @ w))))" --wrt w --shape X=m,n y=m w=n
  python -m symnet derive "norm2(X*w - y)^2/2" --wrt w --shape X=m,n y=m w=n --format closed
  python -m symnet derive "Tr[Transpose[Y - W.X].(Y - W.X)]/2" --wrt W --format latex
  python -m symnet hessian "sum(log(1 + exp(-y * (X @ w))))" --wrt w --shape X=m,n y=m w=n
  python -m symnet check "sum(tanh(W @ x + b))" --shape W=4,3 x=3 b=4

shapes: X=m,n or X=3,n for a matrix, y=m for a vector; =scalar, =vector, =matrix, =row where the formula tells the sizes
syntaxes: numpy (* is entry by entry, @ the product), matlab (* is the product, .* entry by entry, as at
matrixcalculus.org), mathematica (. is the product), sympy; the one that is meant is recognised, or given with --syntax
exit status: 0 done, 1 a check found gradients that do not agree, 2 a mistake in what was given
"""
COMMANDS = {
    "derive": "print the gradients of a loss: the derivation, the closed form, or code",
    "hessian": "print the second derivatives of a loss in one symbol",
    "check": "compare the symbolic gradients with numeric ones, at random values",
}
SIZES = (4, 3, 5, 2, 6, 7)  # for sizes that are names, in a check


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments ask for; give the exit status."""
    options = _parser().parse_args(arguments)
    try:
        text, status = {"derive": _derived, "hessian": _hessian, "check": _checked}[options.command](options)
        _print(text)
        return status
    except (ValueError, TypeError, KeyError, np.linalg.LinAlgError) as error:
        said = str(error.args[0]) if error.args else type(error).__name__
        _print(f"symnet {options.command}: {said.removeprefix('parse: ')}", sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    wide = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m symnet", description="Symbolic gradients of a loss that is given as text.", epilog=EXAMPLES,
        formatter_class=wide,
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True, metavar="{derive,hessian,check}")
    for name, what in COMMANDS.items():
        one = commands.add_parser(
            name, help=what, description=f"{what}.".capitalize(), epilog=EXAMPLES, formatter_class=wide
        )
        one.add_argument("loss", help="the formula, as NumPy, MATLAB, Mathematica or SymPy write it")
        one.add_argument(
            "--wrt",
            action="extend",
            nargs="+",
            metavar="W",
            help="the symbols to differentiate in; all of them by default",
        )
        one.add_argument(
            "--shape", action="extend", nargs="+", default=[], metavar="X=m,n", help="the shape of a symbol"
        )
        one.add_argument(
            "--syntax", choices=("numpy", "matlab", "mathematica", "sympy"), help="how the formula is written"
        )
        if name == "check":
            one.add_argument(
                "--size", action="extend", nargs="+", default=[], metavar="m=5", help="the number for a size"
            )
            one.add_argument("--seed", type=int, default=0, help="chooses the values (default: 0)")
        else:
            one.add_argument(
                "--format", choices=FORMATS, default="unicode" if name == "derive" else "closed", help="what to print"
            )
            one.add_argument("--closed", action="store_true", help="closed forms, in the notation of --format")
    return parser


def _derived(options: argparse.Namespace) -> tuple[str, int]:
    loss, wrt = _entered(options)
    derivation = derive(loss, wrt)
    if options.closed or options.format == "closed":
        return _equations({("∂L/∂{}", w.name): derivation.closed(w) for w in wrt}, options.format), 0
    if options.format == "numpy":
        return derivation.compile().source.rstrip(), 0
    return derivation.render(options.format).rstrip(), 0


def _hessian(options: argparse.Namespace) -> tuple[str, int]:
    loss, wrt = _entered(options)
    found = {("∂²L/∂{}²", w.name): hessian(loss, w) for w in wrt}
    if options.format == "numpy":
        return compile({f"H_{name}": H for (_, name), H in found.items()}).source.rstrip(), 0
    if options.format != "unicode" or options.closed:
        return _equations(found, options.format), 0
    return derive(loss, wrt, order=2).render("unicode").rstrip(), 0


def _equations(values: dict[tuple[str, str], Any], format: str) -> str:
    notation = "unicode" if format == "closed" else format
    if notation == "numpy":
        return compile({f"d{name}": value for (_, name), value in values.items()}).source.rstrip()
    lines = []
    for (left, name), value in values.items():
        text = formula(value, notation)
        if notation == "unicode":
            text = f"{left.format(formula(Symbol(name)))} = {text}"
        elif notation == "mathematica":
            text = f"{'d' if '²' not in left else 'h'}{name} = {text};"
        lines.append(text)
    return "\n".join(lines)


def _checked(options: argparse.Namespace) -> tuple[str, int]:
    loss, wrt = _entered(options)
    inputs = survey(loss).inputs
    sizes = _sizes(options, [s for s in inputs.values() if isinstance(s, MatrixSymbol)])
    program = derive(loss, wrt).program
    targets, said = targets_of(program), Exception()
    for how, draw in _DRAWS.items():
        rng = np.random.default_rng(options.seed)
        values = {
            name: draw(rng, [size_number(n, sizes) for n in getattr(s, "shape", ())]) for name, s in inputs.items()
        }
        values = _labels(program.labels, _distributions(targets, values))
        try:
            result = check_gradients(loss, values, wrt, seed=options.seed)
        except (ValueError, np.linalg.LinAlgError) as error:
            said = error
            continue
        at = ", ".join(f"{name} = {n}" for name, n in sizes.items())
        return f"{result}\nat {how} values, seed {options.seed}{', ' * bool(at)}{at}", 0 if result.ok else 1
    raise said


_DRAWS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.1, 1, size=shape),
    "positive definite": lambda rng, shape: rng.uniform(0.1, 1, size=shape) + _identity(shape),
}


def _identity(shape: Sequence[int]) -> Any:
    return 3 * shape[0] * np.eye(shape[0]) if len(shape) == 2 and shape[0] == shape[1] else 0


def _distributions(targets: Iterable[Target], values: dict[str, Any]) -> dict[str, Any]:
    # the targets of a cross-entropy sum to 1 for each sample
    terms = [(A.name, axis) for target in targets for _, A, axis in target.terms if A.name in values]
    shares = {name: (np.abs(values[name]), axis) for name, axis in terms}
    return values | {name: share / share.sum(axis, keepdims=True) for name, (share, axis) in shares.items()}


def _labels(targets: Iterable[Labels], values: dict[str, Any]) -> dict[str, Any]:
    # those of other losses are what these take, those of a mixture all the same
    for target in targets:
        drawn = [values[A.name] if axis == target.axis else values[A.name].T for _, A, axis in target.terms]
        wanted, share, constant = target.entries, sum(c for c, _, _ in target.terms), target.constant
        if share == 0:  # a difference of two
            continue
        whole = np.where(drawn[0] > np.median(drawn[0]), 1.0, 0.0)
        if wanted.between:
            whole = 1 / (1 + np.exp(-drawn[0]))
            whole = whole / whole.sum(target.axis, keepdims=True) if wanted.hot else whole
        elif wanted.hot:
            whole = np.equal(drawn[0], drawn[0].max(target.axis, keepdims=True)).astype(float)
        at = {s: Float(values[s.name]) for s in share.free_symbols | constant.free_symbols}
        whole = wanted.least + (wanted.most - wanted.least) * whole - float(constant.xreplace(at))
        whole = whole / float(share.xreplace(at))
        values = values | {A.name: whole if axis == target.axis else whole.T for _, A, axis in target.terms}
    return values


def _sizes(options: argparse.Namespace, matrices: Sequence[Any]) -> dict[str, int]:
    given = _pairs(options.size, "size", "m=5")
    sizes: dict[str, int] = {}
    for size, _, _ in axes_of(matrices):
        wanted = given.pop(size.name, str(SIZES[len(sizes) % len(SIZES)])) if size.name not in sizes else ""
        if wanted and not (wanted.isdecimal() and 0 < int(wanted) <= 10_000):
            raise ValueError(f"--size {size.name}={wanted}: a size is a whole number, up to 10000")
        sizes.setdefault(size.name, int(wanted or 1))
    if given:
        raise ValueError(f"--size {next(iter(given))}: there is no such size; there are {', '.join(sizes) or 'none'}")
    return sizes


def _entered(options: argparse.Namespace) -> tuple[Any, list[Any]]:
    loss = as_scalar(parse(options.loss, _pairs(options.shape, "shape", "X=m,n"), syntax=options.syntax))
    if getattr(loss, "is_Matrix", False):
        raise ValueError(
            f"the loss is a {shape_text(loss.shape)} matrix and must be a number; sum it, or take its norm"
        )
    symbols = dict(sorted(survey(loss).inputs.items(), key=lambda item: _place(options.loss, item[0])))
    if not symbols:
        raise ValueError("the loss has no symbol to differentiate in")
    names = [n for word in options.wrt or () for n in word.split(",") if n]
    for name in names:
        if name not in symbols:
            raise ValueError(f"--wrt {name}: the loss has no symbol {name}; it has {', '.join(symbols) or 'none'}")
    return loss, [symbols[name] for name in dict.fromkeys(names or symbols)]


def _place(text: str, name: str) -> int:
    # symbols come in the order in which they are written
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return found.start() if found else len(text)


def _pairs(given: Sequence[str], option: str, example: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise ValueError(f"--{option} {pair}: write it as {example}")
        if found.setdefault(name.strip(), value) != value:
            raise ValueError(f"--{option} {pair}: {name} is given twice")
    return found


def _print(text: str, to: Any = None) -> None:
    to = to or sys.stdout
    encoding = getattr(to, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=to, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
