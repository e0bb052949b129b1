FROM debian:13 AS build
RUN mkdir -p /usr/share/man/man1 && apt-get update && apt-get install -y --no-install-recommends default-jdk-headless
WORKDIR /ledger
COPY . .
RUN mkdir classes && javac -d classes src/Ledger.java && jar --create --file ledger.jar --main-class Ledger -C classes . -C res rates.txt

FROM debian:13
RUN mkdir -p /usr/share/man/man1 && apt-get update && apt-get install -y --no-install-recommends default-jre-headless && rm -rf /var/lib/apt/lists/*
ENV JAVA_OPTS="-Xmx64m"
WORKDIR /ledger
COPY --from=build /ledger/ledger.jar ./
COPY accounts.properties start.sh ./
EXPOSE 8350
CMD ["./start.sh"]
