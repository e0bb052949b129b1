# syntax=docker/dockerfile:1
{arguments}
# npm, compilers and build-only packages stay in this stage.
FROM {build_base} AS build
{build_install}
WORKDIR {home}
#? npm_lock
# Packages change less often than the code: they get their own layer.
COPY package.json package-lock.json ./
#? npm_lock
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
#? pnpm_lock
RUN pnpm install --frozen-lockfile
#? yarn_lock
RUN yarn install --frozen-lockfile
#? no_lock
RUN --mount=type=cache,target=/root/.npm npm install
{build_settings}
#? build
RUN npm run build
#? npm_lock
RUN npm prune --omit=dev
#? no_lock
RUN npm prune --omit=dev
#? pnpm_lock
RUN pnpm prune --prod
#? yarn_lock
RUN yarn install --frozen-lockfile --production

FROM {base}
{install}
COPY --from=build {node} {node}
ENV NODE_ENV=production
#? standalone
ENV HOSTNAME=0.0.0.0 PORT={standalone_port}
{env}
WORKDIR {app_dir}
{copies}
{settings}
{health}
{start}
