"""Routers: procedures by name, routers in routers, looked up by dotted path."""

from collections.abc import Callable, Iterator

from backend.access.permissions import P
from backend.errors import HubError
from rpc.core.metrics import name_series
from rpc.core.procedure import DeclarationError, F, Kind, Procedure, check_name, declare

_SEPARATORS = str.maketrans("_~-", "...")


class Router:
    """A namespace of procedures. `Router("access", people, tokens)` contains the other two; the root has no name.

    The decorators return the handler unchanged, so that it stays an ordinary function.
    """

    def __init__(self, name: str = "", *children: "Router") -> None:
        """`children` are the inner routers."""
        self.name = name
        self.entries: dict[str, Procedure | Router] = {}
        self._paths: dict[str, Procedure] | None = None
        for child in children:
            self.include(child)

    def include(self, child: "Router") -> None:
        """Put a router inside this one, under its name."""
        self._put(child.name, child)

    def joined(self, *parts: "Router") -> "Router":
        """Return this router with the procedures of others added: a namespace whose procedures are in several files."""
        for part in parts:
            for name, entry in part.entries.items():
                self._put(name, entry)
        return self

    def query(self, *, permission: P, errors: tuple[type[HubError], ...] = (), transaction: bool = True) -> Callable[[F], F]:
        """Declare a query, which only reads. With `transaction=False` it gets no unit of work."""
        return self._declaring(Kind.QUERY, permission, errors, audited=False, transaction=transaction)

    def mutation(self, *, permission: P, errors: tuple[type[HubError], ...] = (), audited: bool = True, transaction: bool = True) -> Callable[[F], F]:
        """Declare a mutation. Unless `audited=False` it must leave an audit entry; with `transaction=False` it gets no unit of work."""
        return self._declaring(Kind.MUTATION, permission, errors, audited=audited, transaction=transaction)

    def subscription(self, *, permission: P, errors: tuple[type[HubError], ...] = ()) -> Callable[[F], F]:
        """Declare a subscription: an async generator."""
        return self._declaring(Kind.SUBSCRIPTION, permission, errors, audited=False)

    def find(self, path: str) -> tuple[str, Procedure | None]:
        """Return the procedure at a dotted path. Clients may write `_`, `~` or `-` for the dots; the returned path has dots."""
        if self._paths is None:
            self._paths = dict(self.procedures())
            name_series(self._paths)
        found = self._paths.get(path)
        if found is not None:
            return path, found
        dotted = path.translate(_SEPARATORS)
        found = self._paths.get(dotted)
        return (path if found is None else dotted), found

    def procedures(self, prefix: str = "") -> Iterator[tuple[str, Procedure]]:
        """Return every procedure within, by dotted path, in the order of declaration."""
        for name, entry in self.entries.items():
            if isinstance(entry, Router):
                yield from entry.procedures(f"{prefix}{name}.")
            else:
                yield prefix + name, entry

    def _declaring(self, kind: Kind, permission: P, errors: tuple[type[HubError], ...], *, audited: bool, transaction: bool = True) -> Callable[[F], F]:
        def decorate(handler: F) -> F:
            procedure = declare(handler, kind=kind, permission=permission, errors=errors, audited=audited, transaction=transaction)
            self._put(procedure.name, procedure)
            return handler

        return decorate

    def _put(self, name: str, entry: "Procedure | Router") -> None:
        check_name(f"router {self.name!r}", name)
        if name in self.entries:
            raise DeclarationError(f"router {self.name!r} already has {name!r}")
        self.entries[name] = entry
        self._paths = None
