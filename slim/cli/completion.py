"""`slim completion`."""

from __future__ import annotations

from typing import Annotated

import click
from click.shell_completion import get_completion_class

from slim.cli.command import argument, command
from slim.cli.write import print_output
from slim.errors import UsageError

_SHELLS = {
    "bash": "bash",
    "zsh": "zsh",
    "fish": "fish",
    "powershell": "powershell",
    "pwsh": "powershell",
}
"""Shell → what click calls it."""


@command(
    epilog="Examples:\n\n"
    "  slim completion bash > ~/.local/share/bash-completion/completions/slim\n\n"
    "  slim completion fish > ~/.config/fish/completions/slim.fish\n\n"
    '  eval "$(slim completion zsh)"      # in ~/.zshrc, after compinit\n\n'
    "  slim completion pwsh | Out-String | Invoke-Expression      # in $PROFILE"
)
def completion(
    shell: Annotated[str, argument("SHELL", "bash, zsh, fish, powershell or pwsh.")],
) -> None:
    """Print the completion script for your shell."""
    script = get_completion_class(_SHELLS.get(shell, ""))
    if script is None:
        known = ", ".join(_SHELLS)
        raise UsageError("bad-choice", f"no completion for {shell!r}", known)
    app = click.get_current_context().find_root().command
    print_output(script(app, {}, "slim", "_SLIM_COMPLETE").source())
