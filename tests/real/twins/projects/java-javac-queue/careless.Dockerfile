FROM debian:13-slim
RUN mkdir -p /usr/share/man/man1 && apt-get update && apt-get install -y openjdk-21-jdk-headless curl
WORKDIR /queue
COPY . .
RUN mkdir classes && javac -d classes src/queue/*.java && cp src/queue/*.properties classes/queue/
ENV JAVA_OPTS="-Xmx128m"
EXPOSE 8091
ENTRYPOINT ["/queue/scripts/run.sh"]
