const fastify = require('fastify')();
const { render } = require('@mail/render');

fastify.get('/hello/:name', async (request) => render('hello', request.params));
fastify.get('/version', async () => 'mailer 2');
fastify.listen({ port: 3100, host: '0.0.0.0' });
