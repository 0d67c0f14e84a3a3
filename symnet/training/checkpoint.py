"""A run in a file: everything that it needs to go on as if nothing had happened, but the data.

In: a loop. Out: one `.npz` file, replaced as a whole, with the arrays and a text of JSON: the loss as rows, the
optimizer by name and numbers, the counts, the state of the random numbers, the history. Nothing in a file is run when
it is read.
"""

from __future__ import annotations

import json
import warnings
from array import array
from collections.abc import Mapping
from dataclasses import fields
from time import perf_counter as clock
from typing import Any, TypeAlias

import numpy as np

from symnet.backends import BEST, CHECKPOINT, HISTORY, ORIGIN, STATE, as_path, checked_dtype, read_arrays, write_arrays
from symnet.expressions import as_tree, from_tree
from symnet.optimizers import FIRST_ORDER, SCHEDULES, is_number
from symnet.training.cutting import checked_count
from symnet.training.choosing import checked_backend
from symnet.training.fingerprint import checked_print, differences
from symnet.training.loop import Best, Loop, State
from symnet.training.minimise import ITERATIONS, METHODS, Ending
from symnet.training.plan import Task

VERSION = 3
GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
Prints: TypeAlias = tuple[Any, Any]  # fingerprints of the data, and of those that are held back
OPTIMIZERS: dict[str, Any] = {kind.__name__: kind for kind in (*FIRST_ORDER, *ITERATIONS)}


class Saver:
    """Writes a run to a file: after every so many epochs, steps or seconds, at its start and at its end.

    Raises `FileNotFoundError` where the folder is not there, `TypeError` where the loss is nothing that a file can
    hold. A file that cannot be written later is said once, as a `RuntimeWarning`; the last good one stays.
    """

    def __init__(self, path: Any, every: Any, task: Task, prints: Prints) -> None:
        self.path = as_path("checkpoint", path, "run.npz")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"checkpoint: there is no folder {self.path.parent}")
        for left in self.path.parent.glob(f".{self.path.name}.*.part"):  # by a run that was killed while it wrote
            left.unlink(missing_ok=True)
        self.every = every if isinstance(every, str) else int(checked_count("checkpoint_every", every))
        self.number, self.unit = _interval(every)
        self.task = task
        self.told = {**_described(task), "data": list(prints)}
        _check_own(self.path, task)
        self.failed = False
        self.muted = False  # in all processes but the first, where several run together
        self.due_at = clock()
        self.due_step = 0

    def next_time(self) -> float:
        """Give when to look next, on the clock; never, where it is not seconds that count."""
        return self.due_at + self.number if self.unit == "s" else float("inf")

    def next_step(self, steps: int) -> int:
        """Give the step to look at next, or 0."""
        return (steps // int(self.number) + 1) * int(self.number) if self.unit == "steps" else 0

    def next_epoch(self, epochs: int) -> float:
        """Give the epoch after which to write next; never, where it is not epochs that count."""
        return (epochs // int(self.number) + 1) * int(self.number) if self.unit == "epochs" else float("inf")

    def glance(self, loop: Loop) -> None:
        """Write where it is time."""
        by_time = self.unit == "s" and clock() >= self.next_time()
        by_step = self.unit == "steps" and loop.state.steps >= self.due_step
        if by_time or by_step:
            self.write(loop)

    def epoch_ended(self, loop: Loop) -> None:
        """Write where it is time."""
        if self.unit == "epochs" and loop.state.epochs % int(self.number) == 0:
            self.write(loop)

    def write(self, loop: Loop) -> None:
        """Write the run as it is."""
        try:
            if self.muted:
                return
            write_arrays(self.path, {**_arrays(loop), CHECKPOINT: _as_bytes(self._header(loop))})
        except OSError as error:
            if not self.failed:
                text = (
                    f"the checkpoint {self.path} cannot be written ({error}); training goes on, and an older one stays"
                )
                warnings.warn(text, RuntimeWarning, stacklevel=2)
            self.failed = True
        self.due_at = clock()
        self.due_step = self.next_step(loop.state.steps)

    def _header(self, loop: Loop) -> dict[str, Any]:
        plan, best = loop.plan, loop.best
        return {
            "format": CHECKPOINT, "version": VERSION, **self.told, "every": self.every,
            "parameters": [W.name for W in loop.symbols], "moving": [s.name for s in loop.step.moving],
            "dtype": str(np.dtype(loop.step.kernel.dtype)), "backend": loop.backend,
            "split": _random(loop.split), "order": _random(loop.order),
            "budget": [plan.epochs, plan.steps, plan.seconds], "patience": plan.patience,
            "judged": self.task.share is None and any("validation_loss" in m.names for m in loop.monitors),
            "counts": list(loop.state[1:]), "seconds": loop.elapsed, "history": list(loop.history),
            "best": None if best is None else [best.loss, best.epoch],
            "ended": None if loop.ended is None else list(loop.ended),
        }  # fmt: skip


def _check_own(path: Any, task: Task) -> None:
    # a run of the same net is begun anew; of anything else nothing is overwritten
    if not path.exists():
        return
    try:
        held = read_arrays("checkpoint", path).get(CHECKPOINT)
        loss = None if held is None else from_tree(json.loads(held.tobytes())["loss"])
    except (ValueError, KeyError, TypeError):
        loss = None
    if loss is None or loss.free_symbols != task.loss.free_symbols:
        raise ValueError(f"checkpoint: {path} is there already, and is no checkpoint of this net; give another file, "
                         "or delete it")  # fmt: skip


def _interval(every: Any) -> tuple[float, str]:
    if isinstance(every, str):
        number, _, unit = every.strip().partition(" ")
        unit = unit.strip()
        try:
            value = float(number)
        except ValueError:
            value = 0.0
        whole = unit == "s" or value == int(value)
        if unit in ("s", "steps", "epochs") and value > 0 and np.isfinite(value) and whole:
            return value, unit
        raise ValueError(f"checkpoint_every: {every!r} is no interval; write a number of epochs, '200 steps' or '5 s'")
    return checked_count("checkpoint_every", every), "epochs"


def _arrays(loop: Loop) -> dict[str, Any]:
    trained = {W.name for W in loop.symbols}
    moving = [s.name for s in loop.step.moving]
    found = dict(loop.by_name())
    states = zip(moving, loop.state.weights, strict=True)
    found |= {STATE + n: w for n, w in states if n not in trained}
    if loop.best is not None:
        found |= {BEST + n: w for n, w in zip(moving, loop.best.weights, strict=True)}
    if _by_scipy(loop):
        found |= {ORIGIN + n: w for n, w in zip(moving, loop.origin, strict=True)}  # type: ignore[attr-defined]
    found |= {HISTORY + n: np.array(column) for n, column in loop.history.items()}
    return {n: np.asarray(a) for n, a in found.items()}


def _by_scipy(loop: Loop) -> bool:
    return type(getattr(loop.step, "solver", None)) in METHODS


def _as_bytes(header: Mapping[str, Any]) -> Any:
    return np.frombuffer(json.dumps(header).encode("ascii"), np.uint8)


def _described(task: Task) -> dict[str, Any]:
    return {
        "loss": as_tree(task.loss),
        "metrics": {name: as_tree(metric) for name, metric in task.metrics.items()},
        "optimizer": _optimizer_row(task.optimizer),
        "multipliers": {str(getattr(k, "name", k)): float(v) for k, v in (task.multipliers or {}).items()},
        "clip": task.clip, "batch_size": None if task.batch_size is None else int(task.batch_size), "share": task.share,
    }  # fmt: skip


def _optimizer_row(optimizer: Any) -> Any:
    # None for one that this file cannot hold: it is to be given again
    name = type(optimizer).__name__
    if OPTIMIZERS.get(name) is not type(optimizer):
        return None
    row: dict[str, Any] = {}
    for f in fields(optimizer):
        value = _rate_row(getattr(optimizer, f.name))
        if value is None:
            return None
        row[f.name] = value
    return [name, row]


def _rate_row(value: Any) -> Any:
    if is_number(value):
        return float(value)
    called = getattr(type(value), "called", None)
    if called is None or SCHEDULES.get(called) is not type(value):
        return None
    inner = {f.name: _rate_row(getattr(value, f.name)) for f in fields(value)}
    return None if None in inner.values() else [called, inner]


def _random(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _random(value) for key, value in state.items()}
    return {str(state.dtype): state.tolist()} if isinstance(state, np.ndarray) else state


# -- reading


def _generator_state(told: Any) -> Any:
    if isinstance(told, dict) and len(told) == 1 and next(iter(told)) in ("uint32", "uint64"):
        ((kind, numbers),) = told.items()
        return np.array(numbers, dtype=kind)
    return {key: _generator_state(value) for key, value in told.items()} if isinstance(told, dict) else told


def generator_of(told: Any) -> np.random.Generator:
    """Give random numbers in the state that a file tells."""
    name = told["bit_generator"]
    if name not in GENERATORS:
        raise ValueError(f"{name!r} is no source of random numbers")
    bits = getattr(np.random, name)()
    bits.state = _generator_state(told)
    return np.random.Generator(bits)


def _optimizer_of(row: Any) -> Any:
    name, values = row
    return OPTIMIZERS[name](**{key: _rate_of(value) for key, value in values.items()})


def _rate_of(told: Any) -> Any:
    if is_number(told):
        return told
    name, values = told
    kind = SCHEDULES[name]
    found = {key: _rate_of(value) for key, value in values.items()}
    return kind(**{k: int(v) if k in ("every", "steps") else v for k, v in found.items()})


class Saved:
    """A run that was read from a file. Raises `ValueError` where the file is damaged, foreign or impossible."""

    def __init__(self, path: Any) -> None:
        self.path = as_path("resume", path, "run.npz")
        arrays = read_arrays("resume", self.path)
        if CHECKPOINT not in arrays:
            raise ValueError(f"resume: {self.path} is no checkpoint; weights alone are read by sn.load")
        try:
            self._read(arrays)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
            raise ValueError(f"resume: {self.path} is no checkpoint that symnet writes ({error})") from None

    def _read(self, arrays: dict[str, Any]) -> None:
        told = json.loads(arrays.pop(CHECKPOINT).tobytes().decode("ascii"))
        if told["format"] != CHECKPOINT or told["version"] != VERSION:
            raise ValueError(f"its version is {told['version']!r}, and {VERSION} is known")
        row = told["optimizer"]
        self.task = Task(
            from_tree(told["loss"]), {str(n): from_tree(rows) for n, rows in told["metrics"].items()},
            None if row is None else _optimizer_of(row),  # type: ignore[arg-type]
            checked_dtype(str(told["dtype"])), dict(told["multipliers"]), told["clip"], told["batch_size"],
            told["share"], checked_backend(told.get("backend", "numpy")),
        )  # fmt: skip
        self.judged = bool(told["judged"])
        prints = told.get("data")  # of older files nothing is known
        self.prints = None if prints is None else tuple(map(checked_print, prints))
        self.budget, self.patience, self.every = told["budget"], told["patience"], told["every"]
        self.split = None if told["split"] is None else generator_of(told["split"])
        self.generator = generator_of(told["order"])
        self.order = self.generator.bit_generator.state
        self.parameters = {n: arrays[n] for n in told["parameters"]}
        self.moving = [str(n) for n in told["moving"]]
        self.weights = [self._of(arrays, n, "", STATE) for n in self.moving]
        self.origin = [arrays[ORIGIN + n] for n in self.moving if type(self.task.optimizer) in METHODS]
        epochs, batches, steps, total, samples = told["counts"]
        for count in (epochs, batches, steps, samples):
            if type(count) is not int or count < 0:
                raise ValueError(f"a count is {count!r}")
        self.counts = (epochs, batches, steps, float(total), samples)
        self.seconds = float(told["seconds"])
        self.history = {str(n): array("d", arrays[HISTORY + n].tolist()) for n in told["history"]}
        ended = told.get("ended")
        self.ended = None if ended is None else Ending(bool(ended[0]), str(ended[1]))
        self.best = None
        if told["best"] is not None:
            loss, epoch = told["best"]
            self.best = Best(float(loss), int(epoch), [self._of(arrays, n, BEST) for n in self.moving])

    def _of(self, arrays: dict[str, Any], name: str, *before: str) -> Any:
        return next(arrays[b + name] for b in before if b + name in arrays)

    def check_data(self, prints: Prints) -> None:
        """Warn where the data are others than those that the file was written with."""
        pairs = zip(self.prints or (), prints, ("data", "validation"), strict=False)
        others = [words for before, now, called in pairs for words in differences(before, now, called)]
        if others:
            warnings.warn(
                f"resume: the data are others than those {self.path} was written with: {', '.join(others)}; the run "
                "goes on with these. Give the same data, or begin another run from its weights, "
                "sn.train(loss, data, sn.load(path))",
                RuntimeWarning, stacklevel=4,
            )  # fmt: skip

    def put_into(self, loop: Loop) -> None:
        """Let a loop that has just begun stand where this run stood. Raises `ValueError` where it is another."""
        moving = [s.name for s in loop.step.moving]
        if moving != self.moving:
            raise ValueError(
                f"resume: {self.path} holds {', '.join(self.moving)}, but the optimizer moves {', '.join(moving)}; "
                "give the optimizer that the run was begun with"
            )
        places = [*zip(moving, loop.state.weights, self.weights, strict=True)]
        places += zip(moving, loop.state.weights, self.origin, strict=bool(self.origin))
        for name, mine, theirs in places:
            if np.shape(mine) != np.shape(theirs) or np.asarray(mine).dtype != np.asarray(theirs).dtype:
                raise ValueError(
                    f"resume: {name} in {self.path} is an array of shape {np.shape(theirs)} and type "
                    f"{np.asarray(theirs).dtype}, but {np.shape(mine)} and {np.asarray(mine).dtype} are needed"
                )
        loop.state = State(self.weights, *self.counts)
        loop.ended = self.ended
        if _by_scipy(loop):
            loop.origin = self.origin  # type: ignore[attr-defined]
        loop.history, loop.best, loop.order, loop.seconds = self.history, self.best, self.order, self.seconds
