"""What you write: symbols, nodes and functions of matrices.

In: names, sizes, SymPy expressions. Out: SymPy expressions, simplified at birth. Nothing here differentiates, names an
intermediate, prints a derivation or computes a number.
"""

from symnet.expressions import functions
from symnet.expressions.algebra import (
    CONSTANTS, add, apply_entrywise, elementwise, hadamard, inner_product, is_light, is_turned, matmul, nested,
    scalar_atoms, scaled, spread, spread_vector, squared, sums, total, transpose,
)  # fmt: skip
from symnet.expressions.axes import as_axis
from symnet.expressions.elementary import (
    arccos, arcsin, arctan, cosh, divide, power, sinh, square, tan,
)  # fmt: skip
from symnet.expressions.entering import checked_name, given
from symnet.expressions.factored import factored, number_of
from symnet.expressions.facts import SCALARS, Facts, allows_complex_step, kinks_of
from symnet.expressions.gathered import gathered
from symnet.expressions.interned import MatrixNode, Node, ScalarNode
from symnet.expressions.structured import Diagonal, Kron, Paired, Unpaired, Unvec, Vec
from symnet.expressions.kronecker import (
    commutation, composed, diag, diagonal, diagonal_matrix, diagonal_of, kron, kronecker, stacked, turned,
    unstacked, vec,
)  # fmt: skip
from symnet.expressions.linalg import (
    Adjugate, LogAbsDet, Solve, adjugate, det, inv, logdet, solution, solve, trace,
)  # fmt: skip
from symnet.expressions.linalg import transpose as transposed
from symnet.expressions.losses import binary_cross_entropy, cross_entropy, mse, squared_error
from symnet.expressions.metrics import accuracy
from symnet.expressions.nodes import (
    AlongAxis, AxisMax, Commutation, Diag, Distribution, Elementwise, Let, LetScalar, LogSoftmax, LogSumExp,
    Softmax, Total, Unit, let,
)  # fmt: skip
from symnet.expressions.operands import (
    OPERANDS, as_expression, is_subtracted, operands_of, raw, split, symbols_of, walk,
)  # fmt: skip
from symnet.expressions.parts import (
    cumsum, entries, hstack, of_blocks, of_slice, reshape, roll, sliced, vstack,
)  # fmt: skip
from symnet.expressions.perceptron import MLP, Parameter, mlp
from symnet.expressions.precise import PRECISE, by_exponential, precise
from symnet.expressions.scalars import Bound, bound_variables, logaddexp, maximum, relu, sigmoid, softplus, step
from symnet.expressions.shown import Made, Shown, in_a_line, listed, preformatted
from symnet.expressions.stability import complement, entered, exponent, partial, stable
from symnet.expressions.sizes import Shape, Size, as_size, axes_of, same_shape, same_size, shape_text, size_number
from symnet.expressions.tree import as_tree, from_tree
from symnet.expressions.blocks import (
    Entry, Explicit, LinearMap, Part, Placed, Reshape, Roll, RunningSum, Stack, part, reshaped, span_text, stack,
)  # fmt: skip
from symnet.expressions.symbols import entry
from symnet.expressions.spectral import (
    Expm, ExpmSlope, InExponent, Leading, MatrixPower, NuclearNorm, Pinv, Polar, PowerSlope, SpectralNorm,
    Sylvester, expm, nuclear_norm, pinv, spectral_norm,
)  # fmt: skip
from symnet.expressions.sympys import as_scalar
from symnet.expressions.table import Fixed, Table, brief
from symnet.expressions.undefined import called, differentiated, origin, without_definition
from symnet.expressions.types import Array, Dtype, Expression, Matrix, Name, Scalar, Values

__all__ = [
    "CONSTANTS", "MLP", "OPERANDS", "PRECISE", "SCALARS", "Adjugate", "AlongAxis", "Array", "AxisMax", "Bound",
    "Commutation", "Diag", "Diagonal", "Distribution", "Dtype", "Elementwise", "Entry", "Explicit", "Expm",
    "ExpmSlope", "Expression", "Facts", "Fixed", "InExponent", "Kron", "Leading", "Let", "LetScalar", "LinearMap",
    "LogAbsDet", "LogSoftmax", "LogSumExp", "Made", "Matrix", "MatrixNode", "MatrixPower", "Name", "Node",
    "NuclearNorm", "Paired", "Parameter", "Part", "Pinv", "Placed", "Polar", "PowerSlope", "Reshape", "Roll",
    "RunningSum", "Scalar", "ScalarNode", "Shape", "Shown", "Size", "Softmax", "Solve", "SpectralNorm", "Stack",
    "Sylvester", "Table", "Total", "Unit", "Unpaired", "Unvec", "Values", "Vec", "accuracy", "add", "adjugate",
    "allows_complex_step", "apply_entrywise", "arccos", "arcsin", "arctan", "as_axis", "as_expression", "as_scalar",
    "as_size", "as_tree", "axes_of", "binary_cross_entropy", "bound_variables", "brief", "by_exponential", "called",
    "checked_name", "commutation", "complement", "composed", "cosh", "cross_entropy", "cumsum", "det", "diag",
    "diagonal", "diagonal_matrix", "diagonal_of", "differentiated", "divide", "elementwise", "entered", "entries",
    "entry", "expm", "exponent", "factored", "from_tree", "functions", "gathered", "given", "hadamard", "hstack",
    "in_a_line", "inner_product", "inv", "is_light", "is_subtracted", "is_turned", "kinks_of", "kron", "kronecker",
    "let", "listed", "logaddexp", "logdet", "matmul", "maximum", "mlp", "mse", "nested", "nuclear_norm",
    "number_of", "of_blocks", "of_slice", "operands_of", "origin", "part", "partial", "pinv", "power", "precise",
    "preformatted", "raw", "relu", "reshape", "reshaped", "roll", "same_shape", "same_size", "scalar_atoms",
    "scaled", "shape_text", "sigmoid", "sinh", "size_number", "sliced", "softplus", "solution", "solve",
    "span_text", "spectral_norm", "split", "spread", "spread_vector", "square", "squared", "squared_error",
    "stable", "stack", "stacked", "step", "sums", "symbols_of", "tan", "total", "trace", "transpose", "transposed",
    "turned", "unstacked", "vec", "vstack", "walk", "without_definition",
]  # fmt: skip
