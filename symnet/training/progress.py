"""What is seen while training runs: a bar in a terminal or a notebook, and a log file with a row for each epoch.

In: numbers by name. Out: nothing that training depends on: where a bar or a file cannot be had, it goes on without.
"""

from __future__ import annotations

import csv
import json
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from symnet.backends import as_path

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


class Log:
    """Rows appended to a `.jsonl` or `.csv` file. Raises `ValueError` for another ending; a row that cannot be written
    is said once, as a `RuntimeWarning`."""

    def __init__(self, path: Any, columns: list[str], goes_on: bool) -> None:
        self.path = as_path("log", path, "run.csv")
        self.columns = columns
        if self.path.suffix not in (".jsonl", ".csv"):
            raise ValueError(f"log: {self.path.name} must end in .jsonl or .csv")
        self.failed = False
        self.muted = False  # in all processes but the first, where several run together
        self.begins = not (goes_on and self.path.exists())

    def write(self, row: Mapping[str, float]) -> None:
        """Append a row. The file is closed after each, so that it can be read while training runs."""
        if self.muted:
            return
        try:
            with self.path.open("w" if self.begins else "a", encoding="utf-8", newline="") as file:
                if self.path.suffix == ".jsonl":
                    file.write(json.dumps(row) + "\n")
                else:
                    writer = csv.DictWriter(file, self.columns)
                    if self.begins:
                        writer.writeheader()
                    writer.writerow(row)
            self.begins = False
        except OSError as error:
            if not self.failed:
                warnings.warn(f"the log {self.path} cannot be written ({error}); training goes on", RuntimeWarning, 2)
            self.failed = True
