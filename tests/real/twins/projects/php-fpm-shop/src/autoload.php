<?php

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/' . str_replace(['Shop\\', '\\'], ['', '/'], $class) . '.php';
});
