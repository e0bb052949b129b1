"""What is known of package managers, languages and servers: a folder for each, and the list of all.

A new one is a folder with a value of type `Ecosystem`, and a line in `ECOSYSTEMS`; everything else is made
from the list.
"""

from __future__ import annotations

from slim.ecosystems.apk import APK
from slim.ecosystems.caddy import CADDY
from slim.ecosystems.conda import CONDA
from slim.ecosystems.databases import DATABASES
from slim.ecosystems.dotnet import DOTNET
from slim.ecosystems.dpkg import DPKG
from slim.ecosystems.elixir import ELIXIR
from slim.ecosystems.go import GO
from slim.ecosystems.java import JAVA
from slim.ecosystems.linux import LINUX
from slim.ecosystems.ml import ML
from slim.ecosystems.model import fact_names, knowledge_of
from slim.ecosystems.native import NATIVE
from slim.ecosystems.nginx import NGINX
from slim.ecosystems.node import NODE
from slim.ecosystems.perl import PERL
from slim.ecosystems.php import PHP
from slim.ecosystems.python import PYTHON
from slim.ecosystems.rpm import RPM
from slim.ecosystems.ruby import RUBY
from slim.ecosystems.rust import RUST
from slim.files.extract.texts import keeps_of
from slim.rebuild.model import all_building, all_sources

ECOSYSTEMS = (
    DPKG,
    APK,
    RPM,
    LINUX,
    CONDA,
    ELIXIR,
    NODE,
    PYTHON,
    RUBY,
    JAVA,
    GO,
    RUST,
    PHP,
    DOTNET,
    PERL,
    NGINX,
    CADDY,
    NATIVE,
    DATABASES,
    ML,
)
"""The only list. Its order is that of stacks and packages in a report; of files that two managers claim, the
first has it; a program that is of several languages is of the first."""

KEEPS = keeps_of(keep for ecosystem in ECOSYSTEMS for keep in ecosystem.keeps)
KNOWLEDGE = knowledge_of(ECOSYSTEMS)
FACTS = fact_names(ECOSYSTEMS)
"""The dotted facts that rules may name."""
RECIPES = {
    ecosystem.name: ecosystem.rebuild for ecosystem in ECOSYSTEMS if ecosystem.rebuild is not None
}
"""Stack → how a multi-stage build of it is computed."""
BUILDING = all_building(ecosystem.building for ecosystem in ECOSYSTEMS)
SOURCES = all_sources(ecosystem.sources for ecosystem in ECOSYSTEMS)
