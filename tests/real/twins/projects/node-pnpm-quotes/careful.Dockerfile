FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm
RUN npm install -g pnpm@9
WORKDIR /usr/src/app
COPY package.json ./
RUN pnpm install --prod

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends nodejs && rm -rf /var/lib/apt/lists/*
WORKDIR /usr/src/app
COPY --from=build /usr/src/app/node_modules node_modules
COPY package.json server.mjs quotes.yaml ./
COPY public public
EXPOSE 3110
CMD ["node", "server.mjs"]
