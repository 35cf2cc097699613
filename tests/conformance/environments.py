"""Foreign clients, each in an environment of its own; ``make conformance-clients`` makes them.

Two of them are both called ``ibapi``, and none of them is a dependency of the product: what
one installs must not be seen by another, nor by ours. So each is installed into a folder that
only its driver has on its path. Hashes decide what is installed, an exact version each, and a
stamp spares the second run.

Licences: ib_async and ib_insync BSD, @stoqey/ib MIT; the ``ibapi`` ones are Interactive
Brokers' own and non-commercial, so they are installed for tests and never kept here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "requirements"
HOME = ROOT / ".conformance"
DRIVERS = Path(__file__).resolve().parent / "drivers"
BUILD = "build"
_PIP = ("-m", "pip", "--disable-pip-version-check", "-qq", "install", "--no-deps")


@dataclass(frozen=True, slots=True)
class ForeignClient:
    """One released client library.

    Attributes:
        name: As its registry spells it.
        version: The release that is tested.
        driver: Which program under ``drivers/`` speaks through it.
        server_version: What it and this gateway agree on.
        lock: Its lock file under ``requirements/``; "" for what the product itself installs.
    """

    name: str
    version: str
    driver: str
    server_version: int
    lock: str = ""

    @property
    def key(self) -> str:
        """Its name as that of a folder or of a test."""
        return self.name.replace("@", "").replace("/", "-")

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return HOME / self.key

    @property
    def is_node(self) -> bool:
        """Whether it runs under Node."""
        return self.driver.endswith(".mjs")


CLIENTS = (
    ForeignClient("ib_async", "2.1.0", "loop_clients.py", 178),
    ForeignClient("ib_insync", "0.9.86", "loop_clients.py", 176, "conformance-ib-insync.txt"),
    ForeignClient("ibapi-latest", "10.51.1", "eclients.py", 178, "conformance-ibapi-latest.txt"),
    ForeignClient(
        "nautilus-ibapi", "10.46.1", "eclients.py", 178, "conformance-nautilus-ibapi.txt"
    ),
    ForeignClient("ibapi", "9.81.1.post1", "eclients.py", 157, "conformance-ibapi.txt"),
    ForeignClient("@stoqey/ib", "1.6.10", "stoqey.mjs", 178, "conformance-node/package-lock.json"),
)
_BUILDER = ForeignClient(BUILD, "", "", 0, "conformance-build.txt")


def missing(client: ForeignClient) -> str:
    """Return why *client* cannot be run here, "" if it can."""
    if client.is_node and shutil.which("node") is None:
        return "Node is not installed; with it and npm, `make conformance-clients` gets @stoqey/ib"
    if client.lock and not _installed(client):
        return f"{client.name} {client.version} is not installed: run `make conformance-clients`"
    return ""


def command(client: ForeignClient) -> tuple[list[str], dict[str, str]]:
    """Return how to start the driver of *client*, and with which environment."""
    environment = {**os.environ, "PYTHONPATH": "", "CONFORMANCE_CLIENT": client.name}
    driver = str(DRIVERS / client.driver)
    if client.is_node:
        node = shutil.which("node") or "node"
        return [node, driver], {**environment, "CONFORMANCE_FOLDER": str(client.folder)}
    if not client.lock:
        return [sys.executable, driver], environment
    # -S: the project's own environment, with ib_async in it, is not to be seen.
    return [sys.executable, "-S", driver], {**environment, "PYTHONPATH": str(client.folder)}


def install(client: ForeignClient) -> None:
    """Install *client* into its folder, unless what its lock says is there already.

    Raises:
        subprocess.CalledProcessError: pip or npm failed; it has said why.
    """
    if not client.lock or _installed(client):
        return
    if client.is_node and shutil.which("npm") is None:
        sys.stderr.write(f"{client.name} is left out: it needs Node and npm\n")
        return
    sys.stderr.write(f"installing {client.name} {client.version} for the conformance tests\n")
    shutil.rmtree(client.folder, ignore_errors=True)
    client.folder.mkdir(parents=True)
    if client.is_node:
        _npm(client)
    else:
        _pip(client)
    _stamp(client).write_text(_digest(client), encoding="utf-8")


def _npm(client: ForeignClient) -> None:
    lock = LOCKS / client.lock
    for file in (lock, lock.with_name("package.json")):
        shutil.copy(file, client.folder)
    npm = shutil.which("npm") or "npm"
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    subprocess.run([npm, "ci", *options], cwd=client.folder, check=True)


def _pip(client: ForeignClient) -> None:
    """Install a locked client; a release without a wheel is built with the locked builder."""
    target = ("--target", str(client.folder), "--require-hashes", "-r", str(LOCKS / client.lock))
    subprocess.run(
        [sys.executable, *_PIP, "--use-pep517", "--no-build-isolation", *target],
        env={**os.environ, "PYTHONPATH": str(HOME / BUILD)},
        check=True,
    )
    # eventkit's wheel brings its own tests along, as a top-level package.
    shutil.rmtree(client.folder / "tests", ignore_errors=True)


def _stamp(client: ForeignClient) -> Path:
    return client.folder / ".installed"


def _installed(client: ForeignClient) -> bool:
    stamp = _stamp(client)
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _digest(client)


def _digest(client: ForeignClient) -> str:
    """Return what an installation depends on: the lock, and which Python it was made for."""
    python = "" if client.is_node else f"{sys.implementation.cache_tag}"
    lock = (LOCKS / client.lock).read_bytes()
    return hashlib.sha256(lock + python.encode()).hexdigest()


def main() -> None:
    """Install every client that can be had here."""
    for client in (_BUILDER, *CLIENTS):
        install(client)


if __name__ == "__main__":
    main()
