FROM debian:13
RUN apt-get update && apt-get install -y caddy python3 python3-pip git
WORKDIR /docs
COPY . .
RUN python3 build.py
ENV XDG_DATA_HOME=/tmp XDG_CONFIG_HOME=/tmp
EXPOSE 8380
CMD ["caddy", "run", "--config", "/docs/Caddyfile"]
