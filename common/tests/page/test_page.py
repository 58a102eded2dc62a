import re

import pytest

from serving_runtime import page

FILES = {"html": page.html(), "script": page.script(), "style": page.style()}
# What would make text of a client or a model part of the page, or code.
NEVER = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(")


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_elsewhere(name):
    """No file names another host, but for the name of SVG's elements."""
    text = FILES[name].body.decode().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|['\"(]//", text)


def test_page_has_no_code_of_its_own():
    """The policy lets scripts and styles come from files alone."""
    text = FILES["html"].body.decode()
    assert re.findall(r"<script[^>]*>", text) == ['<script src="page.js" defer>']
    assert not re.search(r"<style|\son\w+=|\sstyle=", text)
    assert "unsafe" not in page.POLICY


def test_texts_stay_texts():
    """The script puts what others wrote into the page as text, and runs none of it."""
    text = FILES["script"].body.decode()
    assert [it for it in NEVER if it in text] == []


def test_content_types_have_a_charset():
    """Browsers read the files as what they are."""
    types = {name: file.content_type for name, file in FILES.items()}
    assert types == {
        "html": "text/html; charset=utf-8",
        "script": "text/javascript; charset=utf-8",
        "style": "text/css; charset=utf-8",
    }
