FROM debian:13
RUN apt-get update && apt-get install -y build-essential cmake zlib1g-dev git vim
COPY . /src
RUN cd /src && cmake -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build build && cmake --install build && ldconfig
EXPOSE 3950
CMD ["tiled", "--config", "/usr/local/etc/tiles.conf"]
