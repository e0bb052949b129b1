# Install what production needs and nothing else; the download cache stays outside the layers.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=bind,source=package.json,target=package.json \
    --mount=type=bind,source=package-lock.json,target=package-lock.json \
    npm ci --omit=dev
# yarn 1: cache target /usr/local/share/.cache/yarn, command: yarn install --frozen-lockfile --production
# bun:    cache target /root/.bun/install/cache,     command: bun install --frozen-lockfile --production
ENV NODE_ENV=production
