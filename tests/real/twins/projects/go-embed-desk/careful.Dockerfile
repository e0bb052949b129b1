FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends golang-go
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /desk .

FROM scratch
WORKDIR /go/desk
COPY --from=build /desk ./desk
COPY prices.json ./
EXPOSE 8340
CMD ["./desk"]
