FROM debian:13
RUN apt-get update && apt-get install -y golang git make ca-certificates
WORKDIR /go/src/fileserver
COPY . .
RUN make build
RUN cp conf/fileserver.json /etc/fileserver.json && cp -r web /srv/web
EXPOSE 8080
CMD ["/go/src/fileserver/bin/fileserver"]
