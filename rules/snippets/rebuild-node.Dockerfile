# syntax=docker/dockerfile:1
# A Node service: production dependencies, build and runtime are three stages.
FROM node:{node_version}-slim AS deps
WORKDIR {app_dir}
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=bind,source=package.json,target=package.json \
    --mount=type=bind,source=package-lock.json,target=package-lock.json \
    npm ci --omit=dev

FROM node:{node_version}-slim AS build
WORKDIR {app_dir}
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
RUN npm run build

FROM node:{node_version}-slim
ENV NODE_ENV=production
WORKDIR {app_dir}
# Dependencies change less often than the code: their layer comes first.
COPY --link --from=deps {app_dir}/node_modules ./node_modules
COPY --link package.json ./
COPY --link --from=build {app_dir}/{output_dir} ./{output_dir}
USER node
EXPOSE {port}
CMD ["node", "{output_dir}/{entry}"]
