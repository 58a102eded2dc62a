"""The checks of the layers find what they are for: violations planted in small trees."""

import pytest

from tests.layers.imports import circles, foreign_siblings, read_tree
from tests.layers.rooms import SHARED_BY_PROTOCOLS
from tests.layers.rules import RULES

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "-"))


@each_rule
def test_rules_can_fail(rule, tmp_path):
    """Each rule finds the violation that is planted for it."""
    module, line = rule.planted
    tree = plant(tmp_path, {module: line})
    assert len(rule.broken_in(tree)) == 1


@each_rule
def test_rules_find_violations_wherever_they_stand(rule, tmp_path):
    """An import in a function, or for type checkers only, breaks a rule like any other."""
    module, line = rule.planted
    late = f"def late():\n    {line}"
    typed = f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {line}"
    for number, text in enumerate((late, typed)):
        assert rule.broken_in(plant(tmp_path / str(number), {module: text}))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.but], ids=lambda rule: rule.name)
def test_rules_do_not_bind_their_exceptions(rule, tmp_path):
    """What breaks a rule is allowed where the rule makes an exception."""
    tree = plant(tmp_path, {f"{rule.but[0]}.planted": rule.planted[1]})
    assert rule.broken_in(tree) == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.names], ids=lambda rule: rule.name)
def test_rules_find_foreign_errors(rule, tmp_path):
    """An error of a library is found by its name, also where the library is not imported."""
    module = rule.planted[0]
    for number, name in enumerate(rule.names):
        text = f"def late(library):\n    raise library.{name}"
        found = rule.broken_in(plant(tmp_path / str(number), {module: text}))
        assert found == [f"{module} names {name}"]


def test_protocols_that_import_each_other_are_found(tmp_path):
    """Only the shared folders may be imported, and they import no protocol."""
    protocols = "serving_runtime.protocols"
    tree = plant(
        tmp_path,
        {
            f"{protocols}.request": "",
            f"{protocols}.one.predict": (
                f"import {protocols}.protobuf.scanning, {protocols}.request"
            ),
            f"{protocols}.two.predict": f"from {protocols}.one import predict",
            f"{protocols}.protobuf.scanning": f"from {protocols}.two.predict import answer",
            protocols: f"from {protocols}.one import predict",
        },
    )
    assert foreign_siblings(tree, protocols, SHARED_BY_PROTOCOLS) == [
        f"{protocols}.protobuf.scanning imports {protocols}.two.predict",
        f"{protocols}.two.predict imports {protocols}.one.predict",
    ]


def test_circles_between_files_are_found(tmp_path):
    """Two files of one folder that import each other are a circle, late imports included."""
    tree = plant(tmp_path, {"a.one": "from a import two", "a.two": "def f():\n    import a.one"})
    assert circles(tree) == [
        "a.one imports a.two (a.one ↔ a.two)",
        "a.two imports a.one (a.two ↔ a.one)",
    ]


def test_circles_between_folders_are_found(tmp_path):
    """Folders are a circle although no file of theirs is in one, over a third folder too."""
    tree = plant(
        tmp_path,
        {
            "a.x.one": "import a.y.one",
            "a.y.one": "",
            "a.y.two": "from a.z import one",
            "a.z.one": "from a.x.two import name",
            "a.x.two": "",
            "a.top": "import a.x.one, a.y.two",
        },
    )
    assert len(circles(tree)) == 3
    assert all("a.top" not in line for line in circles(tree))


def test_a_folder_and_its_own_modules_can_be_a_circle(tmp_path):
    """A package whose modules import the package is a circle if it imports them."""
    tree = plant(tmp_path, {"a": "from a import one", "a.one": "from a import name"})
    assert len(circles(tree)) == 2


def test_imports_one_way_are_no_circle(tmp_path):
    """A package may import its modules, and they what stands beside them."""
    tree = plant(tmp_path, {"a": "from a import one", "a.one": "import a.two", "a.two": ""})
    assert circles(tree) == []


def plant(folder, modules):
    """Write modules, given as text by dotted name, and return them as a tree."""
    for name, text in modules.items():
        has_children = any(other.startswith(name + ".") for other in modules)
        path = folder.joinpath(*name.split("."), *(["__init__"] if has_children else []))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".py").write_text(text, encoding="utf-8")
    return read_tree(*(folder / name for name in {name.partition(".")[0] for name in modules}))
