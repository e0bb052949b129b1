FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv
WORKDIR /srv/invoices
RUN python3 -m venv --without-pip .venv && python3 -m venv /tools && /tools/bin/pip install --target .venv/lib/python3.13/site-packages "starlette>=0.37" "uvicorn>=0.30" "jinja2>=3.1"

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/invoices
COPY --from=build /srv/invoices/.venv .venv
COPY data data
COPY invoices invoices
EXPOSE 8300
CMD [".venv/bin/python", "-m", "uvicorn", "invoices.app:app", "--host", "0.0.0.0", "--port", "8300"]
