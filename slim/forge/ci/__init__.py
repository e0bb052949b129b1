"""The environment of a job → which pull request it is about.

One module for each CI system reads what that system documents as predefined. What a stranger chooses
(names of branches, titles) is used only as an argument of a query that the forge answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slim.forge.ci import actions, azure, bitbucket, drone, gitlab, jenkins, woodpecker
from slim.forge.context import Context
from slim.forge.variables import is_set

_SYSTEMS: tuple[tuple[str, Callable[[Mapping[str, str]], Context]], ...] = (
    ("GITLAB_CI", gitlab.read),
    ("CI_FORGE_TYPE", woodpecker.read),
    ("DRONE", drone.read),
    ("BITBUCKET_BUILD_NUMBER", bitbucket.read),
    ("TF_BUILD", azure.read),
    ("JENKINS_URL", jenkins.read),
    ("JENKINS_HOME", jenkins.read),
)
"""The variable by which each system is known. Woodpecker sets Drone's names, too, in some versions."""


def detect(env: Mapping[str, str], event: bytes = b"") -> Context:
    """What the environment says; `event` is the file that `GITHUB_EVENT_PATH` names."""
    if is_set(env.get("GITHUB_ACTIONS")):
        return actions.read(env, event)
    for name, read in _SYSTEMS:
        if is_set(env.get(name)):
            return read(env)
    return Context()
