# syntax=docker/dockerfile:1
# Metadata and packages stay in cache mounts; no manuals, no weak dependencies.
RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked \
    --mount=type=cache,target=/var/cache/libdnf5,sharing=locked \
    dnf install -y --setopt=tsflags=nodocs --setopt=install_weak_deps=0 --setopt=keepcache=1 {packages} \
    && rm -rf /var/log/dnf* /var/log/hawkey.log
# Without BuildKit:
#   RUN dnf install -y --setopt=tsflags=nodocs --setopt=install_weak_deps=0 {packages} && dnf clean all
