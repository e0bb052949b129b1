FROM debian:13
ENV LANG=C.UTF-8
RUN apt-get update
RUN apt-get -y install ruby ruby-dev bundler rake make gcc g++ zlib1g-dev
RUN apt-get -y install ruby-rack ruby-rackup ruby-webrick ruby-csv
WORKDIR /srv/hooks
COPY . .
RUN rake
EXPOSE 9292
CMD bin/server
