defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [
      app: :shop,
      version: "0.3.0",
      elixir: "~> 1.14",
      start_permanent: Mix.env() == :prod,
      deps: [{:web, path: "deps/web"}, {:media, path: "deps/media"}]
    ]
  end

  def application, do: [mod: {Shop.Application, []}, extra_applications: [:logger, :crypto]]
end
