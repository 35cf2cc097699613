"""Code that is simulated takes time, chance and order from nowhere but its arguments.

One seed must give one run, bit for bit, in every process. Ruff's TID251 says it at the line for
what is banned everywhere; here stands what is banned where code is simulated: clocks under any
name, threads, chance without a seed, and the order of sets, which for strings changes with
PYTHONHASHSEED and for objects with their addresses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sources import parsed

SOURCE = Path(__file__).resolve().parents[2] / "src" / "ibelay"

# What is not simulated, and why. A folder stands for all that is in it.
REAL = {
    "__main__.py": "starts the process",
    "app/arena.py": "starts processes",
    "app/check/run.py": "a command at a terminal",
    "app/child.py": "the process of a bot: signals, the first seed",
    "app/clock.py": "the real clock itself",
    "app/demo": "a command at a terminal, with processes",
    "app/up.py": "starts processes, makes the token of the web page",
    "cli": "commands at a terminal",
    "control/port/token.py": "a token is a secret",
    "gateway/main.py": "the process of a gateway: signals",
    "gateway/market/calendars/regenerate.py": "writes a table, once a year",
    "gateway/market/replay/tables/parquet_file.py": "reads a file in a process of its own",
    "control/stopping.py": "the signals of a command",
    "dropin/clock.py": "the real clock of a program that gives none",
    "store/writing/thread.py": "the writer thread itself",
    "supervisor": "starts and watches processes",
    "telemetry": "logs, in a thread",
    "testing/gateway.py": "a gateway in a thread, for tests of blocking programs",
    "testing/matrix/real": "plays the faults with processes",
    "testing/plugin.py": "belongs to pytest",
    "testing/simulation/campaign.py": "runs seeds in processes and times them",
    "testing/simulation/programs/standstill.py": "looks from outside where a run stands still",
    "testing/virtual/wall.py": "puts virtual time in the place of the system's",
    "web": "runs in the supervisor's process",
}

CLOCK = "time is an argument: take it from ports.Clock"
CHANCE = "chance is an argument: take a seeded random.Random"
IDENTITY = "identity is an argument: derive ids from inputs"
THREAD = "one loop, no threads: put what blocks behind a port that a simulation can replace"
BANNED = {
    "time": CLOCK,
    "sched": CLOCK,
    "datetime.datetime.now": CLOCK,
    "datetime.datetime.utcnow": CLOCK,
    "datetime.datetime.today": CLOCK,
    "datetime.date.today": CLOCK,
    "secrets": CHANCE,
    "os.urandom": CHANCE,
    "os.getrandom": CHANCE,
    "uuid": IDENTITY,
    "threading": THREAD,
    "_thread": THREAD,
    "multiprocessing": THREAD,
    "subprocess": THREAD,
    "signal": THREAD,
    "queue": THREAD,
    "concurrent.futures.ThreadPoolExecutor": THREAD,
    "concurrent.futures.ProcessPoolExecutor": THREAD,
    "concurrent.futures.thread": THREAD,
    "concurrent.futures.process": THREAD,
    "asyncio.to_thread": THREAD,
    "asyncio.create_subprocess_exec": THREAD,
    "asyncio.create_subprocess_shell": THREAD,
}
ORDERED = {
    "deque", "dict", "enumerate", "extend", "from_iterable", "fromkeys", "iter", "join", "list",
    "map", "next", "tuple", "zip",
}  # fmt: skip
ORDER_LOST_AGAIN = {"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"}
SETS = {"AbstractSet", "MutableSet", "frozenset", "set"}
FOLDERS_READ = {"glob", "iterdir", "listdir", "rglob", "scandir"}


def simulated() -> list[Path]:
    """Return every module that runs in a simulation."""
    real = [SOURCE / name for name in REAL]
    return [
        path
        for path in sorted(SOURCE.rglob("*.py"))
        if not any(path == one or one in path.parents for one in real)
    ]


class Module:
    """One module, parsed, with what its names stand for."""

    def __init__(self, source: str) -> None:
        self.tree = parsed(source)
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }
        self.imported = dict(self._imports())
        self.sets: set[tuple[ast.AST | None, str]] = set()
        self.sets |= set(self._sets())

    def full_name(self, node: ast.AST) -> str:
        """Return what *node* is called where it comes from; empty if it is no plain name."""
        if isinstance(node, ast.Attribute):
            owner = self.full_name(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return self.imported.get(node.id, "") if isinstance(node, ast.Name) else ""

    def is_set(self, node: ast.AST) -> bool:
        """Return whether *node* can be seen to be a set."""
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in {"set", "frozenset"} or self._known(node, name)
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name):
                return (None, name) in self.sets
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.BitXor() | ast.Sub()):
                return any(self.is_set(side) or _keys(side) for side in (node.left, node.right))
            case ast.Name(id=name):
                return self._known(node, name)
            case _:
                return False

    def _imports(self) -> Iterator[tuple[str, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    whole = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield alias.asname or whole, whole
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}"

    def _sets(self) -> Iterator[tuple[ast.AST | None, str]]:
        """Yield the names that this module itself says are sets, each with its scope.

        Attributes and methods have no scope (None): whose they are cannot be seen.
        """
        for node in ast.walk(self.tree):
            match node:
                case ast.AnnAssign(target=target, annotation=said) if _says_set(said):
                    yield self._scoped(target)
                case ast.arg(arg=name, annotation=ast.expr() as said) if _says_set(said):
                    yield self._scope(node), name
                case ast.FunctionDef(name=name, returns=ast.expr() as said) if _says_set(said):
                    yield self._scope(node), name
                case ast.Assign(targets=[target], value=value) if self.is_set(value):
                    yield self._scoped(target)

    def _scoped(self, target: ast.expr) -> tuple[ast.AST | None, str]:
        if isinstance(target, ast.Attribute):
            return None, target.attr
        return self._scope(target), ast.unparse(target)

    def _scope(self, node: ast.AST) -> ast.AST | None:
        """Return the function or module around *node*; None for what is a class's own."""
        around = self.parents[node]
        while not isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            if isinstance(around, ast.ClassDef):
                return None
            around = self.parents[around]
        return around

    def _known(self, node: ast.AST, name: str) -> bool:
        """Return whether *name*, seen from *node*, is a set."""
        around: ast.AST | None = node
        while around is not None:
            if (around, name) in self.sets:
                return True
            around = self.parents.get(around)
        return False


def _says_set(annotation: ast.expr) -> bool:
    kind = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    if isinstance(kind, ast.BinOp):  # set[X] | None
        return _says_set(kind.left) or _says_set(kind.right)
    return ast.unparse(kind).rpartition(".")[2] in SETS


def _keys(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "keys"
    )


def banned(source: str) -> list[str]:
    """Return what is banned in *source*: clocks, threads, chance without a seed."""
    module, found = Module(source), []
    for node in ast.walk(module.tree):
        for name in _named(module, node):
            found += [
                f"{node.lineno}: {name}: {why}"  # type: ignore[attr-defined]  # all named have one
                for word, why in BANNED.items()
                if name == word or name.startswith(f"{word}.")
            ]
        if isinstance(node, ast.Call):
            found += _careless_call(module, node)
    return sorted(set(found))


def _named(module: Module, node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [module.full_name(node)] if isinstance(node, ast.Attribute | ast.Name) else []


def _careless_call(module: Module, call: ast.Call) -> Iterator[str]:
    name = module.full_name(call.func)
    if isinstance(call.func, ast.Name) and call.func.id == "hash":
        yield f"{call.lineno}: hash: it changes with PYTHONHASHSEED: use zlib.crc32 or hashlib"
    if name.startswith("random.") and not (name == "random.Random" and call.args):
        yield f"{call.lineno}: {name}: {CHANCE}"
    last = call.func.attr if isinstance(call.func, ast.Attribute) else name
    few = len(call.args) + len(call.keywords)
    if (last == "fromtimestamp" and few == 1) or (last == "astimezone" and few == 0):
        yield f"{call.lineno}: {last}: the machine's time zone is no argument: name a zone"
    if last in FOLDERS_READ and not _order_does_not_matter(module, call):
        yield f"{call.lineno}: {last}: folders have no order: sort what is found"


def unordered(source: str) -> list[str]:
    """Return where *source* goes through a set in a way in which its order shows."""
    module, found = Module(source), []
    for node in ast.walk(module.tree):
        for iterated in _iterated(module, node):
            if module.is_set(iterated):
                text = ast.unparse(iterated)
                found.append(
                    f"{iterated.lineno}: {text}: a set has no order: sort it, or keep a dict"
                )
    return found


def _iterated(module: Module, node: ast.AST) -> list[ast.expr]:
    """Return the expressions whose order *node* makes visible."""
    match node:
        case ast.For(iter=iterated):
            return [iterated]
        case ast.ListComp(generators=parts) | ast.GeneratorExp(generators=parts):
            return [] if _order_does_not_matter(module, node) else [part.iter for part in parts]
        case ast.DictComp(generators=parts):
            return [part.iter for part in parts]
        case ast.Starred(value=value):
            return [] if _order_does_not_matter(module, node) else [value]
        case ast.Call(func=ast.Attribute(value=owner, attr="pop"), args=[]):
            return [owner]
        case ast.Call(func=func, args=args):
            name = func.attr if isinstance(func, ast.Attribute) else ast.unparse(func)
            return args if name in ORDERED and not _order_does_not_matter(module, node) else []
        case _:
            return []


def _order_does_not_matter(module: Module, node: ast.AST) -> bool:
    """Return whether *node* goes into something that has no order, or one of its own."""
    parent = module.parents[node]
    if isinstance(parent, ast.Set):
        return True
    if isinstance(parent, ast.Starred | ast.List | ast.Tuple):
        return _order_does_not_matter(module, parent)
    if isinstance(parent, ast.comprehension):
        whole = module.parents[parent]
        return isinstance(whole, ast.SetComp) or _order_does_not_matter(module, whole)
    return (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id in ORDER_LOST_AGAIN
    )


@pytest.mark.parametrize("path", simulated(), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_what_is_simulated_takes_nothing_from_the_machine(path: Path) -> None:
    """No clock, no thread, no chance without a seed, no order that is not there."""
    source = path.read_text(encoding="utf-8")
    assert banned(source) + unordered(source) == []


def test_every_exception_exists() -> None:
    """An entry whose file is gone would hide the next one of that name."""
    assert [name for name in REAL if not (SOURCE / name).exists()] == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\n",
        "import time as t\nt.monotonic_ns()",
        "from time import monotonic_ns as now\nnow()",
        "def late():\n    import time\n",
        "from datetime import datetime as d\nd.now(UTC)",
        "import datetime\ndatetime.date.today()",
        "import threading\n",
        "from concurrent.futures import ThreadPoolExecutor\n",
        "import concurrent.futures as c\nc.ProcessPoolExecutor()",
        "import asyncio\nawait asyncio.to_thread(work)",
        "import os as system\nsystem.urandom(8)",
        "from secrets import token_hex\n",
        "from uuid import uuid4\n",
        "import random\nrandom.shuffle(rows)",
        "from random import choice as pick\npick(rows)",
        "from random import Random\nRandom()",
        "seed = hash(name)",
        "from datetime import datetime\ndatetime.fromtimestamp(0)",
        "day = moment.astimezone()",
        "for file in folder.iterdir():\n    read(file)",
    ],
)
def test_the_guard_sees_clocks_chance_and_threads(source: str) -> None:
    assert banned(source)


@pytest.mark.parametrize(
    "source",
    [
        "from concurrent.futures import Future\n",
        "from datetime import time\ntime(9, 30)",
        "from random import Random\nRandom(seed)",
        "import random\nchance: random.Random = random.Random(7)",
        "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)",
        "files = sorted(folder.glob('*.csv'))",
        "files = sorted(one.name for one in folder.glob('*.csv'))",
        "now = clock.time()",
    ],
)
def test_the_guard_lets_arguments_pass(source: str) -> None:
    assert banned(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "for name in {'a', 'b'}:\n    say(name)",
        "for name in set(names):\n    say(name)",
        "for name in before - set(after):\n    say(name)",
        "for key in one.keys() - other.keys():\n    say(key)",
        "said = [name for name in frozenset(names)]",
        "said = ', '.join({one.name for one in ones})",
        "said = tuple({one.name for one in ones})",
        "said = [*{'a', 'b'}, 'c']",
        "class A:\n    def say(self):\n        self.x: set[str] = set()\n        list(self.x)",
        "def wanted() -> set[str]: ...\nfor one in wanted():\n    say(one)",
        "def say(names: frozenset[str]):\n    return {name: 1 for name in names}",
        "left = set(names)\nfirst = left.pop()",
        "left = set(names)\nfirst = next(iter(left))",
    ],
)
def test_the_guard_sees_sets_whose_order_shows(source: str) -> None:
    assert unordered(source)


@pytest.mark.parametrize(
    "source",
    [
        "for name in sorted(set(names)):\n    say(name)",
        "both = {*set(one), *set(other)}",
        "found = any(one for one in set(names))",
        "names = {name.upper() for name in set(names)}",
        "first = sorted(one.name for one in {*ones})",
        "for name in dict.fromkeys(names):\n    say(name)",
        "known = name in {'a', 'b'}",
        "most = max([0, *(rows.count(row) for row in set(rows))])",
    ],
)
def test_the_guard_lets_sets_without_an_order_pass(source: str) -> None:
    assert unordered(source) == []
