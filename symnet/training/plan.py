"""What the user asks of the loop: how long it runs, when it stops, who is told.

In: the arguments of `train`. Out: a `Plan`, checked. It holds no array and no expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symnet.optimizers import Optimizer, is_number
from symnet.training.cutting import checked_count


@dataclass(frozen=True)
class Task:
    """What is trained and how, apart from data, weights and time; the names are those of `train`.

    `share`: of the samples that are held back, or None; `multipliers`: by name; `backend`: what runs the steps, or
    "auto"; `devices`: where, as `chosen_devices` gives them, which stand in no file.
    """

    loss: Any
    metrics: Mapping[str, Any]
    optimizer: Optimizer
    dtype: Any = None
    multipliers: Mapping[Any, float] | None = None
    clip: float | None = None
    batch_size: int | None = None
    share: float | None = None
    backend: str = "numpy"
    devices: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Plan:
    """The budget in `epochs`, `steps` and `seconds`, whichever ends first; the others as in `train`."""

    epochs: int | None
    steps: int | None
    seconds: float | None
    patience: int | None = None
    progress: bool = True
    callback: Callable[[int, float, dict[Any, Any]], object] | None = None

    def is_over(self, epochs: int, steps: int, seconds: float) -> bool:
        """Tell whether the budget is spent."""
        return (
            (self.epochs is not None and epochs >= self.epochs)
            or (self.steps is not None and steps >= self.steps)
            or (self.seconds is not None and seconds >= self.seconds)
        )


def planned(epochs: Any, steps: Any, seconds: Any, patience: int | None, progress: Any, callback: Any) -> Plan:
    """Give the plan; 100 epochs where no budget is given. Raises `ValueError` or `TypeError` for what is none."""
    if seconds is not None and not (is_number(seconds) and seconds > 0):
        raise ValueError(f"seconds must be a positive number, not {seconds!r}")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function of epoch, loss and parameters, not {callback!r}")
    if epochs is None and steps is None and seconds is None:
        epochs = 100
    return Plan(
        None if epochs is None else checked_count("epochs", epochs),
        None if steps is None else checked_count("steps", steps),
        None if seconds is None else float(seconds),
        patience,
        bool(progress),
        callback,
    )
