# syntax=docker/dockerfile:1
{arguments}
# All that builds the release stays in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR /src
ENV MIX_ENV=prod LANG=C.UTF-8
#? hex
RUN mix local.hex --force && mix local.rebar --force
#? lock
# Dependencies change less often than the code: fetching them is a layer of its own.
COPY mix.exs mix.lock ./
#? lock
RUN --mount=type=cache,target=/root/.hex/packages mix deps.get --only prod
COPY . .
#? no_lock
RUN mix deps.get --only prod
RUN npm install --prefix assets && npm run {assets_script} --prefix assets
#? digest
RUN mix phx.digest
#? mix_assets
RUN mix assets.deploy
RUN mix release --path /out

# The same base as above, so that Erlang finds the C library that it was linked with.
FROM {base}
{install}
ENV LANG=C.UTF-8 RELEASE_TMP=/tmp
#? phoenix
ENV PHX_SERVER=true
{env}
WORKDIR {app_dir}
COPY {from_build} /out ./
{copies}
{settings}
{health}
{start}
