# syntax=docker/dockerfile:1
# A root without a package manager: dnf of the build stage fills it, the final image only receives it.
FROM {base} AS rootfs
RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked \
    dnf install -y --installroot /mnt/rootfs --releasever {release} \
        --setopt=tsflags=nodocs --setopt=install_weak_deps=0 {packages} \
    && dnf --installroot /mnt/rootfs clean all

FROM {micro_base}
COPY --from=rootfs /mnt/rootfs/ /
