import Config
config :board, port: 4000, title: "Departures"
config :logger, level: :info
import_config "#{config_env()}.exs"
