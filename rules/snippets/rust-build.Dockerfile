# Registry and target are mounts, so the binary has to be copied out in the same RUN.
FROM rust:{rust_version}-slim AS build
ENV CARGO_PROFILE_RELEASE_STRIP=true CARGO_PROFILE_RELEASE_LTO=thin
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release && mkdir /out && cp target/release/{binary} /out/

FROM debian:{debian_release}-slim
COPY --link --from=build /out/{binary} /usr/local/bin/{binary}
