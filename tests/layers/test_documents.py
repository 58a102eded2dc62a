"""What the documents point to exists, and the check can fail."""

import re
from pathlib import Path

import pytest

from tests.layers.documents import documents_of, problems_of

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
