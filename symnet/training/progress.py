"""What is seen while training runs: a bar in a terminal or a notebook.

In: numbers by name. Out: nothing that training depends on: where a bar cannot be had, it goes on without.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

SHORT = {"validation_loss": "validation"}


class Bar:
    """A bar of tqdm, where it is wanted, installed, and there is somebody to see it."""

    def __init__(self, total: int | None, unit: str, start: int, wanted: bool) -> None:
        self.unit = unit
        notebook = "ipykernel" in sys.modules
        self.bar = _bar(total, unit, start, notebook) if wanted and (notebook or sys.stderr.isatty()) else None

    def __bool__(self) -> bool:
        return self.bar is not None

    def show(self, done: int, numbers: Mapping[str, float]) -> None:
        """Show how far training is, in units of the bar, and the numbers that are known."""
        if self.bar is not None:
            self.bar.set_postfix({SHORT.get(n, n): f"{v:.4g}" for n, v in numbers.items()}, refresh=False)
            self.bar.update(done - self.bar.n)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()


def _bar(total: int | None, unit: str, start: int, notebook: bool) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without widgets gets a bar of text
            if notebook:
                from tqdm.auto import tqdm
            else:
                from tqdm import tqdm  # in half the time
    except ImportError:
        return None
    return tqdm(total=total, unit=unit, initial=start)
