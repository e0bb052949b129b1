FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends php-cli php-twig php-symfony-yaml \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY app app
COPY data data
COPY views views
COPY web web
USER www-data
EXPOSE 8000
CMD ["php", "-S", "0.0.0.0:8000", "-t", "web", "web/router.php"]
