const fs = require('fs');
const path = require('path');
const yaml = require('js-yaml');
const { v5: uuid } = require('uuid');
const router = require('express').Router();

const load = () => yaml.load(fs.readFileSync(path.join(process.cwd(), 'data', 'tasks.yml'), 'utf8'));

router.get('/', (request, response) => response.render('index', { tasks: load() }));
router.get('/tasks/:id', (request, response) => {
  const task = load().find((one) => String(one.id) === request.params.id);
  if (!task) return response.status(404).json({ error: 'none' });
  return response.json({ ...task, key: uuid(task.title, uuid.URL) });
});

module.exports = router;
