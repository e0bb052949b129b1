FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm
WORKDIR /site
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build -- --sourcemap false

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /site/dist /usr/share/nginx/museum
COPY deploy/nginx.conf /etc/nginx/nginx.conf
COPY deploy/site.conf /etc/nginx/museum/site.conf
USER www-data
EXPOSE 8080
CMD ["nginx", "-g", "daemon off;"]
