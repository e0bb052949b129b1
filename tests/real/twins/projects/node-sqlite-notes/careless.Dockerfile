FROM debian:13
RUN apt-get update && apt-get install -y nodejs npm python3 make g++
WORKDIR /app
COPY package.json .
RUN npm install --build-from-source
COPY . .
RUN node scripts/seed.js
EXPOSE 3120
CMD ["node", "src/main.js"]
