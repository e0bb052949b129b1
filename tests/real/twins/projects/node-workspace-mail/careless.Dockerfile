FROM debian:13
RUN apt-get update && apt-get install -y nodejs npm git
WORKDIR /app
COPY . .
RUN npm install
ENV NODE_ENV=production
EXPOSE 3100
CMD ["npm", "start"]
