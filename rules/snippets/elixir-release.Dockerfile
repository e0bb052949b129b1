# syntax=docker/dockerfile:1
# Only the assembled release goes into the final image: no Mix, no Hex, no deps, no sources, no second Erlang.
FROM {builder} AS build
WORKDIR /src
ENV MIX_ENV=prod
COPY . .
RUN --mount=type=cache,target=/root/.hex/packages \
    mix local.hex --force && mix local.rebar --force \
    && mix deps.get --only prod && mix release --path /out

FROM {runtime}
ENV LANG=C.UTF-8
WORKDIR /app
COPY --link --from=build --chown=65534:65534 /out ./
USER 65534:65534
CMD ["/app/bin/{app}", "start"]
