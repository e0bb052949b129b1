# Modules and build cache are mounts; -s -w drops symbol table and DWARF, panics keep their line numbers.
FROM golang:{go_version} AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app {package}

FROM scratch
COPY --link --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --link --from=build /out/app /app
ENTRYPOINT ["/app"]
