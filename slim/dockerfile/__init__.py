"""Dockerfiles: parse one, and place an image's history on its lines. Text in, frozen data out."""

from slim.dockerfile.align import Placement, place
from slim.dockerfile.parse import (
    Dockerfile,
    DockerfileError,
    Instruction,
    Stage,
    parse_dockerfile,
)

__all__ = [
    "Dockerfile",
    "DockerfileError",
    "Instruction",
    "Placement",
    "Stage",
    "parse_dockerfile",
    "place",
]
