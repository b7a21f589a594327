"""Binding: a path becomes a live tree of bound names. dtab.md section 7, all of it.

Strategy: while somebody observes the binding, a `_Run` keeps a tree of nodes: lookups under observation, alternatives,
unions. A change marks a node; a loop opens what is to be opened and then decides marked nodes, deepest first, so that
every node is decided once its branches are settled and observers never see a half-done tree. There is no recursion,
however deep the names. What is no longer needed is left at the end of the loop: a source that the old and the new tree
share keeps running.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from dtab import Alt, Empty, Fail, Leaf, NameTree, Neg, Path, Union, Weighted
from namer.activity import PENDING, Activity, Close, Failed, Ok, State
from namer.addr import Addr, AddrBound
from namer.name import Bound, BoundTree, PathOrBound
from namer.namer import BindingError, Lookup, MaxDepth, TooManyNodes

MAX_DEPTH = 100
"""Lookups on the way to a leaf; the next one fails the name. linkerd's number: it ends dtabs that loop."""

MAX_NODES = 2000
"""Lookups, alternatives and unions that one binding has open at one time: some 50 ms of work. Without it
`/a => /a & /a`, which any request can bring in a header, would be 2^100 lookups before `MAX_DEPTH` ends it. What goes
beyond fails, and a union leaves it out."""

MAX_UNIONS = 100
"""Unions within unions. Comparing and showing a tree take up to 4 Python frames a level of at most 1000."""

WEIGHT_KEY = "namer_nametree_weight"

_NEG: Ok[BoundTree] = Ok(Neg())


def bind(lookup: Lookup, path: Path) -> Activity[BoundTree]:
    """What `path` is bound to now: Leaf, simplified Union, Neg, Empty or Fail; never Alt.

    An alternative is looked up and observed only while all before it are Neg; a union observes all of its branches.
    """

    def start(set_: Callable[[State[BoundTree]], None]) -> Close:
        run = _Run(lookup, path, set_)
        run.work()
        return run.close

    return Activity.lazy(start)


def with_weight(addr: Addr, weight: float) -> Addr:
    """A bound address set that says which share of a union it is; any other address as it is."""
    if not isinstance(addr, AddrBound):
        return addr
    meta = sorted({**dict(addr.meta), WEIGHT_KEY: weight}.items())
    return replace(addr, meta=tuple(meta))


class _Node:
    """A place in the tree of one run. `state` is what it is bound to."""

    __slots__ = ("closed", "level", "marked", "parent", "state", "unions")

    def __init__(self, parent: _Node | None) -> None:
        self.parent = parent
        self.level: int = 0 if parent is None else parent.level + 1
        self.unions: int = 0 if parent is None else parent.unions  # around the branches below
        self.state: State[BoundTree] = PENDING
        self.marked = False
        self.closed = False

    def open(self, run: _Run) -> None:
        """Begin: called once, right after the node was made."""

    def decide(self, run: _Run) -> State[BoundTree] | None:
        """The state by what the branches are; None: branches were opened, ask again when they have states."""
        return self.state

    def branches_to_leave(self) -> Sequence[_Node]:
        return ()

    def observation(self) -> Close | None:
        return None


class _Known(_Node):
    """A state that does not change: Neg, Empty, Fail, a bound name, a failure."""

    __slots__ = ()

    def __init__(self, parent: _Node | None, state: State[BoundTree]) -> None:
        super().__init__(parent)
        self.state = state


class _LookupNode(_Node):
    """A path under observation, and the node of what it stands for."""

    __slots__ = ("_answer", "_close", "_depth", "_fresh", "_meaning", "_path", "_weight")

    def __init__(self, parent: _Node | None, path: Path, depth: int, weight: float | None) -> None:
        super().__init__(parent)
        self._path, self._depth, self._weight = path, depth, weight
        self._answer: State[NameTree[PathOrBound]] = PENDING
        self._fresh = True
        self._meaning: _Node | None = None
        self._close: Close | None = None

    def open(self, run: _Run) -> None:
        def told(answer: State[NameTree[PathOrBound]]) -> None:
            if not self.closed:
                self._answer, self._fresh = answer, True
                run.mark(self)
                run.work()

        run.mark(self)
        try:
            close = run.lookup(self._path).observe(told)
        except Exception as error:  # the contract of dtab.md section 6: raising is failing
            self._answer = Failed(error)
            return
        if self.closed:  # from inside, by somebody who heard of it before we did
            close()
        else:
            self._close = close

    def decide(self, run: _Run) -> State[BoundTree] | None:
        if self._fresh:
            self._fresh = False
            if self._meaning is not None:
                run.leave(self._meaning)
                self._meaning = None
            if isinstance(self._answer, Ok):
                self._meaning = run.begin(self, self._answer.value, self._depth + 1, self._weight)
                if not isinstance(self._meaning, _Known):
                    return None
        if self._meaning is not None:
            return self._meaning.state
        assert not isinstance(self._answer, Ok)
        return self._answer

    def branches_to_leave(self) -> Sequence[_Node]:
        return () if self._meaning is None else (self._meaning,)

    def observation(self) -> Close | None:
        return self._close


class _AltNode(_Node):
    """Alternatives; opened one after the other, as long as they are Neg."""

    __slots__ = ("_branches", "_depth", "_trees", "_weight")

    def __init__(
        self, parent: _Node | None, trees: Sequence[NameTree[PathOrBound]], depth: int, weight: float | None
    ) -> None:
        super().__init__(parent)
        self._trees, self._depth, self._weight = trees, depth, weight
        self._branches: list[_Node] = []

    def open(self, run: _Run) -> None:
        run.mark(self)

    def decide(self, run: _Run) -> State[BoundTree] | None:
        for i, tree in enumerate(self._trees):
            if i == len(self._branches):
                self._branches.append(run.begin(self, tree, self._depth, self._weight))
                if not isinstance(self._branches[i], _Known):
                    return None
            state = self._branches[i].state
            if state != _NEG:
                for later in self._branches[i + 1 :]:
                    run.leave(later)
                del self._branches[i + 1 :]
                return state
        return _NEG

    def branches_to_leave(self) -> Sequence[_Node]:
        return self._branches


class _UnionNode(_Node):
    """Weighted branches, all of them open."""

    __slots__ = ("_branches", "_depth", "_refused", "_weighted")

    def __init__(self, parent: _Node | None, weighted: Sequence[Weighted[PathOrBound]], depth: int) -> None:
        super().__init__(parent)
        self.unions += 1
        self._weighted, self._depth = weighted, depth
        self._branches: list[_Node] = []
        self._refused: Failed | None = None

    def open(self, run: _Run) -> None:
        run.mark(self)
        if run.nodes + len(self._weighted) > MAX_NODES or self.unions > MAX_UNIONS:
            self._refused = Failed(TooManyNodes(MAX_NODES))
            return
        # Begun last to first, because `work` opens what was begun last.
        branches = [run.begin(self, each.tree, self._depth, each.weight) for each in reversed(self._weighted)]
        self._branches = branches[::-1]

    def decide(self, run: _Run) -> State[BoundTree] | None:
        if self._refused is not None:
            return self._refused
        states = [branch.state for branch in self._branches]
        settled = [
            Weighted(each.weight, state.value)
            for each, state in zip(self._weighted, states, strict=True)
            if isinstance(state, Ok)
        ]
        if settled:
            return Ok(_union(settled))
        return next((state for state in states if isinstance(state, Failed)), PENDING)

    def branches_to_leave(self) -> Sequence[_Node]:
        return self._branches


def _union(weighted: Sequence[Weighted[Bound]]) -> BoundTree:
    """The union, simplified (dtab.md section 5); its branches already are."""
    if len(weighted) == 1:  # also a Fail, which a wider union would drop
        return weighted[0].tree
    kept = [each for each in weighted if not isinstance(each.tree, Neg | Fail)]
    if not kept:
        return Neg()
    return kept[0].tree if len(kept) == 1 else Union(tuple(kept))


class _Run:
    """One observed binding. `nodes` counts the open ones."""

    __slots__ = ("_left", "_marked", "_marks", "_opening", "_root", "_set", "_working", "lookup", "nodes")

    def __init__(self, lookup: Lookup, path: Path, set_: Callable[[State[BoundTree]], None]) -> None:
        self.lookup = lookup
        self.nodes = 0
        self._set = set_
        self._opening: list[_Node] = []  # a stack: one branch to its leaves before the next
        self._marked: list[tuple[int, int, _Node]] = []  # a heap: deepest first, then in order of marking
        self._marks = 0
        self._left: list[Close] = []
        self._working = False
        self._root = self.begin(None, Leaf(path), 0, None)

    def begin(self, parent: _Node | None, tree: NameTree[PathOrBound], depth: int, weight: float | None) -> _Node:
        """The node of `tree`, to be opened by `work`; `parent` is decided again after that."""
        node = self._node(parent, tree, depth, weight)
        if not isinstance(node, _Known):
            self._opening.append(node)
        self.nodes += 1
        return node

    def _node(self, parent: _Node | None, tree: NameTree[PathOrBound], depth: int, weight: float | None) -> _Node:
        if depth > MAX_DEPTH:
            return _Known(parent, Failed(MaxDepth(MAX_DEPTH)))
        if self.nodes >= MAX_NODES:
            return _Known(parent, Failed(TooManyNodes(MAX_NODES)))
        while True:
            match tree:
                case Leaf(Path() as path):
                    return _LookupNode(parent, path, depth, weight)
                case Leaf(Bound() as bound):
                    return _Known(parent, Ok(Leaf(_weighed(bound, weight))))
                case Alt((only,)):
                    tree = only
                case Union((only,)):
                    tree, weight = only.tree, only.weight
                case Alt(()) | Union(()) | Neg():
                    return _Known(parent, _NEG)
                case Alt(trees):
                    return _AltNode(parent, trees, depth, weight)
                case Union(weighted):
                    return _UnionNode(parent, weighted, depth)
                case Empty() | Fail():
                    return _Known(parent, Ok(tree))
                case _:
                    return _Known(parent, Failed(BindingError(f"a namer answered {tree!r}, which is no name tree")))

    def mark(self, node: _Node) -> None:
        """Have `work` decide this node."""
        if not node.marked:
            node.marked = True
            self._marks += 1
            heappush(self._marked, (-node.level, self._marks, node))

    def leave(self, node: _Node) -> None:
        """Close the node and all below, so that they are deaf at once and left at the end of `work`."""
        stack = [node]
        while stack:
            node = stack.pop()
            node.closed = True
            node.parent = None  # no reference cycle is left to the collector
            self.nodes -= 1
            close = node.observation()
            if close is not None:
                self._left.append(close)
            stack.extend(node.branches_to_leave())

    def work(self) -> None:
        """Open and decide until all is settled, leave what was left, and announce the root's state."""
        if self._working:  # an answer within `open`: the loop up the stack goes on with it
            return
        self._working = True
        try:
            while self._opening or self._marked:
                self._step()
        finally:
            self._working = False
        self._close_left()
        if not self._root.closed:
            self._set(self._root.state)

    def _step(self) -> None:
        if self._opening:
            node = self._opening.pop()
            if not node.closed:
                node.open(self)
            return
        _, _, node = heappop(self._marked)
        node.marked = False
        if node.closed:
            return
        state = node.decide(self)
        if state is None:
            self.mark(node)
        elif state != node.state:
            node.state = state
            if node.parent is not None:
                self.mark(node.parent)

    def _close_left(self) -> None:
        left, self._left = self._left, []
        for close in left:
            close()

    def close(self) -> None:
        """Leave everything. Safe from inside any callback."""
        if not self._root.closed:
            self.leave(self._root)
            self._opening.clear()
            self._marked.clear()
            if not self._working:
                self._close_left()


def _weighed(bound: Bound, weight: float | None) -> Bound:
    if weight is None:
        return bound
    return replace(bound, addr=bound.addr.map(lambda addr: with_weight(addr, weight)))
