FROM debian:13
RUN apt-get update && apt-get install -y elixir erlang-dev git build-essential
ENV MIX_ENV=prod LANG=C.UTF-8
WORKDIR /opt/clock
COPY . .
RUN mix compile
EXPOSE 4300
CMD ["elixir", "-S", "mix", "run", "--no-halt"]
