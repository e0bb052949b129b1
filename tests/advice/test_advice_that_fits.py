"""Each piece of advice fits the image at hand: what it names is there, and no two contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

import slim
from slim.formats.plan import steps
from slim.report import model
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import MEGA, Debian, base, program
from tests.support.small_images import stepwise


def by_rule(report: slim.Report) -> dict[str, model.Finding]:
    return {finding.rule: finding for finding in report.findings}


@LONG
def test_documentation_of_ruby_is_of_its_packages_or_of_gems(tmp_path: Path) -> None:
    """What `ruby-full` brings, no gemrc keeps out."""
    debian = Debian()
    root = base(debian)
    debian.add("ruby3.3", {"usr/bin/ruby": program(b"libc.so.6", size=MEGA)}, auto=True)
    pages = {"usr/share/ri/3.3.0/system/cache.ri": b"r" * 9 * MEGA}
    debian.add("ruby3.3-doc", pages, auto=True)
    debian.add("ri", {"usr/bin/ri": b"#!/usr/bin/ruby\n"}, depends="ruby3.3-doc", auto=True)
    debian.add("ruby-full", {"usr/share/ruby-full": b""}, depends="ri, ruby3.3")
    gems = {
        "var/lib/gems/3.3.0/specifications/rack-3.gemspec": b"",
        "var/lib/gems/3.3.0/gems/rack-3/lib/rack.rb": b"1\n",
        "var/lib/gems/3.3.0/doc/rack-3/ri/cache.ri": b"g" * MEGA,
    }
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y ruby-full", debian.layer()),
        ("RUN gem install rack", gems),
        ("COPY app.rb .", {"app/app.rb": b"require 'rack'\n"}),
        Cmd=["ruby", "app.rb"],
    )
    found = by_rule(report)
    assert found["RBY003"].claimed_bytes == MEGA
    assert bare(found["RBY003"].examples[0].path).startswith("var/lib/gems")
    assert {bare(name) for name in found["RBY010"].packages} == {"ri", "ruby-full", "ruby3.3-doc"}
    assert found["RBY010"].claimed_bytes >= 9 * MEGA


@LONG
def test_who_compiles_in_the_image_is_not_told_to_leave_the_compiler_out_of_it(
    tmp_path: Path,
) -> None:
    """Maven needs the kit: both go to the stage that builds, in one step."""
    debian = Debian()
    root = base(debian)
    home = "usr/lib/jvm/java-21-openjdk-amd64"
    debian.add(
        "openjdk-21-jre-headless",
        {f"{home}/bin/java": program(b"libc.so.6"), f"{home}/lib/modules": b"m" * 50 * MEGA},
        auto=True,
    )
    debian.add(
        "openjdk-21-jdk-headless",
        {f"{home}/bin/javac": program(size=20 * MEGA)},
        depends="openjdk-21-jre-headless",
    )
    debian.add("maven", {"usr/share/maven/lib/maven-core.jar": b"j" * 9 * MEGA})
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y openjdk-21-jdk-headless maven", debian.layer()),
        ("COPY . .", {"app/pom.xml": b"<project/>", "app/src/main/java/A.java": b"class A {}"}),
        ("RUN mvn package", {"app/target/app.jar": b"PK\5\6" + bytes(18)}),
        Env=["PATH=/usr/bin", f"JAVA_HOME=/{home}"],
        Cmd=[f"/{home}/bin/java", "-jar", "/app/target/app.jar"],
    )
    first = steps(report)[0]
    assert {"TCH022", "TCH026"} <= {finding.rule for finding in first.findings}
    assert {finding.fix.where for finding in first.findings} == {"other-stage"}


@LONG
def test_no_package_is_named_by_two_findings_that_claim(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    debian.add("gcc-14", {"usr/bin/gcc-14": program(size=30 * MEGA)}, depends="libgcc-14-dev")
    headers = {"usr/lib/gcc/x86_64-linux-gnu/14/include/stddef.h": b"h" * 9 * MEGA}
    debian.add("libgcc-14-dev", headers, auto=True, fields="Section: libdevel\n")
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y gcc-14", debian.layer()),
        ("COPY app .", {"app/app": program(b"libc.so.6", size=MEGA)}),
        Cmd=["/app/app"],
    )
    found = by_rule(report)
    assert [bare(name) for name in found["DEB012"].packages] == ["libgcc-14-dev"]
    assert [bare(name) for name in found["TCH001"].packages] == ["gcc-14"]
    assert found["TCH001"].claimed_bytes < 31 * MEGA


@pytest.mark.parametrize(
    ("gem", "package", "is_claimed"),
    [
        ("rack-3", "", True),
        ("execjs-2", "", False),
        ("rack-3", "ruby-execjs", False),
    ],
)
@LONG
def test_node_in_an_image_of_ruby_goes_unless_ruby_calls_it(
    gem: str, package: str, is_claimed: bool, tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    debian.add("ruby3.3", {"usr/bin/ruby": program(b"libc.so.6", size=MEGA)})
    debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=60 * MEGA)})
    if package:
        debian.add(package, {"usr/lib/ruby/vendor_ruby/execjs.rb": b"1\n"}, depends="nodejs")
    home = "var/lib/gems/3.3.0"
    name = gem.partition("-")[0]
    gems = {
        f"{home}/specifications/{gem}.gemspec": b"",
        f"{home}/gems/{gem}/lib/{name}.rb": b"1\n",
    }
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y ruby nodejs", debian.layer()),
        ("RUN gem install", gems),
        ("COPY app.rb .", {"app/app.rb": b"require '%s'\n" % name.encode()}),
        Cmd=["ruby", "app.rb"],
        Env=["PATH=/usr/bin", "NODE_VERSION=22.1.0"],
    )
    found = by_rule(report)
    claims = {rule for rule, each in found.items() if each.claimed_bytes > MEGA}
    assert ("TCH025" in claims) is is_claimed
    if is_claimed:
        shown = f"{found['TCH025'].fix.text} {bare(found['TCH025'].fix.snippet or '')}"
        assert "mix" not in shown
