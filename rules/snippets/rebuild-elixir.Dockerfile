# syntax=docker/dockerfile:1
# A Phoenix or plain Mix application as a release on a slim Debian: everything that only builds stays in the first stage.
# Remove the asset and rel lines that the project has no directory for.
FROM hexpm/elixir:{elixir_version}-erlang-{otp_version}-debian-{debian_tag} AS build
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update \
    && apt-get install -y --no-install-recommends build-essential git ca-certificates
WORKDIR /app
ENV MIX_ENV=prod LANG=C.UTF-8
RUN mix local.hex --force && mix local.rebar --force

# Dependencies change rarely: compile them in a layer of their own.
COPY mix.exs mix.lock ./
RUN --mount=type=cache,target=/root/.hex/packages \
    mix deps.get --only prod
COPY config/config.exs config/prod.exs config/
RUN --mount=type=cache,target=/root/.cache/rebar3 \
    mix deps.compile
RUN mix assets.setup

COPY priv priv
COPY lib lib
RUN mix compile
COPY assets assets
RUN mix assets.deploy

# Read when the release boots, so a change here recompiles nothing.
COPY config/runtime.exs config/
COPY rel rel
RUN mix release {app} --path /out

# The same Debian release as above, so that the bundled Erlang finds the C library it was linked with.
FROM debian:{debian_tag}
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libncurses6 libstdc++6 openssl
# C.UTF-8 needs no locales package; the release may write only to /tmp.
ENV LANG=C.UTF-8 MIX_ENV=prod PHX_SERVER=true RELEASE_TMP=/tmp
WORKDIR /app
COPY --link --from=build --chown=65534:65534 /out ./
USER 65534:65534
CMD ["/app/bin/{app}", "start"]
