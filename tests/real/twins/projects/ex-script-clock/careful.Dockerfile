FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends elixir erlang-dev
ENV MIX_ENV=prod LANG=C.UTF-8
WORKDIR /src
COPY mix.exs ./
COPY lib lib
COPY priv priv
RUN mix release --path /out

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends libncurses6 libstdc++6 openssl && rm -rf /var/lib/apt/lists/*
ENV LANG=C.UTF-8
WORKDIR /opt/clock
COPY --from=build /out ./
EXPOSE 4300
CMD ["bin/clock", "start"]
