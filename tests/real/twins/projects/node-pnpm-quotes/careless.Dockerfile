FROM debian:13
RUN apt-get update && apt-get install -y nodejs npm
RUN npm install -g pnpm@9
WORKDIR /usr/src/app
COPY package.json ./
RUN pnpm install
COPY . .
EXPOSE 3110
CMD ["pnpm", "start"]
