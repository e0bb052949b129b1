FROM debian:13
RUN apt-get update && mkdir -p /usr/share/man/man1 && apt-get install -y elixir erlang-nox git make wget unzip
ENV LC_ALL=C.UTF-8
ADD . /build
WORKDIR /build
RUN MIX_ENV=prod mix escript.build
RUN cp linkcheck /usr/local/bin/linkcheck
ENTRYPOINT ["linkcheck"]
CMD ["--ignore", "/build/share/ignore.txt", "/build/share/manual"]
