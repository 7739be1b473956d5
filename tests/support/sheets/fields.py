"""Field masks, as `fields=sheets(properties(title),data/rowData)` (FieldMask and partial responses)."""

from __future__ import annotations

import re
from typing import Any

from tests.support.sheets.errors import JSON, ApiError, invalid

Mask = dict[str, Any]
"""A tree of names; an empty tree keeps everything below."""

ALL: Mask = {}


def parse(text: str) -> Mask:
    """The tree of a mask. Names are separated by `.` or `/`; raises ApiError 400 for broken ones."""
    text = text.replace(" ", "")
    tokens = re.findall(r"[A-Za-z0-9_*]+|[(),./]", text)
    paths, rest = _group(tokens, 0)
    if "".join(tokens) != text or rest != len(tokens):
        raise _broken(text)
    mask: Mask = {}
    for path in sorted(paths, key=len, reverse=True):
        branch = mask
        for name in path[:-1]:
            branch = branch.setdefault(name, {})
        branch[path[-1]] = {}
    return _without_stars(mask)


def _group(tokens: list[str], at: int) -> tuple[list[tuple[str, ...]], int]:
    """The paths up to a closing parenthesis or the end, and where that is."""
    paths: list[tuple[str, ...]] = []
    while at < len(tokens) and tokens[at] != ")":
        found, at = _path(tokens, at)
        paths += found
        if at < len(tokens) and tokens[at] == ",":
            at += 1
    return paths, at


def _path(tokens: list[str], at: int) -> tuple[list[tuple[str, ...]], int]:
    if at >= len(tokens) or not re.match(r"[A-Za-z0-9_*]", tokens[at]):
        raise _broken("".join(tokens))
    name = tokens[at]
    follows = tokens[at + 1] if at + 1 < len(tokens) else ""
    if follows in (".", "/"):
        below, at = _path(tokens, at + 2)
    elif follows == "(":
        below, at = _group(tokens, at + 2)
        if at >= len(tokens):
            raise _broken("".join(tokens))
        at += 1
    else:
        return [(name,)], at + 1
    return [(name, *rest) for rest in below], at


def _without_stars(mask: Mask) -> Mask:
    return {} if "*" in mask else {name: _without_stars(below) for name, below in mask.items()}


def _broken(text: str) -> ApiError:
    return invalid(f"Error expanding 'fields' parameter. Cannot parse '{text}'.")


def wants(mask: Mask, *path: str) -> bool:
    """Whether the mask keeps something at this path."""
    for name in path:
        if not mask:
            return True
        if name not in mask:
            return False
        mask = mask[name]
    return True


def below(mask: Mask, *path: str) -> Mask:
    """The part of the mask under a path that it keeps."""
    for name in path:
        if not mask:
            return mask
        mask = mask[name]
    return mask


def select(value: Any, mask: Mask) -> Any:
    """What the mask keeps of a JSON value; messages that lose everything stay as {}."""
    if not mask:
        return value
    if isinstance(value, list):
        return [select(item, mask) for item in value]
    if isinstance(value, dict):
        return {name: select(value[name], sub) for name, sub in mask.items() if name in value}
    return value


def update(target: JSON, source: JSON, mask: Mask) -> None:
    """Set in `target` what the mask names: from `source` where it is given, else emptied."""
    for name in mask or dict.fromkeys([*target, *source], ALL):
        sub = mask.get(name, ALL)
        given = source.get(name)
        if given is None and not (sub and isinstance(target.get(name), dict)):
            target.pop(name, None)
        elif sub and isinstance(target.get(name, {}), dict):
            branch = dict(target.get(name, {}))
            update(branch, given if isinstance(given, dict) else {}, sub)
            target[name] = branch
            if not branch:
                del target[name]
        else:
            target[name] = given
