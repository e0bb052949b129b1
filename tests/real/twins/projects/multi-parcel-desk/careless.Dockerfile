FROM debian:13
RUN apt-get update && apt-get install -y python3 python3-venv python3-pip nginx supervisor sqlite3 gcc python3-dev redis-tools htop
RUN python3 -m venv /opt/desk
COPY requirements*.txt /tmp/
RUN /opt/desk/bin/pip install -r /tmp/requirements-dev.txt
COPY . /srv/desk
WORKDIR /srv/desk
ENV PARCELS_DB=/var/lib/desk/parcels.sqlite
RUN mkdir -p /var/lib/desk && cp ops/supervisord.conf /etc/supervisor/supervisord.conf
EXPOSE 8088
CMD ["supervisord", "-c", "/etc/supervisor/supervisord.conf"]
