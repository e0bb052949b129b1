<?php

declare(strict_types=1);

namespace Shop;

final class Page
{
    public function __construct(private string $folder)
    {
    }

    public function render(string $name, array $values): string
    {
        extract($values);
        ob_start();
        require "$this->folder/$name.phtml";
        return ob_get_clean();
    }
}
