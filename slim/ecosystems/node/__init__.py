"""Node.js: npm, yarn, pnpm, bun and deno; servers and front ends."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Ecosystem, Reader, Runtimes
from slim.ecosystems.node.callers import CALLERS
from slim.ecosystems.node.packages import read_node
from slim.ecosystems.node.places import application_modules, next_builds, runtimes
from slim.ecosystems.node.queries import nested_duplicates, source_maps, type_declarations
from slim.ecosystems.node.rebuild import plan
from slim.ecosystems.node.runners import BINS, RUNNERS
from slim.ecosystems.shared import calls, development_only
from slim.entrypoint.runs import Command
from slim.entrypoint.tables import names, raw_names
from slim.facts.known import Evidence, Known
from slim.facts.programs import Programs
from slim.facts.roots import Place
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import BIG, MEDIUM, SMALL, Keep
from slim.files.view import below, decoded
from slim.rebuild.model import Building, Recipe, Sources


def _user(known: Known) -> Command | None:
    """The first command, of the entry point, its scripts or the health check, that needs Node."""
    return next((command for command in known.runs.all if known.families[command] == "node"), None)


def _server(known: Known) -> Evidence:
    command = _user(known)
    return () if command is None else (f"{command.how}: {command.brief}",)


def _production(known: Known) -> Evidence:
    return ("NODE_ENV is production",) if known.env.get("NODE_ENV") == "production" else ()


def _carried(known: Known) -> Iterator[str]:
    for path in known.roots.of("node_modules"):
        yield f"{decoded(path)} holds packages"
    for home in known.roots.of("next_build"):
        yield f"{decoded(home)}/.next is a Next.js build"


def _kinds(known: Known) -> Iterator[str]:
    yield "node server" if _user(known) is not None else "front end only"
    for home in known.roots.of("next_build"):
        standalone = known.view.is_file(below(home, b"server.js"))
        standalone |= known.view.is_file(below(home, b".next/standalone/server.js"))
        yield "next standalone" if standalone else "next start"


_HEADS = (
    """co im 'u "u // /* va le fu ex (f (a (( cl as re mo ;( !f +f @i fe do wi $( $. lo se na ad ne th """
    "if fo tr pr aw de ap ro en"
)
"""How sources begin."""
NODE = Ecosystem(
    name="node",
    keeps=(
        Keep("package.json", 4 * SMALL),
        Keep("deno.json deno.jsonc"),
        Keep("required-server-files.json", MEDIUM),
        Keep("*.nft.json", MEDIUM, heads=(b'{"',)),
        Keep(
            "*.js *.mjs *.cjs",
            2 * SMALL,
            heads=tuple(sorted(raw_names(_HEADS))),
            libraries="node_modules .npm",
            unnamed="node_modules",
        ),
        # In pnpm's store files have no names; those of `node_modules` are hard links to them.
        Keep("v3/files/*/* v10/files/*/*", SMALL // 4, heads=(b"{\n", b"{\r", b'{"')),
        Keep("node_modules/.package-lock.json node_modules/.modules.yaml .pnpm/lock.yaml", BIG),
    ),
    packages=Reader(read_node, (b"package.json", b"node_modules/")),
    projects=raw_names("package.json"),
    places=(
        Place(name="node_modules", marks=raw_names("node_modules"), find=application_modules),
        Place(name="next_build", marks=raw_names("BUILD_ID"), find=next_builds),
    ),
    foreign=raw_names("node_modules bower_components"),
    programs=Programs(
        family="node",
        names=names(
            "node nodejs npm npx yarn yarnpkg pnpm pnpx bun bunx deno corepack pm2 pm2-runtime pm2-docker "
            "next nuxt nuxi nest ts-node ts-node-dev tsx nodemon forever vite vite-node webpack ng electron "
            "webpack-dev-server http-server strapi medusa remix-serve react-router-serve astro gatsby serve "
            "node-red directus sails meteor docusaurus eleventy concurrently turbo pm2-dev"
        ),
        ambiguous=names("serve next nest astro meteor turbo sails forever medusa directus"),
        endings=(".js", ".mjs", ".cjs", ".ts"),
        repls=names("node bun deno"),
        servers=names("next nuxt pm2 pm2-runtime"),
        daemons=names("pm2 forever"),
        works=names("-e -p --eval --print --run"),
        builds={
            **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), names("install ci build test lint")),
            **dict.fromkeys(
                ("next", "nuxt", "nuxi", "vite", "astro", "ng", "nest"), names("build test")
            ),
            **dict.fromkeys(("tsc", "webpack", "jest", "vitest", "eslint"), names("*")),
        },
    ),
    runners=RUNNERS,
    project_bins=(BINS,),
    stack=True,
    carried=_carried,
    kinds=_kinds,
    carried_by_project=False,
    role=RoleSigns(
        production={"NODE_ENV": "production"}, development={"NODE_ENV": ("development", "test")}
    ),
    variables=(
        Variable(
            name="node_modules",
            samples=("app/node_modules", "app/assets/node_modules"),
            place="node_modules",
        ),
        Variable(
            name="npm_cache",
            samples=("root/.npm",),
            env=("NPM_CONFIG_CACHE", "npm_config_cache"),
            in_home=(b".npm",),
        ),
        Variable(
            name="yarn_cache",
            samples=("usr/local/share/.cache/yarn",),
            env=("YARN_CACHE_FOLDER",),
            fixed=(b"usr/local/share/.cache/yarn",),
            in_cache=(b"yarn",),
        ),
        Variable(
            name="pnpm_store",
            samples=("pnpm/store", "root/.local/share/pnpm/store"),
            env=("NPM_CONFIG_STORE_DIR", "npm_config_store_dir"),
            fixed=(b"pnpm/store",),
            in_home=(b".local/share/pnpm/store", b".pnpm-store"),
        ),
    ),
    facts={
        "node.server": _server,
        "node.production": _production,
        "jit.cxx": calls(
            {
                "npm": names("install ci i rebuild add"),
                "yarn": names("install add"),
                "pnpm": names("install i add rebuild"),
                "npx": names("node-gyp"),
                **dict.fromkeys(("node-gyp", "prebuild-install", "cmake-js"), frozenset[str]()),
            }
        ),
    },
    queries={
        "npm.dev": lambda subject: development_only(subject, "node"),
        "node.nested_duplicates": nested_duplicates,
        "node.types": type_declarations,
        "node.maps_beside": source_maps,
    },
    runtimes=Runtimes(
        find=runtimes, names=raw_names("node"), packages=("node", "npm", "libnode", "yarn")
    ),
    building=Building(
        packages=names("npm yarnpkg"),
        variables=(r"(?:NPM_CONFIG|npm_config|YARN)_\w*", "NODE_(?:VERSION|SHA256)"),
        caches=((r"\bnpm (?:ci|i|install)\b", ("/root/.npm",)),),
        commands=(r"\b(?:next|npm|npx|yarn|pnpm|bun)\b.*\bbuild\b",),
    ),
    rebuild=Recipe(plan, "node", "NODE_VERSION"),
    sources=Sources(
        kept=(b".js", b".mjs", b".cjs"),
        unread=(b".ts", b".tsx", b".jsx"),
        libraries=frozenset((b"node_modules",)),
        callers=CALLERS,
    ),
)
