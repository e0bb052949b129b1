FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends elixir erlang-dev
ENV LANG=C.UTF-8 MIX_ENV=prod
WORKDIR /app
COPY mix.exs ./
COPY vendor vendor
COPY config config
COPY lib lib
COPY priv priv
COPY assets/board.css priv/static/board.css
RUN mix release

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends libncurses6 libssl3t64 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
ENV LANG=C.UTF-8
WORKDIR /app
COPY --from=build --chown=nobody:root /app/_build/prod/rel/board ./
USER nobody
EXPOSE 4000
CMD ["/app/bin/board", "start"]
