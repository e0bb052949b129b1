<?php // php tests/catalog.php
require __DIR__ . "/../src/autoload.php";
