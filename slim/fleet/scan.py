"""A scan on one page: plan → layers, each once → images → tables of the store.

What is done is in the store at once, so that a scan that was killed goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct, field

from slim.ecosystems import KEEPS
from slim.errors import SlimError
from slim.fleet.database import database, merge, record_scan
from slim.fleet.folder import folder_of, only_one
from slim.fleet.plan import TEMPORARY, Known, Plan, Selection, make_plan
from slim.fleet.planned import Planned
from slim.fleet.schema import SCHEMA
from slim.fleet.sources import Source
from slim.fleet.store import Store
from slim.fleet.work import Context, Done, LayerTask, Sealed, extras_of, run_image, run_layer
from slim.image.registry.access import Access
from slim.limits import Limits
from slim.rules.rule import Rules
from slim.version import VERSION

_ROUNDS = 4
"""How often a layer is tried whose registry is busy or cannot be reached."""
Advance = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is; 0 where nobody knows."""


class ScanOptions(Struct, frozen=True):
    """How a fleet is scanned."""

    store: str
    access: Access
    limits: Limits
    rules: Rules
    now: datetime
    selection: Selection = field(default_factory=Selection)


Task = tuple[str, Callable[[Any], Done], Any]
"""(key, function, argument)."""


class Workers(Protocol):
    """What runs tasks: in this process, or a cluster."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Run the tasks, begun in their order; what became of each, as they end."""


class Summary(Struct):
    """What a scan did."""

    scan: int
    images: int = 0
    """All that the sources have now."""
    kept: int = 0
    """Those of them that had been analyzed before."""
    removed: int = 0
    """Those that the sources no longer have."""
    layers: int = 0
    """Layers that were read."""
    read_bytes: int = 0
    """Their stored bytes."""
    failures: list[tuple[str, str, int]] = field(default_factory=list)
    """(name, error, exit code) of sources and images that could not be read."""
    warnings: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0, or that of the worst failure: 3 unreadable, 4 integrity, 5 limit, 6 network, 70 a worker."""
        return max((code or 3 for _, _, code in self.failures), default=0)


def scan_fleet(
    sources: Sequence[Source],
    options: ScanOptions,
    workers_of: Callable[[Context], AbstractContextManager[Workers]],
    pause: Callable[[int], None],
    advance: Advance = lambda what, done, total: None,
) -> Summary:
    """Bring the store up to date with the sources.

    Args:
        workers_of: starts the workers, if there is anything for them to do.
        pause: waits before the round of tries of this number, from 1.
        advance: called as the work goes on.

    Raises:
        UsageError: the store or the extra cannot be used, or another scan writes to the store.
        InputError: the store is damaged, or of another schema.
        NetworkError: there is no such scheduler.
    """
    folder = folder_of(options.store)
    with only_one(folder):
        store = Store(folder)
        store.check(create=True)
        made_by = _made_by(options)
        # What a scan that was killed left behind.
        merge(store)
        summary = Summary(store.next_scan())
        known = _known(store)
        plan = make_plan(
            sources,
            options.selection,
            options.access,
            options.limits,
            _unchanged(known, made_by),
            lambda done: advance("reading manifests", done, 0),
        )
        new = [
            planned
            for planned in plan.images
            if known.get(planned.key, _NOTHING).fingerprint != planned.fingerprint(made_by)
            or known[planned.key].error
        ]
        context = Context(
            options.store,
            summary.scan,
            Sealed(options.access),
            options.limits,
            options.rules,
            options.now.date(),
            made_by,
        )
        if new:
            with workers_of(context) as workers:
                _read_layers(workers, store, new, summary, pause, advance)
                _analyze(workers, new, summary, advance)
        merge(store, _gone(known, plan, sources))
        record_scan(store, summary.scan, options.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        _sum_up(summary, plan, new, _gone(known, plan, sources))
        return summary


def _made_by(options: ScanOptions) -> str:
    """What the rows of an image depend on beside its contents."""
    rules = options.rules.digest()
    chosen = options.selection
    text = (
        f"{VERSION} {SCHEMA} {rules} {chosen.platform} {chosen.attached} {chosen.signed}"
        f" {options.limits}"
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class _Row(Struct, frozen=True):
    """What the store has of an image."""

    source: str
    repository: str
    tag: str
    top: str
    created: str
    fingerprint: str
    error: str


_NOTHING = _Row("", "", "", "", "", "", "")


def _known(store: Store) -> dict[str, _Row]:
    with database(store, tables=("images",)) as connection:
        rows = connection.execute(
            "SELECT image, source, repository, tag, top_digest, created, fingerprint, error FROM images"
        ).fetchall()
    return {key: _Row(*(value or "" for value in values)) for key, *values in rows}


def _unchanged(known: Mapping[str, _Row], made_by: str) -> dict[tuple[str, str], list[Known]]:
    """By repository and tag what need not be analyzed again as long as the tag stays where it is."""
    found: dict[tuple[str, str], list[Known]] = {}
    stale = set[tuple[str, str]]()
    for key, row in known.items():
        place = row.repository, row.tag
        if row.error or not row.top or not row.fingerprint.startswith(f"{made_by}-"):
            stale.add(place)
        found.setdefault(place, []).append(Known(key, row.top, row.created))
    return {place: each for place, each in found.items() if place not in stale}


def _gone(known: Mapping[str, _Row], plan: Plan, sources: Sequence[Source]) -> set[str]:
    """Images that the store has from these sources, and that these no longer have."""
    failed = {word for word, _ in plan.failed_sources}
    words = {source.word for source in sources} - failed
    planned_keys = plan.kept | {planned.key for planned in plan.images}
    return {key for key, row in known.items() if row.source in words and key not in planned_keys}


def _read_layers(
    workers: Workers,
    store: Store,
    images: Sequence[Planned],
    summary: Summary,
    pause: Callable[[int], None],
    advance: Advance,
) -> None:
    """Each layer once, the largest first; what failed for a while only is tried again, a little later."""
    read_before = store.tables(KEEPS)
    tasks = {
        task.digest + f"-{task.size}": task
        for task in _layer_tasks(images)
        if task.digest not in read_before
    }
    total = sum(task.size for task in tasks.values())
    done_bytes = 0
    for number in range(_ROUNDS):
        if number:
            pause(number)
        again: dict[str, LayerTask] = {}
        order = sorted(tasks.items(), key=lambda item: -item[1].size)
        by_digest = {task.digest: (key, task) for key, task in order}
        for done in workers.run(_numbered("layer", order, number, run_layer)):
            digest = done.key.removeprefix("layer-").partition("/")[0]
            key, task = by_digest.get(digest, (digest, None))
            done_bytes += task.size if task else 0
            advance("reading layers", done_bytes, total)
            if done.read_bytes:
                summary.layers += 1
                summary.read_bytes += done.read_bytes
            if task and done.slug in TEMPORARY:
                again[key] = task
                done_bytes -= task.size
        if not again:
            return
        tasks = again


def _numbered(
    kind: str,
    items: Sequence[tuple[str, LayerTask]],
    number: int,
    function: Callable[[LayerTask], Done],
) -> Iterator[Task]:
    for key, item in items:
        yield f"{kind}-{key}/{number}", function, item


def _layer_tasks(images: Sequence[Planned]) -> list[LayerTask]:
    """A task for each distinct layer. Images that disagree about a size are not both right: each claim is
    tried, and the registry refuses the wrong one before it sends anything."""
    extras: dict[str, set[bytes]] = {}
    found: dict[tuple[str, int], LayerTask] = {}
    for planned in images:
        if planned.attached is not None:
            continue
        paths = extras_of(planned)
        for layer in planned.layers:
            if layer.place is None:
                continue
            extras.setdefault(layer.digest, set()).update(paths)
            found.setdefault(
                (layer.digest, layer.pull_bytes),
                LayerTask(layer.digest, layer.pull_bytes, layer.place, frozenset()),
            )
    return [
        LayerTask(task.digest, task.size, task.place, frozenset(extras[task.digest]))
        for task in found.values()
    ]


def _analyze(
    workers: Workers, images: Sequence[Planned], summary: Summary, advance: Advance
) -> None:
    names = {planned.key: planned.name for planned in images}
    tasks: Iterator[Task] = ((f"image-{planned.key}", run_image, planned) for planned in images)
    for count, done in enumerate(workers.run(tasks), 1):
        advance("analyzing images", count, len(images))
        summary.layers += bool(done.read_bytes)
        summary.read_bytes += done.read_bytes
        if done.error:
            key = done.key.removeprefix("image-")
            summary.failures.append((names.get(key, key), done.error, done.exit_code))


def _sum_up(summary: Summary, plan: Plan, new: Sequence[Planned], gone: set[str]) -> None:
    summary.images = len(plan.kept | {planned.key for planned in plan.images})
    summary.kept = summary.images - len(new)
    summary.removed = len(gone)
    summary.warnings += plan.warnings
    for word, error in plan.failed_sources:
        summary.failures.append((word, _line(error), error.exit_code))
    summary.failures.sort()


def _line(error: SlimError) -> str:
    return f"{error.message} [{error.slug}]"
