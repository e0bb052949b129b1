FROM debian:13
RUN apt-get update && apt-get install -y golang git make
WORKDIR /go/desk
COPY . .
RUN go build -o desk .
EXPOSE 8340
CMD ["./desk"]
