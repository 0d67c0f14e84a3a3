"""The public functions as users call them: a call that does not fit is answered in the user's words.

In: the functions and classes that the package hands out. Out: the same, with their names, signatures and docstrings,
that say which arguments there are where Python would only say that a call is wrong. A call that fits goes straight
through; what is raised inside of a function is passed on as it is. Inside of the package the plain ones are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import update_wrapper
from inspect import Parameter, isclass, isfunction, signature
from types import FunctionType
from typing import Any

from sympy import Basic

from symnet.expressions.elsewhere import no_such_argument

_NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
_PLACED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_CALLED = ("__init__", "__call__")
_plain: dict[Any, Any] = {}


def plain(function: Any) -> Any:
    """Give the function of ours behind the one that a user has; anything else as it is."""
    try:
        return _plain.get(function, function)
    except TypeError:  # what has no hash is none of them
        return function


def answered(value: Any, name: str) -> Any:
    """Give a public function, or a class whose public methods, that answer calls which do not fit.

    name: that of it in the package. Anything else is given as it is.
    """
    if isfunction(value):
        found = _answering(value, name, f"write sn.{name}")
        found.__module__, found.__name__, found.__qualname__ = "symnet", name, name
        _plain[found] = value
        return found
    if isclass(value):
        for kind in value.__mro__:
            if kind.__module__.startswith("symnet.") and not issubclass(kind, Basic):
                _answer_methods(kind, name)
    return value


def _answer_methods(kind: Any, name: str) -> None:
    for member, method in list(vars(kind).items()):
        if isfunction(method) and (member in _CALLED or not member.startswith("_")) and not hasattr(method, "answers"):
            own = "" if member in _CALLED else f".{member}"
            way = {"__init__": f"write sn.{name}", "__call__": "call it with "}.get(member, f"write .{member}")
            found = _answering(method, own, way, True)
            found.answers = True
            setattr(kind, member, found)


def _answering(function: Any, called: str, way: str, bound: bool = False) -> Any:
    explain = misfit  # by its name here: the globals of `call` become those of the function's module, for its examples

    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise  # from inside of the function
            said = explain(function, called, way, args, options, bound)
            if said is None:
                raise
            raise TypeError(said) from None

    return update_wrapper(FunctionType(call.__code__, function.__globals__, "call", None, call.__closure__), function)


def misfit(
    function: Callable[..., Any],
    called: str,
    way: str,
    args: tuple[Any, ...],
    options: Mapping[str, Any],
    bound: bool = False,
) -> str | None:
    """Say why a call does not fit the signature of a function, and what to write; None where it fits.

    called: its name; way: the start of what to write; bound: whether it is a method, whose class is named as well.
    """
    parameters = list(signature(function).parameters.values())
    if bound:
        called, args, parameters = type(args[0]).__name__ + called, args[1:], parameters[1:]
    shown = [p for p in parameters if not p.name.startswith("_")]
    placed = [p.name for p in parameters if p.kind in _PLACED]
    names = [p.name for p in shown if p.kind in _NAMED]
    whole = f"{way}({_arguments(shown)})"
    kinds = {p.kind for p in parameters}
    given = placed[: len(args)]
    for option, value in options.items():
        if option in given:
            return f"{called}: {option} is given twice, without its name and as {option}=; {whole}"
        if option not in names and Parameter.VAR_KEYWORD not in kinds:
            return f"{called}: {no_such_argument(option, value, names, {*given, *options})}"
    if len(args) > len(placed) and Parameter.VAR_POSITIONAL not in kinds:
        later = [p.name for p in shown if p.kind is Parameter.KEYWORD_ONLY]
        most = f"takes {len(placed)} at most" if placed else "takes none"
        values = "1 value was" if len(args) == 1 else f"{len(args)} values were"
        rest = f"{', '.join(placed)}; the others have names: {', '.join(f'{n}=' for n in later)}" if later else whole
        return f"{called}: {values} given without a name and it {most}{', ' if later and placed else '; '}{rest}"
    missing = [
        p.name
        for p in shown
        if p.default is Parameter.empty and p.kind in (*_PLACED, Parameter.KEYWORD_ONLY)
        and p.name not in given and p.name not in options
    ]  # fmt: skip
    if missing:
        are = "is" if len(missing) == 1 else "are"
        listed = " and ".join([", ".join(missing[:-1]), missing[-1]] if missing[1:] else missing)
        return f"{called}: {listed} {are} missing; {whole}"
    return None


def _arguments(parameters: list[Parameter]) -> str:
    written = [
        f"*{p.name}" if p.kind is Parameter.VAR_POSITIONAL
        else f"**{p.name}" if p.kind is Parameter.VAR_KEYWORD
        else p.name if p.default is Parameter.empty
        else f"{p.name}={_default(p.default)}"
        for p in parameters
    ]  # fmt: skip
    return ", ".join(written if len(written) <= 9 else [*written[:9], "…"])


def _default(value: Any) -> str:
    if isfunction(value):
        return f"sn.{value.__name__}" if value.__name__.isidentifier() and value.__name__[0] != "_" else "…"
    return repr(value) if len(repr(value)) < 20 and "<" not in repr(value) else "…"
