defmodule Media.MixProject do
  use Mix.Project

  def project, do: [app: :media, version: "0.9.1", elixir: "~> 1.14", deps: []]
  def application, do: []
end
