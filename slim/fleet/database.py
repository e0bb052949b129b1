"""A store as a database: pending rows are merged into Parquet, and Parquet is asked in SQL.

No name and no text from an image is ever part of a statement; paths of files are quoted. Whoever asks sees
views of the store's tables and nothing else of the machine.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from slim.errors import InputError, LimitError, UsageError
from slim.fleet.extra import load_engine
from slim.fleet.schema import IMAGE_TABLES, LAYER_TABLES, TABLES, columns_of
from slim.fleet.store import Store

Row = tuple[Any, ...]
_DIGITS = "0123456789abcdef"
_BATCH = 512
"""Layers of a segment at most."""
_GROUP = 100_000
"""Rows that Parquet keeps together."""
MEMORY = "4GB"


@contextmanager
def database(
    store: Store | None = None, *, tables: Collection[str] = tuple(TABLES), memory: str = MEMORY
) -> Iterator[Any]:
    """A connection to DuckDB that spills to a folder of its own, with views of the store's tables.

    With a store it can only read, and only the Parquet files of these tables: the others are empty. Those of
    a store elsewhere are fetched.

    Raises:
        InputError: a file of the store is damaged.
    """
    duckdb = load_engine("duckdb")
    with tempfile.TemporaryDirectory(prefix="slim-fleet-") as folder:
        connection = duckdb.connect(
            config={
                "memory_limit": memory,
                "temp_directory": folder,
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        try:
            if store is not None:
                _lock_up(connection, store, tables)
            yield connection
        except duckdb.OutOfMemoryException:
            raise LimitError(
                "limit-query-memory",
                f"the query needs more than {memory} of memory",
                "ask for less at once",
            ) from None
        except duckdb.Error as error:
            # Statements of users have errors of their own: see `select`.
            raise _damaged(error) from None
        finally:
            connection.close()


def _lock_up(connection: Any, store: Store, tables: Collection[str]) -> None:
    """Views of all tables; then nothing else can be opened, and nothing of that be undone."""
    files: dict[str, list[str]] = {table: [] for table in TABLES}
    for table in tables:
        files[table] = [store.folder.path(name) for name in store.parquet(table)]
    paths = ", ".join(quoted(path) for found in files.values() for path in found)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    for table, found in files.items():
        connection.execute(f"CREATE VIEW {table} AS {_select(table, found)}")
    connection.execute("SET lock_configuration = true")


def _select(table: str, files: Sequence[str]) -> str:
    """All rows of a table; a column that older files lack is NULL, and so is a value of another type."""
    nothing = ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in TABLES[table])
    empty = f"SELECT {nothing} WHERE false"
    if not files:
        return empty
    paths = ", ".join(map(quoted, files))
    typed = ", ".join(
        f'TRY_CAST("{column.name}" AS {column.type}) AS "{column.name}"' for column in TABLES[table]
    )
    return (
        f"SELECT {typed} FROM ({empty} UNION ALL BY NAME"  # noqa: S608 - quoted paths
        f" SELECT * FROM read_parquet([{paths}], union_by_name = true))"
    )


def _columns(table: str) -> str:
    return ", ".join(f'"{column.name}"' for column in TABLES[table])


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def tables_in(statement: str) -> frozenset[str]:
    """The tables that a statement names; all of them where that cannot be told."""
    duckdb = load_engine("duckdb")
    with duckdb.connect(config={"enable_external_access": False}) as connection:
        try:
            named = connection.get_table_names(statement)
        except duckdb.Error:
            return frozenset(TABLES)
    return frozenset(name.casefold() for name in named) & frozenset(TABLES)


def select(connection: Any, statement: str) -> tuple[list[str], list[Row]]:
    """Names and rows that a statement of the user gives; it can only read.

    Raises:
        UsageError: it is not a single SELECT, or DuckDB refuses it.
    """
    duckdb = load_engine("duckdb")
    try:
        statements = connection.extract_statements(statement)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UsageError(
                "not-a-select", "only a single SELECT is allowed", "slim fleet sql 'SELECT …'"
            )
        found = connection.execute(statements[0])
        names = [column[0] for column in found.description]
        return names, found.fetchall()
    except duckdb.Error as error:
        if isinstance(error, duckdb.OutOfMemoryException) or ".parquet" in str(error):
            raise
        text = str(error).strip().partition("\n")[0]
        raise UsageError("bad-sql", text[:500], f"the tables are {', '.join(TABLES)}") from None


def merge(store: Store, gone: Iterable[str] = ()) -> None:
    """Pending rows into Parquet, and the images with the keys `gone` out of it.

    Images that have pending rows replace what the store has of them. It can be cut off anywhere.
    """
    pending = store.pending()
    with database(memory="1GB") as connection, tempfile.TemporaryDirectory() as folder:
        _merge_layers(connection, store, pending["layer"], folder)
        _merge_images(connection, store, pending["image"], frozenset(gone), folder)


def _merge_layers(connection: Any, store: Store, keys: Sequence[str], folder: str) -> None:
    complete = {name.rpartition("/")[2] for name in store.parquet("layers")}
    for name in store.parquet("files"):
        if name.rpartition("/")[2] not in complete:
            store.folder.remove(name)
    known = _known_layers(connection, store) if keys else set()
    store.forget_pending("layer", [key for key in keys if key in known])
    new = [key for key in keys if key not in known]
    for start in range(0, len(new), _BATCH):
        batch = new[start : start + _BATCH]
        segment = hashlib.sha256(" ".join(batch).encode()).hexdigest()[:16]
        with _Collected(LAYER_TABLES, folder) as lines:
            for key in batch:
                lines.add(store.pending_rows("layer", key))
            keys_of_batch = _keys(folder, batch)
            for table in LAYER_TABLES:
                column = "layer" if table == "files" else "digest"
                rows = (
                    f"SELECT * FROM {lines.read(table)} WHERE replace({column}, ':', '-') IN"  # noqa: S608
                    f" (SELECT key FROM {keys_of_batch})"
                )
                order = "layer, path" if table == "files" else "digest"
                _write(connection, store, f"{table}/{segment}.parquet", rows, order, folder)
        store.forget_pending("layer", batch)


def _known_layers(connection: Any, store: Store) -> set[str]:
    files = [store.folder.path(name) for name in store.parquet("layers")]
    rows = connection.execute(f"SELECT digest FROM ({_select('layers', files)})").fetchall()  # noqa: S608
    return {digest.replace(":", "-") for (digest,) in rows if digest}


def _merge_images(
    connection: Any, store: Store, keys: Sequence[str], gone: frozenset[str], folder: str
) -> None:
    for digit in _DIGITS:
        inside = [key for key in keys if key.startswith(digit)]
        leaving = [key for key in gone if key.startswith(digit)]
        if not inside and not leaving:
            continue
        replaced = _keys(folder, (*inside, *leaving))
        with _Collected(IMAGE_TABLES, folder) as lines:
            for key in inside:
                lines.add(store.pending_rows("image", key))
            for table in IMAGE_TABLES:
                name = f"{table}/{digit}.parquet"
                existing = [store.folder.path(name)] if name in store.parquet(table) else []
                rows = (
                    f"SELECT * FROM ({_select(table, existing)}) WHERE image NOT IN"  # noqa: S608
                    f" (SELECT key FROM {replaced}) UNION ALL BY NAME SELECT * FROM"
                    f" {lines.read(table)} WHERE image IN (SELECT key FROM {replaced})"
                )
                _write(connection, store, name, rows, "image", folder)
        store.forget_pending("image", inside)


def _keys(folder: str, keys: Iterable[str]) -> str:
    """What reads some keys as a column `key`, as a part of a statement."""
    path = os.path.join(folder, "keys.json")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f'{{"key": "{key}"}}\n' for key in keys)
    return f"read_json({quoted(path)}, columns = {{'key': 'VARCHAR'}})"


def _write(connection: Any, store: Store, name: str, rows: str, order: str, folder: str) -> None:
    table = name.partition("/")[0]
    target = os.path.join(folder, "new.parquet")
    connection.execute(
        f"COPY (SELECT {_columns(table)} FROM ({rows}) ORDER BY {order}) TO {quoted(target)}"  # noqa: S608
        f" (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP})"
    )
    store.folder.take(name, target)


class _Collected:
    """Pending rows on this machine's disk, a file of lines for each table."""

    def __init__(self, tables: Sequence[str], folder: str) -> None:
        self._paths = {table: os.path.join(folder, f"{table}.json") for table in tables}
        self._files = {table: open(path, "wb") for table, path in self._paths.items()}  # noqa: SIM115

    def __enter__(self) -> _Collected:
        return self

    def __exit__(self, *error: object) -> None:
        for table, file in self._files.items():
            file.close()
            with suppress(OSError):
                os.unlink(self._paths[table])

    def add(self, rows: dict[str, list[bytes]]) -> None:
        """Rows of a layer or image."""
        for table, lines in rows.items():
            self._files[table].writelines(line + b"\n" for line in lines)

    def read(self, table: str) -> str:
        """What reads a table's rows, as a part of a statement."""
        self._files[table].flush()
        return (
            f"read_json({quoted(self._paths[table])}, format = 'newline_delimited',"
            f" columns = {columns_of(table)}, ignore_errors = true, maximum_object_size = 268435456)"
        )


def record_scan(store: Store, scan: int, moment: str) -> None:
    """What a scan ended with, for `slim fleet report` to say what grew since."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "new.parquet")
        with database(memory="1GB") as connection:
            for table in ("images", "image_blobs"):
                files = [store.folder.path(name) for name in store.parquet(table)]
                connection.execute(f"CREATE VIEW {table} AS {_select(table, files)}")
            connection.execute(
                f"COPY (SELECT {scan}::BIGINT AS scan, {quoted(moment)} AS time, image, name,"  # noqa: S608
                " repository, digest, pull_bytes, disk_bytes, coalesce(alone, 0)::BIGINT AS"
                " unique_pull_bytes, reclaimable_bytes FROM images LEFT JOIN (SELECT any_value(image)"
                " AS image, any_value(bytes) AS alone FROM (SELECT image, sum(bytes) AS bytes FROM"
                " (SELECT any_value(image) AS image, max(bytes) AS bytes FROM image_blobs GROUP BY"
                " registry, digest HAVING count(DISTINCT image) = 1) GROUP BY image) GROUP BY image)"
                f" USING (image) ORDER BY image) TO {quoted(target)}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
        store.folder.take(f"scans/{scan}.parquet", target)


def _damaged(error: Exception) -> InputError:
    text = str(error).strip().partition("\n")[0]
    return InputError(
        "damaged-store",
        f"the store cannot be read: {text[:300]}",
        "remove the file and scan again, or scan into a new store",
    )
