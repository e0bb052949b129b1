"""The image config: rootfs, history, times, secrets, and the identity of an image."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import slim
from slim import analyze
from slim.formats.json import render as to_json
from slim.report.untrusted import bare
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import digest, encode, layer, raw_layer, tar
from tests.support.layouts import (
    BYE,
    DROP,
    HELLO,
    config,
    docker,
    pack,
    packed,
    simple,
    with_config,
)

SECRET = "hunter2-do-not-print"  # noqa: S105


def of(*layers: Any, **changes: Any) -> Callable[[Path], Path]:
    """An image of these layers with changes to its config."""
    return packed(with_config(config(*layers, **changes), *layers))


def runs(**changes: Any) -> Callable[[Path], Path]:
    """An image of HELLO with this `config` object."""
    return of(HELLO, config=changes)


def entries(*has_layers: bool) -> list[dict[str, Any]]:
    """History entries; True for one that made a layer."""
    return [
        {"created_by": f"step {number}", **({} if has_layer else {"empty_layer": True})}
        for number, has_layer in enumerate(has_layers)
    ]


AFTER_END = raw_layer(HELLO.tar + b"more" * 128)
SWAPPED = layer({"etc/hello": b"HELLO"})

ATTACKS = (
    Attack(id="H1", given="no history", make=of(HELLO, history=DROP), quiet="history-mismatch"),
    Attack(
        id="H1-null", given="history null", make=of(HELLO, history=None), quiet="history-mismatch"
    ),
    Attack(
        id="H1-none", given="an empty history", make=of(HELLO, history=[]), quiet="history-mismatch"
    ),
    Attack(
        id="H2",
        given="a history with empty layers between the others",
        make=of(HELLO, BYE, history=entries(False, True, False, False, True, False)),
        quiet="history-mismatch",
        outcome="each layer has its own instruction",
    ),
    Attack(
        id="H2-more",
        given="more history entries than layers",
        make=of(HELLO, history=entries(True, True)),
        warns="history-mismatch",
        says=("2 entries with a layer, the image has 1 layers",),
    ),
    Attack(
        id="H2-fewer",
        given="fewer history entries than layers",
        make=of(HELLO, BYE, history=entries(True)),
        warns="history-mismatch",
    ),
    Attack(
        id="H2-all-empty",
        given="a history of empty layers only",
        make=of(HELLO, history=entries(False, False)),
        warns="history-mismatch",
    ),
    Attack(
        id="H2-type",
        given="empty_layer as a string",
        make=of(HELLO, history=[{"empty_layer": "true"}]),
        error="bad-document",
    ),
    *(
        Attack(
            id=f"H3-{name}",
            given=f"rootfs.type {value!r}",
            make=of(HELLO, rootfs={"type": value, "diff_ids": [HELLO.diff_id]}),
            error="bad-document",
            says=("'layers'",),
        )
        for name, value in (("other", "layers+base"), ("empty", ""), ("case", "Layers"))
    ),
    Attack(
        id="H4-fewer",
        given="fewer diff ids than layers",
        make=packed(with_config(config(HELLO), HELLO, BYE)),
        error="layer-count",
        says=("2 layers", "1 diff ids"),
    ),
    Attack(
        id="H4-more",
        given="more diff ids than layers",
        make=packed(with_config(config(HELLO, BYE), HELLO)),
        error="layer-count",
        says=("1 layers", "2 diff ids"),
    ),
    Attack(
        id="H5",
        given="a layer that is not what its diff id says",
        make=packed(with_config(config(SWAPPED), HELLO)),
        error="layer-diff-id",
        code=4,
        says=("layer 0", SWAPPED.diff_id, HELLO.diff_id),
    ),
    Attack(
        id="H5-after-end",
        given="bytes after the end of a layer's tar that its diff id does not cover",
        make=packed(with_config(config(HELLO), AFTER_END)),
        error="layer-diff-id",
        code=4,
    ),
    Attack(
        id="H5-covered",
        given="bytes after the end of a layer's tar that its diff id covers",
        make=packed(simple(AFTER_END)),
        warns="data-after-end",
        counts={"totals.live_bytes": 5, "totals.tar_bytes": len(AFTER_END.tar)},
    ),
    Attack(
        id="H5-unverified",
        given="a wrong diff id, unverified",
        make=packed(with_config(config(SWAPPED), HELLO)),
        options={"verify": False},
        counts={"source.verified": False, "totals.live_bytes": 5},
    ),
    Attack(
        id="H5-docker",
        given="a docker-archive with a layer that is not what its diff id says",
        make=packed(docker(config(SWAPPED), HELLO)),
        error="layer-diff-id",
        code=4,
    ),
    Attack(
        id="H6", given="a config without rootfs", make=of(HELLO, rootfs=DROP), error="not-an-image"
    ),
    Attack(
        id="H6-empty",
        given="a rootfs without diff ids, for a layer",
        make=of(HELLO, rootfs={"type": "layers"}),
        error="layer-count",
    ),
    *(
        Attack(
            id=f"H7-{name}",
            given=f"created {value!r}",
            make=of(HELLO, created=value),
            counts={"image.created": value},
        )
        for name, value in (
            ("epoch", "1970-01-01T00:00:00Z"),
            ("zero", "0001-01-01T00:00:00Z"),
            ("far", "9999999-12-31T23:59:59.999999999Z"),
            ("words", "a while ago"),
            ("empty", ""),
        )
    ),
    Attack(
        id="H7-number", given="created as a number", make=of(HELLO, created=0), error="bad-document"
    ),
    Attack(
        id="H8-env",
        given="a password in ENV",
        make=runs(Env=["PATH=/bin", f"DB_PASSWORD={SECRET}", "NOVALUE", "=odd"]),
        counts={
            "image.env": {"PATH": "/bin", "DB_PASSWORD": "[redacted]", "NOVALUE": "", "": "odd"}
        },
    ),
    Attack(
        id="H8-url",
        given="a password in a URL in ENV",
        make=runs(Env=[f"DATABASE=postgres://app:{SECRET}@db/app"]),
        counts={"image.env": {"DATABASE": "postgres://[redacted]@db/app"}},
    ),
    Attack(
        id="H8-history",
        given="tokens in build arguments, ENV and commands of the history",
        outcome="none of them in any output; with --no-redact all of them",
        proof="test_secrets_are_in_no_output_but_on_request",
    ),
    *(
        Attack(
            id=f"H8-{name}",
            given=f"{what} of the wrong type",
            make=runs(**{name: value}),
            error="bad-document",
            says=(name,),
        )
        for name, what, value in (
            ("Env", "ENV", "A=b"),
            ("Entrypoint", "an entry point", {"a": "b"}),
            ("Cmd", "a command", [1]),
            ("Labels", "labels", {"a": 1}),
            ("User", "a user", 0),
            ("ExposedPorts", "ports", ["80/tcp"]),
            ("Healthcheck", "a health check", "true"),
        )
    ),
    Attack(
        id="H8-nulls",
        given="null for everything that says how an image runs",
        make=runs(**dict.fromkeys(("Env", "Entrypoint", "Cmd", "Labels", "User", "ExposedPorts"))),
        counts={"image.env": {}, "image.entrypoint": [], "image.user": ""},
    ),
    Attack(
        id="H9",
        given="a config",
        make=of(HELLO),
        counts={"image.config_digest": digest(config(HELLO))},
        outcome="its digest is the image's id",
        reason="chain ids are not computed: nothing that slim says is about an engine's layer store",
    ),
)

HISTORY = (
    f"ARG NPM_TOKEN={SECRET}",
    f"RUN |2 NPM_TOKEN={SECRET} MODE=prod /bin/sh -c npm ci # buildkit",
    f"RUN |1 API_KEY=two words {SECRET} /bin/sh -c make # buildkit",
    f"/bin/sh -c #(nop)  ENV DB_PASSWORD={SECRET}",
    f"/bin/sh -c #(nop)  ENV DB_PASSWORD=two words {SECRET}",
    f"ENV A=1 SECRET_KEY_BASE={SECRET} B=2",
    f"RUN /bin/sh -c git clone https://bot:{SECRET}@git.example/app # buildkit",
    f"RUN /bin/sh -c curl -H 'Authorization: Bearer {SECRET}' https://x.example",
    f'RUN /bin/sh -c curl --header "X-Api-Key: {SECRET}" https://x.example',
    f"RUN /bin/sh -c login --password {SECRET}",
    f"RUN /bin/sh -c login --password={SECRET} --quiet",
    f"RUN /bin/sh -c login --password '{SECRET} and more'",
    f'RUN /bin/sh -c export AWS_SECRET_ACCESS_KEY="{SECRET}"; make',
    f'LABEL token="{SECRET}"',
)
"""Where build arguments and variables show in the histories of BuildKit and the classic builder."""


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_config(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


def test_each_layer_has_its_own_instruction(tmp_path: Path) -> None:
    history = entries(False, True, False, False, True, False)
    report = analyze(of(HELLO, BYE, history=history)(tmp_path))
    assert [layer.created_by for layer in report.layers] == ["step 1", "step 4"]


@pytest.mark.parametrize("history", [DROP, None, [], entries(True), entries(True, True, True)])
def test_no_layer_is_blamed_when_the_history_does_not_fit(history: Any, tmp_path: Path) -> None:
    report = analyze(of(HELLO, BYE, history=history)(tmp_path))
    assert [layer.created_by for layer in report.layers] == ["", ""]
    assert "(no history)" in slim.render(report, "text")


@pytest.mark.parametrize("created_by", HISTORY)
def test_secrets_are_in_no_output_but_on_request(created_by: str, tmp_path: Path) -> None:
    result = {
        "Env": [f"API_TOKEN={SECRET}"],
        "Labels": {"secret": SECRET},
        "Cmd": ["app", "--password", SECRET, f"--token={SECRET}"],
        "Entrypoint": ["/bin/sh", "-c", f"TOKEN={SECRET} exec app"],
    }
    gone = layer({"etc/hello": b"other"})
    history = [{"created_by": created_by}, {"created_by": created_by}]
    path = of(HELLO, gone, config=result, history=history)(tmp_path)
    report = analyze(path)
    assert report.waste, "the instruction is in the list of waste too"
    assert SECRET not in slim.render(report, "text")
    assert SECRET not in to_json(report)
    assert bare(report.waste[0].created_by).count("[redacted]") == 1
    assert SECRET in to_json(analyze(path, redact=False))


def test_identity_is_of_the_bytes_not_of_the_meaning(tmp_path: Path) -> None:
    """Another spelling of the same config is another image."""
    compact = config(HELLO)
    other = json.dumps(json.loads(compact), indent=1).encode()
    reports = []
    for number, result in enumerate((compact, other)):
        (tmp_path / str(number)).mkdir()
        reports.append(analyze(pack(tmp_path / str(number), with_config(result, HELLO))))
    assert reports[0].totals == reports[1].totals
    assert reports[0].image.config_digest != reports[1].image.config_digest
    assert encode(json.loads(other)) == compact
    assert tar(HELLO.entries) == HELLO.tar
