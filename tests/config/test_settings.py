"""slim.toml and .dive-ci: what they say, which file counts, what wins; bad ones are refused whole."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from slim.config.dive_ci import parse_dive_ci
from slim.config.load import load_config
from slim.config.reader import IMAGE_KEYS, MAX_IGNORES, TOP_KEYS, parse_settings
from slim.errors import UsageError
from slim.report.gates import Gates, Growth
from slim.rules.fields import MAX_ITEMS
from tests.conftest import LONG
from tests.support.attacks import Attack
from tests.support.building import delete, image, layer, save
from tests.support.commands import run

FULL = """\
version = 1
dockerfile = "ci/Dockerfile"
target = "release"
base = "debian:13-slim"
platform = "linux/arm64"
role = "release"
output = ["text", "json=size.json", "markdown=-"]
fail-on = "new:high,sec001"

[budget]
size = "340 MB"
pull-size = 130_000_000
reclaimable = "1 MiB"
layers = 12
growth = { percent = 5, min = "1 MB" }

[comment]
behavior = "hide-and-new"
when = "always"

[image.api]
dockerfile = "api/Dockerfile"
fail-on = ["low"]
budget = { size = "300 MB", growth = { percent = "2.5%", min = 0 } }

[image.web]
[image.web.budget]
layers = 3
[image.web.comment]
when = "failed"
[[image.web.ignore]]
rule = "NOD001"
reason = "shared"

[[ignore]]
rule = "vcs001"
paths = ["/app/.git/**", "app/b"]
reason = "needed by setuptools-scm"
until = 2027-01-31

[limits]
layer-bytes = "100 GiB"
layers = 9

[rules]
packs = ["rules", "/etc/slim/rules.toml"]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, which is the working directory, without settings of the user's."""
    for name in [name for name in os.environ if name.startswith("SLIM_")]:
        monkeypatch.delenv(name)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def archive(home: Path) -> Path:
    """8 MB on disk in 2 layers, 3 MB of them dead."""
    built = image(layer({"app/a": b"x" * 5_000_000, "b": b"y" * 3_000_000}), layer(delete("b")))
    return save(built, home / "image.tar")


def settings(text: str, file: str = "slim.toml") -> tuple[object, list[str]]:
    faults: list = []  # type: ignore[type-arg]
    found = parse_settings(file, text, faults)
    return found, [str(fault) for fault in sorted(faults)]


# What it says


def test_every_key(home: Path) -> None:
    (home / "slim.toml").write_text(FULL)
    config = load_config("slim.toml")
    settings = config.image
    assert (settings.dockerfile, settings.target, settings.base) == (
        "ci/Dockerfile",
        "release",
        "debian:13-slim",
    )
    assert (settings.platform, settings.role) == ("linux/arm64", "release")
    assert settings.output == ("text", "json=size.json", "markdown=-")
    assert settings.gates == Gates(
        size=340_000_000,
        pull_size=130_000_000,
        reclaimable=1 << 20,
        layers=12,
        growth=Growth(5.0, 1_000_000),
        fail_on=("new:high", "SEC001"),
    )
    assert (settings.behavior, settings.when) == ("hide-and-new", "always")
    assert set(config.limits) == {"layer-bytes=100 GiB", "layers=9"}
    assert config.packs == ("rules", "/etc/slim/rules.toml")
    (ignore,) = settings.ignores
    assert (ignore.rule, ignore.paths) == ("VCS001", ("app/.git/**", "app/b"))
    assert (ignore.until, ignore.by) == (date(2027, 1, 31), "slim.toml:35")


def test_an_image_replaces_what_it_names(home: Path) -> None:
    (home / "slim.toml").write_text(FULL)
    api, web = (load_config("slim.toml", key=key).image for key in ("api", "web"))
    assert (api.dockerfile, api.target) == ("api/Dockerfile", "release")
    assert (api.gates.size, api.gates.pull_size) == (300_000_000, 130_000_000)
    assert (api.gates.growth, api.gates.fail_on) == (Growth(2.5, 0), ("low",))
    assert (web.gates.size, web.gates.layers) == (340_000_000, 3)
    assert (web.behavior, web.when) == ("hide-and-new", "failed")
    assert [suppression.rule for suppression in web.ignores] == ["VCS001", "NOD001"]
    with pytest.raises(UsageError, match=r"no \[image.wob\]: did you mean `web`"):
        load_config("slim.toml", key="wob")


def test_a_key_is_no_fault_where_there_are_no_images(home: Path) -> None:
    (home / "slim.toml").write_text("[budget]\nlayers = 3\n")
    assert load_config(key="api").image.gates.layers == 3


def test_one_image_has_no_growth() -> None:
    both = Gates(size=1, growth=Growth(1, 1), fail_on=("new:high", "SEC001"))
    assert both.of_one_image() == Gates(size=1, fail_on=("SEC001",))
    assert not Gates(growth=Growth(1, 1), fail_on=("new:low",)).of_one_image()


def test_a_budget_of_nothing_is_a_budget() -> None:
    assert Gates(size=0).over(Gates(size=5, layers=2)) == Gates(size=0, layers=2)


# Which file counts


def test_the_nearest_file_counts_up_to_the_repository(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = home / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    (home / "repo" / ".git").write_text("gitdir: elsewhere\n")
    monkeypatch.chdir(inner)
    (home / "slim.toml").write_text("[budget]\nlayers = 1\n")
    assert load_config().image.gates == Gates()  # outside of the repository
    (home / "repo" / "slim.toml").write_text('dockerfile = "Dockerfile"\n[budget]\nlayers = 2\n')
    assert load_config().image.gates.layers == 2
    assert load_config().image.dockerfile == "../../Dockerfile"
    (inner.parent / "slim.toml").write_text("[budget]\nlayers = 3\n")
    assert load_config().image == load_config(str(inner.parent / "slim.toml")).image
    assert load_config().image.dockerfile is None  # nothing is merged
    (inner.parent / ".slim.toml").write_text("[budget]\nlayers = 4\n")
    assert load_config().image.gates.layers == 4
    (inner / "slim.toml").mkdir()
    assert load_config().image.gates.layers == 4
    (inner / ".dive-ci").write_text("rules:\n  lowestEfficiency: 1\n")
    assert load_config().image.gates.dive_efficiency is None


def test_without_a_repository_only_the_folder_itself_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    if any((folder / ".git").exists() for folder in inner.parents):
        pytest.skip("temporary files are kept in a repository")
    (tmp_path / "slim.toml").write_text("[budget]\nlayers = 1\n")
    monkeypatch.chdir(inner)
    assert load_config().image.gates == Gates()


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x = 1\n" * 200_000])
def test_a_file_that_cannot_be_read_is_a_usage_error(
    content: bytes | None, home: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (home / "named.toml").write_bytes(content)
    assert run("analyze", str(archive), "-c", "named.toml") == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("slim: error: ")


def test_a_byte_order_mark_is_no_key(home: Path) -> None:
    (home / "slim.toml").write_bytes(b"\xef\xbb\xbfversion = 1\n")
    assert load_config().image.gates == Gates()


# What wins


def test_flag_then_variable_then_file(
    home: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "slim.toml").write_text(
        'output = "json"\nrole = "dev"\n[budget]\nsize = "1 MB"\n[limits]\nlayers = 2\n'
    )

    def call(*arguments: str) -> tuple[int, dict]:  # type: ignore[type-arg]
        code = run("analyze", str(archive), *arguments)
        out = capsys.readouterr().out
        return code, json.loads(out) if out else {}

    code, report = call()
    assert code == 1
    assert report["image"]["role"]["name"] == "dev"
    assert [budget["limit"] for budget in report["budgets"]] == [1_000_000]
    assert call("--exit-zero")[0] == 0
    assert call("--max-size", "8MB")[0] == 0
    assert call("--no-config")[1]["budgets"] == []
    assert call("--no-config")[0] == 0
    assert call("--limit", "layers=1")[0] == 5
    monkeypatch.setenv("SLIM_MAX_SIZE", "9 MB")
    monkeypatch.setenv("SLIM_ROLE", "tool")
    code, report = call()
    assert (code, report["budgets"][0]["limit"]) == (0, 9_000_000)
    assert report["image"]["role"]["name"] == "tool"
    assert call("--max-size", "7 MB")[0] == 1
    (home / "slim.toml").write_text("[limits]\nlayers = 1\n")
    assert call()[0] == 5
    assert call("--limit", "layers=3")[0] == 0
    monkeypatch.setenv("SLIM_CONFIG", "absent.toml")
    assert call()[0] == 2
    assert call("--no-config", "-c", "slim.toml")[0] == 2


def test_compare_and_check_take_the_same_gates(
    home: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = save(image(layer({"app/a": b"x" * 5_000_000})), home / "small.tar")
    assert run("analyze", str(small), "-o", "json=small.json") == 0
    assert run("analyze", str(archive), "-o", "json=image.json") == 0
    assert run("check", "image.json") == 2  # nothing to check
    (home / "slim.toml").write_text(
        'fail-on = "new:low"\n[image.a.budget]\ngrowth = {percent = 10, min = "1 MB"}\n'
        '[image.b.budget]\nsize = "7 MB"\n[image.c]\n'
    )
    assert run("check", "image.json", "--key", "a") == 2  # only a comparison decides its gates
    assert run("check", "image.json", "--key", "b") == 1
    assert run("compare", "small.json", "image.json", "--key", "a") == 1
    assert run("compare", "image.json", "image.json", "--key", "a") == 0
    assert run("compare", "small.json", "image.json", "--max-growth", "100%,9MB", "--key", "a") == 1
    err = capsys.readouterr().err
    assert "LYR001" in err.splitlines()[-1]  # the growth is allowed by the flag, the finding is new
    assert run("compare", "image.json", "image.json", "--key", "b", "-o", "markdown") == 0
    assert "on base too" in capsys.readouterr().out


def test_render_takes_what_concerns_pages(
    home: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("analyze", str(archive), "-o", "json=image.json") == 0
    (home / "slim.toml").write_text(
        'units = "iec"\nrules-url = "https://wiki.example/{id}"\n'
        'output = ["markdown=pages/{}.md", "summary=+"]\n'
        '[image.other]\nunits = "si"\noutput = "text"\n'
        '[[ignore]]\nrule = "LYR001"\nreason = "is known"\n'
    )
    (home / "pages").mkdir()
    page = home / "pages" / "image.md"

    def printed(*arguments: str) -> str:
        assert run("render", "image.json", *arguments) == 0
        return capsys.readouterr().out

    assert printed() == ""
    assert "MiB" in page.read_text()
    assert "1 more suppressed" in page.read_text()
    assert "https://wiki.example/LYR001" in printed("-o", "markdown", "--no-ignore")
    assert "MiB" not in printed("--units", "si", "-o", "text")
    assert "MB" in printed("--key", "other")
    monkeypatch.setenv("SLIM_RULES_URL", "https://docs.example/{id}")
    assert "https://docs.example/LYR001" in printed("-o", "markdown", "--no-ignore")
    flag = ("--rules-url", "https://flag.example/{id}")
    assert "https://flag.example/LYR001" in printed("-o", "markdown", "--no-ignore", *flag)
    monkeypatch.setenv("SLIM_OUTPUT", "csv")
    assert printed().startswith('"kind",')
    monkeypatch.delenv("SLIM_OUTPUT")
    assert "wiki" not in printed("--no-config", "-o", "markdown", "--no-ignore")
    # One page of several is no image's own.
    assert run("render", "image.json", "image.json", "--key", "both", "-o", "markdown") == 0
    assert "MiB" in capsys.readouterr().out
    assert run("render", "image.json", "--key", "both") == 2
    assert "slim.toml has no [image.both]" in capsys.readouterr().err
    (home / "slim.toml").write_text("[limits]\nreport-bytes = 9\n")
    assert run("render", "image.json") == 5
    assert run("render", "image.json", "--limit", "report-bytes=9MB") == 0


def test_check_links_rules_as_analyze_does(
    home: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("analyze", str(archive), "-o", "json=image.json") == 0
    (home / "slim.toml").write_text(
        'rules-url = "https://wiki.example/{id}"\n[budget]\nlayers = 9\n'
    )
    assert run("check", "image.json", "-o", "markdown") == 0
    assert "https://wiki.example/LYR001" in capsys.readouterr().out
    monkeypatch.setenv("SLIM_RULES_URL", "https://docs.example/{id}")
    assert run("check", "image.json", "-o", "markdown") == 0
    assert "https://docs.example/LYR001" in capsys.readouterr().out


def test_gates_that_do_not_count_are_not_told_of(
    home: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".dive-ci").write_text("rules:\n  lowestEfficiency: 0.1\n")
    assert run("analyze", str(archive), "-o", "json=image.json") == 0
    assert ".dive-ci is applied" in capsys.readouterr().err
    assert run("render", "image.json") == 0
    assert capsys.readouterr().err == ""


# Faults


@pytest.mark.parametrize("key", [key for key in TOP_KEYS if key != "version"])
def test_a_value_of_the_wrong_type_is_a_fault(key: str) -> None:
    wrong = "[[1]]" if key in ("output", "fail-on") else "3"
    _, faults = settings(f"version = 1\n{key} = {wrong}\n")
    assert faults
    assert all(fault.startswith("slim.toml:2: ") and key in fault for fault in faults)


@pytest.mark.parametrize("key", IMAGE_KEYS)
def test_every_key_of_an_image_has_near_misses(key: str) -> None:
    _, faults = settings(f"{key}x = 3\n")
    assert faults == [f"slim.toml:1: unknown key `{key}x`: did you mean `{key}`?"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("version = 2", "1: `version` must be 1"),
        ("version = true", "1: `version` must be 1"),
        ("[budget]\nsize = -1", "2: `size` must be a size"),
        ("[budget]\nsize = true", "2: `size` must be a size"),
        ("[budget]\nsize = 1e999", "2: `size` must be a size"),
        ('[budget]\nsize = "1.5.2 MB"', "2: `size`: invalid size '1.5.2 MB'"),
        ("[budget]\nlayers = 1.5", "2: `layers` must be a number"),
        ("[budget]\nlayers = 99999999999999999999", "2: `layers` must be a number"),
        ("[budget]\ngrowth = {percent = nan, min = 1}", "2: `growth`: `percent` must be"),
        ("[budget]\ngrowth = {min = 1}", "2: `growth`: `percent` is missing"),
        (
            "[budget.growth]\npercent = 5\nmin = 1\nmins = 1",
            "4: unknown key `mins`: did you mean `min`?",
        ),
        ('fail-on = "hihg"', "1: `fail-on`: unknown level or rule 'hihg'"),
        ("[image]\nx = 1", "2: `x` must be a table"),
        ('[image.a]\nrole = "x"', "2: `role` must be one of release, builder"),
        ("[image.a.budget]\nsiez = 1", "2: unknown key `siez`: did you mean `size`?"),
        ('[[ignore]]\nrule = "DEB001"', "1: ignore 1: `reason` is missing"),
        ('[[ignore]]\nreason = "x"', "1: ignore 1: `rule` is missing"),
        ('[[ignore]]\nrule = "no"\nreason = "x"', "2: ignore 1: `rule`: 'no' is not a rule id"),
        ('ignore = [{rule = "no", reason = "x"}]', "1: `ignore`: `rule`: 'no' is not a rule id"),
        (
            '[[ignore]]\nrule = "DEB001"\nreason = "x"\nuntil = "2030-01-01"',
            "4: ignore 1: `until` must be a day",
        ),
        (
            '[[ignore]]\nrule = "DEB001"\nreason = "x"\nuntil = 2030-01-01T00:00:00',
            "4: ignore 1: `until` must be a day",
        ),
        (
            '[comment]\nbehavior = "news"',
            "2: `behavior` must be one of update, new, hide-and-new, delete-and-new: did you mean `new`",
        ),
        ("[image.a.comment]\nwhen = true", "2: `when` must be one of changed, always, failed"),
        ("[comment]\nrequire = true", "2: unknown key `require`"),
        ("[limits]\nlayer = 1", "2: unknown key `layer`: did you mean `layers`?"),
        ('[limits]\nlayers = "many"', "2: limit layers: invalid size 'many'"),
        ("[limits]\nlayers = false", "2: `layers` must be a number"),
        ("[rules]\npakcs = []", "2: unknown key `pakcs`: did you mean `packs`?"),
        ("a = [", "not TOML"),
        ('a = "\x01"', "1: not TOML"),
    ],
)
def test_a_fault_has_its_line(text: str, fault: str) -> None:
    _, faults = settings(text)
    assert len(faults) == 1, faults
    assert faults[0].startswith("slim.toml:")
    assert fault in faults[0]


def test_all_faults_at_once_on_stderr(
    home: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "slim.toml").write_text('rol = 1\n[budget]\nsize = "::error::x"\n')
    assert run("analyze", str(archive)) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines()[0] == "slim: error: 2 faults in slim.toml [bad-config]"
    assert "slim.toml:1: unknown key `rol`" in err
    assert "slim.toml:3: `size`" in err
    assert "::error" not in err


# Hostile files

HOSTILE: dict[str, Callable[[], str]] = {
    "SET-ignores": lambda: '[[ignore]]\nrule="A"\n' * (1_000_000 // 20),
    "SET-inline": lambda: "ignore = [" + "{}," * 100_000 + "]",
    "SET-depth": lambda: "a = " + "[" * 100_000,
    "SET-tables": lambda: "".join(f"[image.a{index}]\n" for index in range(50_000)),
    "SET-dots": lambda: ".".join("a" * 50_000) + " = 1",
    "SET-keys": lambda: "".join(f"k{index} = 1\n" for index in range(60_000)),
    "SET-globs": lambda: (
        '[[ignore]]\nrule = "DEB001"\nreason = "x"\npaths = ['
        + ",".join(f'"{"*a" * 100}{index}/**/{{a,b}}{{c,d}}/**"' for index in range(MAX_ITEMS + 1))
        + "]"
    ),
    "SET-digits": lambda: "version = " + "9" * 500_000,
    "SET-strings": lambda: "dockerfile = '" + "x" * 900_000 + "'",
}
ATTACKS = (
    Attack(
        id="SET-ignores",
        given="a slim.toml of 50,000 suppressions",
        outcome=f"one fault: the limit is {MAX_IGNORES:,}",
        proof="test_a_hostile_file_is_refused_soon",
    ),
    Attack(
        id="SET-inline",
        given="100,000 suppressions in one line",
        outcome=f"one fault: the limit is {MAX_IGNORES:,}",
        proof="test_a_hostile_file_is_refused_soon",
    ),
    Attack(
        id="SET-depth",
        given="arrays 100,000 deep",
        outcome="a fault, no recursion",
        proof="test_a_hostile_file_is_refused_soon",
    ),
)


@pytest.mark.parametrize("name", HOSTILE)
@LONG
def test_a_hostile_file_is_refused_soon(name: str) -> None:
    started = time.process_time()
    _, faults = settings(HOSTILE[name]())
    assert 1 <= len(faults) <= MAX_ITEMS
    assert all(len(fault) < 4_000 for fault in faults)
    assert time.process_time() - started < 5


# .dive-ci


def dive(text: str) -> tuple[Gates, list[str]]:
    faults: list = []  # type: ignore[type-arg]
    gates = parse_dive_ci(".dive-ci", text, faults)
    return gates, [str(fault) for fault in faults]


@pytest.mark.parametrize(
    ("text", "gates"),
    [
        ("rules:\n  lowestEfficiency: 0.95\n", Gates(dive_efficiency=0.95)),
        ("---\n# c\nrules:\n\n    highestWastedBytes: 20MB # c\r\n".replace("\r", ""), 20_000_000),
        ("rules:\n  highestWastedBytes: '20 MiB'\n", 20 << 20),
        ("rules:\n  highestWastedBytes: 1.5k\n", 1_500),
        ("rules:\n  highestWastedBytes: 300\n", 300),
        ('rules:\n  highestUserWastedPercent: "0.20"\n', Gates(dive_user_wasted=0.2)),
        ("rules:\n  lowestEfficiency: disabled\n  highestWastedBytes: 2b\n", 2),
        ("rules:\n", Gates()),
    ],
)
def test_the_three_keys_of_dive(text: str, gates: Gates | int) -> None:
    expected = Gates(dive_wasted_bytes=gates) if isinstance(gates, int) else gates
    assert dive(text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rules:\n  lowestEfficency: 1", "2: unknown key `lowestEfficency`: did you mean"),
        ("rules:\n  lowestEfficiency: 95%", "2: `lowestEfficiency` must be a number"),
        ("rules:\n  lowestEfficiency: -1", "2: `lowestEfficiency` must be a number"),
        ("rules:\n  lowestEfficiency: 1.001", "2: `lowestEfficiency` must be a number from 0 to 1"),
        (
            "rules:\n  highestUserWastedPercent: 20",
            "2: `highestUserWastedPercent` must be a number",
        ),
        ("rules:\n  highestWastedBytes: much", "2: `highestWastedBytes` must be a size"),
        ("rules:\n  highestWastedBytes:", "2: `highestWastedBytes` must be a size"),
        ("rules:\n  lowestEfficiency: 1\n  lowestEfficiency: 1", "3: `lowestEfficiency` stands"),
        ("lowestEfficiency: 1", "1: only `rules:`"),
        ("  lowestEfficiency: 1", "1: not `key: value` below `rules:`"),
        ("rules: {lowestEfficiency: 1}", "1: only `rules:`"),
        ("rules:\n- a", "2: not `key: value`"),
        ("rules:\n  " + "a" * 60_000, "2: not `key: value`"),
    ],
)
def test_what_else_a_dive_ci_says_is_a_fault(text: str, fault: str) -> None:
    _, faults = dive(text)
    assert len(faults) == 1
    assert faults[0].startswith(f".dive-ci:{fault}")


def test_dives_gates_are_judged_by_dives_numbers(
    home: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".dive-ci").write_text("rules:\n  highestWastedBytes: 2999999\n")
    assert run("analyze", str(archive), "-o", "json") == 1
    out, err = capsys.readouterr()
    assert err.startswith("slim: .dive-ci is applied to dive's own numbers")
    (budget,) = json.loads(out)["budgets"]
    assert budget["name"] == "dive-wasted-bytes"
    assert (budget["value"], budget["limit"], budget["result"]) == (3_000_000, 2_999_999, "over")
    (home / ".dive-ci").write_text("rules:\n  lowestEfficiency: 0.9999999\n")
    assert run("analyze", str(archive), "-o", "markdown") == 1
    assert "**below** 100%" in capsys.readouterr().out
    (home / "slim.toml").write_text("")
    assert run("analyze", str(archive)) == 0
    assert not capsys.readouterr().err
