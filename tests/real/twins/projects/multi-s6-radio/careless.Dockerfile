FROM debian:13
RUN apt-get update && apt-get install -y nodejs npm
RUN apt-get install -y s6 execline caddy ffmpeg curl
COPY . /src
RUN cp -r /src/services /etc/services.d && cp -r /src/site /src/feed /srv/ && cp /src/radio.caddy /etc/caddy/
ENV XDG_DATA_HOME=/tmp XDG_CONFIG_HOME=/tmp
EXPOSE 8082
ENTRYPOINT ["s6-svscan"]
CMD ["/etc/services.d"]
