"""A history entry as the Dockerfile instruction that people wrote."""

from __future__ import annotations

from slim.patterns import regex
from slim.report.untrusted import Text, Untrusted, bare, untrusted

_NOP = regex(r"^/bin/sh -c #\(nop\)\s+")
_ARGS = regex(r"^(RUN )?\|\d+ ")
_SHELL = regex(r"^(?:RUN )?(?:/bin/(?:ba|a|da)?sh (?:-[a-z]+ )*?(?:-o pipefail )?-c )")
_SPACE = regex(r"\s+")


def instruction(created_by: Text) -> Untrusted:
    """The instruction without what builders put around it, on one line: `RUN apt-get update`.

    >>> instruction("/bin/sh -c #(nop) COPY dir:0123 in /app ")
    'COPY dir:0123 in /app'
    >>> instruction("RUN |1 A=b /bin/sh -c make # buildkit")
    'RUN make'
    """
    text = _SPACE.sub(" ", bare(created_by)).strip().removesuffix("# buildkit").strip()
    if _NOP.match(text):
        return untrusted(_NOP.sub("", text))
    if _ARGS.match(text):
        # The arguments' values end where the shell begins; without a shell nobody can tell.
        at = text.find("/bin/", 0, 2000)
        text = text[at:] if at > 0 else text
    if _SHELL.match(text):
        return untrusted("RUN " + _SHELL.sub("", text))
    return untrusted(text)
