import Config
if port = System.get_env("PORT"), do: config(:board, port: String.to_integer(port))
