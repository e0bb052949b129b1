"""What is known of a file that was looked into: a program or library, a BEAM module, an archive.

These are what tables hold and rules ask about; what reads them from a file's bytes is in the modules that
are named like them.
"""

from __future__ import annotations

from msgspec import Struct

RELOCATABLE, EXECUTABLE, SHARED, CORE = 1, 2, 3, 4
"""Values of `Elf.type`. Position-independent programs are `SHARED` too."""
PTX, CUBIN = 1, 2
"""Values of `GpuCode.kind`: what the driver compiles when it is loaded, and machine code."""
_READ = 32
"""What an entry of an archive weighs that was read and not kept."""

Member = tuple[bytes, int]
"""Path without leading `./`, and bytes once unpacked."""


class GoBuild(Struct, frozen=True):
    """A Go program's account of itself; empty where an older Go wrote it, or a part is unknown."""

    version: bytes = b""
    """`go1.22.1`"""
    main: bytes = b""
    """Import path of the main package."""
    module: bytes = b""
    module_version: bytes = b""
    settings: tuple[tuple[bytes, bytes], ...] = ()
    """Those that say something about size. Of `-ldflags` only `-s` and `-w`: others may hold secrets."""


class Links(Struct, frozen=True):
    """What a file says to the loader."""

    interpreter: bytes = b""
    """The loader that a dynamically linked program asks for."""
    needed: tuple[bytes, ...] = ()
    """Names of the libraries that it links to."""
    soname: bytes = b""
    rpath: bytes = b""
    runpath: bytes = b""
    pie: bool = False
    """Marked by its linker as a position-independent program."""
    partial: bool = False


class GpuCode(Struct, frozen=True):
    """Code for one architecture of GPUs."""

    kind: int
    """`PTX`, `CUBIN`, or another that is not known."""
    architecture: int
    """Compute capability: 90 is 9.0."""
    size: int
    """Bytes in the file, with their headers."""


class Elf(Struct, frozen=True):
    """One ELF file. Sizes are bytes in the file."""

    bits: int
    machine: int
    """`e_machine`: 62 is x86-64, 183 is AArch64."""
    type: int
    links: Links
    debug_bytes: int
    """Sections that `strip --strip-debug` removes."""
    symtab_bytes: int
    """The symbol table and its names, which `strip --strip-all` removes too. A `RELOCATABLE` file needs
    them, kernel modules among these."""
    debug_link: bool
    """Its debugging information is in another file (`.gnu_debuglink`)."""
    debug_file: bool
    """It is such another file: debugging information without the code."""
    rustc: bytes
    """`rustc version 1.80.0 (…)`, where the compiler left it in `.comment`."""
    auditable: bool
    """It has the list of crates that cargo-auditable writes (`.dep-v0`)."""
    go: GoBuild | None
    partial: bool
    """Something that should be there was not found, or is in a part that was not kept."""
    debug_packed: int = 0
    """About what the debugging sections take once deflated; 0 for object files, which nobody strips …"""
    symtab_packed: int = 0
    """… and what the symbol table and its names take."""
    gpu: tuple[tuple[GpuCode, ...], ...] = ()
    """Code for GPUs, the same for several architectures; what was compiled for the same ones together."""

    @property
    def weight(self) -> int:
        """About how many bytes of memory its texts take."""
        links, go = self.links, self.go or GoBuild()
        strings = (*links.needed, links.soname, links.rpath, links.runpath)
        texts = sum(len(string) + 40 for string in strings if string)
        return texts + 200 * len(go.settings) + 100 * sum(map(len, self.gpu))

    @property
    def program(self) -> bool:
        """Something to run, not a library."""
        if self.type == SHARED:
            return self.links.pie or bool(self.links.interpreter)
        return self.type == EXECUTABLE

    @property
    def static(self) -> bool:
        """A program that needs no loader and no library."""
        return self.program and not self.links.interpreter and not self.links.needed


class Beam(Struct, frozen=True):
    """One module. Sizes are bytes; of a gzipped file those of what is in it."""

    module: bytes
    """`Elixir.Enum` or `lists`, as the file itself says."""
    file_bytes: int
    """Of the file, gzipped or not."""
    form_bytes: int
    """Of the file once decompressed."""
    dropped: tuple[tuple[bytes, int], ...]
    """Chunks that stripping leaves out, with header and padding, as `(b"Dbgi", 76864)`."""
    gzipped: bool
    dropped_packed: int = 0
    """About what these chunks take once deflated."""

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return 120 * len(self.dropped)

    @property
    def strip_bytes(self) -> int:
        """By how much stripping makes the file smaller.

        Exact where the file is not gzipped; else an estimate by the share of the dropped chunks, for a
        stripped file that is gzipped again.
        """
        dropped = sum(size for _, size in self.dropped)
        return dropped if not self.gzipped else self.file_bytes * dropped // self.form_bytes

    @property
    def strip_packed(self) -> int:
        """The same in a compressed layer; a gzipped file takes there what it takes on disk."""
        return self.strip_bytes if self.gzipped else self.dropped_packed


class Archive(Struct, frozen=True):
    """What is known of one archive."""

    members: tuple[Member, ...] = ()
    """A few of the files in it: of a zip some from everywhere in its directory, of a tar the first."""
    nested: tuple[Member, ...] = ()
    """All jars and wars in a zip."""
    entries: int = 0
    """How many entries were read to find that."""

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, and for what it took to read it."""
        kept = sum(len(path) + 120 for path, _ in (*self.members, *self.nested))
        return kept + _READ * self.entries
