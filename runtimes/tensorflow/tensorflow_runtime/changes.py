"""Find what a call changes that outlives it: variables, tables, queues, random generators.

TensorFlow marks an operation as stateful for many reasons: it may only read a variable, or print.
So those that write are listed here, by the forms of their names.
"""

import re
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Set

# All of them write to their first input. Variables, whole and in parts, the optimisers' updates of
# them, counters, tables, queues, iterators that outlive the call, and random generators.
_WRITES = re.compile(
    r"(Assign(Add|Sub)?(VariableOp)?|AssignVariableXlaConcatND"
    r"|(Resource)?(Sparse)?Apply[A-Z]\w*"
    r"|(Resource)?Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max|Update)"
    r"|(Resource)?StridedSliceAssign|(Resource)?CountUpTo"
    r"|LookupTable(Insert|Remove|Import)(V2)?"
    r"|Queue(Enqueue|Dequeue)\w*|Barrier(InsertMany|TakeMany)|ReaderRead(UpTo)?(V2)?"
    r"|(Resource|Sparse)?Accumulator(Apply|Take)\w*"
    r"|OneShotIterator|Iterator(V2)?"
    r"|ScatterAddNdim|ObtainNext|ZeroInitializer"  # of tensorflow.contrib
    r"|Rng(ReadAnd)?Skip(V2)?"
    r"|Stateful(StandardNormal(V2)?|TruncatedNormal|Uniform(FullInt|Int)?|RandomBinomial))"
)
# They hand on the resource that is their first input.
_PASSES = ("Identity", "Switch", "RefSwitch", "Enter", "RefEnter", "RefIdentity")
# Their functions do not get the first input, which chooses one of them.
_CHOOSES = ("If", "StatelessIf", "Case", "StatelessCase")


def writes(operation: str) -> bool:
    """Whether an operation changes what outlives the call."""
    return bool(_WRITES.fullmatch(operation))


class Changes:
    """What the nodes of a graph write to, directly and in the functions that they call.

    Args:
        graph_def: the GraphDef, with the library of functions.
    """

    def __init__(self, graph_def: Any) -> None:
        self._functions = {str(it.signature.name): it for it in graph_def.library.function}
        self._nodes = _by_name(graph_def.node)
        self._arguments: Dict[str, FrozenSet[int]] = {}
        self._inner: Set[str] = set()

    def of(self, nodes: Iterable[Any]) -> List[str]:
        """Name the nodes of the graph, such as variables', that some of its nodes write to."""
        own = set(self._written(nodes, self._nodes))
        return sorted(own | self._inner)

    def draws_by_seed(self, nodes: Iterable[Any]) -> bool:
        """Whether some nodes draw the same random numbers after each start, one after the other."""
        waiting = list(nodes)
        seen: Set[str] = set()
        while waiting:
            node = waiting.pop()
            if any(node.attr[name].i for name in ("seed", "seed2") if name in node.attr):
                return True
            for name in set(self._called_by(node)) - seen:
                seen.add(name)
                waiting += self._functions[name].node_def
        return False

    def _written(self, nodes: Iterable[Any], known: Mapping[str, Any]) -> Iterator[str]:
        for node in nodes:
            inputs = [str(name) for name in node.input]
            for position in self._positions(node):
                # Functions of data sets get other inputs before those of the node.
                found = inputs[position] if position < len(inputs) else str(node.name)
                yield _source(found, known)

    def _positions(self, node: Any) -> Set[int]:
        """Return which inputs of a node it writes to."""
        found = {0} if writes(str(node.op)) else set()
        shift = 1 if node.op in _CHOOSES else 0
        for name in self._called_by(node):
            found |= {position + shift for position in self._written_arguments(name)}
        return found

    def _called_by(self, node: Any) -> Iterator[str]:
        names = [str(node.op)]
        for value in node.attr.values():
            names.append(str(value.func.name))
            names += [str(function.name) for function in value.list.func]
        return (name for name in names if name in self._functions)

    def _written_arguments(self, name: str) -> FrozenSet[int]:
        """Return which arguments a function writes to; what else it writes to is noted."""
        if name not in self._arguments:
            self._arguments[name] = frozenset()  # for one that calls itself
            function = self._functions[name]
            arguments = [str(argument.name) for argument in function.signature.input_arg]
            known = _by_name(function.node_def)
            written = set(self._written(function.node_def, known))
            self._arguments[name] = frozenset(map(arguments.index, written & set(arguments)))
            # What is anonymous is the call's own.
            own = {it for it in written if it in known and known[it].op.startswith("Anonymous")}
            self._inner |= written - set(arguments) - own
        return self._arguments[name]


def _by_name(nodes: Iterable[Any]) -> Dict[str, Any]:
    return {str(node.name): node for node in nodes}


def _source(edge: str, known: Mapping[str, Any]) -> str:
    """Return the node, or the function's argument, where a resource comes from."""
    name = edge.partition(":")[0]
    while name in known and known[name].op in _PASSES:
        name = str(known[name].input[0]).partition(":")[0]
    return name
