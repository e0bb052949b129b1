FROM debian:13
RUN apt-get update
RUN apt-get install -y locales git curl make elixir erlang-mnesia erlang-ssl erlang-dev
RUN sed -i 's/# en_US.UTF-8/en_US.UTF-8/' /etc/locale.gen && locale-gen
ENV LANG=en_US.UTF-8 LC_ALL=en_US.UTF-8
ENV HOME=/srv/shop MIX_ENV=prod
COPY . /srv/shop
WORKDIR /srv/shop
RUN mix do deps.get, compile
RUN chmod -R a+rwX /srv/shop
EXPOSE 8080
CMD ["./bin/start.sh"]
