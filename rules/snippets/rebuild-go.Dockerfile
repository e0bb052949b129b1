# syntax=docker/dockerfile:1
{arguments}
# The compiler, the modules and the sources stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR /src
COPY . .
#? static
#? zones
RUN --mount=type=cache,target=/root/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -tags timetzdata -trimpath -ldflags="-s -w" -o /out/app {package}
# A program that names time zones of its own accord needs `-tags timetzdata`, too.
#? static
#? no_zones
RUN --mount=type=cache,target=/root/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app {package}
#? dynamic
RUN --mount=type=cache,target=/root/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags="-s -w" -o /out/app {package}

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
