import { readFileSync } from 'node:fs';
import express from 'express';
import yaml from 'js-yaml';

const quotes = yaml.load(readFileSync(new URL('./quotes.yaml', import.meta.url), 'utf8'));
const app = express();
app.use(express.static('public'));
app.get('/quote', (_, response) => response.send(quotes[0].text));
app.listen(3110);
