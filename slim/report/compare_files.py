"""The files of two reports by path and contents: which came, went, grew, shrank, changed or moved."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from msgspec import Struct

from slim.report.comparison import Change, FileChange, FileStatus, Rest
from slim.report.model import Example, Report
from slim.report.untrusted import Untrusted, bare

Key = tuple[Untrusted, str | None]


class Pair(Struct, frozen=True):
    """A file on both sides, or on one: then the other has none, or leaves it out."""

    base: Example | None
    image: Example | None
    known: bool = True
    """A side without the file has none."""

    @property
    def disk(self) -> int:
        """Bytes on disk that the image has more."""
        return (self.image.disk_bytes if self.image else 0) - (
            self.base.disk_bytes if self.base else 0
        )

    @property
    def pull(self) -> int:
        """Bytes in the pull that the image has more."""
        return (self.image.pull_bytes if self.image else 0) - (
            self.base.pull_bytes if self.base else 0
        )

    @property
    def same(self) -> bool:
        """The same path and, as far as it is known, the same contents."""
        base, image = self.base, self.image
        return (
            base is not None
            and image is not None
            and _key(base) == _key(image)
            and base.disk_bytes == image.disk_bytes
            and (base.content == image.content or None in (base.content, image.content))
        )


class Compared(Struct, frozen=True):
    """All that is known of the files on both sides."""

    pairs: list[Pair]
    complete: bool
    """Both sides list all files that have bytes."""
    identified: bool
    """With hashes of their contents."""

    def largest(self, live: Change, top: int) -> tuple[list[FileChange], Rest]:
        """The changes of most bytes, and what is left of `live` beside them."""
        changed = [pair for pair in self.pairs if not pair.same]
        changed.sort(key=_order)
        shown = changed[:top]
        return [_change(pair) for pair in shown], Rest(
            count=len(changed) - len(shown),
            change=Change(
                disk_bytes=live.disk_bytes - sum(pair.disk for pair in shown if pair.known),
                pull_bytes=live.pull_bytes - sum(pair.pull for pair in shown if pair.known),
            ),
        )


def files(base: Report, image: Report) -> Compared:
    """Pair the files that the reports list.

    Where a report leaves files out, a file that only the other has is known to differ when it is larger
    than all that are left out.
    """
    before, after = ({_key(file): file for file in side.largest_files} for side in (base, image))
    floors = _left_out(base), _left_out(image)
    pairs = [Pair(before[key], file) for key, file in after.items() if key in before]
    came = [file for key, file in after.items() if key not in before]
    went = [file for key, file in before.items() if key not in after]
    complete = floors == (0, 0)
    if complete:
        pairs += _moved(went, came)
    else:
        for file in came:
            if floors[0] is not None and file.disk_bytes > floors[0]:
                pairs.append(Pair(None, file, known=floors[0] == 0))
        for file in went:
            if floors[1] is not None and file.disk_bytes > floors[1]:
                pairs.append(Pair(file, None, known=floors[1] == 0))
    identified = all(file.content for file in (*base.largest_files, *image.largest_files))
    return Compared(pairs, complete, identified)


def _left_out(report: Report) -> int | None:
    """No file that the report leaves out is larger; 0 when there is none, None when it is not known."""
    if any(layer.missing for layer in report.layers):
        return None
    if report.truncated.largest_files:
        return min((file.disk_bytes for file in report.largest_files), default=None)
    whole = sum(file.disk_bytes for file in report.largest_files) == report.totals.live_bytes
    return 0 if whole else None


def _key(file: Example) -> Key:
    return file.path, file.path_b64


def _moved(went: list[Example], came: list[Example]) -> Iterator[Pair]:
    """Files of equal contents that went at one path and came at another are one; the rest are two.

    First those that kept their name, then in order of paths.
    """
    waiting: dict[str, deque[Example]] = defaultdict(deque)
    partner: dict[Key, Example] = {}
    for named in (True, False):
        taken = {_key(file) for file in partner.values()}
        waiting.clear()
        for file in _by_path(went):
            if file.content and _key(file) not in taken:
                waiting[_identity(file, named)].append(file)
        for file in _by_path(came):
            if file.content and _key(file) not in partner and waiting[_identity(file, named)]:
                partner[_key(file)] = waiting[_identity(file, named)].popleft()
    taken = {_key(file) for file in partner.values()}
    yield from (Pair(partner.get(_key(file)), file) for file in came)
    yield from (Pair(file, None) for file in went if _key(file) not in taken)


def _by_path(found: Iterable[Example]) -> list[Example]:
    return sorted(found, key=lambda file: (file.path, file.path_b64 or ""))


def _identity(file: Example, named: bool) -> str:
    name = bare(file.path).rpartition("/")[2] if named else ""
    return f"{file.content} {file.disk_bytes} {name}"


def _order(pair: Pair) -> tuple[int, int, str, str]:
    shown = pair.image or pair.base
    path = (shown.path, shown.path_b64 or "") if shown else ("", "")
    return -abs(pair.disk), -abs(pair.pull), *path


def _change(pair: Pair) -> FileChange:
    base, image = pair.base, pair.image
    shown = image or base
    assert shown is not None  # noqa: S101
    status, nothing = _status(pair), 0 if pair.known else None
    return FileChange(
        status=status,
        path=shown.path,
        path_b64=shown.path_b64,
        base_path=base.path if base and status == "moved" else None,
        base_layer=base.layer if base else None,
        layer=image.layer if image else None,
        base_disk_bytes=base.disk_bytes if base else nothing,
        base_pull_bytes=base.pull_bytes if base else nothing,
        disk_bytes=image.disk_bytes if image else nothing,
        pull_bytes=image.pull_bytes if image else nothing,
    )


def _status(pair: Pair) -> FileStatus:
    if pair.base is None:
        return "new" if pair.known else "larger"
    if pair.image is None:
        return "gone" if pair.known else "smaller"
    if _key(pair.base) != _key(pair.image):
        return "moved"
    if pair.disk:
        return "grew" if pair.disk > 0 else "shrank"
    return "changed"
