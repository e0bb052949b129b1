FROM debian:13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
WORKDIR /src
COPY pyproject.toml ./
COPY geo geo
RUN python3 -m venv /app/.venv \
    && /app/.venv/bin/pip install --no-cache-dir . \
    && /app/.venv/bin/pip uninstall --yes pip

FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --no-create-home --shell /usr/sbin/nologin geo
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY settings.env .
ENV PATH="/app/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
USER geo
EXPOSE 8080
CMD ["uvicorn", "geo.api:app", "--host", "0.0.0.0", "--port", "8080"]
