"""Reports for tests of what renders, reads and judges them: a clean image, a wasteful one, a hostile one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from slim.report import model
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.model import Report
from slim.report.untrusted import untrusted

MB = 1_000_000
HOSTILE = (
    "a`b``c|d\\|e",
    "</details><img src=x onerror=alert(1)>",
    "@octocat #12 owner/repo#3 GH-4 https://evil.example/x www.evil.example",
    "![beacon](https://evil.example/p.png) [link](javascript:alert(1))",
    "new\nline\r\n::error::forged",
    "\x1b[31mred\x07 \u202egnp.exe\u200b",
    '<!-- slim:report v=1 key="other" -->',
    '=HYPERLINK("https://evil.example")',
    "]]> <![CDATA[ &amp; '\"",
    "{0} [1](2) %0A%25",
    "``` `",
    "",
)
"""Names that mean something to the formats they end up in."""


def layer(index: int, created_by: str, disk: int, **more: Any) -> model.LayerInfo:
    fields: dict[str, Any] = {
        "index": index,
        "digest": f"sha256:{index:064x}",
        "diff_id": f"sha256:{index + 0x100:064x}",
        "media_type": "application/vnd.oci.image.layer.v1.tar+gzip",
        "compression": "gzip",
        "created_by": created_by,
        "dockerfile": None,
        "from_base": False,
        "verified": True,
        "missing": "",
        "blob_bytes": disk // 3,
        "pull_bytes": disk // 3,
        "tar_bytes": disk + 1024,
        "disk_bytes": disk,
        "live_bytes": disk,
        "dead_bytes": 0,
        "live_pull_bytes": disk // 3,
        "dead_pull_bytes": 0,
        "overhead_bytes": 1024,
        "labels": [],
        "files": 10,
        "live_files": 10,
        "added": 10,
        "changed": 0,
        "removed": 0,
    }
    return model.LayerInfo(**{**fields, **more})


def finding(number: int, rule: str, claimed: int, **more: Any) -> model.Finding:
    fields: dict[str, Any] = {
        "id": f"{number:016x}",
        "rule": rule,
        "slug": "apt/lists",
        "title": "apt lists kept",
        "why": "They are out of date as soon as the image is built.",
        "category": "cache",
        "mode": "claim",
        "severity": "medium",
        "confidence": "certain",
        "safety": "safe",
        "disk_bytes": claimed,
        "pull_bytes": claimed // 3,
        "claimed_bytes": claimed,
        "claimed_pull_bytes": claimed // 3,
        "base_bytes": 0,
        "files": 3,
        "where": [],
        "fix": model.FixInfo(
            text="Delete `/var/lib/apt/lists` in the same RUN.",
            snippet=None,
            where="same-layer",
            verify=None,
        ),
        "breaks_when": [],
        "packages": [],
        "examples": [],
        "sources": [],
    }
    return model.Finding(**{**fields, **more})


def report(
    layers: Sequence[model.LayerInfo], *, name: str = "registry.example/team/api:1", **more: Any
) -> Report:
    """A report whose totals are those of its layers and findings."""
    findings = more.get("findings", [])
    disk = sum(layer.disk_bytes for layer in layers)
    pull = sum(layer.pull_bytes for layer in layers)
    dead = sum(layer.dead_bytes for layer in layers)
    claimed = sum(finding.claimed_bytes for finding in findings)
    base = [layer for layer in layers if layer.from_base]
    amount = model.Amount(disk_bytes=max(0, disk - claimed), pull_bytes=pull)
    fields: dict[str, Any] = {
        "tool": model.Tool(version="0.4.0", rules="sha256:" + "0" * 64),
        "source": model.Source(
            input=untrusted("api.tar"),
            format="oci-archive",
            compression="none",
            archive_bytes=pull,
            verified=True,
        ),
        "image": model.ImageInfo(
            name=untrusted(name),
            tags=[untrusted(name)],
            digest="sha256:" + "d" * 64,
            config_digest="sha256:" + "c" * 64,
            platform=untrusted("linux/amd64"),
            created=untrusted("2024-01-01T00:00:00Z"),
            entrypoint=[untrusted("/app/api")],
            cmd=[],
            user=untrusted("app"),
            working_dir=untrusted("/app"),
            env={},
            labels={},
            exposed_ports=[],
            role=model.Role(name="release", score=5, evidence=[]),
            stacks=[],
            base=model.Base(
                layers=len(base),
                name=untrusted("debian:13-slim" if base else ""),
                digest="",
                how="given" if base else "unknown",
                guessed=False,
            ),
        ),
        "totals": model.Totals(
            pull_bytes=pull,
            disk_bytes=disk,
            live_bytes=disk - dead,
            dead_bytes=dead,
            live_pull_bytes=pull,
            dead_pull_bytes=0,
            tar_bytes=disk + 1024 * len(layers),
            overhead_bytes=1024 * len(layers),
            overhead_pull_bytes=0,
            base_bytes=sum(layer.disk_bytes for layer in base),
            base_pull_bytes=sum(layer.pull_bytes for layer in base),
            reclaimable_bytes=claimed,
            reclaimable_pull_bytes=claimed // 3,
            layers=len(layers),
            files=sum(layer.files for layer in layers),
            live_files=sum(layer.live_files for layer in layers),
        ),
        "predicted": model.Predicted(safe=amount, all=amount),
        "findings": [],
        "layers": list(layers),
        "waste": [],
        "directories": [],
        "largest_files": [],
        "dive": model.Dive(efficiency=1.0, wasted_bytes=0, user_wasted_percent=0.0),
        "warnings": [],
        "truncated": model.Truncated(findings=0, waste=0, directories=0, largest_files=0),
    }
    return Report(**{**fields, **more})


def example(path: str, disk: int, index: int = 0) -> model.Example:
    return model.Example(layer=index, path=untrusted(path), disk_bytes=disk, pull_bytes=disk // 3)


def place(line: int, path: str = "Dockerfile") -> model.Place:
    return model.Place(path=path, line=line, end_line=line + 1)


def clean() -> Report:
    """One base layer, one layer with the release, nothing to say."""
    return report(
        [
            layer(0, "# debian.sh --arch 'amd64'", 80 * MB, from_base=True),
            layer(1, "COPY --from=build /app /app # buildkit", 20 * MB, dockerfile=place(12)),
        ],
        largest_files=[example("app/api", 19 * MB, 1)],
    )


def wasteful() -> Report:
    """Build tools, apt lists, a repository, and files that a later layer deletes."""
    tools = "RUN /bin/sh -c apt-get install -y build-essential # buildkit"
    findings = [
        finding(
            1,
            "TCH001",
            36_900_000,
            title="build tools in the final image",
            severity="high",
            where=[model.Cause(layer=2, created_by=untrusted(tools), dockerfile=place(14))],
            fix=model.FixInfo(
                text="Build in an earlier stage, `COPY --from=build` only the result.",
                snippet=None,
                where="other-stage",
                verify=None,
            ),
            packages=["gcc", "make"],
            examples=[example("usr/lib/gcc/x86_64-linux-gnu/14/cc1plus", 9_800_000, 2)],
        ),
        finding(
            2,
            "DEB001",
            4_100_000,
            where=[
                model.Cause(
                    layer=1, created_by=untrusted("RUN apt-get update"), dockerfile=place(8)
                ),
                model.Cause(layer=2, created_by=untrusted(tools), dockerfile=None),
            ],
            examples=[example("var/lib/apt/lists/a_Packages", 4_100_000, 1)],
        ),
        finding(
            3,
            "VCS001",
            900_000,
            title="VCS directory copied",
            severity="low",
            confidence="likely",
            where=[
                model.Cause(
                    layer=4, created_by=untrusted("COPY . . # buildkit"), dockerfile=place(19)
                )
            ],
            fix=model.FixInfo(
                text="List .git/ in .dockerignore (COPY takes all).",
                snippet=untrusted(".git"),
                where="dockerignore",
                verify=None,
            ),
        ),
        finding(4, "LAY003", 0, title="layers stored uncompressed", mode="note", severity="info"),
    ]
    layers = [
        layer(0, "# debian.sh --arch 'amd64'", 117 * MB, from_base=True),
        layer(1, "RUN apt-get update", 20 * MB, dockerfile=place(8)),
        layer(2, tools, 120 * MB, dockerfile=place(14), dead_bytes=5 * MB, live_bytes=115 * MB),
        layer(3, "RUN /bin/sh -c rm -rf /tmp/src", 0, dockerfile=place(17)),
        layer(4, "COPY . . # buildkit", 86 * MB, dockerfile=place(19)),
    ]
    return report(
        layers,
        findings=findings,
        waste=[
            model.Waste(
                kind="deleted",
                origin_layer=2,
                ended_by=3,
                created_by=untrusted("RUN /bin/sh -c rm -rf /tmp/src"),
                dockerfile=place(17),
                disk_bytes=5 * MB,
                pull_bytes=2 * MB,
                files=412,
                examples=[example("tmp/src/a.c", 1 * MB, 2)],
            )
        ],
        directories=[model.DirectoryInfo(path=untrusted("usr/lib"), disk_bytes=90 * MB, files=900)],
        largest_files=[
            example("usr/lib/gcc/x86_64-linux-gnu/14/cc1plus", 9_800_000, 2),
            example("app/.git/objects/pack/p.pack", 800_000, 4),
        ],
    )


def hostile(names: Sequence[str] = HOSTILE) -> Report:
    """Every text that an image or a forged report can hold, made to break out of its place."""
    findings = [
        finding(
            number + 1,
            text,
            (len(names) - number) * MB,
            slug=text,
            title=text,
            why=text,
            category=text,
            mode="claim" if number % 4 else "note",
            where=[
                model.Cause(
                    layer=10**6 + number,
                    created_by=untrusted(text),
                    dockerfile=model.Place(path=text, line=number, end_line=0),
                )
            ],
            fix=model.FixInfo(text=text, snippet=untrusted(text), where="base", verify=text),
            breaks_when=[text],
            packages=[text],
            examples=[model.Example(layer=0, path=untrusted(text), path_b64="////", disk_bytes=5)],
        )
        for number, text in enumerate(names)
    ]
    layers = [
        layer(
            number,
            text,
            MB,
            digest=text,
            diff_id=text,
            missing=text if number % 5 == 4 else "",
            dockerfile=model.Place(path=text, line=number, end_line=0) if number % 2 else None,
            from_base=number < 2,
        )
        for number, text in enumerate(names)
    ]
    result = report(layers, name=names[0], findings=findings)
    return replace(
        result,
        tool=model.Tool(name=names[0], version=names[-1], rules=names[0]),
        source=replace(result.source, input=names[0], format=names[0], verified=False),
        image=replace(
            result.image,
            platform=names[len(names) // 2],
            base=replace(result.image.base, name=names[0]),
        ),
        waste=[
            model.Waste(
                kind="orphan",
                origin_layer=0,
                ended_by=1,
                created_by=untrusted(text),
                dockerfile=model.Place(path=text, line=1, end_line=1),
                disk_bytes=MB,
                pull_bytes=MB,
                files=1,
                examples=[example(text, MB)],
            )
            for text in names
        ],
        packages=[
            model.PackageInfo(
                manager=text,
                name=untrusted(text),
                version=untrusted(text),
                disk_bytes=MB,
                pull_bytes=MB,
                files=1,
                layer=0,
                why=text,
            )
            for text in names
        ],
        directories=[model.DirectoryInfo(path=untrusted(text), disk_bytes=1) for text in names],
        largest_files=[example(text, MB) for text in names],
        warnings=[
            model.Warning(id=text, text=untrusted(text), path=untrusted(text)) for text in names
        ],
        budgets=[model.Budget(name="size", value=1, limit=2, result="over")],
        verdict=model.Verdict(result="fail", fail_on=list(names), findings=[findings[0].id]),
    )


def over() -> Report:
    """Over two budgets, within one, with a finding that fails the gate."""
    gates = Gates(size=340 * MB, pull_size=130 * MB, reclaimable=25 * MB, fail_on=("high",))
    return judge(wasteful(), gates)


def within() -> Report:
    return judge(clean(), Gates(size=340 * MB, layers=12))


def failing() -> Report:
    """Within its budget, with a finding that fails the gate."""
    return judge(wasteful(), Gates(size=350 * MB, fail_on=("high",)))


def undecided() -> Report:
    """No rules were applied, so that nothing is known to be reclaimable."""
    sample = replace(clean(), tool=model.Tool(version="0.4.0"))
    return judge(sample, Gates(reclaimable=25 * MB, fail_on=("high",)))


REPORTS = {
    "clean": clean,
    "wasteful": wasteful,
    "hostile": hostile,
    "over": over,
    "within": within,
    "failing": failing,
    "undecided": undecided,
}
