"""The settings of a bot: where they come from, what wins, and how wrong ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ibelay.app.settings import BotSettings, load_settings
from ibelay.errors import ConfigurationError


@pytest.fixture
def write(tmp_path: Path) -> Path:
    """The path of a settings file to be written."""
    return tmp_path / "bot.toml"


def load(path: Path, text: str) -> BotSettings:
    """Write *text* to *path* and load it."""
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_an_empty_file_is_a_paper_bot_on_this_machine(write: Path) -> None:
    settings = load(write, "")
    assert (settings.bot.mode, settings.gateway.host) == ("PAPER", "127.0.0.1")
    assert (settings.gateway.port, settings.web.host) == (4002, "127.0.0.1")
    assert settings.supervisor.max_restarts == 100
    assert settings.connection.max_attempts is None


def test_the_file_is_read(write: Path) -> None:
    settings = load(write, '[bot]\nname = "ps60"\nwatch_list = ["SPY"]\n[gateway]\nport = 7497\n')
    assert (settings.bot.name, settings.bot.watch_list) == ("ps60", ("SPY",))
    assert settings.gateway.port == 7497


def test_the_environment_wins_over_the_file_key_by_key(
    write: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBELAY__GATEWAY__PORT", "4001")
    settings = load(write, "[gateway]\nport = 7497\nclient_id = 5\n")
    assert (settings.gateway.port, settings.gateway.client_id) == (4001, 5)


def test_a_list_can_come_from_the_environment(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBELAY__BOT__WATCH_LIST", '["SPY", "IBM"]')
    assert load(write, "").bot.watch_list == ("SPY", "IBM")


@pytest.mark.parametrize(
    ("text", "section", "key", "value"),
    [
        ("[connection]\nmax_reconnect_attempts = 10\n", "connection", "max_attempts", 10),
        ("[connection]\nreconnect_delay_base = 2\n", "connection", "base_delay_s", 2.0),
        ("[connection]\nreconnect_delay_max = 60\n", "connection", "cap_s", 60.0),
        ("[heartbeat]\nheartbeat_interval = 30\n", "heartbeat", "interval_s", 30.0),
    ],
)
def test_the_documents_own_keys_are_accepted(
    write: Path, text: str, section: str, key: str, value: float
) -> None:
    assert getattr(getattr(load(write, text), section), key) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[gateway]\nprot = 1\n", "'gateway.prot' is not a setting; did you mean 'port'"),
        ("[gatway]\nport = 1\n", "'gatway' is not a setting; did you mean 'gateway'"),
        ("[web]\nzzz = 1\n", "'web.zzz' is not a setting; expected one of host, port, read_only"),
        ('[gateway]\nport = "x"\n', "'gateway.port' is 'x'; input should be a valid integer"),
        ("[gateway]\nport = 70000\n", "'gateway.port' is 70000; .*less than or equal to 65535"),
        ("[gateway]\nport = 0\n", "'gateway.port' is 0; .*greater than or equal to 1"),
        ('[bot]\nmode = "paper"\n', "'bot.mode' is 'paper'; .*'PAPER'"),
        ("[connection]\ncap_s = -1\n", "cap_s' is -1; .*greater than or equal to 0"),
        ("[connection]\njitter = nan\n", "'connection.jitter' is nan"),
        ("gateway = 3\n", r"'gateway' is 3; expected a table: a line \[gateway\]"),
        ("[gateway\n", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(write: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        load(write, text)
    assert "bot.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_misspelt_variable_is_refused_by_name(
    write: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBELAY__GATEWAY__PROT", "1")
    with pytest.raises(ConfigurationError, match="did you mean 'port'"):
        load(write, "")


def test_a_file_that_is_not_text_is_refused(write: Path) -> None:
    write.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        load_settings(write)


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read .*; expected a TOML file"):
        load_settings(tmp_path / name)


def test_relative_paths_are_relative_to_the_file(
    write: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the file itself was named relative to another folder."""
    monkeypatch.chdir(write.parent.parent)
    relative = write.relative_to(write.parent.parent)
    settings = load(relative, '[bot]\nscanner = "day.toml"\n[store]\npath = "kept/bot.db"\n')
    assert settings.bot.scanner == write.parent / "day.toml"
    assert settings.store.path == write.parent / "kept" / "bot.db"
    assert settings.web.token_file == write.parent / "ibelay.token"
    assert settings.logs.folder == write.parent / "logs"


def test_absolute_paths_stay(write: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "bot.db"
    assert load(write, f"[store]\npath = '{elsewhere}'\n").store.path == elsewhere


def test_no_scanner_stays_none(write: Path) -> None:
    assert load(write, "").bot.scanner is None


def test_what_the_supervisor_sends_is_what_the_child_reads(write: Path) -> None:
    """As ``app.up`` writes and ``app.child`` reads it, aliases and paths included."""
    settings = load(
        write,
        '[bot]\nscanner = "day.toml"\nwatch_list = ["SPY"]\n'
        "[connection]\nmax_reconnect_attempts = 3\nreconnect_delay_max = 9\n"
        "[heartbeat]\nheartbeat_interval = 7\n",
    )
    assert BotSettings.model_validate_json(settings.model_dump_json()) == settings


def test_the_child_trusts_what_it_was_sent_whatever_its_environment_says(
    write: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Applied again, a relative path of the environment would name another store."""
    monkeypatch.setenv("IBELAY__STORE__PATH", "other.db")
    settings = load(write, "")
    assert settings.store.path == write.parent / "other.db"
    assert BotSettings.model_validate_json(settings.model_dump_json()) == settings


def test_settings_do_not_change() -> None:
    settings = BotSettings()
    with pytest.raises(ValueError, match="frozen"):
        settings.gateway.port = 1  # type: ignore[misc]  # that it is refused is the point
