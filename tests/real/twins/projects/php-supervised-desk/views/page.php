<!doctype html>
<link rel="stylesheet" href="/desk.css">
<h1><?= htmlspecialchars($title) ?></h1>
