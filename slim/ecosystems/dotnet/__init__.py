""".NET: applications, shared runtimes, SDKs and NuGet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slim.ecosystems.dotnet.packages import read_dotnet
from slim.ecosystems.dotnet.queries import older_runtimes
from slim.ecosystems.dotnet.rebuild import plan
from slim.ecosystems.model import Ecosystem, Reader
from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.known import Known
from slim.facts.programs import Programs
from slim.facts.roots import Compilers, Marks, Place, Roots, cut, last
from slim.facts.signs import RoleSigns
from slim.facts.variables import Directories, Variable
from slim.files.extract.texts import BIG, Keep
from slim.files.view import View, decoded
from slim.packages.package import parent
from slim.rebuild.model import Recipe, Sources

_APPLICATION = b".runtimeconfig.json"
_PROJECTS = (b".csproj", b".fsproj", b".vbproj")


def _shared(found: Marks, _view: View, _: Runs) -> Iterable[bytes]:
    marks = found[b"Microsoft.NETCore.App"]
    return cut(parent(path, 2) for path in marks if last(parent(path)) == b"shared")


def _applications(found: Marks, _view: View, _: Runs) -> Iterable[bytes]:
    return (path for path in found[_APPLICATION] if b"/sdk/" not in path)


def _is_dotnet(path: bytes, view: View) -> bool:
    if view.is_file(path + _APPLICATION) or view.is_file(path + b".dll"):
        return True
    # A program of a single file is known by the project that it is named after.
    projects = [last(path) + ending for ending in _PROJECTS]
    return view.elf(path) is not None and any(view.find(projects).values())


def _carried(known: Known) -> Iterator[str]:
    for path in known.roots.of("dotnet_application"):
        yield f"{decoded(path)} describes a .NET application"


def _nuget(directories: Directories, _: Roots) -> list[bytes]:
    """NUGET_PACKAGES is `packages` below it."""
    named = directories.named(("NUGET_PACKAGES",))
    homes = [parent(path) for path in named if path.endswith(b"/packages")]
    return [path for path in homes if not directories.is_shared(path)] + directories.below(
        directories.homes, (b".nuget",)
    )


DOTNET = Ecosystem(
    name="dotnet",
    keeps=(Keep("*.deps.json", BIG), Keep("*.runtimeconfig.json")),
    packages=Reader(read_dotnet, (b".deps.json",)),
    projects=frozenset(_PROJECTS),
    places=(
        Place(name="dotnet_root", marks=raw_names("Microsoft.NETCore.App"), find=_shared),
        Place(
            name="dotnet_application",
            marks=frozenset(),
            endings=(_APPLICATION,),
            find=_applications,
            own=True,
        ),
    ),
    compilers=(Compilers(raw_names("csc.dll"), b"sdk/"),),
    programs=Programs(
        family="dotnet",
        names=names("dotnet pwsh"),
        endings=(".dll",),
        is_file=_is_dotnet,
        repls=names("pwsh"),
        builds={"dotnet": names("build publish restore test pack")},
    ),
    stack=True,
    carried=_carried,
    role=RoleSigns(
        release=("ASPNETCORE_",),
        builder=frozenset(("DOTNET_SDK_VERSION",)),
        runtime=frozenset(("DOTNET_VERSION", "ASPNET_VERSION")),
        toolkit="DOTNET_SDK_VERSION",
        runtime_only="has the .NET runtime without SDK",
    ),
    variables=(
        Variable(
            name="dotnet_root",
            samples=("usr/share/dotnet", "usr/lib/dotnet"),
            place="dotnet_root",
            env=("DOTNET_ROOT",),
            fixed=(b"usr/share/dotnet", b"usr/lib/dotnet"),
        ),
        Variable(name="nuget", samples=("root/.nuget",), find=_nuget),
    ),
    older_versions=older_runtimes,
    rebuild=Recipe(plan),
    sources=Sources(unread=(b".cs", b".dll")),
)
