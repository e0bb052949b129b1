FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends cargo libc6-dev
WORKDIR /weather
COPY Cargo.toml Cargo.lock ./
COPY src src
RUN cargo build --release --locked && strip target/release/weather

FROM debian:13-slim
WORKDIR /weather
COPY --from=build /weather/target/release/weather /usr/local/bin/weather
COPY assets assets
COPY data data
USER nobody
EXPOSE 8087
CMD ["weather"]
