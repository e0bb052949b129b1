const fs = require('node:fs');
const Database = require('better-sqlite3');

fs.mkdirSync('data', { recursive: true });
const notes = new Database('data/notes.db');
notes.exec("create table notes (text); insert into notes values ('buy glue')");
