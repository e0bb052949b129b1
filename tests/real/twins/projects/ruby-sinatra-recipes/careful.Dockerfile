FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends puma ruby-sinatra ruby-kramdown \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV RACK_ENV=production
COPY app.rb config.ru ./
COPY config config
COPY lib lib
COPY public public
COPY recipes recipes
COPY views views
USER www-data
EXPOSE 4567
CMD ["puma", "-C", "config/puma.rb"]
