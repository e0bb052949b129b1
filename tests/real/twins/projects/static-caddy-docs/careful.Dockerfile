FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3
WORKDIR /docs
COPY . .
RUN python3 build.py

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends caddy && rm -rf /var/lib/apt/lists/*
ENV XDG_DATA_HOME=/tmp XDG_CONFIG_HOME=/tmp
WORKDIR /docs
COPY --from=build /docs/site site
COPY Caddyfile ./
EXPOSE 8380
CMD ["caddy", "run", "--config", "/docs/Caddyfile"]
