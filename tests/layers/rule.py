"""The form of a layer rule, and how it is held against a tree."""

from typing import List, NamedTuple, Tuple

from tests.layers.imports import Tree, is_in_any


class Rule(NamedTuple):
    """Some modules never import some others, and never name some errors."""

    name: str
    who: Tuple[str, ...]
    never: Tuple[str, ...]
    why: str
    planted: Tuple[str, str]
    """A module and a line in it that break the rule: proof that it can fail."""
    but: Tuple[str, ...] = ()
    """Modules, and all in them, that the rule does not bind."""
    may: Tuple[str, ...] = ()
    """Imports that are allowed although they are inside of what is forbidden."""
    names: Tuple[str, ...] = ()
    """Names that the code does not use either."""

    def concerns(self, module: str) -> bool:
        """Return whether the rule binds a module."""
        return is_in_any(module, self.who) and not is_in_any(module, self.but)

    def broken_in(self, tree: Tree) -> List[str]:
        """Return each import and each name that breaks the rule."""
        bound = [(name, module) for name, module in tree.items() if self.concerns(name)]
        imports = [
            f"{name} imports {target}"
            for name, module in bound
            for target in module.imports
            if is_in_any(target, self.never) and not is_in_any(target, self.may)
        ]
        uses = [
            f"{name} names {used}"
            for name, module in bound
            for used in module.names & {*self.names}
        ]
        return sorted(imports + uses)
