"""Constant factors in equations: how one is written, and the numbers that one is read off.

In: right-hand sides and arrays by parameter. Out: a right-hand side times a number, what a number is known as, and
arrays as one vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from sympy import Float, MatAdd, S, Symbol, nsimplify

from symnet.diagnosis.edits import Axis, Mutation, Name, Words, say
from symnet.diagnosis.price import INVENTED
from symnet.expressions import scaled


def times_constant(factor: float, rhs: Any) -> Any:
    """Give a right-hand side times a number, a sum term by term."""
    c = nsimplify(factor, rational=True, tolerance=1e-12) if abs(factor) < 1e6 else Float(factor)
    c = c if getattr(c, "q", 10**9) < 10**4 else Float(factor)
    if not rhs.is_Matrix:
        return c * rhs
    return MatAdd(*[scaled(c, t) for t in rhs.args], evaluate=False) if isinstance(rhs, MatAdd) else scaled(c, rhs)


def flat(gradients: Mapping[Name, Any], order: Iterable[Name]) -> Any:
    """Give arrays one after the other as one vector."""
    return np.concatenate([np.ravel(np.asarray(gradients[w], float)) for w in order])


def solved(at: Callable[[float], Any], wanted: Any) -> float | None:
    """Give the number at which numbers come near to those wanted, by Gauss-Newton; None where they do not."""
    number, at_first = 0.0, np.inf
    for turn in range(12):
        here, there = (at(number + step) for step in (0.0, 1e-3))
        off = float(np.abs(wanted - here).max())
        at_first = off if turn == 0 else at_first
        if turn == 4 and off > 0.1 * at_first:
            return None  # it does not come nearer
        direction = (there - here) / 1e-3
        square = float(direction @ direction)
        move = float(direction @ (wanted - here)) / square if square > 0 else np.inf
        if not np.isfinite(move) or abs(number + move) > 1e4:
            return None
        number += move
        if abs(move) < 1e-11 * abs(number):
            break
    return number


@dataclass(frozen=True)
class Circumstances:
    """What a factor may come from. `swapped`: whether it stands at a difference of outputs and data.

    `sizes`: numbers by name; `divided_by`: the powers of them by which formulas divide; `axes`: what has a plain number
    for its size; `lengths`: such numbers of all data, with their words; `uses`: how often parameters are used;
    `own`: the parameter whose gradient has the factor; `rate`: None where nobody knows it.
    """

    sizes: Mapping[str, int]
    right: Mapping[Name, Any]
    rate: float | None
    swapped: bool = False
    divided_by: frozenset[tuple[str, Any]] = frozenset()
    axes: Sequence[Axis] = ()
    lengths: Mapping[int, Words] = field(default_factory=dict)
    uses: frozenset[int] = frozenset()
    own: Name | None = None


_RATE_TELLS = "; another learning rate tells"
_WITHOUT_2 = say(", and without a factor 2, as of the square")
_OF_SAMPLES = "the mean is taken over the samples alone, not over all entries"
_Powers: TypeAlias = tuple[tuple[Any, Any], ...]  # sizes, by name or in words, and their exponents
_Known: TypeAlias = tuple[float, Words, float, _Powers]  # a factor, words, a price, and what formulas with it divide by


def named_factor(factor: float, known: Circumstances) -> tuple[float, Words, float]:
    """Give what a factor is known as: the number itself, words and a price.

    Where sizes make several numbers alike, as 2 and n at n = 2, the words name two of them.
    """
    fits = [one for one in (*_known_factors(known), *_of_the_rate(factor, known)) if _is_alike(factor, one[0])]
    if not fits:
        return factor, say("a constant factor {:.8g}", factor) + _perhaps_a_rate(factor), INVENTED
    number, words, cost, powers = best = min(fits, key=lambda one: one[2])
    others = [one for one in fits if one is not best and one[3] != powers and _is_likely(one, known)]
    if known.rate is None and _is_usual(factor):
        others.append((number, say("a learning rate of {:.6g} that is applied already", factor), 1.0, ()))
    if not others:
        return number, words, cost
    other = min(others, key=lambda one: one[2])
    sizes = dict.fromkeys(n for n, _ in (*powers, *other[3]))
    here = " and ".join(f"{name} is {known.sizes[name]}" for name in sizes if name in known.sizes)
    alike = f", since {here} here; other sizes tell" if here else "; other sizes tell" if sizes else _RATE_TELLS
    return number, say("{}; or {}: the same number{}", words, other[1], alike), cost


def _over(*sizes: Symbol) -> _Powers:
    return tuple((size.name, S.NegativeOne) for size in sizes)


def _is_alike(factor: float, known: float) -> bool:
    return abs(factor - known) < 1e-6 * abs(known)


def _is_likely(one: _Known, known: Circumstances) -> bool:
    # a mean or a sum over a size is, anything else only where formulas divide by the same
    return one[2] < 1.0 or bool(one[3]) and known.divided_by.issuperset(one[3])


def _is_usual(rate: float) -> bool:
    return any(_is_alike(rate, 10.0**-k) for k in range(1, 6))


def _perhaps_a_rate(factor: float) -> Words:
    return say(", perhaps a learning rate that is applied already" if 0 < factor < 1 else "")


def _of_the_rate(factor: float, known: Circumstances) -> Iterator[_Known]:
    rate = known.rate
    if rate is not None:
        yield rate, say("the learning rate is applied already"), 0.9, ()
        words = say("divided by the learning rate, or the step is without it: a factor {:.8g}", factor)
        yield 1 / rate, words, 0.9, ()
        words = say("divided by the learning rate, in place of multiplied: a factor {:.8g}", factor)
        yield rate**-2, words, 1.1, ()


def _known_factors(known: Circumstances) -> Iterator[_Known]:
    yield -1.0, say("the sign is wrong" + (": target minus output are swapped" if known.swapped else "")), 0.8, ()
    yield 2.0, say("a factor 2 too much, as from the square"), 0.9, ()
    yield 0.5, say("a factor ½ too much, or the 2 of the square is missing"), 0.9, ()
    for name, n in known.sizes.items():
        if n > 1:
            size = Symbol(name)
            yield (
                float(n),
                say("a factor {} = {}: the gradient of the sum, not of the mean", size, n),
                0.95,
                _over(size),
            )
            yield 1 / n, say("a factor 1/{} = 1/{}: the mean is taken once too often", size, n), 0.95, _over(size)
    yield 0.25, say("a factor ¼ too much, or the 2 of the square is missing twice"), 1.2, ()
    yield 4.0, say("a factor 4 too much, as from the square, twice"), 1.2, ()
    for w, g in known.right.items():
        entries = int(np.size(g))
        if entries > 2:
            words = say("a factor 1/{}: a mean over the entries of {}", entries, w)
            yield 1 / entries, words, 1.2 if w == known.own else 1.4, ()
    for k in known.uses:
        steps = ((say("the number {} of steps or uses", k), S.NegativeOne),)
        yield 1 / k, say("divided by the number {} of steps or uses", k), 0.99, steps
        yield float(k), say("multiplied by the number {} of steps or uses", k), 1.1, steps
    yield from _of_several_sizes(known.sizes)
    for axis in known.axes:
        yield from _of_an_axis(axis)
    yield from _of_other_lengths(known)


def _of_an_axis(axis: Axis) -> Iterator[_Known]:
    # a mean over all entries for one over the samples, or the reverse; with the 2 of a square besides
    n, own = axis.number, ((axis.words, S.NegativeOne),)
    once_more, less = say("divided by {}, as well", axis.words), say("not divided by {}", axis.words)
    is_over_samples = axis.divided_across and not axis.divided
    if is_over_samples:
        once_more += say(": the mean is taken over all entries, not over the samples alone")
    if axis.divided:
        less += say(": " + (_OF_SAMPLES if axis.divided_across else "the gradient of the sum, not of the mean"))
    else:
        less = say("multiplied by {}", axis.words)
    halved = axis.divided and axis.divided_across  # a mean of squares: that without the mean is often halved
    for c, words, likely in ((1 / n, once_more, is_over_samples), (float(n), less, axis.divided)):
        yield c, words, 0.97 if likely else 1.25, own
        yield 2 * c, words + say(", and a factor 2 too much"), 1.3, own
        without, cost = (_WITHOUT_2, 0.99) if halved and likely else (say(", and a factor ½ too much"), 1.3)
        yield c / 2, words + without, cost, own
    yield from _of_all_entries(axis)


def _of_all_entries(axis: Axis) -> Iterator[_Known]:
    n, of, own = axis.entries, axis.words_of_entries, ((axis.words_of_entries, S.NegativeOne),)
    if axis.divided and axis.divided_across:
        words = say("not divided by {}: the gradient of the sum, not of the mean", of)
        yield float(n), words, 0.97, own
        yield n / 2, words + _WITHOUT_2, 0.99, own
        yield 1 / n, say("divided by {}, once more", of), 1.15, own
    else:
        is_sum = not (axis.divided or axis.divided_across)
        words = say("divided by {}" + (": the gradient of the mean, not of the sum" if is_sum else ", as well"), of)
        yield 1 / n, words, 0.97 if is_sum else 1.15, own
        yield float(n), say("multiplied by {}", of), 1.25, own


def _of_other_lengths(known: Circumstances) -> Iterator[_Known]:
    # the number of features, or of classes, for that of the samples, or besides
    compared = {axis.number for axis in known.axes}
    for k, words in known.lengths.items():
        own = ((words, S.NegativeOne),)
        for name, exponent in known.divided_by:
            n = known.sizes[name]
            if exponent == -1 and n not in (1, k):
                instead = say("divided by {}, not by {} = {}", words, Symbol(name), n)
                yield n / k, instead, 1.1, (*_over(Symbol(name)), *own)
        if k not in compared:
            yield 1 / k, say("divided by {}, as well", words), 1.15, own


def _of_several_sizes(sizes: Mapping[str, int]) -> Iterator[_Known]:
    # n − 1 for n, one size for another, several at once, a root
    named = [(Symbol(name), n) for name, n in sizes.items() if n > 1]
    for size, n in named:
        if n > 2:
            words = say("divided by {} = {}, not by {} = {}", size - 1, n - 1, size, n)
            yield n / (n - 1), words, 1.0, _over(size)
            for c, more in ((2, say(", and a factor 2 too much")), (0.5, say(", and a factor ½ too much"))):
                yield c * n / (n - 1), words + more, 1.75, ()
            yield (
                (n - 1) / n,
                say("multiplied by {} = {}, and divided by {} = {}", size - 1, n - 1, size, n),
                1.3,
                _over(size),
            )
        yield n / (n + 1), say("divided by {} = {}, not by {} = {}", size + 1, n + 1, size, n), 1.2, _over(size)
        yield 2 * n, say("a factor 2{} = {}: no mean, and a factor 2 too much", size, 2 * n), 1.3, _over(size)
        yield n / 2, say("a factor {}/2 = {:.6g}: no mean, and a factor ½ too much", size, n / 2), 1.3, _over(size)
        yield (
            2 / n,
            say("a factor 2/{0} = 2/{1}: the mean is taken once more, and a factor 2 too much", size, n),
            1.3,
            _over(size),
        )
        yield (
            1 / (2 * n),
            say("a factor 1/(2{0}): the mean is taken once more, and a factor ½ too much", size),
            1.3,
            _over(size),
        )
        yield 1 / n**2, say("a factor 1/{0}² = 1/{1}: the mean is taken twice too often", size, n**2), 1.2, _over(size)
        words = say("a factor √{0} = {1:.6g}: divided by √{0} once too little, or not by {0}", size, n**0.5)
        yield n**0.5, words, 1.3, ((size.name, -S.Half),)
        yield n**-0.5, say("divided by the root of {} = {} once more", size, n), 1.3, ((size.name, -S.Half),)
    yield from _of_two_sizes(named)


def _of_two_sizes(named: Sequence[tuple[Symbol, int]]) -> Iterator[_Known]:
    for i, (size, n) in enumerate(named):
        for other, m in named[i + 1 :]:
            yield (
                1 / (n * m),
                say("a factor 1/({}⋅{}) = 1/{}: a mean over both once too often", size, other, n * m),
                1.2,
                _over(size, other),
            )
            yield (
                n * m,
                say("a factor {}⋅{} = {}: a sum over both, no mean", size, other, n * m),
                1.2,
                _over(size, other),
            )
            yield n / m, say("divided by {} = {}, not by {} = {}", other, m, size, n), 1.2, _over(size, other)
            yield m / n, say("divided by {} = {}, not by {} = {}", size, n, other, m), 1.2, _over(size, other)


def with_this_rate(m: Mutation, eta: float) -> Words:
    """Give the words of a mistake with the learning rate that was found out."""
    return m.words + say(" (with a learning rate of {:.6g})", eta)
