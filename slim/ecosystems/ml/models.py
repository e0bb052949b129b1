"""Queries about models in the layout of the Hugging Face hub.

A cache keeps each file once, as `models--NAME/blobs/HASH`, and links to it from `snapshots/REVISION`. What
is said of a name in a snapshot is said of the blob behind it.
Source: huggingface_hub, "Understand caching"; transformers, "Loading models" (safetensors come first).
"""

from __future__ import annotations

import re

from slim.ecosystems.model import Subject
from slim.files.table import Kind
from slim.files.view import View, below
from slim.patterns import regex
from slim.rules.match import QueryResult

_STORES = (b"models--", b"datasets--", b"spaces--")
_SAFE = regex(
    rb"(model|diffusion_pytorch_model|adapter_model)(\.fp16)?(?:-\d{5}-of-\d{5})?\.safetensors"
)
_OTHER = regex(
    rb"(pytorch_model|diffusion_pytorch_model|adapter_model)(\.fp16)?(?:-\d{5}-of-\d{5})?\.bin"
    rb"|tf_model(?:-\d{5}-of-\d{5})?\.h5|flax_model(?:-\d{5}-of-\d{5})?\.msgpack|rust_model\.ot"
)
_PART = 4
"""Safetensors that are a smaller part of the other format's size are not the whole model."""


def second_format(subject: Subject) -> QueryResult:
    """Weights beside the same weights as safetensors: those of PyTorch, TensorFlow, Flax and Rust.

    In the same directory, of the same component and precision; `original/consolidated*.pth` too.
    """
    rows: set[int] = set()
    view = subject.view
    for directory, names in view.holding(view.every.ending((b".safetensors",))):
        here = view.names[directory]
        safe: dict[bytes, int] = {}
        for name in names:
            if found := _SAFE.fullmatch(name):
                key = _key(found)
                safe[key] = safe.get(key, 0) + _size(view, directory, name)
        if not safe:
            continue
        others: dict[bytes, set[int]] = {}
        for name in here:
            if found := _OTHER.fullmatch(name):
                key = _key(found)
                others.setdefault(key, set()).update(_rows(view, directory, name))
        original = here.get(b"original", 0)
        if original < 0:
            for name in view.names[~original]:
                if name.startswith(b"consolidated") and name.endswith(b".pth"):
                    others.setdefault(b"model", set()).update(_rows(view, ~original, name))
        for key, found_rows in others.items():
            size = sum(view.files.size[row] for row in found_rows)
            if _PART * safe.get(key, 0) >= size > 0:
                rows.update(found_rows)
    return QueryResult(rows=sorted(rows))


def unreferenced(subject: Subject) -> QueryResult:
    """Blobs of a cache that no snapshot links to; nothing where snapshots are copies instead of links."""
    view, rows = subject.view, []
    files = view.files
    for home, _ in view.holding({b"blobs"}):
        here = view.names[home]
        blobs, snapshots = here.get(b"blobs", 0), here.get(b"snapshots", 0)
        if blobs >= 0 or snapshots >= 0 or not files.dir_name[home].startswith(_STORES):
            continue
        linked = set()
        todo = [~snapshots]
        while todo:
            folder = todo.pop()
            for name, node in view.names[folder].items():
                if node < 0:
                    todo.append(~node)
                elif files.kind[node] == Kind.SYMLINK:
                    linked.update(_rows(view, folder, name))
        if linked:
            rows += [
                row
                for name, row in view.names[~blobs].items()
                if row >= 0
                and files.kind[row] == Kind.FILE
                and row not in linked
                and not name.endswith(b".incomplete")
            ]
    return QueryResult(rows=sorted(rows))


def _key(found: re.Match[bytes]) -> bytes:
    """Component and precision of some weights; PyTorch's `pytorch_model` is `model` as safetensors."""
    component = (found[1] or b"model").replace(b"pytorch_model", b"model")
    return component + (found[2] or b"")


def _rows(view: View, directory: int, name: bytes) -> list[int]:
    """The row of the file behind a name, or none."""
    row = view.row(below(view.files.directory_path(directory), name))
    return [] if row is None else [view.files.body.get(row, row)]


def _size(view: View, directory: int, name: bytes) -> int:
    return sum(view.files.size[row] for row in _rows(view, directory, name))
