# Sources, objects and compiler stay in this stage; only the installed files are copied.
FROM {build_image} AS build
WORKDIR /src
ADD --checksum=sha256:{sha256} {source_url} /src/source.tar.gz
RUN tar -xzf source.tar.gz --strip-components=1 \
 && ./configure --prefix=/usr/local --disable-static \
 && make -j"$(nproc)" \
 && make install-strip DESTDIR=/out

FROM {runtime_image}
COPY --link --from=build /out/usr/local /usr/local
