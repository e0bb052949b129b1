const request = require('supertest');
const app = require('../app');

test('one task', async () => {
  const answer = await request(app).get('/tasks/1');
  expect(answer.body.title).toBe('Paint the fence');
});
