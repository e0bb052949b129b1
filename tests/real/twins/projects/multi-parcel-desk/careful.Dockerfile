FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
COPY requirements.txt /tmp/
RUN python3 -m venv /opt/desk && /opt/desk/bin/pip install --no-cache-dir -r /tmp/requirements.txt \
    && /opt/desk/bin/pip uninstall --yes pip

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 nginx-light supervisor \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /var/lib/desk
COPY --from=build /opt/desk /opt/desk
COPY ops/supervisord.conf /etc/supervisor/supervisord.conf
WORKDIR /srv/desk
COPY api api
COPY ops ops
COPY schema schema
COPY ui ui
COPY worker worker
ENV PARCELS_DB=/var/lib/desk/parcels.sqlite
EXPOSE 8088
CMD ["supervisord", "-c", "/etc/supervisor/supervisord.conf"]
