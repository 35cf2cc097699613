"""The matrix of foreign clients and request families; ``make conformance-matrix`` writes it.

The committed page is what a run gave. A test runs each client again and compares its column,
so the page cannot say what the gateway no longer does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.environments import CLIENTS, ROOT, ForeignClient, missing
from tests.conformance.exercise import Cell, exercise
from tests.conformance.families import ROOMS, UNSUBSCRIBED
from tests.conformance.orders import ORDERS
from tests.conformance.remote import started

from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.entitlement import Entitlement
from ibelay.testing.gateway import RunningGateway

PAGE = ROOT / "docs" / "reference" / "gateway-conformance.md"
# Twenty market seconds in one: what comes every five seconds comes within a test's patience.
SPEED = 20.0
SYMBOLS = (
    "SPY", "AIG", "BAC", "IBM", "SPX:IND", "ES:FUT", "EUR.USD:CASH", "BTC:CRYPTO",
    "91282CLW9:BOND",
)  # fmt: skip
ROWS: Mapping[str, tuple[str, ...]] = {
    **{room: tuple(family.name for family in families) for room, families in ROOMS.items()},
    "Orders": (*(family.name for family in ROOMS["Orders"]), *ORDERS),
}
_ROW = re.compile(r"^\| (?!---|request)(.+) \|$", re.MULTILINE)
_HEAD = """\
# Foreign clients against the paper gateway

Six client libraries that nobody here wrote ask the paper gateway for every family of requests.
Each runs at its released version, in an environment of its own, and speaks the highest server
version that it and the gateway both know. A cell tells what the library itself decoded and
handed to its user. `make conformance-matrix` writes this page; `make test` compares it.

- **served**: the library decoded the answer, and complained of nothing.
- **IB's error**: IB's code, for that very request where it has an id.
- **not in this client**: the library has no such call.
- **client wants a newer server**: the library does not send it to a server of this version.
- **client cannot read it**: the library breaks over what IB sends. Three of them read the coupon
  of a bond as a whole number.
- **client's own refusal**: the library does not send it, for a reason of its own.

A request that is never answered would be **silent**; the test allows none.

"""


def column(client: ForeignClient) -> tuple[dict[str, Cell], list[str]]:
    """Return what *client* was given for every family, and what it complained of."""
    with running_gateway() as port, started(client) as remote:
        remote.connect(port, client_id=1)
        families = [f for room in ROOMS.values() for f in room if f not in UNSUBSCRIBED]
        cells = {family.name: exercise(remote, family) for family in families}
        cells |= {name: scenario(remote) for name, scenario in ORDERS.items()}
        complaints = remote.complaints()
        remote.disconnect()
    with running_gateway(entitlement=Entitlement.DELAYED) as port, started(client) as remote:
        remote.connect(port, client_id=1)
        cells |= {family.name: exercise(remote, family) for family in UNSUBSCRIBED}
        return cells, complaints + remote.complaints()


def rendered(columns: Mapping[str, Mapping[str, str]]) -> str:
    """Return the page: a table a room, a row a family, a column a client."""
    parts = [_HEAD, *_versions()]
    for room, rows in ROWS.items():
        parts += [
            f"\n## {room}\n\n",
            _row("request", *columns),
            _row(*["---"] * (len(columns) + 1)),
        ]
        parts += [_row(row, *(cells.get(row, "") for cells in columns.values())) for row in rows]
    return "".join(parts)


def committed(client: ForeignClient) -> dict[str, str]:
    """Return what the committed page says of *client*."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    place = [one.name for one in CLIENTS].index(client.name) + 1
    rows = (match[1].split(" | ") for match in _ROW.finditer(text))
    return {row[0]: row[place] for row in rows if len(row) == len(CLIENTS) + 1}


@contextmanager
def running_gateway(*symbols: str, entitlement: Entitlement = Entitlement.LIVE) -> Iterator[int]:
    """Start a gateway beside the test that trades *symbols*, all if none; yield its port."""

    def entitle(paper: PaperGateway) -> None:
        paper.floor.entitlement = entitlement

    options = GatewayOptions(port=0, start="10:00", speed=SPEED, symbols=symbols or SYMBOLS)
    with RunningGateway(options) as listening:
        listening.ask(entitle)
        yield listening.port


def _versions() -> Iterator[str]:
    yield _row("client", "release", "server version")
    yield _row("---", "---", "---")
    for client in CLIENTS:
        yield _row(client.name, client.version, str(client.server_version))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    """Write the page; a client that cannot be had keeps the column it had."""
    columns: dict[str, Mapping[str, str]] = {}
    for client in CLIENTS:
        if reason := missing(client):
            sys.stderr.write(f"{reason}\n")
            columns[client.name] = committed(client)
            continue
        cells, complaints = column(client)
        columns[client.name] = {name: str(cell) for name, cell in cells.items()}
        sys.stderr.writelines(f"{client.name}: {complaint}\n" for complaint in complaints)
    Path(PAGE).write_text(rendered(columns), encoding="utf-8")


if __name__ == "__main__":
    main()
