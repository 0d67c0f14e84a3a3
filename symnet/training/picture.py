"""The curves of a run, drawn with matplotlib.

In: a history. Out: axes, and a file where one is wanted.
"""

from __future__ import annotations

import sys
from os import PathLike
from collections.abc import Mapping, Sequence
from typing import Any

TRAINED, HELD_BACK, QUIET = "#1f5fa8", "#c2571a", "#666666"


def drawn(history: Mapping[str, Sequence[float]], best: int | None, path: Any, axes: Any) -> Any:
    """Draw the loss, and the validation loss with its best epoch. Raises `ModuleNotFoundError` without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError(
            "plot needs matplotlib, which is not installed: pip install 'symnet[plots]'"
        ) from None
    if path is not None and not isinstance(path, (str, PathLike)):
        raise TypeError(f"plot: the path must be a string such as 'loss.png', not {path!r}")
    if axes is None:
        axes = _new_axes(Figure)
    epochs = range(1, len(history["loss"]) + 1)
    mark = "o" if len(epochs) == 1 else None
    axes.plot(epochs, history["loss"], color=TRAINED, linewidth=2, marker=mark, label="loss")
    held = history.get("validation_loss", ())
    if held:
        axes.plot(epochs, held, color=HELD_BACK, linewidth=2, marker=mark, label="validation loss")
    if held and best is not None:
        axes.plot(best, held[best - 1], "o", color=HELD_BACK, markersize=8, label=f"best epoch, {best}")
    if all(value > 0 for value in (*history["loss"], *held)):
        axes.set_yscale("log")
    axes.set(xlabel="epoch", ylabel="loss", axisbelow=True)
    axes.grid(True, which="major", color="#dddddd", linewidth=0.8)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if held:
        axes.legend(frameon=False)
    if path is not None:
        axes.figure.savefig(path, dpi=150)
    return axes


def _new_axes(figure: Any) -> Any:
    if "matplotlib.pyplot" in sys.modules:  # a notebook or script that shows figures gets one that it shows
        from matplotlib import pyplot

        made, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    else:
        made = figure(figsize=(6, 3.6), layout="constrained")
        axes = made.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes
