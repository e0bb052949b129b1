<?php
$poll = json_decode(file_get_contents(__DIR__ . '/data/poll.json'), true);
echo '<h1>' . $poll['question'] . '</h1>';
