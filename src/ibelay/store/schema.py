"""The tables, once for every engine, in SQLAlchemy Core.

Only creating a store (and, later, migrating one) needs this module: ``import sqlalchemy``
takes 180 ms of the 600 ms a killed bot has to be back, and its execution layer adds 40 us
to a commit of 120. So nothing on the way of a start or of a write imports it; those use the
driver, with the column names fixed here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, MetaData, Table
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

METADATA = MetaData()

JOURNAL = Table(
    "journal",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("kind", SqlText, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("seq > 0", name="seq_from_one"),
)
"""One row a record; ``at_ns`` and ``kind`` repeat what ``body`` says, for people and queries."""

META = Table(
    "meta",
    METADATA,
    Column("name", SqlText, primary_key=True),
    Column("value", SqlText, nullable=False),
)
"""``schema_version``, ``created`` (UTC, by the engine's clock) and ``bot``."""


def sqlite_statements() -> tuple[str, ...]:
    """Return the statements that create the tables in SQLite."""
    dialect = sqlite.dialect()
    return tuple(str(CreateTable(table).compile(dialect=dialect)) for table in (JOURNAL, META))
