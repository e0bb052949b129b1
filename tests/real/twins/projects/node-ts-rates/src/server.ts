import 'dotenv/config';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import Fastify from 'fastify';
import staticFiles from '@fastify/static';
import { convert, Query } from './convert.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const letter = readFileSync(path.join(here, 'templates', 'letter.txt'), 'utf8');
const server = Fastify({ logger: true });

await server.register(staticFiles, { root: path.resolve('openapi'), prefix: '/docs/' });

server.get('/convert', async (request) => convert(Query.parse(request.query)));
server.get('/letter', async (request, reply) => {
  const { result } = convert(Query.parse(request.query));
  return reply.type('text/plain').send(letter.replace('{sum}', String(result)).replace('{sender}', process.env.SENDER ?? '?'));
});

await server.listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 3001) });
