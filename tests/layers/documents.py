"""What the documents point to: links, paths and modules that must exist."""

import re
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

# Written by programs from figures; their links are checked, the paths in them are of those runs.
GENERATED = {f"docs/{name}.md" for name in ("images", "performance", "reliability", "settings")}
# The changelog has names that are gone, on purpose; it only grows, so its words are not counted.
WITH_FORMER_NAMES = {"CHANGELOG.md"}
# What commands make, what users write, and the framework of an example.
NOT_IN_THE_TREE = re.compile(r"(build|scores|\.venvs|files|src|lib|runtimes/polynomial)(/|$)")
# Where a path may begin: documents shorten what their readers see before them.
BASES = ("", "common/", "common/serving_runtime/", "protos/hydro_serving_grpc/", "runtimes/*/")

_GENERATED_PART = re.compile(r"<!-- [\w-]+: written by .*?<!-- end of [\w-]+ -->", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")
_PATH = re.compile(r"[\w.<>*-]+(/[\w.<>*-]*)+")
_MODULE = re.compile(r"(?<![\w.])(?:serving_runtime|hydro_serving_grpc)(?:\.\w+)+")
_PLACEHOLDER = re.compile(r"<[\w-]+>|\bNAME\b|\bNNNN\b")
_HEADING = re.compile(r"#{1,6} +(.+?) *#*$")
_ENDINGS = (".py", ".md", ".yaml", ".proto", ".toml", "/")


def documents_of(root: Path) -> List[Path]:
    """Return every Markdown file that git knows or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted(root / name for name in listed.split("\0") if name and (root / name).is_file())


def problems_of(document: Path, root: Path) -> Iterator[str]:
    """Yield ``file:line: what does not exist`` for all that a document points to."""
    name = document.relative_to(root).as_posix()
    for number, line in prose_of(document):
        for target in _LINK.findall(_CODE.sub("", line)):
            if not leads_somewhere(target, document, root):
                yield f"{name}:{number}: the link {target} leads nowhere"
        if name in GENERATED | WITH_FORMER_NAMES or document.name.endswith(".template.md"):
            continue
        for code in _CODE.findall(line):
            for missing in missing_from(code, document, root):
                yield f"{name}:{number}: there is no {missing}"


def words_of(document: Path) -> int:
    """Return how many words of a document are written by hand."""
    if f"docs/{document.name}" in GENERATED or document.name in WITH_FORMER_NAMES:
        return 0
    if document.name.endswith(".template.md"):
        return 0
    return len(_GENERATED_PART.sub("", document.read_text(encoding="utf-8")).split())


def prose_of(document: Path) -> Iterator[Tuple[int, str]]:
    """Yield the numbered lines of a document that are in no fenced block."""
    in_block = False
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        elif not in_block:
            yield number, line


def leads_somewhere(target: str, document: Path, root: Path) -> bool:
    """Whether a link's file and heading exist; links to the web are not followed."""
    if re.match(r"[a-z]+:", target):
        return True
    path, _, anchor = target.partition("#")
    # A template's text is read in docs/, where its program writes it.
    folder = root / "docs" if document.name.endswith(".template.md") else document.parent
    file = folder / path if path else document
    if not file.exists():
        return False
    return not anchor or file.suffix != ".md" or anchor in anchors_of(file)


def anchors_of(document: Path) -> Set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    seen: Dict[str, int] = {}
    anchors = set()
    for _, line in prose_of(document):
        heading = _HEADING.match(line)
        if heading:
            slug = re.sub(r"[^\w -]", "", heading.group(1).lower()).replace(" ", "-")
            anchors.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
            seen[slug] = seen.get(slug, 0) + 1
    return anchors


def missing_from(code: str, document: Path, root: Path) -> Iterator[str]:
    """Yield the paths and modules that a piece of code names and the tree does not have."""
    if is_path(code) and not is_there(code, document, root):
        yield code
    yield from (module for module in _MODULE.findall(code) if not is_module(module, root))


def is_path(code: str) -> bool:
    """Whether code is written like a file or a folder of this repository."""
    return (
        _PATH.fullmatch(code) is not None
        and code.endswith(_ENDINGS)
        and not NOT_IN_THE_TREE.match(code)
    )


def is_there(path: str, document: Path, root: Path) -> bool:
    """Whether a path exists, seen from the root, from one of the bases, or from the document."""
    pattern = _PLACEHOLDER.sub("*", path).rstrip("/")
    beside = document.parent.relative_to(root).as_posix()
    return any(next(root.glob(base + pattern), None) for base in (*BASES, f"{beside}/"))


def is_module(name: str, root: Path) -> bool:
    """Whether a dotted name is a module, or a name in one."""
    path = root / "common" / name.replace(".", "/")
    modules = (path, path.with_suffix(".py"), path.parent.with_suffix(".py"))
    if any(module.exists() for module in modules):
        return True
    package = path.parent / "__init__.py"
    return package.is_file() and re.search(rf"\b{path.name}\b", package.read_text()) is not None
