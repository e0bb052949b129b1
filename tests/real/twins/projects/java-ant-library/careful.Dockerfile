FROM debian:13 AS build
RUN mkdir -p /usr/share/man/man1 && apt-get update \
    && apt-get install -y --no-install-recommends default-jdk-headless ant libjackson2-databind-java
WORKDIR /opt/library
COPY build.xml ./
COPY src src
RUN ant jar

FROM debian:13
RUN mkdir -p /usr/share/man/man1 && apt-get update \
    && apt-get install -y --no-install-recommends default-jre-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/library
COPY --from=build /opt/library/dist dist
COPY conf conf
COPY data data
COPY web web
USER nobody
EXPOSE 8090
CMD ["java", "-Djava.util.logging.config.file=conf/logging.properties", "-jar", "dist/library.jar"]
