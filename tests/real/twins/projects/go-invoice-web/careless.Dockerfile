FROM debian:13
RUN apt-get update
RUN apt-get install -y golang-go
RUN apt-get install -y golang-github-go-chi-chi-dev golang-gopkg-yaml.v3-dev
RUN apt-get install -y gcc libc6-dev tzdata ca-certificates less vim-tiny
ENV GOPATH=/usr/share/gocode GO111MODULE=off INVOICES_HOME=/opt/invoices
COPY . /opt/invoices
WORKDIR /opt/invoices
RUN go build -o invoices .
RUN useradd --system --user-group invoices && chown -R invoices:invoices /opt/invoices
USER invoices
EXPOSE 7070
ENTRYPOINT ["./entrypoint.sh"]
CMD ["./invoices"]
