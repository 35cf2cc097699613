"""Every exception of ibelay, in one tree, sorted by who must act.

    IbelayError
    ├── OperatorError            a person must change something; the message says what
    │   ├── ConfigurationError       settings, arguments, files (exit code 78)
    │   ├── StoreUnreadableError     the journal cannot be trusted (exit code 78)
    │   ├── SafeModeError            trading stopped until a person clears it
    │   └── BrokerRefusedError       login, account or permission; retrying cannot help
    ├── LinkError                the runtime acts: it reconnects (is also a ConnectionError)
    │   ├── ClientIdInUseError       326: the gateway still holds the old connection
    │   ├── GatewayMuteError         TCP accepts, the API never answers
    │   ├── NotLoggedInError         the gateway answers with no account
    │   ├── SyncIncompleteError      a synchronisation request never ended
    │   └── WireError                bytes that are not the TWS protocol
    ├── TradingRefusedError      nobody may trade now; the reason is in the message
    └── InvariantError           a bug of ours; state is kept, trading stops

Raised by every room; defined only here.
"""

from __future__ import annotations


class IbelayError(Exception):
    """Base of every exception ibelay raises on purpose."""


class OperatorError(IbelayError):
    """A person must change something; the message says what."""


class ConfigurationError(OperatorError):
    """A setting, an argument or a file is wrong; no restart can cure it."""


class StoreUnreadableError(OperatorError):
    """The journal is missing, torn in the middle, or fails its hash chain."""


class SafeModeError(OperatorError):
    """Trading is stopped until a person clears safe mode."""


class BrokerRefusedError(OperatorError):
    """The broker said no for a reason that waiting cannot cure."""


class LinkError(IbelayError, ConnectionError):
    """The link to the gateway is not usable; the runtime reconnects by itself."""


class ClientIdInUseError(LinkError):
    """IB code 326: the gateway still holds a connection with this client id."""


class GatewayMuteError(LinkError):
    """The gateway accepts the socket but does not answer the API handshake."""


class NotLoggedInError(LinkError):
    """The gateway answers, but manages no account: nobody is logged in."""


class SyncIncompleteError(LinkError):
    """A synchronisation request never ended; nothing may be concluded from silence."""


class WireError(LinkError):
    """The other end sent bytes that are not the TWS protocol; the message says which."""


class TradingRefusedError(IbelayError):
    """An order was not sent because nobody may trade now; nothing left this process."""


class InvariantError(IbelayError):
    """An invariant of DESIGN section 5 does not hold: a bug of ours."""
