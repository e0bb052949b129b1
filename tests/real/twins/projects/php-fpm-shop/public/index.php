<?php

declare(strict_types=1);

require __DIR__ . '/../src/autoload.php';

use Shop\Catalog;
use Shop\Page;

$config = require __DIR__ . '/../config/app.php';
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$catalog = new Catalog($config['database']);

if (preg_match('#^/item/(\w+)$#', $path, $match)) {
    header('Content-Type: application/json');
    echo json_encode($catalog->find($match[1]) ?? ['error' => 'none']);
    return;
}
echo (new Page($config['templates']))->render('home', ['items' => $catalog->all(), 'title' => mb_strtoupper($config['title'])]);
