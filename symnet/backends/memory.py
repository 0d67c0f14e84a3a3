"""Building thousands of equations without the cyclic collector looking through all of them again and again.

In: nothing. Out: a context in which nothing that is built is collected; it makes derivation and compilation linear in
the depth of a net, where the collector's full passes made them a little worse.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector, if it is on, and switch it on again whatever happens."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
