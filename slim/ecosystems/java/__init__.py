"""Java and the JVM: archives, development kits, Maven and Gradle."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.java.queries import nested_jars, older_jars
from slim.ecosystems.java.rebuild import plan
from slim.ecosystems.model import Ecosystem, Runtime, Runtimes
from slim.ecosystems.prefixes import is_program
from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.gather import Facts
from slim.facts.known import Evidence, Known
from slim.facts.programs import Programs
from slim.facts.roots import Compilers, Marks, Place, cut, is_real
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.view import View, below
from slim.packages.package import parent
from slim.rebuild.model import Building, Recipe, Sources

_KIT = names(
    "javac jshell jar javadoc jlink jdeps jpackage mvn mvnw mvnd gradle gradlew sbt ant scala kotlin lein "
    "clj clojure jdb jmod"
)
"""Tools of a development kit."""


def _javas(found: Marks, view: View, _: Runs) -> tuple[bytes, ...]:
    homes = (parent(path, 2) for path in found[b"java"] if path.endswith(b"/bin/java"))
    return cut(home for home in homes if is_real(below(home, b"bin/java"), view))


def _jre_only(known: Known) -> Evidence:
    running = known.running("java")
    if not running or any(command.name in _KIT for command in known.runs.all):
        return ()
    return (f"{running[0].how}: {running[0].brief}, and no tool of a JDK",)


def _carried(known: Known) -> Iterator[str]:
    for file in dict.fromkeys(file for command in known.runs.commands for file in command.files):
        if file.endswith((".jar", ".war")):
            yield f"{file} is a Java archive"


def _kinds(known: Known) -> Iterator[str]:
    homes = known.roots.projects
    if any(known.view.is_dir(below(home, b"BOOT-INF")) for home in homes):
        yield "exploded Spring Boot"
    elif any("-jar" in command.words for command in known.runs.main):
        yield "jar"


def _runtimes(view: View, facts: Facts) -> Iterator[Runtime]:
    for home in facts.roots.of("java_home"):
        program = below(home, b"bin/java")
        row = view.row(program)
        if row is not None and is_program(view, program):
            yield Runtime(row, frozenset(view.rows_below(home)))


JAVA = Ecosystem(
    name="java",
    projects=raw_names("pom.xml build.gradle build.gradle.kts BOOT-INF WEB-INF"),
    places=(Place(name="java_home", marks=raw_names("java"), find=_javas),),
    compilers=(Compilers(raw_names("javac")),),
    foreign=raw_names("jvm"),
    system=frozenset((b"opt/java",)),
    programs=Programs(
        family="java",
        names=names(
            "java javaw jshell mvn mvnw gradle gradlew sbt kotlin scala clj clojure lein catalina.sh ant "
            "standalone.sh domain.sh run-java.sh jetty.sh kafka-server-start.sh zkServer.sh kc.sh jbang "
            "elasticsearch solr cassandra logstash activemq artemis asadmin spark-submit spark-class "
            "nifi.sh jenkins.sh"
        ),
        ambiguous=names("ant scala kotlin solr cassandra artemis"),
        endings=(".jar", ".war"),
        repls=names("jshell scala clj"),
        works=names("-jar"),
        builds={
            **dict.fromkeys(
                ("mvn", "mvnw"), names("clean compile package install verify test deploy")
            ),
            **dict.fromkeys(
                ("gradle", "gradlew"),
                names("clean build assemble jar bootJar shadowJar test check"),
            ),
            "sbt": names("compile package assembly test"),
        },
        servers=names("elasticsearch catalina.sh standalone.sh keycloak kc.sh zookeeper"),
    ),
    stack=True,
    carried=_carried,
    kinds=_kinds,
    role=RoleSigns(builder=frozenset(("MAVEN_HOME", "GRADLE_HOME"))),
    variables=(
        Variable(
            name="java_home",
            samples=("usr/lib/jvm/java-21-openjdk-amd64", "opt/java/openjdk"),
            place="java_home",
            env=("JAVA_HOME",),
            mark=b"bin",
        ),
        Variable(name="m2", samples=("root/.m2",), env=("MAVEN_CONFIG",), in_home=(b".m2",)),
        Variable(
            name="gradle_home",
            samples=("root/.gradle",),
            env=("GRADLE_USER_HOME",),
            fixed=(b"home/gradle/.gradle",),
            in_home=(b".gradle",),
        ),
    ),
    facts={"java.jre_only_needed": _jre_only},
    queries={"java.nested_duplicate_jars": nested_jars},
    older_versions=older_jars,
    runtimes=Runtimes(
        find=_runtimes, packages=("openjdk-", "default-j", "ca-certificates-java", "java-")
    ),
    building=Building(
        packages=names("maven gradle"),
        variables=("(?:MAVEN|GRADLE)_HOME", "(?:JAVA|MAVEN|GRADLE)_(?:VERSION|SHA256)"),
        caches=((r"\bmvnw?\b", ("/root/.m2",)), (r"\bgradlew?\b", ("/root/.gradle",))),
    ),
    rebuild=Recipe(plan),
    sources=Sources(unread=(b".java", b".kt", b".jar", b".class")),
)
