// Serves the programme of today as JSON.
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const programme = () => JSON.parse(readFileSync(join(__dirname, 'programme.json'), 'utf8'));
createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(programme().filter((one) => one.hour >= 18)));
}).listen(7001, '127.0.0.1');
