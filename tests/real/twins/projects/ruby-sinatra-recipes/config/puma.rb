bind "tcp://0.0.0.0:4567"
workers 0
threads 1, 4
environment "production"
