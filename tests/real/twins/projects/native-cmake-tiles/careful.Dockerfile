FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ cmake make zlib1g-dev
COPY . /src
RUN cd /src && cmake -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build && cmake --install build --strip

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/tiled /usr/local/bin/
COPY --from=build /usr/local/lib/libpages.so /usr/local/lib/
COPY --from=build /usr/local/share/tiles /usr/local/share/tiles
COPY --from=build /usr/local/etc/tiles.conf /usr/local/etc/
RUN ldconfig
EXPOSE 3950
CMD ["tiled", "--config", "/usr/local/etc/tiles.conf"]
