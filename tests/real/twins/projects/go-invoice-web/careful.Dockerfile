FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    golang-go golang-github-go-chi-chi-dev golang-gopkg-yaml.v3-dev
ENV GOPATH=/usr/share/gocode GO111MODULE=off
WORKDIR /src
COPY main.go .
RUN CGO_ENABLED=0 go build -ldflags='-s -w' -o /out/invoices .

FROM debian:13
RUN useradd --system --user-group invoices
ENV INVOICES_HOME=/opt/invoices
WORKDIR /opt/invoices
COPY --from=build /out/invoices ./
COPY entrypoint.sh ./
COPY config config
COPY locales locales
COPY static static
COPY templates templates
USER invoices
EXPOSE 7070
ENTRYPOINT ["./entrypoint.sh"]
CMD ["./invoices"]
