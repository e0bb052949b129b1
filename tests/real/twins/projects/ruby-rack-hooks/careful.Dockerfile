FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends ruby rake ruby-csv
WORKDIR /srv/hooks
COPY . .
RUN rake

FROM debian:13
ENV LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends ruby ruby-rack ruby-rackup ruby-webrick ruby-csv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/hooks
COPY config.ru ./
COPY bin bin
COPY templates templates
COPY --from=build /srv/hooks/data data
USER www-data
EXPOSE 9292
CMD ["bin/server"]
