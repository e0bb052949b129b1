FROM debian:13
RUN apt-get update && apt-get install -y nodejs npm
RUN apt-get install -y nginx
COPY . /site
WORKDIR /site
RUN npm install
RUN npm run build
RUN mkdir -p /usr/share/nginx/museum && cp -r dist/* /usr/share/nginx/museum/
COPY deploy/nginx.conf /etc/nginx/nginx.conf
COPY deploy/site.conf /etc/nginx/museum/site.conf
EXPOSE 8080
CMD ["nginx", "-g", "daemon off;"]
