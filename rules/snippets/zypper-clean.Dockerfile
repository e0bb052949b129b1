# Install and clean in one RUN.
RUN {lean_zypper_command} \
    && zypper clean --all \
    && rm -rf /var/log/zypp/* /var/log/zypper.log
