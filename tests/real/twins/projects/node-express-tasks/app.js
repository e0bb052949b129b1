const express = require('express');
const path = require('path');
const morgan = require('morgan');
const config = require('config');

const app = express();
app.set('views', path.join(__dirname, 'views'));
app.set('view engine', 'ejs');
app.use(morgan('tiny'));
app.use(express.json());
app.use('/static', express.static(path.join(__dirname, 'public')));
app.use('/', require('./routes/tasks'));
app.locals.team = config.get('team');

module.exports = app;
