"""The name desk: which accounts there are, and what the others say of wrong names.

Rules:
1. There is one account. Nothing, ``All`` and its own code name it; anything else is refused
   with code 321.
2. It belongs to no family: familyCodes has one row, account ``*`` without a code.
3. It has no models: what is asked of one has no rows, and profit cannot be had (321).

**Source**: shared IB facts, section 1d (321 for a wrong account); a real Gateway's answer to
reqFamilyCodes: docs/evidence/gateway-recordings. Rule 3 is our choice.
"""

from __future__ import annotations

from ibelay.gateway.session.desk import Client, Handlers
from ibelay.wire.encode import account as say
from ibelay.wire.encode.link import managed_accounts
from ibelay.wire.requests import account as ask


def refuses(client: Client, request_id: int, account: str) -> bool:
    """Return whether *account* is not ours, after saying so."""
    if account in {"", "All", client.floor.account}:
        return False
    text = f"Error validating request: invalid account code {account[:20]!r}"
    client.voice.refuse(request_id, 321, text)
    return True


class NameDesk:
    """Serves the names of accounts; says them before anything else."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestManagedAccounts: lambda _request: self.open(),
            ask.RequestFamilyCodes: self._families,
        }

    def open(self) -> None:
        """Send managedAccounts."""
        nobody = self._floor.troubles.no_accounts
        self._voice.say(managed_accounts([] if nobody else [self._floor.account]))

    def _families(self, _request: ask.RequestFamilyCodes) -> None:
        self._voice.say(say.family_codes([("*", "")]))
