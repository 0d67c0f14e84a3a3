"""What must hold for every loss: it can be written, derived, printed and run, and every number is NumPy's.

In: a tree. Out: an `Outcome`, with the faults found, each a label and a message. Faults with one label are of one kind,
so that a smaller loss with the same fault can be looked for.
"""

from __future__ import annotations

import os
import pickle
import re
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import sympy

import symnet as sn
from symnet.expressions import is_declared

from .second import curvature, directions_of
from .tree import Expected, Tree, built, drawn, expected

PACKAGE = str(Path(sn.__file__).parent) + os.sep  # not every folder of this name: a clone of the repository is one
LARGEST = 1e6  # values beyond are of no use
ROUNDED = 1e-20  # what is closer to 0 may be 0 in another order: the square of a rounding error
CORNER = 1e-4  # closer to a corner than this no slope is compared
EPS = {np.dtype(np.float64): 2.3e-16, np.dtype(np.float32): 1.2e-7}
SECONDS = 20
LONGEST = 5000  # nodes of an expression that is written out as text
OUR_ERRORS = (sympy.ShapeError, ValueError, TypeError, KeyError, AttributeError)
RAW_TOO = r"(?<![\w})̅])_\d|Dummy|Elementwise\(|DeepSum|DeepProduct"
RAW = RAW_TOO + r"|Lambda\("


@dataclass
class Outcome:
    """`status`: "checked", or why the loss was left out, with the words of who refused it; `faults`: (label, message);
    `second`: "checked", or the words in which the Hessian-vector product was refused, "" where it cannot be judged.
    """

    status: str = "checked"
    words: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)
    second: str = ""

    def labels(self) -> set[str]:
        return {label for label, _ in self.faults}


def written_size(expr: Any) -> float:
    """Give how many nodes an expression has when it is written out, what is shared counted each time."""
    sizes: dict[int, float] = {}
    stack = [(expr, False)]
    while stack:
        node, done = stack.pop()
        if done:
            sizes[id(node)] = 1 + sum(sizes[id(a)] for a in node.args)
        elif id(node) not in sizes:
            stack.append((node, True))
            stack.extend((a, False) for a in node.args)
    return sizes[id(expr)]


def holds(expr: Any, kinds: tuple[type, ...]) -> bool:
    """Tell whether there is a node of some kinds in an expression, what is shared looked at once."""
    seen: set[int] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, kinds):
            return True
        if id(node) not in seen:
            seen.add(id(node))
            stack.extend(node.args)
    return False


class TooLong(BaseException):
    """Raised by the alarm clock; no `except Exception` catches it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TooLong` where the block takes more seconds of the processor; where there is no such clock, wait."""
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def ring(*_: Any) -> None:
        raise TooLong(f"took more than {seconds} s")

    old = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)  # again where a callback of the collector swallows it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)


def where(error: BaseException) -> str:
    """Give the last frame of an error, by module and function."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f.filename.startswith(PACKAGE)] or frames
    return f"{ours[-1].filename.rsplit('/', 1)[-1]}:{ours[-1].name}" if ours else "?"


def check(
    tree: Tree, sizes: Mapping[str, int], seed: int, seconds: float = SECONDS, closed: int = 99, jax: bool = False,
    second: bool = True,
) -> Outcome:  # fmt: skip
    """Check one loss at values drawn from a seed; `closed`: of how many symbols the closed forms; `jax`: whether under
    JAX as well; `second`: whether the Hessian-vector product."""
    values = drawn(tree, sizes, seed)
    wanted = expected(tree, sizes, values, seed)
    outcome = Outcome()
    if not (
        np.isfinite(wanted.value).all() and wanted.large < LARGEST and all(map(np.isfinite, wanted.slopes.values()))
    ):
        outcome.status = "too large"
        return outcome
    step = "write"
    try:
        with at_most(seconds), warnings.catch_warnings():
            if wanted.gap < ROUNDED:  # just where a slope jumps or has no end, NumPy may say so
                warnings.simplefilter("ignore", RuntimeWarning)
            for step, run in _Case(tree, sizes, values, wanted, outcome, closed).steps(jax, second):  # noqa: B007
                run()
    except StopIteration as left_out:
        outcome.status = str(left_out)
    except TooLong as slow:
        outcome.faults.append((f"{step}: too long", f"{slow} in {where(slow)}"))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"[:500]
        who = refusal(error, step)
        if who:
            outcome.status, outcome.words = who, said
        else:
            outcome.faults.append((f"{step}: {type(error).__name__} in {where(error)}", said))
    return outcome


def refusal(error: Exception, step: str) -> str:
    """Say who refuses a loss: SymPy while it is written, or symnet in words of its own; "" where it is a crash."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    if step == "write" and not last.startswith(PACKAGE):
        return "SymPy refuses"
    ours = (
        isinstance(error, OUR_ERRORS)
        and last.startswith(PACKAGE)
        and len(str(error)) > 30
        and "unpack" not in str(error)
    )
    return (
        "symnet refuses"
        if step in ("write", "derive", "closed") and ours and not re.search(RAW_TOO, str(error))
        else ""
    )


class _Case:
    def __init__(
        self, tree: Tree, sizes: Any, values: dict[str, Any], wanted: Expected, outcome: Outcome, closed: int
    ) -> None:
        self.most_closed = closed
        self.tree, self.sizes, self.values, self.wanted, self.outcome = tree, sizes, values, wanted, outcome
        self.smooth = wanted.gap > CORNER

    def steps(self, jax: bool, second: bool) -> list[tuple[str, Callable[[], None]]]:
        return [
            ("write", self.write), ("derive", self.derive), ("compile", self.compile), ("numbers", self.numbers),
            ("types", self.types), ("source", self.source), ("float32", self.single), ("formats", self.formats),
            ("closed", self.closed), *([("hvp", self.second)] if second else []), ("pickle", self.pickled),
            ("unchanged", self.unchanged),
            *([("jax", self.under_jax)] if jax else []),
        ]  # fmt: skip

    def fault(self, label: str, message: str) -> None:
        self.outcome.faults.append((label, message))

    # -- the steps

    def write(self) -> None:
        self.space = built(self.tree)
        self.loss = self.space["loss"]
        self.symbols = {s.name: self.space[s.name] for s in self.tree.symbols()}

    def derive(self) -> None:
        wrt = {name: symbol for name, symbol in self.symbols.items() if name in self.wanted.slopes}
        while wrt:
            try:
                self.d = sn.derive(self.loss, list(wrt.values()))
                break
            except ValueError as error:
                gone = re.search(r"does not depend on (\w+);", str(error))
                if gone is None or gone[1] not in wrt:
                    raise
                self._close(f"free of a symbol with a slope: {gone[1][0]}", 0.0, self.wanted.slopes[gone[1]],
                            self.wanted.slope_noise[gone[1]])  # fmt: skip
                del wrt[gone[1]]
        if not wrt:
            if self.loss.is_number:
                self._close("constant value", float(self.loss), self.wanted.value, self.wanted.value_noise)
            raise StopIteration("constant")
        self.wrt = wrt

    def compile(self) -> None:
        self.kernel = self.d.compile()
        unknown = set(self.kernel.arguments) - set(self.values) - set(self.sizes)
        if unknown:
            self.fault("unknown arguments", f"the kernel wants {unknown}")
            raise StopIteration("checked")
        known = {**self.sizes, **self.values}
        self.given = {name: np.copy(known[name]) for name in self.kernel.arguments}
        self.kept = {name: np.copy(value) for name, value in self.given.items()}
        self.value, self.gradients = self.kernel(self.given)

    def numbers(self) -> None:
        self._close("value", self.value, self.wanted.value, self.wanted.value_noise)
        for name in self.wrt:
            self._slope("gradient", name, self.gradients[name])

    def types(self) -> None:
        if type(self.value) is not float:
            self.fault("type of the loss", f"{type(self.value).__name__} instead of float")
        for name in self.wrt:
            g = self.gradients[name]
            if np.shape(g) != self.values[name].shape:
                self.fault("shape of a gradient", f"{name}: {np.shape(g)} instead of {self.values[name].shape}")
            elif np.asarray(g).dtype != float:
                self.fault("dtype of a gradient", f"{name}: {np.asarray(g).dtype}")

    def source(self) -> None:
        space: dict[str, Any] = {}
        exec(self.kernel.source, space)
        value, gradients = space["kernel"](*self.kernel.bind(self.given))
        same = np.allclose(value, self.value, rtol=1e-12, atol=1e-300, equal_nan=True)
        for g, name in zip(gradients, self.wrt, strict=True):
            same = same and np.allclose(g, self.gradients[name], rtol=1e-12, atol=1e-300, equal_nan=True)
        if not same:
            self.fault("source", "the pasted source gives other numbers")

    def single(self) -> None:
        narrow = {n: v if n in self.sizes else np.asarray(v, np.float32) for n, v in self.given.items()}
        value, gradients = self.kernel(narrow)
        for name, found in (("loss", value), *((n, gradients[n]) for n in self.wrt)):
            if np.asarray(found).dtype != np.float32:
                self.fault("float32", f"{name} is {np.asarray(found).dtype}")
            wanted = np.shape(self.values[name]) if name in self.wrt else ()
            if np.shape(found) != wanted:
                self.fault("shape in float32", f"{name} has shape {np.shape(found)} instead of {wanted}")
        if isinstance(value, np.ndarray):
            self.fault("type of the loss in float32", "an array instead of a NumPy scalar")
        if self.wanted.large < 1e4 and self.smooth:
            self._close("value in float32", value, self.wanted.value, self.wanted.value_noise, np.float32)
            for name in self.wrt:
                self._slope("gradient in float32", name, gradients[name], np.float32)

    def formats(self) -> None:
        texts = {"str": str(self.d)}
        for name in ("pretty", "latex", "mathml", "mathematica"):
            texts[name] = getattr(self.d, name)()
        if written_size(self.loss) < LONGEST:
            texts["str of the loss"] = str(self.loss)
        texts["repr"] = repr(self.d)
        ElementTree.fromstring(texts["mathml"])
        for name, text in texts.items():
            raw = RAW if name != "str of the loss" else RAW_TOO  # SymPy's own applyfunc prints a Lambda
            if name != "mathml" and re.search(raw, text):
                self.fault(f"raw text in {name}", text[:300])

    def closed(self) -> None:
        if len(self.tree.nodes()) > 90:
            return
        for number, (name, symbol) in enumerate([*self.wrt.items()][: self.most_closed]):
            form = sn.gradient(self.loss, symbol) if number == 0 else self.d.closed(symbol)
            if holds(form, (sympy.Derivative, sympy.Subs, sympy.Integral)):
                self.fault("closed form is not evaluated", str(form)[:300])
            if getattr(form, "is_Matrix", False) != (self.values[name].ndim == 2):
                self.fault("closed form has another shape", f"{name}: {form}"[:300])
            kernel = sn.compile(form)
            known = {**self.sizes, **self.values}
            found = kernel({n: known[n] for n in kernel.arguments})
            self._slope("closed form", name, found)
            if np.shape(found) != self.values[name].shape:
                self.fault("shape of a closed form", f"{name}: {np.shape(found)}")
            if written_size(form) < LONGEST and not (str(form) and sympy.latex(form)):
                self.fault("closed form without text", name)

    def second(self) -> None:
        # the Hessian of all symbols together times a direction, against differences of the slopes by complex steps
        if not self.smooth or min(self.wanted.gap, self.wanted.bend) < 0.05:
            return
        wanted, error = curvature(self.tree, self.sizes, self.values, self.wanted, self.wrt)
        if not error <= 1e-5 * (1 + abs(wanted)):
            return
        directions = directions_of(self.wrt, {s.name: s.kind for s in self.tree.symbols()})
        try:
            found = sn.hvp(self.loss, [*self.wrt.values()], [*directions.values()])
            kernel = sn.compile(dict(zip(self.wrt, found, strict=True)))
        except OUR_ERRORS as refused:
            if not refusal(refused, "derive"):
                raise
            self.outcome.second = f"{refused}"
            return
        moves = {d.name: self.wanted.directions[name] for name, d in directions.items()}
        known = {**self.sizes, **self.values, **moves}
        products = kernel({n: known[n] for n in kernel.arguments})
        shares = [np.asarray(products[name], float) * self.wanted.weights[name] for name in self.wrt]
        for name in self.wrt:
            if np.shape(products[name]) != self.values[name].shape:
                self.fault("shape of a Hessian-vector product", f"{name}: {np.shape(products[name])}")
        along, floor = sum(float(np.sum(s)) for s in shares), sum(float(np.sum(np.abs(s))) for s in shares)
        self.outcome.second = "checked"
        if not abs(along - wanted) <= 1e-7 * floor + 20 * error + 1e-9 * (1 + self.wanted.large):
            self.fault("Hessian-vector product", f"{along!r} instead of {wanted!r}, error of that {error:.1e}")

    def pickled(self) -> None:
        if len(self.tree.nodes()) > 90:
            return
        again = pickle.loads(pickle.dumps(self.kernel))
        if again(self.given)[0] != self.value and np.isfinite(self.value):
            self.fault("pickle", "a pickled kernel gives another value")
        # SymPy multiplies −(a − 1) out where it reads a scalar
        of_matrices = any(isinstance(s, sympy.MatrixSymbol) for s in self.loss.free_symbols)
        if of_matrices and pickle.loads(pickle.dumps(self.loss)) != self.loss:
            self.fault("pickle", "a pickled loss is another one")

    def under_jax(self) -> None:
        """Compare the kernel of JAX with NumPy's, and its gradients with those that JAX finds for its loss."""
        import jax

        from symnet.backends.jax_kernel import known_arguments

        kernel = self.d.compile(backend="jax")
        arrays, places = kernel.bind(self.given), [kernel.arguments.index(name) for name in self.wrt]
        theirs = jax.value_and_grad(lambda *arrays: 1.0 * kernel.function(*arrays)[0], argnums=places)
        known = known_arguments(kernel)
        arrays = [a.item() if k in known and hasattr(a, "item") else a for k, a in enumerate(arrays)]
        both = jax.jit(lambda *arrays: (kernel.function(*arrays), theirs(*arrays)), static_argnums=known)
        with jax.enable_x64(True):  # one function of both: XLA's compiler takes most of the time
            (value, found), (_, own) = both(*arrays)
        self._close("value in JAX", value, self.value, self.wanted.value_noise)
        for name, gradient, by_jax in zip(self.wrt, found, own, strict=True):
            self._slope("gradient in JAX", name, np.asarray(gradient))
            if not is_declared(self.wrt[name], "symmetric"):  # of which JAX has the slopes in all entries
                self._slope("gradient by JAX", name, np.asarray(by_jax))

    def unchanged(self) -> None:
        for name, value in self.given.items():
            if not np.array_equal(value, self.kept[name]):
                self.fault("arrays changed", name)

    # -- comparing

    def _slope(self, label: str, name: str, gradient: Any, dtype: Any = np.float64) -> None:
        if not self.smooth:
            return
        if np.shape(gradient) not in ((), self.values[name].shape):
            self.fault(f"{label}: shape", f"{name}: {np.shape(gradient)}")
            return
        weights = self.wanted.weights[name]
        found = float(np.sum(np.asarray(gradient, float) * weights))
        floor = float(np.sum(np.abs(np.asarray(gradient, float) * weights)))
        noise = self.wanted.slope_noise[name] + floor
        self._close(label, found, self.wanted.slopes[name], noise, dtype, name)

    def _close(self, label: str, found: Any, wanted: Any, noise: Any, dtype: Any = np.float64, name: str = "") -> None:
        if label.startswith(("value", "constant", "free of")) and self.wanted.gap < 1e-9:
            return
        rounding = EPS[np.dtype(dtype)] * 1e3
        allowed = rounding * (float(noise) + abs(float(wanted)) + min(1.0, self.wanted.large))
        if np.shape(found) != ():
            self.fault(f"{label}: shape", f"{name or 'the loss'} has shape {np.shape(found)}")
        elif not abs(float(found) - float(wanted)) <= allowed:
            self.fault(label, f"{name}: {float(found)!r} instead of {float(wanted)!r}, error allowed {allowed:.1e}")
