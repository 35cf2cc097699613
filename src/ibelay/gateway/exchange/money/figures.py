"""IB's keys of an account's figures, and what stands under each.

Rules:
1. Totals (``account_rows``) are in the base currency, to the cent; what an account is rather
   than has carries no currency.
2. The ledger (``ledger_rows``) has one block for each currency with a balance or a holding,
   and one for all of them in the base, called BASE. Its exchange rate is what one unit is
   worth in the base; net liquidation by currency adds up to net liquidation.
3. What the paper account never has is there with value zero, as at IB: funds, warrants,
   dividends, interest. Figures by segment (``-S``, ``-C``, ``-P``), SMA and the rows of
   Regulation T are left out: this account is one segment without them.
4. Look-ahead figures equal today's, as the margin of tomorrow is not known.

**Source**: accountValue rows of paper accounts in public logs of ib_insync users (2021, 2022:
a EUR and a HKD account with dollars): docs/evidence/account-values.md; IB "Account & Portfolio
Data" page for their meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from ibelay.gateway.exchange.money.books import Books
from ibelay.gateway.exchange.money.cash import CENT, ONE, ZERO, rounded

BASE = "BASE"
_RATIO = Decimal("0.00001")
_RATE = Decimal("0.0000001")
VALUE_KEYS = {
    "STK": "StockMarketValue",
    "ETF": "StockMarketValue",
    "OPT": "OptionMarketValue",
    "FOP": "FutureOptionValue",
    "FUT": "FuturesPNL",
    "BOND": "CorporateBondValue",
    "BILL": "TBillValue",
    "CRYPTO": "Cryptocurrency",
    "FUND": "MutualFundValue",
    "WAR": "WarrantValue",
}
_OTHER_VALUE = "FundValue"
_NEVER = ("AccruedCash", "FxCashBalance", "IssuerOptionValue", "MoneyMarketFundValue")
_NEVER_EITHER = ("NetDividend", "TBondValue")


class Row(NamedTuple):
    """One figure; *currency* is empty where there is none."""

    key: str
    value: str
    currency: str


@dataclass(slots=True)
class Block:
    """One currency of the ledger, in that currency."""

    currency: str
    rate: Decimal
    cash: Decimal = ZERO
    realized: Decimal = ZERO
    unrealized: Decimal = ZERO
    values: dict[str, Decimal] = field(
        default_factory=lambda: dict.fromkeys((*VALUE_KEYS.values(), _OTHER_VALUE), ZERO)
    )

    @property
    def net(self) -> Decimal:
        """Cash and the value of everything held in this currency."""
        return self.cash + sum(self.values.values(), ZERO)

    def add(self, other: Block, factor: Decimal) -> None:
        """Count *other* in, *factor* units for each of its own."""
        self.cash += other.cash * factor
        self.realized += other.realized * factor
        self.unrealized += other.unrealized * factor
        for key, value in other.values.items():
            self.values[key] += value * factor


def ledger(books: Books) -> list[Block]:
    """Return the blocks of *books*: BASE, then the currencies (rule 2)."""
    blocks: dict[str, Block] = {}
    for currency in (*books.balances, *(one.contract.currency for one in books.holdings.values())):
        blocks.setdefault(currency, Block(currency, books.rates.of(currency)))
    for currency, amount in books.balances.items():
        blocks[currency].cash += amount
    for holding in books.holdings.values():
        block = blocks[holding.contract.currency]
        key = VALUE_KEYS.get(holding.contract.sec_type, _OTHER_VALUE)
        block.values[key] += books.asset(holding)
        block.realized += holding.realized
        block.unrealized += books.worth(holding) - holding.cost
    whole = Block(BASE, ONE)
    for block in blocks.values():
        whole.add(block, block.rate)
    return [whole, *blocks.values()]


def ledger_rows(blocks: Iterable[Block], account: str) -> list[Row]:
    """Return the rows of *blocks*."""
    rows: list[Row] = []
    for block in blocks:
        money = {
            "CashBalance": block.cash,
            "TotalCashBalance": block.cash,
            "NetLiquidationByCurrency": block.net,
            "RealizedPnL": block.realized,
            "UnrealizedPnL": block.unrealized,
            **block.values,
            **dict.fromkeys((*_NEVER, *_NEVER_EITHER), ZERO),
        }
        words = {
            "AccountOrGroup": account,
            "Currency": block.currency,
            "RealCurrency": block.currency,
            "ExchangeRate": _plain(block.rate, _RATE),
        }
        texts = words | {key: _plain(value, CENT) for key, value in money.items()}
        rows += [Row(key, texts[key], block.currency) for key in sorted(texts)]
    return rows


def account_rows(books: Books, account: str) -> list[Row]:
    """Return the totals (rule 1), in the order of their keys."""
    margin, net, cash = books.margin(), books.net_liquidation, books.cash
    gross = books.gross_position_value
    funds, excess = margin.available_funds, margin.excess_liquidity
    bound, kept = margin.initial, margin.maintenance
    money = {
        "AccruedCash": ZERO,
        "AccruedDividend": ZERO,
        "BuyingPower": margin.buying_power,
        "EquityWithLoanValue": margin.equity_with_loan,
        "GrossPositionValue": gross,
        "NetLiquidation": net,
        "NetLiquidationUncertainty": ZERO,
        "PreviousDayEquityWithLoanValue": books.opening_equity,
        "SettledCash": cash,
        "TotalCashValue": cash,
    }
    for prefix in ("", "Full", "LookAhead"):
        money[prefix + "AvailableFunds"] = funds
        money[prefix + "ExcessLiquidity"] = excess
        money[prefix + "InitMarginReq"] = bound
        money[prefix + "MaintMarginReq"] = kept
    words = {
        "AccountCode": account,
        "AccountReady": "true",
        "AccountType": "INDIVIDUAL",
        "Cushion": _plain(excess / net if net > 0 else ZERO, _RATIO),
        "DayTradesRemaining": "-1",
        "HighestSeverity": "",
        "Leverage": _plain(gross / net if net > 0 else ZERO, CENT),
        "LookAheadNextChange": "0",
        "NLVAndMarginInReview": "false",
        "WhatIfPMEnabled": "false",
    }
    base = books.rates.base
    rows = [Row(key, value, "") for key, value in words.items()]
    rows += [Row(key, _plain(value, CENT), base) for key, value in money.items()]
    return sorted(rows)


@lru_cache(maxsize=1024)  # most figures of an account are what they were three minutes ago
def _plain(value: Decimal, step: Decimal) -> str:
    """Return *value* to *step* without an exponent."""
    return f"{rounded(value, step):f}"
