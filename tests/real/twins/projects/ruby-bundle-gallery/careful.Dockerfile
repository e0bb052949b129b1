FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends ruby rake
WORKDIR /srv/gallery
COPY . .
RUN rake assets

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends ruby puma ruby-rack bundler && rm -rf /var/lib/apt/lists/*
ENV RACK_ENV=production
WORKDIR /srv/gallery
COPY Gemfile config.ru ./
COPY lib lib
COPY locales locales
COPY views views
COPY --from=build /srv/gallery/public public
EXPOSE 9310
CMD ["bundle", "exec", "puma", "-b", "tcp://0.0.0.0:9310"]
