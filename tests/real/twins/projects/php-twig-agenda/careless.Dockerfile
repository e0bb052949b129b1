FROM debian:13
RUN apt-get update && apt-get install -y php php-cli php-twig php-symfony-yaml php-intl php-mysql apache2-utils curl
WORKDIR /srv
COPY . .
EXPOSE 8000
CMD ["php", "-S", "0.0.0.0:8000", "-t", "web", "web/router.php"]
