FROM debian:13
RUN apt-get update && apt-get install -y build-essential zlib1g-dev gdb
WORKDIR /usr/src/echo
COPY . .
RUN make
CMD ["/usr/src/echo/echo"]
