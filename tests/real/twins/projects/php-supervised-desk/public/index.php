<?php
require __DIR__ . '/../app/Router.php';
(new Router(__DIR__ . '/..'))->answer(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
