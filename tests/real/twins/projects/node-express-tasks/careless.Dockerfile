FROM debian:13
RUN apt-get update && apt-get install -y nodejs npm
WORKDIR /usr/src/app
COPY package*.json ./
RUN npm install
COPY . .
ENV NODE_ENV=production
EXPOSE 3000
CMD ["npm", "start"]
