FROM debian:13-slim AS build
ENV LANG=C.UTF-8 MIX_ENV=prod
RUN apt-get update \
    && apt-get install -y --no-install-recommends elixir erlang-dev erlang-xmerl erlang-inets make gcc libc6-dev
WORKDIR /src
COPY . .
RUN mix release --path /opt/ledger

FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libncurses6 libssl3t64 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd ledger
COPY --from=build /opt/ledger /opt/ledger
RUN mkdir -p /opt/ledger/tmp && chown ledger /opt/ledger/tmp
USER ledger
ENV LANG=C.UTF-8 PORT=4100
EXPOSE 4100
ENTRYPOINT ["/opt/ledger/bin/ledger"]
CMD ["start"]
