"""The public names: `dir` shows them and nothing else, and `help` of each says what a newcomer needs."""

import doctest
import inspect
import pydoc
import re
import types
from pathlib import Path

import pytest

import symnet as sn

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
FUNCTIONS = {name: o for name in sn.__all__ if isinstance(o := getattr(sn, name), types.FunctionType)}
CLASSES = {name: o for name in sn.__all__ if inspect.isclass(o := getattr(sn, name))}
BASES = {
    "MatrixNode": "the base of a user's own class: README, Teach it something",
    "ScalarNode": "the base of a user's own class: README, Teach it something",
}
OPTIMIZER = "a method that training calls: README, Teach it something, shows one of each"
REASONS = {
    "hyperparameters": OPTIMIZER,
    "init": OPTIMIZER,
    "update": OPTIMIZER,
    "states": OPTIMIZER,
    "steps": OPTIMIZER,
    "decayed": "how AdamW differs from Adam",
    "CheckRow.of": "made by the checks",
    "Diagnosis.right": "the other side of `wrong`",
    "Facts.code": "called by the backends",
    "Facts.analytic": "a default, not a method",
    "Facts.kinks": "a default, not a method",
    "GradientCheck.plot": "needs matplotlib",
    "Training.plot": "needs matplotlib",
    "Kernel.stated": "called by what takes arrays",
    "MLP.activation": "what it was given",
    "MLP.T": "as for a matrix",
}


def members(cls):
    """Give name and function of the public methods and properties that a class of ours defines."""
    for name, member in inspect.getmembers_static(cls):
        function = next((f for at in ("fget", "func", "__func__") if (f := getattr(member, at, None))), member)
        if not name.startswith("_") and inspect.isfunction(function):
            if function.__module__.startswith("symnet"):
                yield name, function


MEMBERS = {f"{cls}.{name}": function for cls, o in CLASSES.items() if cls not in BASES for name, function in members(o)}


def examples(documented):
    """Give the lines of the examples of a docstring."""
    return "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) (.*)", inspect.getdoc(documented) or "", re.MULTILINE))


def test_dir_shows_the_public_names_only():
    assert dir(sn) == sorted(sn.__all__)
    assert len(set(sn.__all__)) == len(sn.__all__)
    assert not any(name.startswith("_") or isinstance(getattr(sn, name), types.ModuleType) for name in dir(sn))


def test_a_star_imports_the_public_names():
    names = {}
    exec("from symnet import *", names)
    assert set(names) - {"__builtins__"} == set(sn.__all__)


def test_every_name_of_the_readme_is_public():
    used = set(re.findall(r"\bsn\.([A-Za-z_]\w*)", README))
    assert used and used <= set(dir(sn))


def test_help_of_the_package_lists_the_public_names():
    text = pydoc.plain(pydoc.render_doc(sn))
    assert all(re.search(rf"\b{name}\b", text) for name in sn.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_of_a_function(name):
    lines = inspect.getdoc(FUNCTIONS[name]).splitlines()
    assert lines[0].endswith((".", "…")) and len(lines[0]) <= 120, "what it gives, in one line"
    assert len(lines) > 1 and not lines[1], "a blank line below it"
    assert re.search(rf"\b{name}\(", examples(FUNCTIONS[name])), "an example that calls it"
    assert FUNCTIONS[name].__name__ == name


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if len(inspect.signature(FUNCTIONS[name]).parameters)])
def test_help_names_every_argument(name):
    text = inspect.getdoc(FUNCTIONS[name])
    as_elsewhere = re.search(r"(?:[Aa]s in|Arguments and errors as in|See) `", text)
    for argument in inspect.signature(FUNCTIONS[name]).parameters:
        assert re.search(rf"\b{argument}\b", text.split(">>>")[0]) or as_elsewhere, (
            f"{name} does not say what {argument} is"
        )


@pytest.mark.parametrize("name", CLASSES)
def test_help_of_a_class(name):
    assert inspect.getdoc(CLASSES[name]).splitlines()[0].strip()
    assert name in BASES or examples(CLASSES[name]), "an example"


@pytest.mark.parametrize("name", MEMBERS)
def test_help_of_a_method(name):
    cls, method = name.split(".")
    reason = REASONS.get(name) or REASONS.get(method)
    assert reason or inspect.getdoc(MEMBERS[name]), "what it gives"
    shown = re.search(rf"\.{method}\b", examples(MEMBERS[name]) + "\n" + examples(CLASSES[cls]))
    assert reason or shown, "an example of its own or in that of its class"


def test_every_reason_is_needed():
    named = {m for name in MEMBERS for m in (name, name.split(".")[1])} | {"Diagnosis.right"}
    assert set(REASONS) <= named


BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_snippet_of_the_readme_runs_when_pasted_alone(number):
    if "jax" in BLOCKS[number]:
        pytest.importorskip("jax")
    parsed = doctest.DocTestParser().get_doctest(BLOCKS[number], {}, f"README {number}", None, None)
    assert parsed.examples
    failures, _ = doctest.DocTestRunner(verbose=False).run(parsed, out=lambda text: pytest.fail(text))
    assert not failures


def test_every_snippet_of_the_readme_is_one_of_these():
    assert README.count(">>> ") == sum(block.count(">>> ") for block in BLOCKS) and len(BLOCKS) > 10


def test_the_contents_of_the_readme_lead_to_its_headings():
    headings = re.findall(r"^##+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    led_to = re.findall(r"\]\(#([^)]*)\)", README)
    assert len(led_to) > 10 and set(led_to) <= anchors and len(anchors) == len(headings)
