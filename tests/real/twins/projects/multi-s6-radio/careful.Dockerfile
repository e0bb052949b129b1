FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends s6 execline caddy nodejs \
    && rm -rf /var/lib/apt/lists/*
COPY services /etc/services.d
COPY radio.caddy /etc/caddy/
COPY site /srv/site
COPY feed /srv/feed
ENV XDG_DATA_HOME=/tmp XDG_CONFIG_HOME=/tmp
EXPOSE 8082
ENTRYPOINT ["s6-svscan"]
CMD ["/etc/services.d"]
