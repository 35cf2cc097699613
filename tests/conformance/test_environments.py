"""Which clients are tested, and that they are installed by hash alone."""

from __future__ import annotations

import json
import re

import pytest
from tests.conformance.environments import CLIENTS, LOCKS, ForeignClient, missing

RUNTIME = "runtime.txt"


def pinned(client: ForeignClient) -> str:
    """Return the version that the lock file of *client* holds."""
    if client.is_node:
        lock = json.loads((LOCKS / client.lock).read_text(encoding="utf-8"))
        return str(lock["packages"][f"node_modules/{client.name}"]["version"])
    text = (LOCKS / (client.lock or RUNTIME)).read_text(encoding="utf-8")
    found = re.search(rf"^{client.name.replace('_', '-')}==(\S+)", text, re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.key)
def test_the_lock_holds_the_release_that_the_table_names(client: ForeignClient) -> None:
    assert pinned(client) == client.version


def test_the_node_lock_has_hashes_and_no_addresses() -> None:
    """The client asks the registry it is configured for, and the hash decides."""
    lock = json.loads((LOCKS / "conformance-node" / "package-lock.json").read_text("utf-8"))
    installed = [entry for name, entry in lock["packages"].items() if name]
    assert installed
    assert all(entry["integrity"].startswith("sha512-") for entry in installed)
    assert all("resolved" not in entry for entry in installed)


def test_a_client_that_is_not_there_says_how_to_get_it() -> None:
    nowhere = ForeignClient("nowhere", "1.0", "eclients.py", 178, "conformance-ibapi.txt")
    assert "make conformance-clients" in missing(nowhere)
