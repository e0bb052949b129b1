FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light supervisor php-fpm php-mbstring php-sqlite3 \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled/default
COPY docker/nginx.conf /etc/nginx/sites-enabled/desk
COPY docker/www.conf /etc/php/8.4/fpm/pool.d/www.conf
WORKDIR /var/www/desk
COPY docker/desk.ini docker/
COPY app app
COPY lang lang
COPY public public
COPY views views
EXPOSE 8320
CMD ["supervisord", "-c", "/var/www/desk/docker/desk.ini"]
