<?php
class Router
{
    public function __construct(private string $home) {}

    public function answer(string $path): void
    {
        $texts = require $this->home . '/lang/en.php';
        $number = preg_match('#^/tickets/(\d+)$#', $path, $found) ? $found[1] : null;
        $title = $number ? mb_convert_case("ticket $number", MB_CASE_TITLE) : $texts['welcome'];
        require $this->home . '/views/page.php';
    }
}
