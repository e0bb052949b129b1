<?php

$database = new PDO('sqlite:' . __DIR__ . '/../storage/shop.sqlite');
$database->exec('CREATE TABLE IF NOT EXISTS item (name TEXT PRIMARY KEY, cents INTEGER)');
foreach (['gouda' => 1290, 'feta' => 990] as $name => $cents) {
    $database->prepare('INSERT OR REPLACE INTO item VALUES (?, ?)')->execute([$name, $cents]);
}
