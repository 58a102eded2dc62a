"""Read who imports what from the source, so that a rule also sees what no test executes.

Imports count wherever they stand: inside functions and under TYPE_CHECKING too, since a reader
follows these like all others.
"""

import ast
from pathlib import Path
from typing import Dict, FrozenSet, Iterable, Iterator, List, NamedTuple, Set, Tuple


class Module(NamedTuple):
    """What one file of a tree says."""

    imports: FrozenSet[str]
    """Absolute names: of a module of the tree, else as written, ``package.name``."""
    names: FrozenSet[str]
    """All names that its code uses; text and comments do not count."""


Tree = Dict[str, Module]
Arrow = Tuple[str, str]


def read_tree(*packages: Path) -> Tree:
    """Return the modules of some packages, which are folders, by their dotted names."""
    files = {
        _module_name(path.relative_to(package.parent)): path
        for package in packages
        for path in sorted(package.rglob("*.py"))
    }
    return {name: _read(path, files) for name, path in files.items()}


def is_inside(name: str, package: str) -> bool:
    """Return whether a module is a package, or anything in it."""
    return name == package or name.startswith(package + ".")


def is_in_any(name: str, packages: Iterable[str]) -> bool:
    """Return whether a module is one of some packages, or anything in them."""
    return any(is_inside(name, package) for package in packages)


def foreign_siblings(tree: Tree, parent: str, shared: Iterable[str] = ()) -> List[str]:
    """Return the imports between the folders in a folder, but for those of shared ones."""
    folders = {
        child
        for name in tree
        if is_inside(name, parent) and name != parent
        for child in [_child(name, parent)]
        if any(it.startswith(child + ".") for it in tree)
    }
    private = folders - set(shared)
    return sorted(
        f"{name} imports {target}"
        for name, module in tree.items()
        for target in module.imports
        for other in private
        if is_inside(name, parent) and is_inside(target, other)
        if _child(name, parent) in folders - {other}
    )


def circles(tree: Tree) -> List[str]:
    """Return each circle of imports, between files or between folders.

    The children of a folder are compared with each other: its modules, its ``__init__``, and each
    folder in it as a whole. A circle of files is one of the children of the folder that holds
    them all.
    """
    arrows = {(name, target) for name in tree for target in tree[name].imports if target in tree}
    parents = {name.rpartition(".")[0] for name in tree} | set(tree) | {""}
    return [text for parent in sorted(parents) for text in _circles_in(parent, arrows)]


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(path: Path, known: Iterable[str]) -> Module:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    imported = {name for node in nodes for name in _imported(node, path)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {name.rpartition(".")[2] for name in imported}
    resolved = (_resolved(name, known) for name in imported)
    return Module(frozenset(resolved), frozenset(names))


def _imported(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{path}: a relative import"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _resolved(name: str, known: Iterable[str]) -> str:
    """Return the module of the tree that a name is in: ``from a.b import c`` may name either."""
    parent = name.rpartition(".")[0]
    return parent if name not in known and parent in known else name


def _child(name: str, parent: str) -> str:
    """Return the child of a folder that a module is or is in; the folder's own ``__init__``."""
    if name == parent:
        return f"{name}.__init__"
    inner = name[len(parent) + 1 :] if parent else name
    return f"{parent}.{inner.partition('.')[0]}".lstrip(".")


def _circles_in(parent: str, arrows: Set[Arrow]) -> List[str]:
    """Return the circles between the children of one folder, each with the imports that make it."""
    between: Dict[Arrow, Arrow] = {}
    for source, target in sorted(arrows):
        if not parent or (is_inside(source, parent) and is_inside(target, parent)):
            pair = _child(source, parent), _child(target, parent)
            if pair[0] != pair[1]:
                between.setdefault(pair, (source, target))
    reach = _reachable(set(between))
    return [
        f"{source} imports {target} ({here} ↔ {there})"
        for (here, there), (source, target) in sorted(between.items())
        if here in reach[there]
    ]


def _reachable(arrows: Set[Arrow]) -> Dict[str, Set[str]]:
    """Return what each node leads to, over any number of arrows."""
    reach: Dict[str, Set[str]] = {node: set() for arrow in arrows for node in arrow}
    for source, target in arrows:
        reach[source].add(target)
    for middle, beyond in reach.items():
        for targets in reach.values():
            if middle in targets:
                targets.update(beyond)
    return reach
