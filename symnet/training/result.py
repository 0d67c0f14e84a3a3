"""What training gives: the weights reached, the history of the loss, and the equations that were stepped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from symnet.derivation import Derivation


@dataclass(eq=False)
class Training:
    """What `train` gives: `parameters` (symbol → array), `history` (the mean loss of each epoch), `loss` (the last).

    `derivation`: the equations that were trained; `interrupted`: whether Ctrl-C ended it early.
    """

    parameters: dict[Any, Any]
    history: list[float]
    derivation: Derivation = field(repr=False)
    interrupted: bool = False

    @property
    def loss(self) -> float:
        """The mean loss of the last epoch; NaN before the first."""
        return self.history[-1] if self.history else float("nan")
