FROM debian:13
RUN apt-get update && apt-get install -y nodejs npm
RUN apt-get install -y git python3 make g++
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
EXPOSE 3001
CMD ["node", "dist/server.js"]
