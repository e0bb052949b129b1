<?php
header('Content-Type: application/json');
echo json_encode(json_decode(file_get_contents('data/poll.json'), true)['votes']);
