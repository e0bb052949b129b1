FROM debian:13
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get upgrade -y && apt-get install -y \
    python3 \
    python3-venv \
    python3-dev \
    gcc \
    g++ \
    make \
    curl \
    wget \
    nano
WORKDIR /app
RUN python3 -m venv /app/.venv
ENV PATH="/app/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RUN pip install --upgrade pip setuptools wheel
COPY . /app
RUN pip install -e ".[test]"
RUN useradd --create-home geo
RUN chown -R geo:geo /app
USER geo
EXPOSE 8080
CMD uvicorn geo.api:app --host 0.0.0.0 --port 8080
