<?php

declare(strict_types=1);

if (is_file(__DIR__ . $_SERVER['SCRIPT_NAME']) && $_SERVER['SCRIPT_NAME'] !== '/router.php') {
    return false;
}

require '/usr/share/php/Twig/autoload.php';
require '/usr/share/php/Symfony/Component/Yaml/autoload.php';
require __DIR__ . '/../app/agenda.php';

$twig = new Twig\Environment(new Twig\Loader\FilesystemLoader(__DIR__ . '/../views'));
echo $twig->render('agenda.html.twig', ['entries' => Agenda\entries(__DIR__ . '/../data/agenda.yaml')]);
