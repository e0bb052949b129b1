# Build the front end in one stage, serve only its output from the other.
FROM node:{node_version}-slim AS web
WORKDIR /src
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=bind,source=package.json,target=package.json \
    --mount=type=bind,source=package-lock.json,target=package-lock.json \
    npm ci
COPY . .
RUN npm run build

FROM {runtime_image}
COPY --link --from=web /src/{output_dir} {web_root}
