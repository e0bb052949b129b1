<?php
return ['welcome' => 'Welcome at the desk'];
