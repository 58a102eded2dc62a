"""What the documents point to exists, and the check can fail."""

import re
from pathlib import Path

import pytest

from tests.layers import commands
from tests.layers.documents import WITH_FORMER_NAMES, documents_of, problems_of, words_of

ROOT = Path(__file__).resolve().parent.parent.parent
DECISIONS = ROOT / "docs" / "decisions"
GOOD = """# Parts

See [the docs](docs), [another](docs/other.md#the-second-one), [here](#parts), `server/grpc/` and
`serving_runtime.model`; [the web](https://example.org/nowhere).

```
[not a link](in/a/block.md)
```
"""


@pytest.fixture(name="tree")
def _tree(tmp_path):
    """Return a small checkout: a document, another one to point to, and two modules."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/other.md").write_text("# Other\n\n## The `second` one\n")
    (tmp_path / "common/serving_runtime/server/grpc").mkdir(parents=True)
    (tmp_path / "common/serving_runtime/model.py").touch()
    (tmp_path / "README.md").write_text(GOOD)
    return tmp_path


@pytest.mark.parametrize(
    "document", documents_of(ROOT), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_what_a_document_points_to_exists(document):
    """Every relative link, path and module in a document leads somewhere."""
    problems = list(problems_of(document, ROOT))
    assert problems == [], "\n".join(problems)


def test_a_document_without_faults_has_no_problems(tree):
    """Links to files, folders and headings, paths and modules that exist are accepted."""
    assert list(problems_of(tree / "README.md", tree)) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[a](docs/gone.md)", "the link docs/gone.md leads nowhere"),
        ("[a](docs/other.md#third)", "the link docs/other.md#third leads nowhere"),
        ("[a](#gone)", "the link #gone leads nowhere"),
        ("in `front/server.py`", "there is no front/server.py"),
        ("in `wire/`", "there is no wire/"),
        ("in `runtimes/<framework>/gone.py`", "there is no runtimes/<framework>/gone.py"),
        ("`import serving_runtime.front`", "there is no serving_runtime.front"),
    ],
)
def test_a_planted_fault_is_found_with_its_line(tree, line, problem):
    """A broken link, path or module is reported with the document's name and the line."""
    (tree / "README.md").write_text(f"{GOOD}\n{line}\n")
    assert list(problems_of(tree / "README.md", tree)) == [f"README.md:10: {problem}"]


@pytest.mark.parametrize(
    "document", documents_of(ROOT), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_what_a_document_says_to_type_exists(document):
    """Every verb, flag, module and setting in a document is one that there is."""
    if document.name in WITH_FORMER_NAMES:
        pytest.skip("it has names that are gone, on purpose")
    problems = list(commands.problems_of(document.read_text(encoding="utf-8"), ROOT))
    assert problems == [], "\n".join(problems)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("`make demos`", "there is no `make demos`"),
        ("`make test lint gone/python/3.13`", "there is no `make gone/python/3.13`"),
        ("`make demo MODELS=python`", "make knows no MODELS="),
        ("```sh\nserving-runtime predicts x\n```", "there is no `serving-runtime predicts`"),
        ("`serving-runtime predict --inptu x`", "`serving-runtime predict` has no --inptu"),
        ("`serving-runtime contract show --flag`", "`serving-runtime contract` has no --flag"),
        ("`python -m tools.gone`", "there is no `python -m tools.gone`"),
        ("set RUNTIME_WORKER=2", "there is no setting RUNTIME_WORKER"),
    ],
)
def test_a_wrong_command_is_found(line, problem):
    """What nobody could type is reported."""
    assert list(commands.problems_of(f"# Title\n\n{line}\n", ROOT)) == [problem]


@pytest.mark.parametrize(
    ("name", "fewest", "most"),
    [("README.md", 700, 900), ("docs/architecture.md", 1000, 1800)],
)
def test_the_first_documents_are_short(name, fewest, most):
    """What everybody reads has a length that everybody reads."""
    assert fewest <= words_of(ROOT / name) <= most


def test_all_documents_together_are_short():
    """What is written by hand has at most 15,000 words; what is generated is not counted."""
    assert 8000 <= sum(words_of(path) for path in documents_of(ROOT)) <= 15000


def test_generated_parts_are_not_counted(tmp_path):
    """A generated document has no words, a generated part of one none either."""
    document = tmp_path / "parts.md"
    document.write_text("one two\n<!-- x: written by `make y` -->\n3 4\n<!-- end of x -->\nfive\n")
    assert words_of(document) == 3
    assert words_of(ROOT / "docs" / "settings.md") == 0


def test_the_index_of_decisions_lists_each_page_once():
    """Decisions are numbered without gaps, and the index has each, with the title of its page."""
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    listed = re.findall(
        r"^- \[(\d{4})\]\((.+?)\) (.+)$", (DECISIONS / "README.md").read_text(), re.MULTILINE
    )
    titles = [(page, page.read_text().partition("\n")[0][2:]) for page in pages]
    assert sorted(listed) == [
        (title[:4], page.name, title.partition(". ")[2]) for page, title in titles
    ]
