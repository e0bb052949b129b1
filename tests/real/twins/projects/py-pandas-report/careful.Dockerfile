FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir pandas==2.2.3 numpy==2.2.1 pyarrow==18.1.0 rich==13.9.4 jinja2==3.1.5 \
    && /venv/bin/pip uninstall --yes pip

FROM debian:13
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /venv /venv
WORKDIR /work
COPY config config
COPY samples samples
COPY reporting reporting
USER nobody
ENTRYPOINT ["/venv/bin/python", "-m", "reporting"]
CMD ["--month", "2024-02"]
