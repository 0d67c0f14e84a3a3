"""Random losses, each checked against plain NumPy: `python -m tests.fuzz --count 10000 --seed 0`.

`tree`: what a loss is here, how it is written and what it is worth; `kinds` and `networks`: the table of all kinds of
node; `checks`:
what must hold for each loss; `shrink`: a smaller loss with the same fault, and the script that shows it.
"""

from .checks import Outcome, check
from .kinds import random_loss
from .networks import KINDS
from .shrink import script, smallest

__all__ = ["KINDS", "Outcome", "check", "random_loss", "script", "smallest"]
