FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm
WORKDIR /app
COPY . .
RUN npm install --omit=dev

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends nodejs && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY packages packages
EXPOSE 3100
WORKDIR /app/packages/server
CMD ["node", "index.js"]
