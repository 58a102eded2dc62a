"""Keep what calls write to, so that a model can be set back to what it was loaded as."""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Set

from serving_runtime.errors import InvalidInput
from tensorflow_runtime.changes import Changes


class Variable(NamedTuple):
    """A variable's name, the value that it was loaded with, and what gives it another one."""

    name: str
    value: Any
    assign: Callable[[Any], Any]


class Written:
    """What calls change.

    Args:
        variables: those that can be set back.
        others: names of tables, queues and the like, which cannot.
        draws_by_seed: whether each call takes the next of a fixed sequence of random numbers.
    """

    def __init__(
        self, variables: List[Variable], others: Iterable[str], draws_by_seed: bool
    ) -> None:
        self._variables = variables
        self._others = sorted(others)
        self.draws_by_seed = draws_by_seed

    @property
    def text(self) -> str:
        """What is changed, by name; empty where nothing is."""
        names = [f'the variable "{variable.name}"' for variable in self._variables]
        return ", ".join(names + [f'"{name}" of the graph' for name in self._others])

    def reset(self) -> None:
        """Give the variables back their first values.

        Raises:
            InvalidInput: more than variables has changed.
        """
        if self._others:
            raise InvalidInput(
                f"this model's state cannot be reset, only restarted with the service: {self.text}"
            )
        for variable in self._variables:
            variable.assign(variable.value)


def of_functions(functions: Iterable[Any]) -> Written:
    """Return what calls of some concrete functions of TensorFlow 2.x change."""
    variables: Dict[int, Variable] = {}
    others: Set[str] = set()
    draws_by_seed = False
    for function in functions:
        graph_def = function.graph.as_graph_def()
        changes = Changes(graph_def)
        draws_by_seed = draws_by_seed or changes.draws_by_seed(graph_def.node)
        captured = _captured(function)
        names = set(changes.of(graph_def.node))
        for variable in (captured[name] for name in names & set(captured)):
            name = str(variable.name).partition(":")[0]
            variables[id(variable)] = Variable(name, variable.numpy(), variable.assign)
        others |= names - set(captured)
    return Written(sorted(variables.values(), key=_name), others, draws_by_seed)


def _name(variable: Variable) -> str:
    return variable.name


def _captured(function: Any) -> Dict[str, Any]:
    """Return variables by the name of the placeholder through which a function gets them."""
    by_handle = {id(variable.handle): variable for variable in function.graph.variables}
    return {
        str(internal.op.name): by_handle[id(external)]
        for external, internal in function.graph.captures
        if id(external) in by_handle
    }
