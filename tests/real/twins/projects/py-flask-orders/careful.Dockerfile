FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
WORKDIR /src
COPY requirements.txt .
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt \
    && /opt/venv/bin/pip uninstall --yes pip

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log
ENV PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /usr/src/app
COPY --from=build /opt/venv /opt/venv
COPY gunicorn.conf.py ./
COPY conf conf
COPY data data
COPY docs/terms.md docs/
COPY orders orders
EXPOSE 8000
USER www-data
CMD ["gunicorn", "-c", "gunicorn.conf.py", "orders.app:app"]
