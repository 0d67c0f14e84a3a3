"""Which backend runs the steps: a table of measured rules, of which the first that applies is taken.

In: how large a step is and how many are planned. Out: the name of a backend, and the step compiled for it. The numbers
are in the same equations everywhere; they agree to rounding.

The rules are from `python -m benchmarks.backends`, on two cores: C is built in 0.1 to 0.3 s and then saves 10 µs of a
step whose arrays are small; a workspace is made in 0.01 s and saves 5 µs, and the time in which large arrays are
allocated. JAX is loaded and compiles in 2 to 3 s, and saves what the calls of NumPy take: a step of the smallest nets
lasts less than a microsecond, and one of 64-32-10 with 32 samples half as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from symnet.backends import Kernel, in_workspace
from symnet.handing import backends
from symnet.training.batches import Batches, Stream
from symnet.training.plan import Plan

GAINS = 1024  # entries of the largest array from which the function of a workspace is worth being made
QUICK = 2e-5  # seconds of a short step: how many a budget of seconds has


class Work(NamedTuple):
    """What is to be done. `products`: multiplications of a step, about; `largest`: entries of its largest array, about;
    `steps`: how many are planned; `lengths`: how many sizes of batches there are, 0 where nobody knows."""

    products: int
    largest: int
    steps: float
    lengths: int = 1


class Backend(NamedTuple):
    """A row. `said`: what it is called; `gains`: whether it is the fastest for some work; `kernel`: how one of NumPy
    becomes one of it, or None where training has no loop for it; `needs`: a package; `check`: raises an error where it
    cannot run a kernel, for the arguments of a first step."""

    said: str
    gains: Callable[[Work], bool]
    kernel: Callable[[Kernel], Kernel] | None
    needs: str | None = None
    check: Callable[[Kernel, Callable[[], list[Any]]], object] | None = None

    @property
    def is_here(self) -> bool:
        """Whether it can be chosen."""
        return self.kernel is not None and (self.needs is None or find_spec(self.needs) is not None)


def _built(kernel: Kernel, first: Callable[[], list[Any]]) -> None:
    with np.errstate(all="ignore"):
        kernel.function(*first())


def _traced(kernel: Kernel, first: Callable[[], list[Any]]) -> None:
    run, arguments = backends(), first()
    known = set(run.known_arguments(kernel))  # numbers while JAX traces
    function, traced = run.jax_function(kernel), [k for k in range(len(arguments)) if k not in known]

    def of_traced(*values: Any) -> Any:
        return function(*(dict(enumerate(arguments)) | dict(zip(traced, values, strict=True))).values())

    with run.in_64_bits():
        run.jax_library("backend='jax'").eval_shape(of_traced, *[arguments[k] for k in traced])


# fmt: off
BACKENDS: dict[str, Backend] = {  # the first one that gains is chosen
    "jax":       Backend("JAX", lambda w: w.products <= 500_000 <= w.steps and w.lengths == 1, lambda kernel: kernel,
                         "jax", _traced),
    "c":         Backend("C", lambda w: w.products <= 20_000 and w.steps >= 30_000 * w.lengths > 0,
                         lambda kernel: replace(kernel, backend="c", _functions={}), check=_built),
    "workspace": Backend("a workspace of NumPy", lambda w: w.lengths > 0 and (w.largest >= GAINS or w.steps >= 5_000),
                         lambda kernel: in_workspace(kernel, copy=True)),
    "numpy":     Backend("NumPy", lambda w: True, lambda kernel: kernel),  # noqa: ARG005
}
# fmt: on


def checked_backend(backend: Any) -> str:
    """Give the name of a backend, or "auto". Raises `ValueError` for what is none, `TypeError` for what is no text."""
    known = [name for name, row in BACKENDS.items() if row.kernel is not None]
    way = f"there are 'auto', {', '.join(map(repr, known))}"
    if not isinstance(backend, str):
        raise TypeError(f"backend: {backend!r} is no name; {way}")
    if backend != "auto" and backend not in known:
        raise ValueError(f"backend={backend!r} is none; {way}")
    return backend


def work_of(parameters: Mapping[str, Any], size: int | None, batches: Batches, plan: Plan) -> Work:
    """Give the work of a training. `size`: samples of a step, None for all of them."""
    batch = size or batches.samples or 1
    sizes = [(int(np.size(W)), max(np.shape(W), default=1)) for W in parameters.values()]
    per_epoch = batches.steps or 1
    budgets = (plan.epochs and plan.epochs * per_epoch, plan.steps, plan.seconds and plan.seconds / QUICK)
    return Work(
        3 * batch * sum(entries for entries, _ in sizes),
        max((max(entries, longest * batch) for entries, longest in sizes), default=0),
        min((b for b in budgets if b), default=0),
        0 if isinstance(batches, Stream) else 2 if (batches.samples or batch) % batch else 1,
    )


def picked(backend: str, kernel: Kernel, work: Work, first: Callable[[], list[Any]]) -> tuple[str, Kernel]:
    """Give the backend that runs, by name, and its kernel.

    "auto": the first one of the table that gains, is installed, and can run every equation; "numpy": in a workspace
    where arrays are large. `first`: gives the arguments of a step; C is built for them, so that what it cannot do is
    said before training begins.
    """
    if backend == "numpy":
        backend = "workspace" if work.lengths and work.largest >= GAINS else "numpy"
    if backend != "auto":
        row, made = BACKENDS[backend], _made(backend, kernel)
        if row.check is not None:
            row.check(made, first)
        return backend, made
    for name, row in BACKENDS.items():
        if row.is_here and row.gains(work):
            made = _made(name, kernel)
            if _runs(row, made, first):
                return name, made
    raise AssertionError("NumPy runs everything")


def _made(name: str, kernel: Kernel) -> Kernel:
    make = BACKENDS[name].kernel
    assert make is not None, name
    return make(kernel)


def _runs(row: Backend, kernel: Kernel, first: Callable[[], list[Any]]) -> bool:
    # an equation that it does not have, and a compiler that is missing or fails, are no reason not to train
    try:
        if row.check is not None:
            row.check(kernel, first)
    except (TypeError, ValueError, RuntimeError, OSError, ImportError):
        return False
    return True
