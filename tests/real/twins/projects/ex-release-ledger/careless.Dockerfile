FROM debian:13-slim
ENV LANG=C.UTF-8 MIX_ENV=prod
RUN apt-get update -qq \
 && apt-get install -y -qq elixir erlang-dev erlang-xmerl erlang-inets make gcc git postgresql-client
WORKDIR /src
COPY . /src
RUN mix release --path /opt/ledger
RUN useradd ledger && chown -R ledger /opt/ledger
USER ledger
ENV PORT=4100
EXPOSE 4100
ENTRYPOINT ["/opt/ledger/bin/ledger"]
CMD ["start"]
