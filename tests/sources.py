"""Reading source texts in tests."""

from __future__ import annotations

import ast
import gc


def parsed(source: str) -> ast.Module:
    """Return the syntax tree of *source*.

    The garbage collector stands still meanwhile: a finaliser of what an earlier test has left
    behind runs Python code, and Python 3.11 then ends the parsing with a ``SystemError`` ("AST
    constructor recursion depth mismatch", https://github.com/python/cpython/issues/106905).
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if collects:
            gc.enable()
