"""Which packages depend on which: names resolved once, for all questions about them.

A dependency leads to names, a name to the packages that have or provide it. Both steps are kept apart,
so that a thousand packages that provide what a thousand others want are two thousand edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from slim.packages.package import Dependency, Package

Needs = tuple[tuple[int, ...], ...]
"""One tuple of name ids, which are alternatives, for each dependency."""


class Graph(Struct, frozen=True):
    """Packages and names, both by index."""

    packages: tuple[Package, ...]
    providers: tuple[tuple[int, ...], ...]
    """Name → packages that have or provide it."""
    names: tuple[tuple[int, ...], ...]
    """Package → the names that it has or provides, as far as anyone asks for them."""
    depends: tuple[Needs, ...]
    """Package → its dependencies, as far as something installed fulfils them."""
    recommends: tuple[Needs, ...]
    suggests: tuple[Needs, ...]
    install_if: tuple[Needs, ...]
    """Package → conditions; empty for one that comes only by itself, or whose conditions cannot hold."""
    users: Mapping[int, Sequence[tuple[int, int]]]
    """Name → (package, which of its dependencies) that it can fulfil."""
    waiting: Mapping[int, Sequence[tuple[int, int]]]
    """The same for conditions."""


def link(packages: Sequence[Package]) -> Graph:
    """Resolve the names of all packages. Each manager's names are its own.

    A requirement that nothing installed fulfils is left out: it holds nothing, and nothing breaks it. A
    name that is a path (rpm) is fulfilled by the package that lists it.
    """
    builder = _Builder()
    depends = [builder.needs(package.manager, package.depends) for package in packages]
    recommends = [builder.needs(package.manager, package.recommends) for package in packages]
    suggests = [builder.needs(package.manager, package.suggests) for package in packages]
    conditions = [builder.needs(package.manager, package.install_if) for package in packages]
    names = builder.provide(packages)
    needed = tuple(map(builder.fulfilled, depends))
    possible = tuple(
        condition if builder.fulfilled(condition) == condition else () for condition in conditions
    )
    return Graph(
        packages=tuple(packages),
        providers=tuple(map(tuple, builder.providers)),
        names=names,
        depends=needed,
        recommends=tuple(map(builder.fulfilled, recommends)),
        suggests=tuple(map(builder.fulfilled, suggests)),
        install_if=possible,
        users=_by_name(needed),
        waiting=_by_name(possible),
    )


def _by_name(every: Iterable[Needs]) -> dict[int, list[tuple[int, int]]]:
    """Name → (package, which of its needs) that it can fulfil."""
    found: dict[int, list[tuple[int, int]]] = {}
    for package, needs in enumerate(every):
        for number, ids in enumerate(needs):
            for name in ids:
                found.setdefault(name, []).append((package, number))
    return found


class _Builder(Struct):
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    providers: list[list[int]] = field(default_factory=list)
    paths: dict[bytes, int] = field(default_factory=dict)
    """Path that an rpm package requires → name id."""

    def needs(self, manager: str, dependencies: tuple[Dependency, ...]) -> Needs:
        """Ids for the names of all dependencies of one kind."""
        return tuple(
            (self._id(manager, dependency.names[0]),)
            if len(dependency.names) == 1
            else tuple(dict.fromkeys(self._id(manager, name) for name in dependency.names))
            for dependency in dependencies
        )

    def fulfilled(self, needs: Needs) -> Needs:
        """Those that something installed fulfils."""
        providers = self.providers
        return tuple(ids for ids in needs if any(map(providers.__getitem__, ids)))

    def _id(self, manager: str, name: str) -> int:
        key = (manager, name)
        found = self.ids.get(key)
        if found is None:
            found = self.ids[key] = len(self.providers)
            self.providers.append([])
            if manager == "rpm" and name.startswith("/"):
                self.paths[name.encode()] = found
        return found

    def provide(self, packages: Sequence[Package]) -> tuple[tuple[int, ...], ...]:
        """Fill in the providers; the result is what each package provides."""
        result: list[tuple[int, ...]] = []
        for index, package in enumerate(packages):
            provided = {
                found
                for name in (package.name, *package.provides)
                if (found := self.ids.get((package.manager, name))) is not None
            }
            if self.paths and package.manager == "rpm":
                provided.update(self._listed(package.files))
            for name_id in provided:
                self.providers[name_id].append(index)
            result.append(tuple(sorted(provided)))
        return tuple(result)

    def _listed(self, files: tuple[bytes, ...]) -> set[int]:
        """Required paths among the files; `/bin/sh` may be listed as `/usr/bin/sh` and vice versa."""
        found: set[int] = set()
        for file in files:
            for path in (b"/" + file, b"/usr/" + file, b"/" + file.removeprefix(b"usr/")):
                name_id = self.paths.get(path)
                if name_id is not None:
                    found.add(name_id)
        return found
