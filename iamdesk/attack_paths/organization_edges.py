"""The graph of steps over all accounts of an organization: distances, closures and cycles over plain data.

A principal is (number of the account, position in it); sets of principals are bits by account. The results equal those
of `graph.StepGraph` over one snapshot of all accounts.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import NamedTuple

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.account_edges import AccountSteps, PlainEdge, Techniques
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible
from iamdesk.attack_paths.graph import closed

type Bits = dict[int, int]
"""Principals: positions as bits, by number of the account."""
type Node = tuple[int, int]
"""A principal: number of its account, position in it."""
type Beginnings = tuple[Bits, Bits, Sequence[Bits], Bits]
"""The principals at a goal, those one step away, by number of steps those that reach it in steps of their own, and
those at the goal if they begin there (`graph._Target`)."""

_MAX_KEPT = 256
"""Cached levels and closures: some hundred kilobytes each for a thousand accounts."""
_MAX_ACCOUNTS = 32
"""Cached accounts, each with their techniques and whom their principals become: with 200 principals, 250 kilobytes."""


def _cached[K, V](cache: OrderedDict[K, V], key: K, make: Callable[[], V]) -> V:
    """Return what is cached of an account, or make it; the least recently used is dropped."""
    found = cache.pop(key, None)
    if found is None:
        while len(cache) >= _MAX_ACCOUNTS:
            cache.popitem(last=False)
        found = make()
    cache[key] = found
    return found


class LevelsOfAll:
    """By number of steps: the principals with that distance to a goal. Searched as far as they are asked for.

    Most questions are about principals that are near to a goal, and a thousand accounts take long to search.
    """

    def __init__(self, begin: Callable[[], Iterator[tuple[Bits, int]]]) -> None:
        self._begin = begin
        self._search = begin()
        self._found: list[tuple[Bits, int]] = []

    def __getitem__(self, steps: int) -> Bits:
        if not self._is_found(steps):
            raise IndexError(steps)
        return self._found[steps][0]

    def __iter__(self) -> Iterator[Bits]:
        for steps in count():
            if not self._is_found(steps):
                return
            yield self._found[steps][0]

    def _is_found(self, steps: int) -> bool:
        """Search as far as a level, and return whether there is one."""
        while len(self._found) <= steps:
            try:
                self._found.append(next(self._search))
            except StopIteration:
                return False
            except BaseException:
                # A search that was cancelled looks like one that has ended: the next question begins anew.
                self._found, self._search = [], self._begin()
                raise
        return True

    def open_roles(self, steps: int) -> int:
        """Return the roles with a distance that other accounts may assume, by number."""
        return self._found[steps][1] if self._is_found(steps) else 0

    def level_of(self, node: Node) -> int | None:
        """Return a principal's number of steps; None if it does not reach the goal."""
        number, position = node
        return next((steps for steps, bits in enumerate(self) if bits.get(number, 0) >> position & 1), None)


class Elsewhere(NamedTuple):
    """What is reached in the accounts behind some roles."""

    members: Bits
    size: int
    """Number of principals."""
    accounts: tuple[int, ...]
    """Those with members, in the snapshot's order."""
    administered: frozenset[int]
    """Accounts of which some member is an administrator, or becomes one by steps in its account."""
    read: frozenset[str]
    """Names of the sensitive data that some member reads."""


class OrganizationSteps:
    """The steps of all accounts. Belongs to one thread at a time."""

    def __init__(self, accounts: Iterable[AccountSteps], open_roles: Iterable[str]) -> None:
        """Combine the accounts, given in the snapshot's order.

        ``open_roles`` are the ARNs of the roles that other accounts may assume, by number (`Directory.open_roles`).
        """
        self.accounts = tuple(accounts)
        self._check_cancelled: Callable[[], None] = lambda: None
        self.numbers = {one.account: number for number, one in enumerate(self.accounts)}
        self._places: list[dict[str, int] | None] = [None] * len(self.accounts)
        self._techniques: OrderedDict[int, Techniques] = OrderedDict()
        self._last_steps: OrderedDict[tuple[int, bool], Sequence[tuple[int, Sequence[PlainEdge]]]] = OrderedDict()
        self._into: OrderedDict[tuple[int, bool], Mapping[int, int]] = OrderedDict()
        self._forward: OrderedDict[tuple[int, bool], Mapping[int, int]] = OrderedDict()
        self._closed: OrderedDict[tuple[int, bool], Mapping[int, int]] = OrderedDict()
        self._levels: dict[tuple[str, bool], LevelsOfAll] = {}
        self._webs: dict[bool, _Web] = {}
        self._open = tuple(map(self.node, open_roles))
        self._number_of = {node: number for number, node in enumerate(self._open) if node is not None}
        self._open_in: dict[int, list[tuple[int, int]]] = {}
        """By account: position and number of its roles that other accounts may assume."""
        for (account, position), number in self._number_of.items():
            self._open_in.setdefault(account, []).append((position, number))

    def attend(self, check_cancelled: Callable[[], None]) -> None:
        """Set the cancellation check, which raises if the run was cancelled."""
        self._check_cancelled = check_cancelled

    def check_cancelled(self) -> None:
        """Check for cancellation."""
        self._check_cancelled()

    def node(self, principal: str) -> Node | None:
        """Return a principal's node; None if the snapshot lacks it or its ARN does not match its account and type."""
        number = self.numbers.get("".join(principal.split(":", 5)[4:5]))
        if number is None:
            return None
        places = self._places[number]
        if places is None:
            places = self._places[number] = {arn: place for place, arn in enumerate(self.accounts[number].subjects)}
        place = places.get(principal)
        return None if place is None or not self.accounts[number].regular >> place & 1 else (number, place)

    def arn(self, node: Node) -> str:
        """Return a principal's ARN."""
        return self.accounts[node[0]].subjects[node[1]]

    @cached_property
    def exits(self) -> Mapping[int, Sequence[tuple[ConfirmedAndPossible, int]]]:
        """By account: who can assume which roles of other accounts, by number."""
        known = sum(1 << number for number in self._number_of.values())
        return {
            caller: [(members, roles & known) for members, roles in account.abroad.items() if roles & known]
            for caller, account in enumerate(self.accounts)
            if account.abroad
        }

    def exits_of(self, node: Node, *, maybe: bool) -> int:
        """Return the roles of other accounts that a principal can assume, by number."""
        found = 0
        for members, roles in self.exits.get(node[0], ()):
            if counted(members, maybe) >> node[1] & 1:
                found |= roles
        return found

    def roles(self, numbers: int) -> Iterator[Node]:
        """Yield roles by their numbers, as bits."""
        for number in indexes_of(numbers):
            node = self._open[number]
            if node is not None:
                yield node

    def open_number(self, role: Node) -> int | None:
        """Return the number of a role that other accounts may assume; None if it is not one."""
        return self._number_of.get(role)

    def open_in(self, account: int) -> int:
        """Return the roles of an account that other accounts may assume, by number."""
        return sum(1 << number for _, number in self._open_in.get(account, ()))

    def open_among(self, members: Bits) -> int:
        """Return which of some principals are roles that other accounts may assume, by number."""
        found = 0
        for account, bits in members.items():
            for position, number in self._open_in.get(account, ()):
                if bits >> position & 1:
                    found |= 1 << number
        return found

    def entering(self, role: Node, caller: int) -> ConfirmedAndPossible:
        """Return the principals of another account that can assume a role."""
        number = self._number_of.get(role)
        if number is not None:
            for members, roles in self.exits.get(caller, ()):
                if roles >> number & 1:
                    return members
        return NO_PRINCIPALS

    def entering_in_session(self, role: Node, caller: int) -> ConfirmedAndPossible:
        """Return the principals of another account that become an administrator by assuming a role of ``sessions``."""
        asked = self.open_among({role[0]: 1 << role[1]})
        found = (members for members, roles in self.accounts[caller].abroad_in_sessions.items() if roles & asked)
        return next(found, NO_PRINCIPALS)

    def into(self, number: int, *, maybe: bool) -> Mapping[int, int]:
        """Return, by position, the principals of the same account that can become it in one step."""
        edges = self.accounts[number].into
        return _cached(
            self._into,
            (number, maybe),
            lambda: {place: who for place, members in edges.items() if (who := counted(members, maybe))},
        )

    def techniques(self, number: int) -> Techniques:
        """Return the techniques of an account, cached."""
        return _cached(self._techniques, number, self.accounts[number].techniques)

    def forward(self, number: int, *, maybe: bool) -> Mapping[int, int]:
        """Return, by position, the principals of the same account that it can become in one step."""
        return _cached(self._forward, (number, maybe), lambda: turned(self.into(number, maybe=maybe)))

    def closed(self, number: int, *, maybe: bool) -> Mapping[int, int]:
        """Return, by position, the principals of the account that it can become in any number of steps inside it."""
        return _cached(
            self._closed, (number, maybe), lambda: closed(self.forward(number, maybe=maybe), self.check_cancelled)
        )

    # ── distances ────────────────────────────────────────────────────────────────────────────────────────────────────

    def last_steps(self, number: int, position: int, *, maybe: bool) -> Iterator[PlainEdge]:
        """Yield the steps of a principal to administrator, in the order of `StepGraph.last_steps`."""
        for members, edges in _cached(self._last_steps, (number, maybe), lambda: self._promotions(number, maybe)):
            if members >> position & 1:
                yield from edges

    def _promotions(self, number: int, maybe: bool) -> Sequence[tuple[int, Sequence[PlainEdge]]]:
        """Return the steps into an account's administration, by who can use them."""
        groups: dict[int, list[PlainEdge]] = {}
        for edge in self.techniques(number).promotions:
            groups.setdefault(counted(edge.members, maybe), []).append(edge)
        return tuple(groups.items())

    def to_administration(self, account: str | None, *, maybe: bool) -> LevelsOfAll:
        """Return the principals by distance to administrator of an account, or of any."""
        return self._kept_levels(f"administration {account}", maybe, lambda: self._administrating(account, maybe))

    def _administrating(self, account: str | None, maybe: bool) -> Beginnings:
        wanted = range(len(self.accounts)) if account is None else (self.numbers[account],)
        there = {number: self.accounts[number].unconditional for number in wanted}
        apart = {number: bits for number in wanted if (bits := self.accounts[number].administrators & ~there[number])}
        last = {number: counted(self.accounts[number].promoted, maybe) for number in wanted}
        for number in wanted:
            for edges in self.accounts[number].entering.values():
                for edge in edges:
                    last[number] |= counted(edge.members, maybe)
        entered = self.open_among(apart)
        for caller, calling in enumerate(self.accounts) if entered else ():
            for members, roles in calling.abroad_in_sessions.items():
                if roles & entered:
                    last[caller] = last.get(caller, 0) | counted(members, maybe)
        later: list[Bits] = []
        for number in wanted:
            for position, one in self.accounts[number].indirect[maybe].items():
                later += ({} for _ in range(len(later), one.steps + 1))
                later[one.steps][number] = later[one.steps].get(number, 0) | 1 << position
        return there, last, later, apart

    def promoted(self, number: int, *, maybe: bool) -> int:
        """Return the principals that are administrators of their account, or become one by their own steps."""
        there, last, later, _ = self._administrating(self.accounts[number].account, maybe)
        return bits_of(bits.get(number, 0) for bits in (there, last, *later))

    def to_data(self, name: str, *, maybe: bool) -> LevelsOfAll:
        """Return the principals by distance to reading sensitive data."""
        return self._kept_levels(f"data {name}", maybe, lambda: (self._reading(name, maybe), {}, (), {}))

    def _reading(self, name: str, maybe: bool) -> Bits:
        return {number: counted(one.readers[name], maybe) for number, one in enumerate(self.accounts)}

    def to_principal(self, node: Node, *, maybe: bool) -> LevelsOfAll:
        """Return the principals by distance to a principal."""
        return self._kept_levels(self.arn(node), maybe, lambda: ({node[0]: 1 << node[1]}, {}, (), {}))

    def _kept_levels(self, goal: str, maybe: bool, begin: Callable[[], Beginnings]) -> LevelsOfAll:
        """Return the levels to a goal, cached."""
        found = self._levels.get((goal, maybe))
        if found is None:
            if len(self._levels) >= _MAX_KEPT:
                self._levels.clear()
            found = self._levels[goal, maybe] = LevelsOfAll(lambda: self._each_level(*begin(), maybe))
        return found

    def _each_level(
        self, there: Bits, last: Bits, later: Sequence[Bits], apart: Bits, maybe: bool
    ) -> Iterator[tuple[Bits, int]]:
        """Yield the principals of each level, and which of them are roles that other accounts may assume."""
        latest = {number: bits for number, bits in there.items() if bits}
        reached, steps = dict(latest), 0
        entered = self.open_among(latest)
        at_goal = {number: latest.get(number, 0) | apart.get(number, 0) for number in (*latest, *apart)}
        yield at_goal, entered | self.open_among(apart)
        while latest or last or steps + 1 < len(later):
            self.check_cancelled()
            steps += 1
            found, last = dict(last), {}
            for number, bits in later[steps].items() if steps < len(later) else ():
                found[number] = found.get(number, 0) | bits
            for number, bits in latest.items():
                into = self.into(number, maybe=maybe)
                for position in indexes_of(bits):
                    found[number] = found.get(number, 0) | into.get(position, 0)
            for caller, exits in self.exits.items() if entered else ():
                for members, roles in exits:
                    if roles & entered:
                        found[caller] = found.get(caller, 0) | counted(members, maybe)
            latest = {number: new for number, bits in found.items() if (new := bits & ~reached.get(number, 0))}
            if not latest and steps + 1 >= len(later):
                break
            for number, bits in latest.items():
                reached[number] = reached.get(number, 0) | bits
            entered = self.open_among(latest)
            yield latest, entered

    # ── reachability ─────────────────────────────────────────────────────────────────────────────────────────────────

    def closure(self, node: Node, *, maybe: bool = False) -> tuple[int, Elsewhere]:
        """Return the other principals of its account that it can become in any number of steps, and what else."""
        return self._web(maybe).closure(node)

    def entered(self, node: Node) -> Sequence[int]:
        """Return the accounts that it enters by one step out of its own, in the snapshot's order."""
        return self._web(maybe=False).entered(node)

    def _web(self, maybe: bool) -> "_Web":
        found = self._webs.get(maybe)
        if found is None:
            found = self._webs[maybe] = _Web(self, maybe)
        return found

    def cycles(self) -> Sequence[tuple[str, ...]]:
        """Return the groups of roles that can assume each other in one or more steps."""
        return self._cycles

    @cached_property
    def _cycles(self) -> Sequence[tuple[str, ...]]:
        forward: dict[int, dict[int, int]] = {}
        for number, account in enumerate(self.accounts):
            own: dict[int, int] = {}
            for role, members in account.assuming.items():
                node = self.node(role)
                if node is not None and (who := members.proven & ~(1 << node[1])):
                    own[node[1]] = who
            forward[number] = dict(turned(own))
        assumed = {number: bits_of(found.values()) for number, found in forward.items()}

        def onward(node: Node) -> Iterator[Node]:
            number, position = node
            # A role that cannot assume any, or cannot be assumed, is in no cycle.
            for then in indexes_of(forward[number].get(position, 0)):
                if then in forward[number] or (number, then) in has_exits:
                    yield number, then
            yield from self.roles(self.exits_of(node, maybe=False) & in_cycles)

        has_exits = {
            (number, position)
            for number, exits in self.exits.items()
            for members, _ in exits
            for position in indexes_of(members.proven)
        }
        in_cycles = sum(
            1 << number for role, number in self._number_of.items() if role[1] in forward[role[0]] or role in has_exits
        )
        begins = [(number, then) for number, bits in assumed.items() for then in indexes_of(bits)]
        begins += self.roles(bits_of(roles for exits in self.exits.values() for _, roles in exits))
        found = [tuple(sorted(one)) for one in components(begins, onward, self.check_cancelled) if len(one) > 1]
        return tuple(tuple(map(self.arn, one)) for one in sorted(found))


class _Web:
    """Closures over all accounts, through the roles that principals of other accounts can assume."""

    def __init__(self, steps: OrganizationSteps, maybe: bool) -> None:
        self._steps = steps
        self._maybe = maybe
        self._elsewhere: dict[int, Elsewhere] = {}
        self._reached_from: dict[int, int] = {}
        """By roles: the components that they reach. The principals of an account assume few different sets of roles."""
        exits = (one for of_account in steps.exits.values() for one in of_account)
        entered = bits_of(roles for members, roles in exits if counted(members, maybe))
        self._node = {number: node for number in indexes_of(entered) for node in steps.roles(1 << number)}
        self._within: dict[int, int] = {}
        self._onward_of: dict[int, int] = {}
        """By role: `_inside` and `_onward`, found account by account (`_MAX_ACCOUNTS`)."""
        for number, node in self._node.items():
            self._within[number], self._onward_of[number] = self._inside(node), self._onward(node)
        self._component: dict[int, int] = {}
        self._own: list[Bits] = []
        """By component of roles that reach each other: the principals that they can become in their accounts."""
        self._members: list[int] = []
        """By component: its roles, by number."""
        self._reached: list[int] = []
        """By component: the components that it reaches, including itself, as bits."""
        self._sets: list[int] = []
        self._set_of: dict[int, int] = {}
        """The different sets of roles that roles can assume. Each is a node between: thousands of roles share few."""
        for found in components(self._node, self._onward_of_role, steps.check_cancelled):  # reached ones come first
            members = [number for number in found if number >= 0]
            if not members:
                continue
            own: Bits = {}
            for number in members:
                node = self._node[number]
                self._component[number] = len(self._own)
                own[node[0]] = own.get(node[0], 0) | self._within[number]
            self._own.append(own)
            self._members.append(sum(1 << number for number in members))
            self._reached.append(1 << len(self._reached))
            onward = bits_of({self._onward_of[number] for number in members})
            self._reached[-1] |= self._components(onward & ~self._members[-1])

    def _inside(self, node: Node) -> int:
        return self._steps.closed(node[0], maybe=self._maybe).get(node[1], 0) | 1 << node[1]

    def _onward_of_role(self, number: int) -> Iterator[int]:
        """Yield the set of roles that a role can assume, as a number below 0; of a set, its roles."""
        if number < 0:
            yield from indexes_of(self._sets[~number])
        elif onward := self._onward_of[number]:
            if onward not in self._set_of:
                self._set_of[onward] = ~len(self._sets)
                self._sets.append(onward)
            yield self._set_of[onward]

    def _onward(self, node: Node) -> int:
        """Return the roles of other accounts that a principal, or one it can become in its account, can assume."""
        exits = self._steps.exits.get(node[0])
        if not exits:
            return 0
        inside = self._inside(node)
        return bits_of(roles for members, roles in exits if counted(members, self._maybe) & inside)

    def _components(self, roles: int) -> int:
        """Return the components that some roles are in or reach, as bits."""
        found = self._reached_from.get(roles)
        if found is None:
            found, left = 0, roles
            while left:
                component = self._component[(left & -left).bit_length() - 1]
                left &= ~self._members[component]
                found |= self._reached[component]
            if len(self._reached_from) >= _MAX_KEPT:
                self._reached_from.clear()
            self._reached_from[roles] = found
        return found

    def entered(self, node: Node) -> Sequence[int]:
        return sorted({number for number, _ in self._steps.roles(self._onward(node))})

    def closure(self, node: Node) -> tuple[int, Elsewhere]:
        reached = self._components(self._onward(node))
        elsewhere = self._elsewhere.get(reached)
        if elsewhere is None:
            if len(self._elsewhere) >= _MAX_KEPT:
                self._elsewhere.clear()
            elsewhere = self._elsewhere[reached] = self._behind(reached)
        inside = elsewhere.members.get(node[0], 0) | self._inside(node)
        return inside & ~(1 << node[1]), elsewhere

    def _behind(self, reached: int) -> Elsewhere:
        """Return what components reach."""
        members: Bits = {}
        for component in indexes_of(reached):
            for number, bits in self._own[component].items():
                members[number] = members.get(number, 0) | bits
        accounts = self._steps.accounts
        names = accounts[0].readers if accounts else {}
        return Elsewhere(
            members,
            sum(bits.bit_count() for bits in members.values()),
            tuple(sorted(members)),
            frozenset(one for one, bits in members.items() if bits & self._steps.promoted(one, maybe=self._maybe)),
            frozenset(
                name
                for name in names
                if any(bits & counted(accounts[one].readers[name], self._maybe) for one, bits in members.items())
            ),
        )


def counted(members: ConfirmedAndPossible, maybe: bool) -> int:
    """Return the principals with proven steps; with ``maybe`` also those with possible ones."""
    return members.principals if maybe else members.proven


def bits_of(many: Iterable[int]) -> int:
    """Return all bits together."""
    found = 0
    for one in many:
        found |= one
    return found


def turned(into: Mapping[int, int]) -> Mapping[int, int]:
    """Return by position whom a principal becomes, of who becomes whom."""
    by_members: dict[int, int] = {}
    for position, who in into.items():
        by_members[who] = by_members.get(who, 0) | 1 << position
    found: dict[int, int] = {}
    for who, reached in by_members.items():
        for position in indexes_of(who):
            found[position] = found.get(position, 0) | reached
    return found


def components[N: Hashable](
    begins: Iterable[N], onward: Callable[[N], Iterator[N]], check_cancelled: Callable[[], None]
) -> Iterator[list[N]]:
    """Yield the strongly connected components, each after those that it reaches.

    Tarjan's algorithm, without recursion: chains across a thousand accounts are deeper than Python's stack.
    """
    order: dict[N, int] = {}
    low: dict[N, int] = {}
    on_stack: set[N] = set()
    stack: list[N] = []
    for begin in begins:
        if begin in order:
            continue
        check_cancelled()
        order[begin] = low[begin] = len(order)
        stack.append(begin)
        on_stack.add(begin)
        open_ones = [(begin, onward(begin))]
        while open_ones:
            node, more = open_ones[-1]
            for then in more:
                if then not in order:
                    order[then] = low[then] = len(order)
                    stack.append(then)
                    on_stack.add(then)
                    open_ones.append((then, onward(then)))
                    break
                if then in on_stack:
                    low[node] = min(low[node], order[then])
            else:
                open_ones.pop()
                if open_ones:
                    before = open_ones[-1][0]
                    low[before] = min(low[before], low[node])
                if low[node] == order[node]:
                    found: list[N] = []
                    while not found or found[-1] != node:
                        found.append(stack.pop())
                        on_stack.discard(found[-1])
                    yield found
