defmodule Web.MixProject do
  use Mix.Project

  def project, do: [app: :web, version: "1.2.0", elixir: "~> 1.14", deps: []]
  def application, do: [extra_applications: [:logger]]
end
