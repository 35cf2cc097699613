"""The commands as a person meets them: help, refusals, exit codes, and Ctrl-C."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App
from tests.cli.reference import commands

from ibelay.cli.main import _only, app, main
from ibelay.errors import ConfigurationError, LinkError

USAGE, UNAVAILABLE, SYSTEM, CONFIGURATION, INTERRUPTED = 2, 69, 74, 78, 130
PATIENT_S = 30
SCANNER = """\
date = "2025-06-02"

[[setup]]
symbol = "SPY"
side = "long"
pivot = 445.00
stop = 443.10
partial = 447.13
target1 = 460.25
target2 = 470.50
quantity = 100
"""


def ibelay(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m ibelay` with *arguments*."""
    return subprocess.run(
        [sys.executable, "-m", "ibelay", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT_S,
        cwd=cwd,
    )


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """Assert one sentence on stderr that contains *words*, nothing else, and the exit code."""
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("ibelay: ")
    for word in words:
        assert word in done.stderr
    assert done.returncode == code


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port at which something else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    """A folder with the settings of a bot that could start, but for a port or a store."""
    (tmp_path / "scanner.toml").write_text(SCANNER)
    return tmp_path


@pytest.fixture
def at_a_terminal() -> Iterator[None]:
    """SIGINT as a terminal gives it; background jobs of a shell are born ignoring it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def settings(folder: Path, *, web_port: int = 0, store: str = "bot.db") -> str:
    """Write bot.toml into *folder* and return its name."""
    (folder / "bot.toml").write_text(
        f'[bot]\nscanner = "scanner.toml"\n[store]\npath = "{store}"\n[web]\nport = {web_port}\n'
    )
    return "bot.toml"


@pytest.mark.parametrize("words", [(), *((*name.split()[1:],) for name in commands())], ids=str)
def test_every_command_shows_an_example_of_itself(words: tuple[str, ...]) -> None:
    done = ibelay(*words, "--help")
    shown = " ".join(done.stdout.split())
    assert f"Example: {' '.join(['ibelay', *words])}" in shown
    assert (done.returncode, done.stderr) == (0, "")


def test_the_examples_of_every_command_are_understood() -> None:
    """Parsed, not run: a renamed option in an example fails here."""
    import shlex  # noqa: PLC0415  # only this test needs it

    for command in commands().values():
        for line in command.examples:
            name, *arguments = shlex.split(line)
            assert name == "ibelay"
            parsed, _bound, _ignored = app.parse_args(
                arguments, exit_on_error=False, print_error=False
            )
            assert parsed is command.function


def test_help_loads_nothing_heavy() -> None:
    """What makes it answer at once; the time itself depends on the machine."""
    heavy = ("ib_async", "sqlalchemy", "fastapi", "uvicorn", "pydantic", "asyncio", "numpy")
    code = (
        "import sys\nfrom ibelay.cli.main import main\nmain(['--help'])\n"
        f"print('LOADED', [name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nosuch", ['Unknown command "nosuch"', "safe-mode, worklist, store; see `ibelay --help"]),
        ("gatway", ['Did you mean "gateway"']),
        ("worklist nosuch", ['Unknown command "nosuch"', "ibelay worklist --help"]),
        ("demo --sped 3", ["--sped", "Did you mean --speed", "ibelay demo --help"]),
        ("demo --speed", ["--speed requires an argument"]),
        ("demo --speed fast", ['"fast" into float']),
        ("gateway --port x", ['"x" into int']),
        ("gateway extra", ["'extra'", "ibelay gateway --help"]),
        ("worklist add", ["--symbol requires an argument"]),
        ("safe-mode clear", ["--cause requires an argument"]),
        ("up one two", ["'two'"]),
    ],
)
def test_wrong_arguments_are_one_sentence(line: str, words: list[str], tmp_path: Path) -> None:
    refused(ibelay(*line.split(), cwd=tmp_path), USAGE, *words)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gateway --market lean:/nowhere --date 2013-10-08", ["/nowhere", "LEAN data folder"]),
        ("demo --market lean:/nowhere --date 2013-10-08", ["/nowhere", "LEAN data folder"]),
        ("gateway --market lean:/nowhere", ["--date YYYY-MM-DD"]),
        ("demo --market lean:/nowhere", ["--date YYYY-MM-DD"]),
        ("gateway --market csv", ["market 'csv' is unknown"]),
        ("gateway --date 2025-13-01", ["'2025-13-01' is not a day"]),
        ("gateway --fault rain", ["command 'rain'", "swallow-orders"]),
        ("gateway --port 99999", ["port 99999 does not exist"]),
        ("gateway --speed nan", ["speed nan"]),
        ("demo --speed 0", ["speed is 0"]),
        ("check --quantity 0", ["quantity 0"]),
        ("check --no-paper", ["real money"]),
        ("up", ["bot.toml", "cannot be read"]),
        ("status", ["bot.toml", "cannot be read"]),
        ("worklist list", ["bot.toml", "cannot be read"]),
    ],
)
def test_what_a_person_must_mend_is_one_sentence(
    line: str, words: list[str], tmp_path: Path
) -> None:
    refused(ibelay(*line.split(), cwd=tmp_path), CONFIGURATION, *words)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = ibelay("demo", "--keep", "file/kept", cwd=tmp_path)
    refused(done, CONFIGURATION, "file/kept", "--keep")


def test_a_misspelt_setting_is_named_with_the_right_one(bot: Path) -> None:
    (bot / "bot.toml").write_text("[gateway]\nprot = 4002\n")
    refused(ibelay("up", cwd=bot), CONFIGURATION, "'gateway.prot'", "did you mean 'port'")


def test_a_port_in_use_is_said_by_the_gateway(taken_port: int) -> None:
    refused(ibelay("gateway", "--port", str(taken_port)), CONFIGURATION, str(taken_port))


def test_a_port_in_use_is_said_before_a_bot_starts(bot: Path, taken_port: int) -> None:
    done = ibelay("up", settings(bot, web_port=taken_port), cwd=bot)
    refused(done, CONFIGURATION, str(taken_port))
    assert not (bot / "bot.db").exists()


def test_a_store_that_is_garbage_is_not_traded_on(bot: Path) -> None:
    (bot / "bot.db").write_text("this is not a database, it is garbage of some length")
    refused(ibelay("up", settings(bot), cwd=bot), CONFIGURATION, "bot.db", "not an ibelay journal")


def test_a_store_that_is_a_folder_is_refused(bot: Path) -> None:
    (bot / "bot.db").mkdir()
    refused(ibelay("up", settings(bot), cwd=bot), CONFIGURATION, "is a folder")


@pytest.mark.parametrize("line", ["status", "worklist list", "worklist add SPY"])
def test_a_bot_that_does_not_run_is_unavailable(line: str, bot: Path) -> None:
    settings(bot)
    refused(ibelay(*line.split(), cwd=bot), UNAVAILABLE, "no bot answers", "ibelay up")


def test_clearing_safe_mode_without_bot_and_store_says_so(bot: Path) -> None:
    settings(bot)
    done = ibelay("safe-mode", "clear", "--cause", "mended", cwd=bot)
    refused(done, CONFIGURATION, "no bot runs", "no store")


def test_a_gateway_that_is_not_there_is_unavailable(taken_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused(ibelay("check", "--port", str(port)), UNAVAILABLE, "nothing listens at", str(port))


@pytest.mark.adversity
@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize("command", ["gateway", "up", "demo"])
def test_ctrl_c_ends_a_command_without_a_traceback(command: str, bot: Path) -> None:
    """Interrupted once it has said its first line."""
    arguments = {
        "gateway": ("gateway", "--port", "0"),
        "up": ("up", settings(bot)),
        "demo": ("demo", "--speed", "1"),
    }[command]
    with subprocess.Popen(
        [sys.executable, "-m", "ibelay", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=bot,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _output, complaints = process.communicate(timeout=PATIENT_S)
    assert "Traceback" not in complaints
    assert process.returncode in {0, INTERRUPTED}


def test_one_error_of_ours_is_found_inside_groups() -> None:
    error = LinkError("gone")
    assert _only(ExceptionGroup("outer", [ExceptionGroup("inner", [error])])) is error


def test_a_bug_or_several_errors_stay_a_traceback() -> None:
    """Only what is one known sentence becomes one."""
    assert _only(ExceptionGroup("one", [ZeroDivisionError()])) is None
    assert _only(ExceptionGroup("two", [LinkError("a"), ConfigurationError("b")])) is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LinkError("gone"), UNAVAILABLE),
        (ConfigurationError("wrong"), CONFIGURATION),
        (PermissionError(13, "denied"), SYSTEM),
        (ExceptionGroup("tasks", [ConfigurationError("wrong")]), CONFIGURATION),
        (KeyboardInterrupt(), INTERRUPTED),
    ],
    ids=repr,
)
def test_each_kind_of_error_has_its_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(*_arguments: object, **_options: object) -> int:
        raise error

    monkeypatch.setattr("ibelay.cli.main.app", raising)
    assert main([]) == code


def test_the_groups_are_commands_too() -> None:
    assert isinstance(app["safe-mode"], App)
    assert isinstance(app["worklist"], App)
