"""What a worker does: reads a layer, analyzes an image. The results go to the store, summaries go back.

A worker gets its `Context` once, by the channel of the scheduler; tasks carry digests and names alone,
so that nothing secret is in a task's key, arguments or log.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from threading import Event, Lock

from msgspec import Struct
from msgspec.structs import replace

from slim.ecosystems import KEEPS
from slim.entrypoint.resolve import script_paths
from slim.errors import InputError, IntegrityError, SlimError
from slim.files.budget import Budget, weight
from slim.files.layer import LayerRequest, check_promises, read_layer
from slim.files.options import ReadOptions
from slim.files.table import LayerTable, settled
from slim.fleet.folder import folder_of
from slim.fleet.planned import InArchive, InRegistry, Place, Planned, PlannedLayer
from slim.fleet.rows import image_rows, layer_rows
from slim.fleet.store import Store, file_name
from slim.image.directory import PathBlob
from slim.image.model import Blob, Descriptor, Layer
from slim.image.ref import ImageRef
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.client import Client
from slim.image.registry.image import RegistryBlob
from slim.image.source import open_image
from slim.limits import Limits
from slim.pipeline import AdviceOptions, ReportOptions, report_of
from slim.rules.rule import Rules
from slim.stream.memory import Memory

_TOP = 1_000
"""Findings and groups of waste that are kept of an image."""
_TABLES_BYTES = 192 << 20
"""Of tables that a worker keeps in memory for the next image."""


class Sealed:
    """A value that no log shows."""

    def __init__(self, value: Access) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Sealed(…)"


class Context(Struct, frozen=True):
    """What all tasks of a scan share."""

    store: str
    scan: int
    access: Sealed
    limits: Limits
    rules: Rules
    today: date
    made_by: str
    away: bool = False
    """Workers are on other machines, whose own files and variables say who they are in a registry."""
    login_files: Callable[[], tuple[str, ...]] = tuple
    """Asked there: the files in which log-ins may be."""


class LayerTask(Struct, frozen=True):
    """A layer that is to be read."""

    digest: str
    size: int
    place: Place
    extra: frozenset[bytes]
    """Files of it whose contents the images name that have it."""


class Done(Struct, frozen=True):
    """What became of a task."""

    key: str
    error: str = ""
    slug: str = ""
    exit_code: int = 0
    read_bytes: int = 0
    """Stored bytes that were read."""


class Unreadable(SlimError):
    """A layer of the image could not be read."""

    def __init__(self, done: Done) -> None:
        super().__init__(done.slug, done.error)
        self.done = done


class Worker:
    """The state of one worker process."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = Store(folder_of(context.store))
        self._tables: OrderedDict[str, tuple[int, LayerTable, frozenset[bytes]]] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def read(self, task: LayerTask) -> Done:
        """Read a layer, unless somebody has: a task may come twice, when a worker was lost."""
        try:
            if self.store.load_table(task.digest, KEEPS, task.extra) is not None:
                return Done(task.digest)
            with _blob_of(task, self.context) as blob:
                table = self._read(task, blob)
            self.store.add_pending("layer", file_name(task.digest), layer_rows(table))
            # The table last: where it is, everything is.
            if not self.store.keep_table(table, KEEPS, task.extra):
                raise InputError(
                    "unpackable-layer",
                    f"the layer {task.digest} has a name with a NUL in it",
                    "analyze the image by itself: slim analyze",
                )
            return Done(task.digest, read_bytes=task.size)
        except SlimError as error:
            return _failed(task.digest, error)

    def _read(self, task: LayerTask, blob: Blob) -> LayerTable:
        if blob.size != task.size:
            raise IntegrityError(
                "wrong-size",
                f"the layer {task.digest} has {blob.size:,} bytes, not {task.size:,}",
                "the image was changed or damaged: save or push it again",
            )
        descriptor = Descriptor("", task.digest, task.size)
        layer = Layer(0, "", blob, descriptor, member=task.digest)
        limits = self.context.limits
        return read_layer(
            layer,
            blob,
            LayerRequest(True, True, KEEPS, task.extra, False, limits),
            cache=None,
            progress=None,
            stop=Event(),
            memory=Memory(),
            budget=Budget(limits),
            # Other workers keep the other cores busy.
            beside=False,
        )

    def analyze(self, planned: Planned) -> Done:
        """Analyze an image whose tables are in the store; one that cannot be is recorded with its error."""
        context = self.context
        fingerprint = planned.fingerprint(context.made_by)
        try:
            if planned.error or planned.image is None:
                raise InputError("unreadable-image", planned.error or "there is no image")
            if planned.attached is not None:
                attached = image_rows(
                    planned, context.scan, fingerprint, planned.attached, attached=True
                )
                self.store.add_pending("image", planned.key, attached)
                return Done(planned.key)
            report = report_of(
                planned.image,
                self._tables_of(planned),
                ReadOptions(limits=context.limits),
                AdviceOptions(context.rules, context.today, trust_labels=False),
                ReportOptions(top=_TOP),
            )
            rows = image_rows(planned, context.scan, fingerprint, report)
        except SlimError as error:
            rows = image_rows(planned, context.scan, fingerprint, None, error=words(error))
            self.store.add_pending("image", planned.key, rows)
            if isinstance(error, Unreadable):
                return replace(error.done, key=planned.key)
            return _failed(planned.key, error)
        self.store.add_pending("image", planned.key, rows)
        return Done(planned.key)

    def _tables_of(self, planned: Planned) -> list[LayerTable | None]:
        image = planned.image
        if image is None:
            return []
        scripts = script_paths(image.config)
        by_digest: dict[str, LayerTable] = {}
        tables: list[LayerTable | None] = []
        for layer, known in zip(planned.layers, image.layers, strict=True):
            if layer.place is None:
                if layer.missing and known.missing != layer.missing:
                    raise InputError("unreadable-layer", f"layer {known.index}: {layer.missing}")
                tables.append(None)
                continue
            if layer.digest not in by_digest:
                table = self._table(layer, scripts)
                if table.blob_bytes != layer.pull_bytes:
                    raise IntegrityError(
                        "wrong-size",
                        f"layer {known.index} ({layer.digest}) has {table.blob_bytes:,} bytes,"
                        f" but the manifest says {layer.pull_bytes:,}",
                        "the registry, or somebody in between, has something else",
                    )
                by_digest[layer.digest] = settled(table, scripts)
            check_promises(known, by_digest[layer.digest])
            tables.append(by_digest[layer.digest])
        return tables

    def _table(self, layer: PlannedLayer, paths: frozenset[bytes]) -> LayerTable:
        digest = layer.digest
        with self._lock:
            if digest in self._tables and self._tables[digest][2] >= paths:
                self._tables.move_to_end(digest)
                return self._tables[digest][1]
        table = self.store.load_table(digest, KEEPS, paths)
        if table is None and layer.place is not None:
            # Damaged, or made for images that name other files.
            extra = paths | self.store.extra_of(digest, KEEPS)
            done = self.read(LayerTask(digest, layer.pull_bytes, layer.place, extra))
            if done.error:
                raise Unreadable(done)
            table = self.store.load_table(digest, KEEPS, paths)
        if table is None:
            raise InputError(
                "no-table",
                f"the layer {digest} could not be read",
                "scan again: what was read is not read again",
            )
        size = weight(table)
        with self._lock:
            self._weight += size - self._tables.pop(digest, (0,))[0]
            self._tables[digest] = size, table, paths
            while self._weight > _TABLES_BYTES and len(self._tables) > 1:
                self._weight -= self._tables.popitem(last=False)[1][0]
        return table


def extras_of(planned: Planned) -> frozenset[bytes]:
    """The files of an image that its config names."""
    return script_paths(planned.image.config) if planned.image else frozenset()


def words(error: SlimError) -> str:
    """An error in one line, with its slug."""
    if error.slug == "unreadable-image" or isinstance(error, Unreadable):
        return error.message
    return f"{error.message} [{error.slug}]"


def _failed(key: str, error: SlimError) -> Done:
    return Done(key, words(error), error.slug, error.exit_code)


@contextmanager
def _blob_of(task: LayerTask, context: Context) -> Iterator[Blob]:
    """The blob that a task names, opened in this process."""
    place = task.place
    if isinstance(place, PathBlob):
        yield place
    elif isinstance(place, InArchive):
        ref = ImageRef(place.path, image_index=place.image_index)
        with open_image(ref, context.limits) as image:
            blob = image.layers[place.layer].blob
            if blob is None:
                raise InputError("missing-blob", f"{place.path!r} has changed while it was read")
            yield blob
    else:
        with _in_registry(task, place, context) as blob:
            yield blob


@contextmanager
def _in_registry(task: LayerTask, place: InRegistry, context: Context) -> Iterator[Blob]:
    reference = Reference(place.host, place.repository, "")
    client = Client(reference, context.access.value, context.limits)
    try:
        yield RegistryBlob(client, task.digest, task.size)
    finally:
        client.close()


_worker: Worker | None = None


def begin(context: Context) -> None:
    """Make this process a worker of a scan."""
    global _worker  # noqa: PLW0603 - a process has one
    if context.away:
        own = replace(context.access.value, auth_files=context.login_files())
        context = replace(context, access=Sealed(own))
    _worker = Worker(context)


def run_layer(task: LayerTask) -> Done:
    """`Worker.read` in this process."""
    return _current().read(task)


def run_image(planned: Planned) -> Done:
    """`Worker.analyze` in this process."""
    return _current().analyze(planned)


def _current() -> Worker:
    if _worker is None:
        raise RuntimeError("this process has no context of a scan")
    return _worker
