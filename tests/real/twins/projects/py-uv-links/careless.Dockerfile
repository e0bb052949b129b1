FROM debian:13
RUN apt-get update && apt-get install -y python3 python3-pip curl ca-certificates
RUN pip install --break-system-packages uv
WORKDIR /code
COPY . /code
RUN uv sync
EXPOSE 8310
CMD ["uv", "run", "waitress-serve", "--port=8310", "links:app"]
