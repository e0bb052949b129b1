# Install the components and drop the installer's backup in the same RUN.
RUN curl -fsSL {gcloud_archive_url} | tar -xz -C /opt \
 && /opt/google-cloud-sdk/install.sh --quiet --additional-components {components} \
 && rm -rf /opt/google-cloud-sdk/.install/.backup \
 && find /opt/google-cloud-sdk -name __pycache__ -prune -print0 | xargs -0 -r rm -rf
