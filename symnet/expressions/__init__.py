"""What you write: symbols, nodes and functions of matrices.

In: names, sizes, SymPy expressions. Out: SymPy expressions, simplified at birth. Nothing here differentiates, names an
intermediate, prints a derivation or computes a number.
"""

from symnet.expressions import curves, declared, functions
from symnet.expressions.algebra import (
    add, apply_entrywise, elementwise, hadamard, inner_product, is_one, matmul, nested, of_entries, scaled, spread,
    squared, sums, total, transpose,
)  # fmt: skip
from symnet.expressions.atoms import are_bound, named, scalar_atoms
from symnet.expressions.light import CONSTANTS, PLAIN, is_light, is_turned, spread_vector
from symnet.expressions.axes import as_axis, one_hot_of
from symnet.expressions.deep import is_larger
from symnet.expressions.declared import are_inverse, facts_of, inverse_of, is_declared
from symnet.expressions.elementary import arccos, arcsin, arctan, cosh, divide, power, sinh, square, tan
from symnet.expressions.answered import answered, plain
from symnet.expressions.later import loaded_later
from symnet.expressions.elsewhere import FUNCTIONS, instead, near
from symnet.expressions.members import Told
from symnet.expressions.entering import checked_name, given, is_masked
from symnet.expressions.factored import factored, number_of
from symnet.expressions.facts import SCALARS, Facts, allows_complex_step, kinks_of
from symnet.expressions.convolution import avg_pool2d, conv1d, conv2d, fold, max_pool2d, unfold
from symnet.expressions.gathered import gathered, picked
from symnet.expressions.indexed import without_indices
from symnet.expressions.images import (
    Channels, Fold, Images, Unfold, as_channels, as_images, inside_images, strides_of, unpacked, wide_flag,
)  # fmt: skip
from symnet.expressions.interned import MatrixNode, Node, ScalarNode
from symnet.expressions.structured import Diagonal, Kron, Paired, Unpaired, Unvec, Vec
from symnet.expressions.kronecker import (
    commutation, composed, diag, diagonal, diagonal_matrix, diagonal_of, kron, kronecker, stacked, turned,
    unstacked, vec,
)  # fmt: skip
from symnet.expressions.linalg import (
    Adjugate, LogAbsDet, Solve, adjugate, det, inv, logdet, solution, solve, trace, transpose as transposed,
)  # fmt: skip
from symnet.expressions.losses import (
    binary_cross_entropy, categorical_hinge, cosine_similarity, cross_entropy, focal, hinge, huber, kl_divergence, mse,
    squared_error, triplet,
)  # fmt: skip
from symnet.expressions.metrics import accuracy
from symnet.expressions.curves import among, clip as clipped, exp_below, finite, normal_cdf, or_one, xlogy
from symnet.expressions.masked import Earlier, MaskedSoftmax
from symnet.expressions.normalised import (
    AxisVar, MeanOfAll, Means, OverDeviation, OverRoot, RootMeanSquared, Standardised, Variance,
)  # fmt: skip
from symnet.expressions.reduced import (
    AxisProd, Hardmax, Largest, OtherProducts, Parted, Running, Smallest, Tiled,
)  # fmt: skip
from symnet.expressions.nodes import (
    Admitted, AlongAxis, Assumed, AxisMax, Commutation, Diag, Distribution, Elementwise, Let, LetScalar, LogSoftmax,
    LogSumExp, Reduction, Softmax, Total, Unit, let,
)  # fmt: skip
from symnet.expressions.operands import (
    OPERANDS, as_expression, is_subtracted, operands_of, raw, shared, split, symbols_of, walk,
)  # fmt: skip
from symnet.expressions.cells import Cell, gru, lstm, rnn
from symnet.expressions.parts import cumsum, entries, hstack, is_numeric, of_blocks, of_slice, reshape, roll, vstack
from symnet.expressions.perceptron import MLP, Parameter, mlp
from symnet.expressions.pooling import AvgPool, AvgUnpool, MaxPick, MaxPool, MaxUnpool
from symnet.expressions.precise import PRECISE, by_exponential, precise
from symnet.expressions.ranges import COUNT, FRACTION, NOT_NEGATIVE, POSITIVE, SHARE, Range
from symnet.expressions.rebuilding import check_name, check_size
from symnet.expressions.scalars import (
    Bound, bound_variables, stand_in, joined_signs, joined_steps, logaddexp, maximum, minimum, relu, sigmoid, softplus,
    step,
)  # fmt: skip
from symnet.expressions.shown import Made, Shown, escape, listed, preformatted
from symnet.expressions.partials import partial, together
from symnet.expressions.stability import complement, entered, exponent, stable
from symnet.expressions.sizes import Shape, Size, as_size, axes_of, same_shape, same_size, shape_text, size_number
from symnet.expressions.tree import as_tree, from_tree
from symnet.expressions.columns import as_column, in_a_column, in_a_row
from symnet.expressions.blocks import (
    Entry, Explicit, LinearMap, Part, Placed, Reshape, Roll, RunningSum, Stack, part, reshaped, span_text, stack,
)  # fmt: skip
from symnet.expressions.symbols import entry
from symnet.expressions.by_entries import whole_power
from symnet.expressions.spectral import (
    Expm, ExpmSlope, InExponent, Leading, MatrixPower, NuclearNorm, Pinv, Polar, PowerSlope, SpectralNorm,
    Sylvester, expm, nuclear_norm, pinv, spectral_norm,
)  # fmt: skip
from symnet.expressions.wholes import nets
from symnet.expressions.sympys import as_scalar
from symnet.expressions.table import Fixed, Table, brief
from symnet.expressions.targets import ENTRIES_OF, ROUNDED, Entries, mixed
from symnet.expressions.undefined import called, differentiated, origin, without_definition
from symnet.expressions.types import Array, Dtype, Expression, Matrix, Name, Scalar, Values

__all__ = [
    "Adjugate", "Admitted", "AlongAxis", "Array", "Assumed", "AvgPool", "AvgUnpool", "AxisMax", "AxisProd",
    "AxisVar", "Bound", "CONSTANTS", "COUNT", "Cell", "Channels", "Commutation", "Diag", "Diagonal", "Distribution",
    "Dtype", "ENTRIES_OF", "Earlier", "Elementwise", "Entries", "Entry", "Explicit", "Expm", "ExpmSlope",
    "Expression", "FRACTION", "FUNCTIONS", "Facts", "Fixed", "Fold", "Hardmax", "Images", "InExponent", "Kron",
    "Largest", "Leading", "Let", "LetScalar", "LinearMap", "LogAbsDet", "LogSoftmax", "LogSumExp", "MLP", "Made",
    "MaskedSoftmax", "Matrix", "MatrixNode", "MatrixPower", "MaxPick", "MaxPool", "MaxUnpool", "MeanOfAll", "Means",
    "NOT_NEGATIVE", "Name", "Node", "NuclearNorm", "OPERANDS", "OtherProducts", "OverDeviation", "OverRoot",
    "PLAIN", "POSITIVE", "PRECISE", "Paired", "Parameter", "Part", "Parted", "Pinv", "Placed", "Polar",
    "PowerSlope", "ROUNDED", "Range", "Reduction", "Reshape", "Roll", "RootMeanSquared", "Running", "RunningSum",
    "SCALARS", "SHARE", "Scalar", "ScalarNode", "Shape", "Shown", "Size", "Smallest", "Softmax", "Solve",
    "SpectralNorm", "Stack", "Standardised", "Sylvester", "Table", "Tiled", "Told", "Total", "Unfold", "Unit",
    "Unpaired", "Unvec", "Values", "Variance", "Vec", "accuracy", "add", "adjugate", "allows_complex_step", "among",
    "answered", "apply_entrywise", "arccos", "arcsin", "arctan", "are_bound", "are_inverse", "as_axis",
    "as_channels", "as_column", "as_expression", "as_images", "as_scalar", "as_size", "as_tree", "avg_pool2d",
    "axes_of", "binary_cross_entropy", "bound_variables", "brief", "by_exponential", "called", "categorical_hinge",
    "check_name", "check_size", "checked_name", "clipped", "commutation", "complement", "composed", "conv1d",
    "conv2d", "cosh", "cosine_similarity", "cross_entropy", "cumsum", "curves", "declared", "det", "diag",
    "diagonal", "diagonal_matrix", "diagonal_of", "differentiated", "divide", "elementwise", "entered", "entries",
    "entry", "escape", "exp_below", "expm", "exponent", "factored", "facts_of", "finite", "focal", "fold",
    "from_tree", "functions", "gathered", "given", "gru", "hadamard", "hinge", "hstack", "huber", "in_a_column",
    "in_a_row", "inner_product", "inside_images", "instead", "inv", "inverse_of", "is_declared", "is_larger",
    "is_light", "is_masked", "is_numeric", "is_one", "is_subtracted", "is_turned", "joined_signs", "joined_steps",
    "kinks_of", "kl_divergence", "kron", "kronecker", "let", "listed", "loaded_later", "logaddexp", "logdet",
    "lstm", "matmul", "max_pool2d", "maximum", "minimum", "mixed", "mlp", "mse", "named", "near", "nested", "nets",
    "normal_cdf", "nuclear_norm", "number_of", "of_blocks", "of_entries", "of_slice", "one_hot_of", "operands_of",
    "or_one", "origin", "part", "partial", "picked", "pinv", "plain", "power", "precise", "preformatted", "raw",
    "relu", "reshape", "reshaped", "rnn", "roll", "same_shape", "same_size", "scalar_atoms", "scaled", "shape_text",
    "shared", "sigmoid", "sinh", "size_number", "softplus", "solution", "solve", "span_text", "spectral_norm",
    "split", "spread", "spread_vector", "square", "squared", "squared_error", "stable", "stack", "stacked",
    "stand_in", "step", "strides_of", "sums", "symbols_of", "tan", "together", "total", "trace", "transpose",
    "transposed", "triplet", "turned", "unfold", "unpacked", "unstacked", "vec", "vstack", "walk", "whole_power",
    "wide_flag", "without_definition", "without_indices", "xlogy",
]  # fmt: skip
