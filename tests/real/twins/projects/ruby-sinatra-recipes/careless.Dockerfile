FROM debian:13
RUN apt-get update && apt-get install -y ruby-full build-essential libsqlite3-dev git
RUN apt-get install -y puma ruby-sinatra ruby-kramdown ruby-rspec ruby-rack-test rake
WORKDIR /app
ADD . /app
ENV RACK_ENV=production
EXPOSE 4567
CMD ["puma", "-C", "config/puma.rb"]
