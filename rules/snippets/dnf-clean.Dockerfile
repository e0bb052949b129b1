# syntax=docker/dockerfile:1
# Metadata and packages stay in cache mounts; no manuals, no weak dependencies.
RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked \
    --mount=type=cache,target=/var/cache/libdnf5,sharing=locked \
    {lean_dnf_command} \
    && rm -rf /var/log/dnf* /var/log/hawkey.log
