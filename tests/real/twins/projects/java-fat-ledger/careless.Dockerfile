FROM debian:13
RUN mkdir -p /usr/share/man/man1 && apt-get update && apt-get install -y default-jdk-headless maven
ENV JAVA_OPTS="-Xmx64m"
WORKDIR /ledger
COPY . .
RUN mkdir classes && javac -d classes src/Ledger.java && jar --create --file ledger.jar --main-class Ledger -C classes . -C res rates.txt
EXPOSE 8350
CMD ["./start.sh"]
