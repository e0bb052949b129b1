defmodule TinyHttp.MixProject do
  use Mix.Project

  def project, do: [app: :tinyhttp, version: "0.2.0", elixir: "~> 1.12", deps: []]
  def application, do: [extra_applications: [:logger]]
end
