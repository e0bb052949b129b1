FROM debian:13
ENV JAVA_HOME=/usr/lib/jvm/default-java
RUN mkdir -p /usr/share/man/man1
RUN apt-get update && apt-get install -y default-jdk ant libjackson2-databind-java procps net-tools
WORKDIR /opt/library
COPY . .
RUN ant jar
EXPOSE 8090
CMD ["java", "-Djava.util.logging.config.file=conf/logging.properties", "-jar", "dist/library.jar"]
