FROM debian:13
RUN apt-get update && apt-get install -y cargo pkg-config libssl-dev
COPY . /weather
WORKDIR /weather
RUN cargo build --release
EXPOSE 8087
CMD ["./target/release/weather"]
