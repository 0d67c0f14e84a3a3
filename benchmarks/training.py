"""Training: what the loop adds to the bare step, a step of Adam by hand, digits against scikit-learn, checkpoints.

Of each repetition the fastest counts, all in turn: what else a machine does only ever adds to a time.
"""

import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter as clock
from unittest.mock import patch

import numpy as np

import symnet as sn
from benchmarks import by_hand
from benchmarks.timing import seconds, table
from symnet.training import Loop, Task, begun, planned, zeros
from symnet.training.checkpoint import Saver
from symnet.training.step import Step


@dataclass(frozen=True)
class Job:
    """A net, its data and its weights at the start, and the step that was compiled for it once."""

    task: Task
    data: dict
    start: dict
    step: Step

    def loop(self, epochs: int, progress: bool = False) -> Loop:
        """Give a loop at its start."""
        plan = planned(epochs, None, None, None, progress, None)
        return begun(self.task, self.data, self.start, None, plan, zeros(), np.random.default_rng(0), step=self.step)


def job(sizes: tuple[int, ...], activation: Callable, optimizer: object, batch: int, samples: int) -> Job:
    """Give a classifier of random points in float32."""
    rng = np.random.default_rng(0)
    X, Y = sn.matrix("X", sizes[0], "n"), sn.matrix("Y", sizes[-1], "n")
    labels = rng.integers(sizes[-1], size=samples)
    data = {X: rng.normal(size=(sizes[0], samples)).astype("f4"), Y: sn.one_hot(labels, sizes[-1]).astype("f4")}
    net = sn.mlp(X, list(sizes[1:]), activation=activation)
    start = {W: (rng.normal(size=W.shape) / float(W.shape[1]) ** 0.5).astype("f4") for W in net.parameters}
    task = Task(sn.cross_entropy(net.output, Y), {}, optimizer, batch_size=batch)  # type: ignore[arg-type]
    loop = begun(task, data, start, None, planned(1, None, None, None, False, None), zeros(), rng)
    return Job(task, data, start, loop.step)


def prepared(loop: Loop) -> tuple[list, list, Callable]:
    """Give the batches of an epoch, the other arguments but the weights, and the bare step."""
    kernel = loop.step.kernel
    fixed = [loop.values[n] for n in kernel.arguments if n in loop.values and n not in loop.batches.names]
    order = [loop.batches.names.index(n) for n in kernel.arguments if n in loop.batches.names]
    pieces = [[p[k].copy(order="K") for k in order] for p, _, _ in loop.batches.of_epoch(np.random.default_rng(0))]
    return pieces, fixed, kernel.function


class Terminal(io.StringIO):
    """Somebody looks at the bar."""

    def isatty(self) -> bool:
        return True


def fastest(calls: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Give the least that each call gives, the calls made in turn."""
    turns = [{name: call() for name, call in calls.items()} for _ in range(rounds)]
    return {name: min(turn[name] for turn in turns) for name in calls}


def loops(smoke: bool) -> None:
    """Time the loop, with and without a bar, against the bare step in a loop over prepared batches."""
    small = job((64, 32, 10), sn.tanh, sn.GradientDescent(0.01), 32, 1792)
    pieces, fixed, function = prepared(small.loop(1))

    def bare(epochs: int) -> float:
        weights = small.loop(1).state.weights
        start = clock()
        for _ in range(epochs):
            for X, Y in pieces:
                _, weights = function(X, Y, *fixed, *weights)
        return (clock() - start) / (epochs * len(pieces))

    def ours(epochs: int, progress: bool) -> float:
        loop = small.loop(epochs, progress)
        with patch.object(sys, "stderr", Terminal()):
            start = clock()
            loop.run()
            return (clock() - start) / (epochs * len(pieces))

    rows = []
    for epochs in (5, 20, 100):
        calls = {
            "off": lambda e=epochs: ours(e, False),
            "on": lambda e=epochs: ours(e, True),
            "bare": lambda e=epochs: bare(e),
        }
        best = fastest(calls, 2 if smoke else 2000 // epochs)
        ratios = [f"{best[bar] / best['bare']:.2f}" for bar in ("off", "on")]
        rows.append((f"{epochs} epochs", *(seconds(best[name]) for name in ("bare", "off", "on")), *ratios))
    head = ("64-32-10 float32, batch 32", "bare step", "loop", "with a bar", "loop / bare", "with a bar / bare")
    table("A step within the loop, and the bare step over prepared batches", head, rows)


def adam(smoke: bool) -> None:
    """Time a step of Adam against one by hand that keeps its buffers."""
    large = job((784, 256, 128, 10), sn.relu, sn.Adam(), 128, 1280)
    loop = large.loop(1)
    pieces, fixed, function = prepared(loop)
    X, Y = pieces[0]
    weights = loop.state.weights
    by_numpy = by_hand.Adam(list(large.start.values()))

    def ours() -> float:
        nonlocal weights
        start = clock()
        _, weights = function(X, Y, *fixed, *weights)
        return clock() - start

    def theirs() -> float:
        start = clock()
        by_numpy.step(X, Y)
        return clock() - start

    ours(), theirs()
    for mine, other in zip(weights[: len(large.start)], by_numpy.parameters, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)
    best = fastest({"ours": ours, "theirs": theirs}, 3 if smoke else 400)
    row = ("784-256-128-10 relu, batch 128", seconds(best["ours"]), seconds(best["theirs"]))
    table("A step of Adam in float32", ("net", "symnet", "NumPy by hand", "ratio"), [
        (*row, f"{best['ours'] / best['theirs']:.2f}"),
    ])  # fmt: skip


def digits(smoke: bool) -> None:
    """Time the way to 97 % of the test digits, derivation and compilation included, against `MLPClassifier`."""
    if find_spec("sklearn") is None:
        print("\nDigits against scikit-learn: not installed")
        return
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, random_state=0, stratify=labels)
    images, tested, labels, right = parts
    goal, most = (0.8, 20) if smoke else (0.97, 200)

    def ours(seed: int) -> float:
        start = clock()
        X, Y = sn.matrix("X", 64, "n"), sn.matrix("Y", 10, "n")
        net = sn.mlp(X, [64, 10], activation=sn.relu)

        def is_good(_epoch: int, _loss: float, parameters: dict) -> bool:
            found = sn.evaluate(net.output, {X: tested.T, **parameters})
            return bool((found.argmax(axis=0) == right).mean() >= goal)

        run = sn.train(
            sn.cross_entropy(net.output, Y), {X: images.T, Y: sn.one_hot(labels, 10)}, net, sn.Adam(), epochs=most,
            batch_size=32, seed=seed, progress=False, callback=is_good,
        )  # fmt: skip
        spent = clock() - start
        assert is_good(0, 0.0, run.parameters)
        return spent

    def theirs(seed: int) -> float:
        start = clock()
        net = MLPClassifier((64,), batch_size=32, random_state=seed)
        for _ in range(most):
            net.partial_fit(images, labels, classes=range(10))
            if net.score(tested, right) >= goal:
                return clock() - start
        raise AssertionError("not reached")

    ours(0)
    seeds = range(1 if smoke else 7)
    rows = [fastest({"ours": lambda s=s: ours(s), "theirs": lambda s=s: theirs(s)}, 1 if smoke else 3) for s in seeds]
    mine, other = (sum(row[who] for row in rows) / len(rows) for who in ("ours", "theirs"))
    table("Digits, 64-64-10 relu, Adam, batch 32", ("until 97 % of the test digits", "time", "ratio"), [
        ("symnet", seconds(mine), f"{mine / other:.2f}"), ("MLPClassifier", seconds(other), "1"),
    ])  # fmt: skip


def checkpoints(smoke: bool) -> None:
    """Tell how much of its time a run spends on checkpoints."""
    rng = np.random.default_rng(0)
    X, Y = sn.matrix("X", 784, "n"), sn.matrix("Y", 10, "n")
    data = {X: rng.normal(size=(784, 20000)).astype("f4"), Y: sn.one_hot(rng.integers(10, size=20000), 10).astype("f4")}
    net = sn.mlp(X, [256, 10], activation=sn.relu)
    spent = 0.0
    write = Saver.write

    def timed(self: Saver, loop: Loop) -> None:
        nonlocal spent
        start = clock()
        write(self, loop)
        spent += clock() - start

    with tempfile.TemporaryDirectory() as folder, patch.object(Saver, "write", timed):
        run = sn.train(
            sn.cross_entropy(net.output, Y), data, net, sn.Adam(), seconds=1.5 if smoke else 20, batch_size=128, seed=0,
            progress=False, checkpoint=f"{folder}/run.npz", checkpoint_every="1 s",
        )  # fmt: skip
    whole = run.history["seconds"][-1]
    print(f"\nA checkpoint every second, 784-256-10, Adam: {spent / (whole - spent):.1%} more time ({seconds(whole)})")


def report(smoke: bool) -> None:
    """Print all of it."""
    for part in (loops, adam, digits, checkpoints):
        part(smoke)


if __name__ == "__main__":
    report("--smoke" in sys.argv)
