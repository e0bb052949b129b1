# syntax=docker/dockerfile:1
# A Rust binary on a slim Debian of the release that the build image has (same C library).
FROM rust:{rust_version}-slim-{debian_release} AS build
ENV CARGO_PROFILE_RELEASE_STRIP=true CARGO_PROFILE_RELEASE_LTO=thin
WORKDIR /src
COPY . .
# The mounts vanish after the RUN, so the binary leaves target within it.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/usr/local/cargo/git \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin {binary} \
 && mkdir /out && cp target/release/{binary} /out/

FROM debian:{debian_release}-slim
# TLS roots, for a program that speaks TLS and does not bring its own.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends ca-certificates
COPY --link --from=build /out/{binary} /usr/local/bin/{binary}
USER 65534:65534
EXPOSE {port}
CMD ["{binary}"]
