"""The wants: the last plan that a signed answer brought, and how much of it is still to come.

* A plan is believed with its answer and kept in that transaction; between sessions it is what the box knows of its
  wants: for the forecast, for the staff page, for a stick.
* What has come since, from wherever it came, is lacking no more.
* A base that did not serve is remembered as long as its release is here: the hub is not told of it any more, and plans
  the layer in full.
"""

from collections.abc import Callable, Collection, Sequence

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import Digest
from catalog.releases import Releases
from sync.parcel import Parcel
from sync.receiving.spool import Spool
from sync.routes import rest_of, routes_of

migrations = Migrations("sync.wants")


@migrations()
def want(connection: Connection) -> None:
    """`place` is the parcel's place in the plan; `from_root` is null for a full pack."""
    connection.execute(
        """
        create table want (
            place integer primary key,
            course text not null,
            version integer not null,
            root text not null,
            layer text not null,
            pack text not null,
            size_bytes integer not null,
            disk_bytes integer not null,
            from_root text
        ) strict
        """
    )
    connection.execute(
        """
        create table unfit_base (
            root text not null references release (root) on delete cascade,
            layer text not null,
            primary key (root, layer)
        ) strict, without rowid
        """
    )


def every_layer(layer: str) -> bool:
    """A box without a choice of layers wants all of them."""
    return True


class Wants:
    """What a box still has to fetch. `is_wanted` says of a layer's name whether it comes to this box at all."""

    def __init__(
        self, database: Database, releases: Releases, spool: Spool, is_wanted: Callable[[str], bool] = every_layer
    ) -> None:
        self._database = database
        self._releases = releases
        self._spool = spool
        self._is_wanted = is_wanted

    def keep(self, connection: Connection, plan: Sequence[Parcel]) -> None:
        """Replace the plan by this one, in the transaction that believes it."""
        connection.execute("delete from want")
        connection.conn.executemany(
            "insert into want (place, course, version, root, layer, pack, size_bytes, disk_bytes, from_root)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    place, one.course, one.version, one.root, one.layer, one.pack, one.size_bytes, one.disk_bytes,
                    one.from_root,
                )
                for place, one in enumerate(plan)
            ],
        )  # fmt: skip

    def plan(self) -> list[Parcel]:
        """The whole plan as it was believed, in its order."""
        rows = self._database.read().execute(
            "select course, version, root, layer, pack, size_bytes, disk_bytes, from_root from want order by place"
        )
        return [Parcel(*row) for row in rows.fetchall()]

    def lacking(self) -> list[Parcel]:
        """What of the plan is still not here, in its order. The hops of a route whose end is here are not needed."""
        plan = [parcel for parcel in self.plan() if self._is_wanted(parcel.layer)]
        held = self.held(plan)
        needed = {parcel.pack for route in routes_of(plan) for parcel in rest_of(route, held)}
        return [parcel for parcel in plan if parcel.pack in needed]

    def coming_bytes(self) -> int:
        """How much has still to come over a link for all that is lacking."""
        return sum(max(0, one.size_bytes - self._spool.offset(one.pack)) for one in self.lacking())

    def held(self, plan: Sequence[Parcel]) -> set[tuple[Digest, str]]:
        """Those (root, layer) of a plan's releases that are here, in use or not."""
        roots = {parcel.root for parcel in plan}
        return {(root, name) for root in roots for name in self._releases.layers_present(root)}

    def refuse_base(self, connection: Connection, root: Digest, layer: str) -> None:
        """Remember that this layer cannot be built on, in the caller's transaction."""
        connection.execute(
            "insert into unfit_base (root, layer) select root, ? from release where root = ? on conflict do nothing",
            [layer, root],
        )

    def unfit_bases(self) -> Collection[tuple[Digest, str]]:
        """The (root, layer) that the hub is not told of."""
        rows = self._database.read().execute("select root, layer from unfit_base")
        return {(Digest(row["root"]), str(row["layer"])) for row in rows.fetchall()}
