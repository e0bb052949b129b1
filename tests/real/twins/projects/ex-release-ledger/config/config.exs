import Config
config :ledger, port: 4100
