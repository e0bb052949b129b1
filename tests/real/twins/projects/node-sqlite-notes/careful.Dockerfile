FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm python3 make g++
WORKDIR /app
COPY package.json ./
RUN npm install --build-from-source --omit=dev
COPY . .
RUN node scripts/seed.js
RUN rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src node_modules/better-sqlite3/build/Release/obj* node_modules/better-sqlite3/build/Release/.deps node_modules/better-sqlite3/build/Release/*.a node_modules/better-sqlite3/build/Release/test_extension.node node_modules/better-sqlite3/build/Makefile node_modules/better-sqlite3/build/*.mk

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends nodejs && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/data data
COPY package.json ./
COPY src src
EXPOSE 3120
CMD ["node", "src/main.js"]
