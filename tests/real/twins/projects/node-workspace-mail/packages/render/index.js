const fs = require('fs');
const path = require('path');
const mustache = require('mustache');

exports.render = (name, values) => mustache.render(fs.readFileSync(path.join(__dirname, 'templates', `${name}.txt`), 'utf8'), values);
