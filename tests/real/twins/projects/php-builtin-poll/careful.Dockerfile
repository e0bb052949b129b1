FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends php-cli && rm -rf /var/lib/apt/lists/*
WORKDIR /poll
COPY index.php results.php ./
COPY data data
EXPOSE 8330
CMD ["php", "-S", "0.0.0.0:8330"]
