"""What a check can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.errors import ConfigurationError
from ibelay.model.ids import ClientId, is_paper
from ibelay.ports.broker import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """One check.

    Attributes:
        symbol: A US stock.
        quantity: Shares per order.
        market: Also open a bracket at market and close it.
        host: The gateway's host.
        port: The gateway's port.
        client_id: Unlike every bot's: a client id has one connection.
        timeout_s: Seconds a step may take.
        paper: The operator expects a paper account.
        allow_live: The operator has allowed a live account in so many words.
    """

    symbol: str = "SPY"
    quantity: int = 1
    market: bool = False
    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 98
    timeout_s: float = 10.0
    paper: bool = True
    allow_live: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ConfigurationError: An option is out of range.
        """
        for is_good, complaint in (
            (self.symbol.strip(), "the symbol is empty; expected a US stock such as SPY"),
            (self.quantity > 0, f"quantity {self.quantity} cannot be ordered; expected 1 or more"),
            (0 < self.port <= 65535, f"port {self.port} does not exist; expected 1 to 65535"),
            (self.client_id >= 0, f"client id {self.client_id} cannot be used; expected 0 or more"),
            (
                0 < self.timeout_s <= 600,
                f"a timeout of {self.timeout_s:g} s cannot be used; expected up to 600",
            ),
            (
                self.paper or self.allow_live,
                "real money needs --live-account-i-know-what-i-do; leave out --no-paper instead",
            ),
        ):
            if not is_good:
                raise ConfigurationError(complaint)

    @property
    def address(self) -> Address:
        """Where and as whom the check connects."""
        return Address(host=self.host, port=self.port, client_id=ClientId(self.client_id))


def refuse_live(accounts: tuple[str, ...], options: CheckOptions) -> None:
    """Do nothing if the check may trade in *accounts*.

    Raises:
        ConfigurationError: One of them is not a paper account (those begin with D) and a live
            one was not allowed.
    """
    live = [account for account in accounts if not is_paper(account)]
    if live and not options.allow_live:
        # The number of an account is nobody's business but its owner's: its head is enough.
        heads = ", ".join(f"{account[:2]}…" for account in live)
        raise ConfigurationError(
            f"the gateway at {options.host}:{options.port} is logged in to an account that is not "
            f"a paper account ({heads}); connect to a paper login, or add "
            "--live-account-i-know-what-i-do to place real orders"
        )
