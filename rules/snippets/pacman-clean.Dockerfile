# syntax=docker/dockerfile:1
# Packages go to a cache mount; the databases of the repositories are deleted in the same RUN.
RUN --mount=type=cache,target=/var/cache/pacman/pkg,sharing=locked \
    {pacman_command} \
    && rm -rf /var/lib/pacman/sync/*
