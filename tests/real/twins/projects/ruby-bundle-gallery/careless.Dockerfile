FROM debian:13
RUN apt-get update && apt-get install -y ruby-full build-essential bundler rake puma ruby-rack git imagemagick
WORKDIR /srv/gallery
COPY . .
RUN rake assets
ENV RACK_ENV=production
EXPOSE 9310
CMD ["bundle", "exec", "puma", "-b", "tcp://0.0.0.0:9310"]
