import Config
config :board, title: "Departures, central station"
