"""What is wrong with gradients that somebody wrote by hand.

In: a loss, values, and the gradients or the update step that the user's code gives. Out: a `Diagnosis`, the mistake
whose variant of the derived equations gives the same numbers. It runs no optimizer and changes no value.
"""

from symnet.diagnosis.diagnose import diagnose, diagnose_update
from symnet.diagnosis.result import Diagnosis, Fault

__all__ = ["Diagnosis", "Fault", "diagnose", "diagnose_update"]
