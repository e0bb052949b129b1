FROM debian:13 AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip
COPY requirements.txt .
RUN pip install --break-system-packages --no-cache-dir --prefix /out -r requirements.txt

FROM debian:13
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/local /usr/local
WORKDIR /board
COPY Procfile web.py worker.py ./
EXPOSE 8370
CMD ["honcho", "start"]
