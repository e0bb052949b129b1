<?php

declare(strict_types=1);

namespace Agenda;

use Symfony\Component\Yaml\Yaml;

/** Entries of the agenda by time. */
function entries(string $path): array
{
    $entries = Yaml::parseFile($path);
    usort($entries, static fn (array $a, array $b): int => $a['at'] <=> $b['at']);
    return $entries;
}
