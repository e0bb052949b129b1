# Install a package file that is mounted from the build context, so that no layer holds it.
RUN --mount=type=bind,source={package}.deb,target=/tmp/{package}.deb \
    --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends /tmp/{package}.deb
