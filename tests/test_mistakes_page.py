"""The page of mistakes: every program on it runs and prints what stands below it."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "mistakes.md").read_text(encoding="utf-8")
START = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
CASES = re.findall(r"## (\d+)\. (.*?)\n.*?```python\n(.*?)```\n\n```text\n(.*?)```\n\nChange: ", PAGE, re.DOTALL)


def printed(code):
    """Give what a program of the page prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(START + code, {})  # noqa: S102 - our own page
    return out.getvalue()


def test_there_are_ten():
    assert [int(number) for number, *_ in CASES] == list(range(1, 11))


@pytest.mark.parametrize("number", range(10))
def test_a_program_prints_what_the_page_says(number):
    _, _, code, says = CASES[number]
    assert printed(code) == says and says
