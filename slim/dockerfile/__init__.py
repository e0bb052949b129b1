"""Parses Dockerfiles, and places an image's history on their lines."""

from slim.dockerfile.align import Placement, place
from slim.dockerfile.parse import Dockerfile, DockerfileError, Instruction, Stage, parse_dockerfile

__all__ = [
    "Dockerfile",
    "DockerfileError",
    "Instruction",
    "Placement",
    "Stage",
    "parse_dockerfile",
    "place",
]
