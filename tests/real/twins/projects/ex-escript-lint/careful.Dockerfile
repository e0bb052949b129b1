FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends elixir
ENV LC_ALL=C.UTF-8
WORKDIR /build
COPY mix.exs ./
COPY lib lib
RUN MIX_ENV=prod mix escript.build

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends erlang-base \
    && rm -rf /var/lib/apt/lists/*
ENV LC_ALL=C.UTF-8
COPY --from=build /build/linkcheck /usr/local/bin/linkcheck
COPY share /build/share
USER nobody
ENTRYPOINT ["linkcheck"]
CMD ["--ignore", "/build/share/ignore.txt", "/build/share/manual"]
