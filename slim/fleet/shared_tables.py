"""The tables that several questions about a fleet share, made from the store's.

They say who owns which blob in a registry, and which unpacked layer (chain) on an engine. A blob counts once
in each registry; a chain counts once, since engines share a layer only where all below it is the same.
"""

from __future__ import annotations

PREPARE = """
CREATE TEMP TABLE fleet AS
  SELECT i.*, o.team, coalesce(p.pulls, 1)::BIGINT AS pulls
  FROM images i JOIN owners o USING (image) LEFT JOIN pull_counts p USING (name);
CREATE TEMP TABLE blob AS
  SELECT b.registry, b.digest, any_value(b.kind) AS kind, max(b.bytes) AS bytes,
    count(DISTINCT b.image) AS images, count(DISTINCT f.repository) AS repositories,
    count(DISTINCT f.team) AS teams
  FROM image_blobs b JOIN fleet f USING (image) GROUP BY ALL;
CREATE TEMP TABLE chain AS
  SELECT l.chain, any_value(l.digest) AS digest, coalesce(max(l.disk_bytes), 0) AS bytes,
    count(DISTINCT l.image) AS images, count(DISTINCT f.repository) AS repositories,
    count(DISTINCT f.team) AS teams
  FROM image_layers l JOIN fleet f USING (image) GROUP BY l.chain;
CREATE TEMP TABLE image_sums AS
  SELECT image, sum(b.bytes)::BIGINT AS bytes,
    coalesce(sum(b.bytes) FILTER (b.images = 1), 0)::BIGINT AS unique_bytes
  FROM (SELECT DISTINCT image, registry, digest FROM image_blobs)
    JOIN blob b USING (registry, digest) GROUP BY image;
CREATE TEMP TABLE image_disk AS
  SELECT image, sum(c.bytes)::BIGINT AS disk_bytes,
    coalesce(sum(c.bytes) FILTER (c.images = 1), 0)::BIGINT AS unique_disk_bytes
  FROM (SELECT DISTINCT image, chain FROM image_layers) JOIN chain c USING (chain) GROUP BY image;
CREATE TEMP TABLE whole AS
  SELECT l.chain, f.repository, min(f.name) AS name, min(f.image) AS image, any_value(f.layers) AS layers,
    max(coalesce(nullif(l.created, ''), f.created)) AS created
  FROM fleet f JOIN image_layers l ON l.image = f.image AND l.position = f.layers - 1 GROUP BY ALL;
CREATE TEMP TABLE base AS
  WITH below AS (
    SELECT f.image, max(l.position) + 1 AS layers FROM fleet f JOIN image_layers l USING (image)
      JOIN whole w USING (chain)
    WHERE l.position < f.layers - 1 AND w.repository <> f.repository GROUP BY f.image),
  depth AS (
    SELECT f.image, f.repository, greatest(f.base_layers, coalesce(b.layers, 0)) AS layers,
      CASE WHEN f.base_layers >= coalesce(b.layers, 0) THEN f.base_name ELSE '' END AS base_name
    FROM fleet f LEFT JOIN below b USING (image)),
  owner AS (SELECT chain, min(repository) AS repository FROM whole GROUP BY chain)
  SELECT d.image, d.repository, d.base_name, d.layers, l.chain, l.created,
    coalesce(
      nullif(regexp_replace(regexp_replace(d.base_name, '@.*$', ''), ':[^/:]*$', ''), ''),
      o.repository, '') AS base_repository
  FROM depth d JOIN image_layers l ON l.image = d.image AND l.position = d.layers - 1
    LEFT JOIN owner o ON o.chain = l.chain AND o.repository <> d.repository;
CREATE TEMP TABLE distribution AS
  SELECT digest, any_value(y.os) AS os,
    any_value(coalesce(nullif(y.support_end, ''), r.ends, '')) AS ends
  FROM layers y LEFT JOIN release_ends r USING (os) WHERE y.os <> '' GROUP BY digest;
CREATE TEMP TABLE image_distribution AS
  SELECT l.image, max_by(o, l.position) AS found
  FROM image_layers l JOIN distribution o USING (digest) GROUP BY l.image;
"""
