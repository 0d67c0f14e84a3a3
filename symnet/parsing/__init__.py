"""What a text means: formulas as NumPy, MATLAB, Mathematica and SymPy write them.

In: text, and sizes of its names. Out: an expression. Nothing in a text is ever run.
"""

from symnet.parsing.parser import parse

__all__ = ["parse"]
