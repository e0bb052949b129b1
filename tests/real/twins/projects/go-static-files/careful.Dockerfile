FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends golang-go
WORKDIR /go/src/fileserver
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /fileserver ./cmd/fileserver

FROM scratch
COPY --from=build /fileserver /fileserver
COPY conf/fileserver.json /etc/fileserver.json
COPY web /srv/web
USER 65534
EXPOSE 8080
ENTRYPOINT ["/fileserver"]
