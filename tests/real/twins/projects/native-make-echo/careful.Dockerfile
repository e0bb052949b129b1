FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make zlib1g-dev
WORKDIR /src
COPY . .
RUN make && strip echo

FROM debian:13
COPY --from=build /src/echo /usr/src/echo/echo
WORKDIR /usr/src/echo
CMD ["/usr/src/echo/echo"]
