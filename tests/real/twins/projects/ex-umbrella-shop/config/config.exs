import Config
config :front, port: 8080, currency: "cents"
config :mnesia, dir: ~c"/tmp/mnesia"
