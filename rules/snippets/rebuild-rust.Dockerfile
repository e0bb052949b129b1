# syntax=docker/dockerfile:1
{arguments}
# The compiler, the crates and the sources stay in this stage.
FROM {build_base} AS build
{build_install}
ENV CARGO_PROFILE_RELEASE_STRIP=true
WORKDIR /src
COPY . .
# The mounts are gone after this RUN, so it copies the program out of them.
RUN --mount=type=cache,target=/root/.cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin {binary} && mkdir /out && cp target/release/{binary} /out/app

#? static
FROM scratch
#? static
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
#? dynamic
FROM {base}
{install}
{env}
WORKDIR {app_dir}
COPY {from_build} /out/app {program}
{copies}
{settings}
{health}
{start}
