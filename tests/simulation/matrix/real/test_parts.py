"""Who plays which step for real, and what processes write down for others."""

from __future__ import annotations

from pathlib import Path

from ibelay.control.scenario import Scenario, parse
from ibelay.model.faults import write
from ibelay.testing.matrix.fault import every
from ibelay.testing.matrix.real.parts import (
    Began,
    Did,
    GatewayPart,
    Notebook,
    Row,
    by_gateway,
    by_proxy,
    part_of,
    rows,
    said,
    told,
)

TEXT = """
name = "three performers"
[[step]]
at = "+1s"
do = ["rst", "kill"]
[[step]]
at = "+2s"
do = "slow-close 4s"
[[step]]
at = "+3s"
do = "half-open 45s"
"""


def words(scenario: Scenario) -> list[list[str]]:
    """Return the commands of each step."""
    return [[write(one).split()[0] for one in step.do] for step in scenario.steps]


def test_each_step_is_played_by_whoever_can() -> None:
    whole = parse(TEXT, "here")
    gateway, cable = by_gateway(), by_gateway(("half-open",))
    assert words(part_of(whole, gateway)) == [["rst"], ["half-open"]]
    assert words(part_of(whole, cable)) == [["rst"]]
    assert words(part_of(whole, by_proxy)) == [["slow-close"]]
    assert words(part_of(whole, lambda one: not cable(one))) == [
        ["kill"],
        ["slow-close"],
        ["half-open"],
    ]


def test_no_command_of_the_matrix_is_lost_between_them() -> None:
    for fault in every():
        gateway = by_gateway()
        commands = [one for step in fault.scenario.steps for one in step.do]
        outside = [one for one in commands if not gateway(one)]
        assert all(by_proxy(one) or one.word in {"kill", "stall"} for one in outside), fault.id


def test_rows_come_back_as_they_were_written_but_for_one_cut_short(tmp_path: Path) -> None:
    written: list[Row] = [Began(1, 2), Did(3, "rst", "done")]
    book = Notebook(tmp_path / "rows")
    for row in written:
        book.write(row)
    book.close()
    assert list(rows(tmp_path / "rows")) == written
    whole = (tmp_path / "rows").read_bytes()
    (tmp_path / "rows").write_bytes(whole[:-3])
    assert list(rows(tmp_path / "rows")) == written[:1]


def test_a_part_survives_the_way_to_its_process() -> None:
    part = GatewayPart(fault="f", speed=2.0, record="r", without=("half-open",))
    assert told(said(part), GatewayPart) == part
