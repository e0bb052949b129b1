# syntax=docker/dockerfile:1
# node_modules exists only in the stage that builds the assets; the release carries priv/static.
FROM node:{node_version}-slim AS node-packages
WORKDIR /app/assets
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=bind,source=assets/package.json,target=package.json \
    --mount=type=bind,source=assets/package-lock.json,target=package-lock.json \
    npm ci --no-audit --no-fund

FROM {build_image} AS build
# … dependencies, priv, lib and `mix compile` as before, then:
COPY assets assets
COPY --from=node-packages /app/assets/node_modules assets/node_modules
RUN mix assets.deploy
