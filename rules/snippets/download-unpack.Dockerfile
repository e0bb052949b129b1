# The archive is streamed or mounted, never stored: only the unpacked files become a layer.
RUN curl -fsSL {url} | tar -xz -C {target_dir}
# With a checksum, and without curl in the image:
FROM scratch AS download
ADD --checksum=sha256:{sha256} {url} /archive.tar.gz

FROM {base_image}
RUN --mount=type=bind,from=download,source=/archive.tar.gz,target=/tmp/archive.tar.gz \
    tar -xzf /tmp/archive.tar.gz -C {target_dir}
