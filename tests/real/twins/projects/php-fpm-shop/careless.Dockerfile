FROM debian:13
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y nginx supervisor php-fpm php-cli php-sqlite3 php-mbstring php-xml php-curl php-gd php-dev composer git unzip vim
RUN rm /etc/nginx/sites-enabled/default
COPY . /var/www/shop
COPY docker/nginx.conf /etc/nginx/sites-enabled/shop
COPY docker/supervisord.conf /etc/supervisor/conf.d/supervisord.conf
WORKDIR /var/www/shop
RUN php bin/seed.php
RUN mkdir -p /run/php && chown -R www-data:www-data /var/www/shop
EXPOSE 80
CMD ["/usr/bin/supervisord", "-c", "/etc/supervisor/conf.d/supervisord.conf"]
