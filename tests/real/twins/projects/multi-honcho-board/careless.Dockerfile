FROM debian:13
RUN apt-get update && apt-get install -y python3-pip python3-dev build-essential
WORKDIR /board
COPY . .
RUN pip install --break-system-packages -r requirements.txt
EXPOSE 8370
CMD ["honcho", "start"]
