FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends elixir erlang-mnesia erlang-ssl
ENV LANG=C.UTF-8 MIX_ENV=prod
WORKDIR /srv/shop
COPY mix.exs ./
COPY config config
COPY apps apps
RUN mix release

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends libncurses6 libssl3t64 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
ENV LANG=C.UTF-8
COPY --from=build --chown=nobody:root /srv/shop/_build/prod/rel/shop /srv/shop
USER nobody
EXPOSE 8080
CMD ["/srv/shop/bin/shop", "start"]
