FROM debian:13
RUN apt-get update && apt-get install -y nginx supervisor php-fpm php-mbstring php-sqlite3 php-intl php-xml php-zip composer nodejs npm git
WORKDIR /var/www/desk
COPY . .
RUN rm /etc/nginx/sites-enabled/default && ln -s /var/www/desk/docker/nginx.conf /etc/nginx/sites-enabled/desk
RUN cp docker/www.conf /etc/php/8.4/fpm/pool.d/www.conf
EXPOSE 8320
CMD ["supervisord", "-c", "/var/www/desk/docker/desk.ini"]
