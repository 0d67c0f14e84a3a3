"""What training needs of an optimizer: its hyperparameters, the state it keeps, and the equations of one step.

A user's own optimizer is a class with these three methods; nothing has to be registered. Names that it chooses are
local: the symbols that it is given have names which meet none of the user's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Optimizer(Protocol):
    """How a parameter moves. A frozen dataclass of hyperparameters is the usual form."""

    def hyperparameters(self) -> Mapping[str, float]:
        """Give name → value; `update` receives a symbol for each under its name."""

    def init(self, W: Any) -> Mapping[str, float]:
        """Give the states that are kept for a parameter: name → the value of every entry at the start."""

    def update(self, W: Any, gradient: Any, **symbols: Any) -> Mapping[Any, Any]:
        """Give the new value of W, and of each state: symbol → expression of W, its gradient and the `symbols`."""
