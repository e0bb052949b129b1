FROM debian:13-slim AS build
RUN mkdir -p /usr/share/man/man1 && apt-get update && apt-get install -y --no-install-recommends openjdk-21-jdk-headless
WORKDIR /queue
COPY src src
RUN mkdir classes && javac -d classes src/queue/*.java && cp src/queue/*.properties classes/queue/

FROM debian:13-slim
RUN mkdir -p /usr/share/man/man1 && apt-get update \
    && apt-get install -y --no-install-recommends openjdk-21-jre-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /queue
COPY --from=build /queue/classes classes
COPY etc etc
COPY scripts scripts
ENV JAVA_OPTS="-Xmx128m"
USER nobody
EXPOSE 8091
ENTRYPOINT ["/queue/scripts/run.sh"]
