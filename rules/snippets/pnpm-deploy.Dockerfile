# The store is a cache mount, so its files are copied into node_modules instead of linked to a layer.
FROM node:{node_version}-slim AS build
ENV PNPM_HOME=/pnpm PATH=/pnpm:$PATH
RUN corepack enable
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/pnpm/store pnpm install --frozen-lockfile
# One package with its production dependencies; a workspace sets inject-workspace-packages=true.
RUN --mount=type=cache,target=/pnpm/store pnpm --filter={package} deploy --prod /out

FROM node:{node_version}-slim
WORKDIR {app_dir}
COPY --link --from=build /out ./
