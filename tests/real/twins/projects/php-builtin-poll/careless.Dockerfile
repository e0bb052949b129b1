FROM debian:13
RUN apt-get update && apt-get install -y php-cli php-curl php-gd php-mysql php-xml unzip wget nano
COPY . /poll
WORKDIR /poll
EXPOSE 8330
CMD php -S 0.0.0.0:8330
