"""What a report about a fleet answers, each as one SELECT over the store.

They ask the tables of `shared_tables.py` as well.
"""

from __future__ import annotations

from msgspec import Struct

Kind = str
"""Of a column: `text`, `bytes`, `count` or `code` (text of an image)."""


class Question(Struct, frozen=True):
    """A table of the report."""

    name: str
    title: str
    about: str
    columns: tuple[tuple[str, Kind, str], ...]
    """(name, kind, heading)."""
    sql: str


SHARED_FILE_BYTES = 32_768
"""Smaller files are not looked for in other layers."""

TOTALS = """
SELECT (SELECT count(*) FROM fleet) AS images,
  (SELECT count(*) FROM fleet WHERE error <> '') AS failed,
  (SELECT count(DISTINCT repository) FROM fleet) AS repositories,
  (SELECT count(DISTINCT team) FROM fleet WHERE team <> '') AS teams,
  (SELECT count(*) FROM blob) AS blobs,
  (SELECT coalesce(sum(bytes), 0)::BIGINT FROM blob) AS blob_bytes,
  (SELECT coalesce(sum(bytes) FILTER (images = 1), 0)::BIGINT FROM blob) AS unique_bytes,
  (SELECT coalesce(sum(bytes) FILTER (images > 1), 0)::BIGINT FROM blob) AS shared_bytes,
  (SELECT coalesce(sum(bytes), 0)::BIGINT FROM image_sums) AS apart_bytes,
  (SELECT coalesce(sum(bytes), 0)::BIGINT FROM chain) AS disk_bytes,
  (SELECT coalesce(sum(bytes) FILTER (images = 1), 0)::BIGINT FROM chain) AS unique_disk_bytes,
  (SELECT coalesce(sum(bytes) FILTER (images > 1), 0)::BIGINT FROM chain) AS shared_disk_bytes,
  (SELECT coalesce(sum(disk_bytes), 0)::BIGINT FROM image_disk) AS apart_disk_bytes,
  (SELECT count(*) FROM image_distribution WHERE found.ends <> '' AND found.ends < report_day()) AS ended,
  (SELECT coalesce(max(scan), 0) FROM scans) AS scan,
  (SELECT coalesce(max(time), '') FROM scans) AS time
"""


def _group(of: str) -> str:
    """Sums by a column of `fleet`: blobs and chains that only this group has, or others, too."""
    other = {"repository": "repositories", "team": "teams"}[of]
    return f"""
WITH b AS (SELECT {of}, count(DISTINCT image) AS images, sum(bytes)::BIGINT AS bytes,
    coalesce(sum(bytes) FILTER (n = 1), 0)::BIGINT AS unique_bytes
  FROM (SELECT {of}, registry, digest, any_value(bytes) AS bytes, any_value(n) AS n,
      any_value(image) AS image
    FROM (SELECT f.{of}, b.registry, b.digest, f.image, x.bytes, x.{other} AS n
      FROM image_blobs b JOIN fleet f USING (image)
        JOIN blob x ON x.registry = b.registry AND x.digest = b.digest)
    GROUP BY {of}, registry, digest) GROUP BY {of}),
c AS (SELECT {of}, sum(bytes)::BIGINT AS disk_bytes,
    coalesce(sum(bytes) FILTER (n = 1), 0)::BIGINT AS unique_disk_bytes
  FROM (SELECT DISTINCT f.{of}, l.chain, x.bytes, x.{other} AS n
    FROM image_layers l JOIN fleet f USING (image) JOIN chain x USING (chain)) GROUP BY {of}),
i AS (SELECT {of}, count(*) AS images, coalesce(sum(reclaimable_bytes), 0)::BIGINT AS reclaimable_bytes
  FROM fleet GROUP BY {of})
SELECT {of}, i.images, coalesce(b.bytes, 0) AS pull_bytes, coalesce(b.unique_bytes, 0) AS unique_bytes,
  coalesce(b.bytes - b.unique_bytes, 0) AS shared_bytes, coalesce(c.disk_bytes, 0) AS disk_bytes,
  coalesce(c.unique_disk_bytes, 0) AS unique_disk_bytes, i.reclaimable_bytes
FROM i LEFT JOIN b USING ({of}) LEFT JOIN c USING ({of}) ORDER BY pull_bytes DESC, {of}
"""  # noqa: S608 - the two names above


_SUMS = (
    ("images", "count", "Images"),
    ("pull_bytes", "bytes", "Stored"),
    ("unique_bytes", "bytes", "Only here"),
    ("shared_bytes", "bytes", "Shared"),
    ("disk_bytes", "bytes", "On disk"),
    ("unique_disk_bytes", "bytes", "Only here, on disk"),
    ("reclaimable_bytes", "bytes", "Reclaimable"),
)

QUESTIONS = (
    Question(
        "images",
        "Images",
        "Deleting an image frees what only it has, once the registry or engine collects garbage.",
        (
            ("name", "code", "Image"),
            ("platform", "text", "Platform"),
            ("team", "code", "Team"),
            ("pull_bytes", "bytes", "Stored"),
            ("unique_bytes", "bytes", "Freed by deleting it"),
            ("shared_bytes", "bytes", "Shared"),
            ("disk_bytes", "bytes", "On disk"),
            ("unique_disk_bytes", "bytes", "Freed on disk"),
            ("reclaimable_bytes", "bytes", "Reclaimable"),
            ("created", "text", "Built"),
            ("error", "code", "Error"),
        ),
        """
SELECT name, platform, team, coalesce(s.bytes, 0) AS pull_bytes,
  coalesce(s.unique_bytes, 0) AS unique_bytes,
  coalesce(s.bytes - s.unique_bytes, 0) AS shared_bytes, coalesce(d.disk_bytes, 0) AS disk_bytes,
  coalesce(d.unique_disk_bytes, 0) AS unique_disk_bytes,
  coalesce(reclaimable_bytes, 0) AS reclaimable_bytes, created, error
FROM fleet f LEFT JOIN image_sums s USING (image) LEFT JOIN image_disk d USING (image)
ORDER BY unique_bytes DESC, name, platform
""",
    ),
    Question(
        "repositories",
        "Repositories",
        "What only one repository has goes when all of its images go.",
        (("repository", "code", "Repository"), *_SUMS),
        _group("repository"),
    ),
    Question(
        "teams",
        "Teams",
        "By the globs of slim.toml, else by label. What only one team has is what it could free by itself.",
        (("team", "code", "Team"), *_SUMS),
        _group("team"),
    ),
    Question(
        "layers",
        "Layers",
        "Each stored layer once. Sharing saves its size in every further image.",
        (
            ("digest", "code", "Layer"),
            ("created_by", "code", "Instruction"),
            ("images", "count", "Images"),
            ("repositories", "count", "Repositories"),
            ("pull_bytes", "bytes", "Stored"),
            ("disk_bytes", "bytes", "On disk"),
            ("saved_bytes", "bytes", "Saved by sharing"),
        ),
        """
SELECT b.digest, any_value(l.created_by) AS created_by, any_value(b.images) AS images,
  any_value(b.repositories) AS repositories, any_value(b.bytes) AS pull_bytes,
  coalesce(max(l.disk_bytes), 0) AS disk_bytes,
  any_value(b.bytes * (b.images - 1))::BIGINT AS saved_bytes
FROM blob b JOIN image_layers l USING (digest) WHERE b.kind = 'layer'
GROUP BY b.registry, b.digest ORDER BY pull_bytes DESC, digest
""",
    ),
    Question(
        "same_content",
        "Same content in different layers",
        "Equal files, by a hash of their contents, that lie in several layers: a common base image or"
        " another order of instructions would keep one copy. That saves disk on engines and transfers, and"
        f" a registry's storage only where the layers go. Files of {SHARED_FILE_BYTES:,} bytes or more.",
        (
            ("path", "code", "A file of that content"),
            ("layers", "count", "Layers"),
            ("images", "count", "Images"),
            ("bytes", "bytes", "One copy"),
            ("saves_bytes", "bytes", "Saves on disk"),
            ("saves_pull_bytes", "bytes", "Saves of the pull"),
        ),
        f"""
WITH unpacked AS (
  SELECT y.diff_id, any_value(y.digest) AS layer, count(DISTINCT l.image) AS images
  FROM layers y JOIN image_layers l USING (digest) GROUP BY y.diff_id),
copies AS (
  SELECT f.content, f.bytes, u.diff_id, min(f.path) AS path, max(f.pull_bytes) AS pull_bytes,
    any_value(u.images) AS images
  FROM files f JOIN unpacked u USING (layer) WHERE f.bytes >= {SHARED_FILE_BYTES} GROUP BY ALL)
SELECT min(path) AS path, count(*) AS layers, sum(images)::BIGINT AS images, bytes,
  (bytes * (count(*) - 1))::BIGINT AS saves_bytes,
  (sum(pull_bytes) - max(pull_bytes))::BIGINT AS saves_pull_bytes
FROM copies GROUP BY content, bytes HAVING count(*) > 1 ORDER BY saves_bytes DESC, path
""",  # noqa: S608
    ),
    Question(
        "bases",
        "Base images",
        "Images on the same base share its layers. Behind: how many newer builds of the same base"
        " repository this store knows, and by how many days the newest is younger. If all moved to it, the"
        " older base's own layers would go.",
        (
            ("name", "code", "Base image"),
            ("images", "count", "Images"),
            ("repositories", "count", "Repositories"),
            ("layers", "count", "Layers"),
            ("pull_bytes", "bytes", "Stored"),
            ("disk_bytes", "bytes", "On disk"),
            ("created", "text", "Built"),
            ("behind", "count", "Behind"),
            ("behind_days", "count", "Days behind"),
            ("newest", "code", "Newest"),
            ("saves_bytes", "bytes", "Moving to the newest saves"),
            ("os", "code", "Distribution"),
            ("support_ends", "code", "Support ends"),
            ("support", "text", "Support"),
        ),
        """
WITH named AS (SELECT chain, min(name) AS name FROM whole GROUP BY chain),
used AS (
  SELECT b.chain, count(*) AS images, count(DISTINCT b.repository) AS repositories,
    any_value(b.layers) AS layers, max(b.created) AS created,
    coalesce(min(n.name), min(nullif(b.base_name, '')), b.chain) AS name,
    min(nullif(b.base_repository, '')) AS base_repository, any_value(b.image) AS image
  FROM base b LEFT JOIN named n USING (chain) GROUP BY b.chain),
builds AS (
  SELECT chain, base_repository, created, name, image, layers FROM used
  UNION
  SELECT w.chain, w.repository, w.created, w.name, w.image, w.layers FROM whole w
    WHERE w.repository IN (SELECT base_repository FROM used) AND w.chain NOT IN (SELECT chain FROM used)),
parts AS (
  SELECT DISTINCT u.chain, u.base_repository, l.digest, l.pull_bytes FROM builds u
    JOIN image_layers l ON l.image = u.image AND l.position < u.layers),
sizes AS (
  SELECT u.chain, sum(c.bytes)::BIGINT AS disk_bytes FROM used u
    JOIN image_layers l ON l.image = u.image AND l.position < u.layers
    JOIN chain c ON c.chain = l.chain GROUP BY u.chain),
systems AS (
  SELECT u.chain, max_by(d, l.position) AS found FROM used u
    JOIN image_layers l ON l.image = u.image AND l.position < u.layers
    JOIN distribution d USING (digest) GROUP BY u.chain),
newest AS (
  SELECT base_repository, max_by(chain, created) AS chain, max_by(name, created) AS name,
    max(created) AS created
  FROM builds WHERE base_repository IS NOT NULL GROUP BY base_repository),
saved AS (
  SELECT p.chain, sum(p.pull_bytes)::BIGINT AS saves_bytes
  FROM parts p JOIN newest n USING (base_repository)
  WHERE n.chain <> p.chain AND NOT EXISTS (
    SELECT 1 FROM parts q WHERE q.digest = p.digest
      AND (q.base_repository IS DISTINCT FROM p.base_repository OR q.chain = n.chain))
  GROUP BY p.chain)
SELECT u.name, u.images, u.repositories, u.layers,
  (SELECT coalesce(sum(pull_bytes), 0)::BIGINT FROM parts p WHERE p.chain = u.chain) AS pull_bytes,
  coalesce(z.disk_bytes, 0) AS disk_bytes, u.created,
  (SELECT count(*) FROM builds v WHERE v.base_repository = u.base_repository
    AND v.created > u.created) AS behind,
  greatest(coalesce(date_diff('day', try_cast(left(u.created, 10) AS DATE),
    try_cast(left(n.created, 10) AS DATE)), 0), 0) AS behind_days,
  CASE WHEN n.created > u.created THEN n.name ELSE '' END AS newest,
  coalesce(s.saves_bytes, 0) AS saves_bytes,
  coalesce(y.found.os, '') AS os, coalesce(y.found.ends, '') AS support_ends,
  CASE WHEN coalesce(y.found.ends, '') = '' THEN '' WHEN y.found.ends < report_day() THEN 'ended'
    WHEN y.found.ends < soon() THEN 'ends soon' ELSE 'supported' END AS support
FROM used u LEFT JOIN sizes z USING (chain) LEFT JOIN saved s USING (chain)
  LEFT JOIN newest n USING (base_repository) LEFT JOIN systems y USING (chain)
ORDER BY u.images DESC, u.name
""",
    ),
    Question(
        "rules",
        "Fix once, save many times: by rule",
        "Findings of all images, ranked by the bytes that fewer are pulled: bytes × images × pulls.",
        (
            ("rule", "text", "Rule"),
            ("title", "text", "What it finds"),
            ("images", "count", "Images"),
            ("layers", "count", "Places to fix"),
            ("claimed_bytes", "bytes", "On disk, in all images"),
            ("claimed_pull_bytes", "bytes", "To pull, in all images"),
            ("weight_bytes", "bytes", "× pulls"),
            ("fix", "text", "What to do"),
        ),
        """
SELECT d.rule, min(d.title) AS title, count(DISTINCT d.image) AS images,
  count(DISTINCT l.digest) AS layers, sum(claimed_bytes)::BIGINT AS claimed_bytes,
  sum(claimed_pull_bytes)::BIGINT AS claimed_pull_bytes,
  sum(claimed_pull_bytes * f.pulls)::BIGINT AS weight_bytes, min(d.fix) AS fix
FROM findings d JOIN fleet f USING (image)
  LEFT JOIN image_layers l ON l.image = d.image AND l.position = d.position
WHERE d.mode = 'claim' GROUP BY d.rule ORDER BY weight_bytes DESC, claimed_bytes DESC, rule
""",
    ),
    Question(
        "fixes",
        "Fix once, save many times: by instruction",
        "One change of one instruction, and how many images get smaller.",
        (
            ("rule", "text", "Rule"),
            ("created_by", "code", "Instruction"),
            ("dockerfile", "code", "Dockerfile"),
            ("example", "code", "Its largest file"),
            ("images", "count", "Images"),
            ("claimed_bytes", "bytes", "On disk, in each"),
            ("weight_bytes", "bytes", "Pull × images × pulls"),
        ),
        """
SELECT d.rule, min(d.created_by) AS created_by, max(d.dockerfile) AS dockerfile,
  min(d.example) AS example, count(DISTINCT d.image) AS images, max(claimed_bytes) AS claimed_bytes,
  sum(claimed_pull_bytes * f.pulls)::BIGINT AS weight_bytes
FROM findings d JOIN fleet f USING (image)
  JOIN image_layers l ON l.image = d.image AND l.position = d.position
WHERE d.mode = 'claim' GROUP BY d.rule, l.digest ORDER BY weight_bytes DESC, claimed_bytes DESC, rule
""",
    ),
    Question(
        "packages",
        "Packages that findings claim",
        "By package, over all images and versions.",
        (
            ("name", "code", "Package"),
            ("manager", "text", "Manager"),
            ("images", "count", "Images"),
            ("versions", "count", "Versions"),
            ("reclaimable_bytes", "bytes", "Reclaimable on disk"),
            ("weight_bytes", "bytes", "× pulls"),
        ),
        """
SELECT p.name, p.manager, count(DISTINCT p.image) AS images, count(DISTINCT p.version) AS versions,
  sum(p.reclaimable_bytes)::BIGINT AS reclaimable_bytes,
  sum(p.reclaimable_bytes * f.pulls)::BIGINT AS weight_bytes
FROM packages p JOIN fleet f USING (image) WHERE p.reclaimable_bytes > 0
GROUP BY p.manager, p.name ORDER BY weight_bytes DESC, p.name
""",
    ),
    Question(
        "growth",
        "What changed since the scan before",
        "Images by name and platform; new and removed ones with their whole size.",
        (
            ("name", "code", "Image"),
            ("status", "text", "What"),
            ("before_bytes", "bytes", "Stored before"),
            ("pull_bytes", "bytes", "Stored now"),
            ("change_bytes", "change", "Change"),
            ("disk_change_bytes", "change", "Change on disk"),
        ),
        """
WITH last AS (SELECT max(scan) AS scan FROM scans),
previous AS (SELECT max(scan) AS scan FROM scans WHERE scan < (SELECT scan FROM last)),
a AS (SELECT * FROM scans WHERE scan = (SELECT scan FROM last)),
b AS (SELECT * FROM scans WHERE scan = (SELECT scan FROM previous))
SELECT coalesce(a.name, b.name) AS name,
  CASE WHEN b.image IS NULL THEN 'new' WHEN a.image IS NULL THEN 'removed'
    WHEN a.pull_bytes >= b.pull_bytes THEN 'grew' ELSE 'shrank' END AS status,
  coalesce(b.pull_bytes, 0) AS before_bytes, coalesce(a.pull_bytes, 0) AS pull_bytes,
  coalesce(a.pull_bytes, 0) - coalesce(b.pull_bytes, 0) AS change_bytes,
  coalesce(a.disk_bytes, 0) - coalesce(b.disk_bytes, 0) AS disk_change_bytes
FROM a FULL JOIN b USING (image)
WHERE EXISTS (SELECT 1 FROM b) AND (a.image IS NULL OR b.image IS NULL OR a.digest <> b.digest
  OR a.pull_bytes <> b.pull_bytes)
ORDER BY abs(change_bytes) DESC, name
""",
    ),
)
"""In the order of the page."""

COMMON = """
SELECT p.manager, p.name, p.version, coalesce(b.chain, '') AS base,
  list_sort(list(DISTINCT p.image)) AS images,
  max(p.disk_bytes) AS disk_bytes, max(p.pull_bytes) AS pull_bytes, count(DISTINCT l.chain) AS chains
FROM packages p JOIN image_layers l ON l.image = p.image AND l.position = p.position
  LEFT JOIN base b ON b.image = p.image
WHERE p.position >= coalesce(b.layers, 0) AND p.disk_bytes > 0 AND list_contains(?, p.manager)
GROUP BY ALL HAVING count(DISTINCT l.chain) > 1
ORDER BY max(p.disk_bytes) * (count(DISTINCT l.chain) - 1) DESC, p.name LIMIT 20000
"""
"""Packages above the base that images on one base have in several unpacked layers; of the managers that are
given: those of systems, whose packages a base image can install."""
