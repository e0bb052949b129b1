# Without BuildKit: fetch, use and delete in one RUN; a later RUN cannot remove bytes from this layer.
RUN {apt_command} \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
