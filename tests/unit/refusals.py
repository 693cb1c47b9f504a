"""The refusals that a command can be answered with, read from its handler's code.

The search follows the functions and classes that the code names, from the handler on.
The result is an upper bound, because the conditions before a `raise` are not read.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from chat.log import append
from chat.queries import catching_up
from core.errors import Refusal

_OURS = {"accounts", "chat", "core", "realtime"}
# `say` writes system messages, which need no permission, and the hub serves everybody.
_NOT_FOLLOWED = {"say", "hub"}
# Methods of objects, which no name leads to: the writer hands each draft to `append`,
# and the feeds let the rooms of all sockets be read together.
_METHODS = {"submit": append.append, "catch_up": catching_up.catch_up}


def codes(handler: object) -> set[str]:
    """The codes of all refusals that are raised or returned on the way."""
    seen: set[object] = set()
    raised: set[str] = set()
    waiting = [handler]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, type | FunctionType) or one in seen:
            continue
        seen.add(one)
        if isinstance(one, type):
            waiting += _methods(one)
            continue
        waiting += filter(_is_followed, _named(one))
        raised |= {refusal.code for refusal in _refusals(one)}
    return raised


def _is_followed(named: object) -> bool:
    if isinstance(named, type) and issubclass(named, Refusal):
        return False
    module = str(getattr(named, "__module__", ""))
    is_ours = module.partition(".")[0] in _OURS
    return is_ours and getattr(named, "__name__", "") not in _NOT_FOLLOWED


def _methods(cls: type) -> list[object]:
    members = [getattr(member, "__func__", member) for member in vars(cls).values()]
    return [m.fget if isinstance(m, property) else m for m in members]


def _named(function: FunctionType) -> Iterator[Any]:
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Name | ast.Attribute):
            yield _resolved(node, function)


def _refusals(function: FunctionType) -> Iterator[type[Refusal]]:
    for node in ast.walk(_tree(function)):
        match node:
            case ast.Raise(exc=ast.Call(func=raised) | (ast.Name() as raised)):
                pass
            case ast.Return(value=ast.Call(func=raised)):
                pass
            case _:
                continue
        cls = _resolved(raised, function)
        if isinstance(cls, type) and issubclass(cls, Refusal):
            yield cls


def _tree(function: FunctionType) -> ast.AST:
    function = inspect.unwrap(function)
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except OSError:
        # A dataclass's own methods have no source.
        return ast.Module([], [])


def _resolved(node: ast.AST, function: FunctionType) -> Any:
    """The object that a name or a chain of attributes stands for, or None."""
    match node:
        case ast.Name(id=name):
            return inspect.unwrap(function).__globals__.get(name)
        case ast.Attribute(attr=name) if name in _METHODS:
            return _METHODS[name]
        case ast.Attribute(value=owner, attr=name):
            holder = _resolved(owner, function)
            if isinstance(holder, ModuleType | type):
                return getattr(holder, name, None)
    return None
