<?php

return [
    'title' => 'Käseladen',
    'database' => __DIR__ . '/../storage/shop.sqlite',
    'templates' => __DIR__ . '/../templates',
];
