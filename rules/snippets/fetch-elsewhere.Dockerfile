# syntax=docker/dockerfile:1
# The builder downloads and verifies, a stage unpacks, and the final image gets only the result.
FROM {base} AS fetch
ADD --checksum=sha256:{sha256} {url} /tmp/download.tar.gz
RUN mkdir /out && tar -xzf /tmp/download.tar.gz -C /out

FROM {base}
COPY --link --from=fetch /out/ {destination}/
