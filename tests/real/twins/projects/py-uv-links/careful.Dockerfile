FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip
RUN pip install --break-system-packages uv
WORKDIR /code
COPY pyproject.toml ./
RUN uv sync --no-dev --link-mode=copy

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /code
COPY --from=build /code/.venv .venv
COPY links.py links.toml ./
EXPOSE 8310
CMD [".venv/bin/waitress-serve", "--port=8310", "links:app"]
