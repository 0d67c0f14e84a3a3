"""Medians over interleaved runs, and tables of them."""

from collections.abc import Callable, Sequence
from statistics import median
from timeit import Timer


def interleaved(*calls: Callable[[], object], rounds: int, block: float) -> list[float]:
    """Give the median seconds of one call of each, run in turn: A, B, A, B, …

    rounds: how often each has its turn; block: about how many seconds a turn of one lasts, at least a call.
    """
    timers = [Timer(call) for call in calls]
    numbers = [max(1, round(3 * block / timer.timeit(3))) for timer in timers]
    turns = [[timer.timeit(k) / k for timer, k in zip(timers, numbers, strict=True)] for _ in range(rounds)]
    return [median(times) for times in zip(*turns, strict=True)]


def seconds(time: float) -> str:
    """Write a time with three digits and a fitting unit.

    >>> seconds(0.00123), seconds(12.3456)
    ('1.23 ms', '12.3 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if time >= size:
            return f"{time / size:.3g} {unit}"
    return f"{time / 1e-6:.3g} µs"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a title and a table, the first column to the left and the others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    print(f"\n{title}")
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))]
        print("  " + "   ".join(cells))
