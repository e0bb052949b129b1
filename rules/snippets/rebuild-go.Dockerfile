# syntax=docker/dockerfile:1
# A static Go binary on an empty base.
FROM golang:{go_version} AS build
WORKDIR /src
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=bind,source=go.mod,target=go.mod \
    --mount=type=bind,source=go.sum,target=go.sum \
    go mod download
# timetzdata puts the time zones into the binary, since the base has none.
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    --mount=type=bind,target=. \
    CGO_ENABLED=0 go build -buildvcs=false -tags timetzdata -trimpath -ldflags="-s -w" -o /out/app {package}

FROM scratch
COPY --link --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --link --from=build /out/app /app
USER 65534:65534
EXPOSE {port}
ENTRYPOINT ["/app"]
