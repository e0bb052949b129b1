<?php

declare(strict_types=1);

namespace Shop;

use PDO;

final class Catalog
{
    private PDO $database;

    public function __construct(string $path)
    {
        $this->database = new PDO("sqlite:$path", options: [PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
    }

    /** @return list<array{name: string, cents: int}> */
    public function all(): array
    {
        return $this->database->query('SELECT name, cents FROM item ORDER BY name')->fetchAll();
    }

    public function find(string $name): ?array
    {
        $query = $this->database->prepare('SELECT name, cents FROM item WHERE name = ?');
        $query->execute([$name]);
        return $query->fetch() ?: null;
    }
}
