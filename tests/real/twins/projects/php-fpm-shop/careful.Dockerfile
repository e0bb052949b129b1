FROM debian:13 AS data
RUN apt-get update && apt-get install -y --no-install-recommends php-cli php-sqlite3
WORKDIR /var/www/shop
COPY bin bin
RUN mkdir storage && php bin/seed.php

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx-light supervisor php-fpm php-sqlite3 php-mbstring \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled/default \
    && mkdir -p /run/php
COPY docker/nginx.conf /etc/nginx/sites-enabled/shop
COPY docker/supervisord.conf /etc/supervisor/conf.d/supervisord.conf
WORKDIR /var/www/shop
COPY --from=data --chown=www-data /var/www/shop/storage storage
COPY config config
COPY public public
COPY src src
COPY templates templates
EXPOSE 80
CMD ["/usr/bin/supervisord", "-c", "/etc/supervisor/conf.d/supervisord.conf"]
