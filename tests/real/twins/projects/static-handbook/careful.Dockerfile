FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-markdown
WORKDIR /handbook
COPY content content
COPY theme theme
COPY tools tools
RUN python3 tools/render.py /html

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled/default /var/www/html/* \
    && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
COPY nginx/handbook.conf /etc/nginx/conf.d/
COPY downloads /srv/downloads
COPY --from=build /html /var/www/html
EXPOSE 8081
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/sbin/nginx"]
CMD ["-g", "daemon off;"]
