FROM debian:13
RUN apt-get update && apt-get install -y nginx-full python3-pip python3-markdown pandoc git rsync
RUN rm -rf /var/www/html/* /etc/nginx/sites-enabled/default
COPY . /handbook
WORKDIR /handbook
RUN python3 tools/render.py /var/www/html
RUN cp nginx/handbook.conf /etc/nginx/conf.d/ && cp -r downloads /srv/downloads
RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
EXPOSE 8081
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/sbin/nginx"]
CMD ["-g", "daemon off;"]
