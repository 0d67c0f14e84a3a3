"""Where values lie in one block of memory: two that live at the same time do not overlap.

In: when each value is written and last read, and how many bytes it has. Out: offsets, the bytes of the block, and the
least that any order of blocks could do with. Nothing here knows an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

LARGE = 1 << 14  # bytes
LINE = 64  # bytes of a cache line; every value starts on one


@dataclass(frozen=True)
class Span:
    """A value that lies in memory from instruction `first` to instruction `last`, both included."""

    first: int
    last: int
    size: int

    @property
    def bytes(self) -> int:
        """The size, up to the end of a cache line."""
        return -(-self.size // LINE) * LINE

    @property
    def room(self) -> int:
        """The bytes that it gets: large arrays stand a little apart, or powers of two share the lines of a cache."""
        return self.bytes + (17 * LINE if self.bytes >= LARGE else 0)


def least(spans: Sequence[Span]) -> int:
    """Give the most bytes that are alive at the same time."""
    changes = sorted([(s.first, s.bytes) for s in spans] + [(s.last + 1, -s.bytes) for s in spans])
    return max(accumulate(change for _, change in changes), default=0)


def placed(spans: Sequence[Span]) -> tuple[list[int], int]:
    """Give the offset of each span, and the bytes of the whole: the better of two greedy orders."""
    numbers = range(len(spans))
    by_size = sorted(numbers, key=lambda k: (-spans[k].bytes, spans[k].first))
    by_time = sorted(numbers, key=lambda k: (spans[k].first, -spans[k].bytes))
    return min((_placed(spans, order) for order in (by_size, by_time)), key=lambda found: found[1])


def _placed(spans: Sequence[Span], order: Sequence[int]) -> tuple[list[int], int]:
    offsets, whole = [0] * len(spans), 0
    done: list[tuple[int, int, int, int]] = []  # offset, end, first, last; by offset
    for k in order:
        first, last, size, offset = spans[k].first, spans[k].last, spans[k].room, 0
        for start, end, begun, ended in done:
            if begun <= last and first <= ended:
                if start - offset >= size:
                    break
                offset = max(offset, end)
        offsets[k] = offset
        whole = max(whole, offset + size)
        done.append((offset, offset + size, first, last))
        done.sort()
    return offsets, whole
