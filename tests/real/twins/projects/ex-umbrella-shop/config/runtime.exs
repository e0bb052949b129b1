import Config
if c = System.get_env("CURRENCY"), do: config(:front, currency: c)
