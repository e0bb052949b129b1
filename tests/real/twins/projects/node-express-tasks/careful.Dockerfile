FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm
WORKDIR /usr/src/app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends nodejs \
    && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /usr/src/app
COPY --from=build /usr/src/app/node_modules node_modules
COPY package.json app.js ./
COPY bin bin
COPY config config
COPY data data
COPY public public
COPY routes routes
COPY views views
USER nobody
EXPOSE 3000
CMD ["node", "bin/www"]
