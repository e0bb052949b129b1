# Install and clean in one RUN.
RUN zypper --non-interactive install --no-recommends {packages} \
    && zypper clean --all \
    && rm -rf /var/log/zypp/* /var/log/zypper.log
