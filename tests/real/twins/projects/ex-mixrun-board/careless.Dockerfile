FROM debian:13
RUN apt-get update && apt-get install -y build-essential git curl inotify-tools
RUN mkdir -p /usr/share/man/man1 && apt-get install -y erlang-nox erlang-dev elixir
RUN apt-get install -y nodejs npm
ENV LANG=C.UTF-8
ENV MIX_ENV=prod
WORKDIR /app
COPY . .
RUN cd assets && npm run build
RUN mix deps.compile
RUN mix compile
EXPOSE 4000
CMD ["mix", "run", "--no-halt"]
