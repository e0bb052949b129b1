# syntax=docker/dockerfile:1
# Compilers and -dev packages stay in a stage that is not shipped.
FROM {base} AS build
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends {build_packages}
WORKDIR /src
COPY . .
RUN {build_command}
# Which packages own the libraries that the program needs? Run this once, then list them below.
#   ldd {program} | grep -o '/[^ )]*' | xargs -r realpath | sort -u | xargs -r dpkg-query --search

FROM {base}
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends {runtime_packages}
COPY --link --from=build {program} {program}
