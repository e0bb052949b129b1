# syntax=docker/dockerfile:1
{arguments}
# The compiler, the modules and the sources stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR /src
COPY . .
#? static
RUN --mount=type=cache,target=/root/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -tags timetzdata -trimpath -ldflags="-s -w" -o /out/app {package}
#? dynamic
RUN --mount=type=cache,target=/root/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags="-s -w" -o /out/app {package}

#? static
FROM scratch
#? static
COPY --link --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
#? dynamic
FROM {base}
{install}
{env}
WORKDIR {app_dir}
COPY --link {from_build} /out/app {program}
{copies}
{settings}
{health}
{start}
