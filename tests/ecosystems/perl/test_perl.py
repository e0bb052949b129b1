"""Perl: what an image with an application of it is known by, and that it stands in one folder."""

from __future__ import annotations

import re
from pathlib import Path

import slim
from slim.ecosystems import ECOSYSTEMS, KNOWLEDGE
from slim.ecosystems.perl import PERL
from slim.facts.gather import Facts, gather
from tests.support.views import config, view

ROOT = Path(slim.__file__).parent
APP = """
    app/{cpanfile,app.psgi,local/{bin/starman,cache/authors/id/x.tar.gz,lib/perl5/Plack.pm}}
    usr/bin/perl usr/local/lib/perl5/5.40/strict.pm root/.perl-cpm/build.log
"""


def facts(*command: str, tree: str = APP) -> Facts:
    image = config(cmd=command, working_dir="/app")
    return gather(image, (), view(tree), knowledge=KNOWLEDGE)


def test_a_server_of_carton_is_a_perl_application() -> None:
    found = facts("carton", "exec", "starman", "--port", "8080", "app.psgi")
    (stack,) = found.stacks
    assert (stack.name, stack.runs, stack.kinds) == ("perl", True, ("PSGI server",))
    assert "app/local holds modules of Perl" in stack.evidence
    assert {"stack.perl", "runs.perl"} <= found.facts
    assert found.role.name == "release"


def test_variables_are_the_projects_own_directories() -> None:
    found = facts("perl5.40.0", "app.psgi")
    assert found.variables["perl_local"] == ("app/local",), "not /usr/local"
    assert found.variables["cpm_home"] == ("root/.perl-cpm",)
    assert found.variables["app"] == ("app",)
    assert [found.families[command] for command in found.runs.main] == ["perl"]


def test_an_interpreter_with_nothing_to_run_is_no_application() -> None:
    found = facts("perl5.40.0", "-de0", tree="usr/bin/perl5.40.0")
    assert "stack.perl" in found.facts
    assert found.role.name != "release"


def test_installing_at_start_needs_a_compiler() -> None:
    assert "jit.cxx" in facts("cpanm", "--installdeps", ".").facts
    assert "jit.cxx" not in facts("starman").facts


def test_it_is_known_in_one_folder_and_one_line() -> None:
    """A new ecosystem is a folder, a line in the list, and a pack of rules: nothing else names it."""
    assert PERL in ECOSYSTEMS
    naming = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if re.search(
            r"\b(PERL|starman|plackup|cpanfile|carton|perl_local)\b", path.read_text("utf-8")
        )
    }
    assert {name for name in naming if not name.startswith("ecosystems/perl/")} <= {
        "ecosystems/__init__.py"
    }
