"""A log file with a row for each epoch.

In: numbers by name. Out: nothing that training depends on: where a row cannot be written, it goes on without.
"""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Mapping
from typing import Any

from symnet.backends import as_path


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
