defmodule Clock.MixProject do
  use Mix.Project

  def project, do: [app: :clock, version: "1.0.0", elixir: "~> 1.15", deps: []]

  def application, do: [extra_applications: [:logger, :inets], mod: {Clock, []}]
end
