# Install in a separate stage; installer, completer and examples stay there.
FROM debian:{debian_release}-slim AS aws
ADD --checksum=sha256:{sha256} {awscli_zip_url} /tmp/awscliv2.zip
RUN apt-get update && apt-get install -y --no-install-recommends unzip \
 && unzip -q /tmp/awscliv2.zip -d /tmp && /tmp/aws/install \
 && rm -rf /usr/local/aws-cli/v2/current/dist/aws_completer \
           /usr/local/aws-cli/v2/current/dist/awscli/examples \
           /usr/local/aws-cli/v2/current/dist/awscli/data/ac.index

FROM {runtime_image}
COPY --link --from=aws /usr/local/aws-cli /usr/local/aws-cli
ENV PATH=/usr/local/aws-cli/v2/current/bin:$PATH
