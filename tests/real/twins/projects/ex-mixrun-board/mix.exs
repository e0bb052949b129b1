defmodule Board.MixProject do
  use Mix.Project

  def project do
    [
      app: :board,
      version: "0.9.2",
      elixir: "~> 1.15",
      start_permanent: Mix.env() == :prod,
      deps: deps()
    ]
  end

  def application do
    [extra_applications: [:logger, :crypto, :eex], mod: {Board.Application, []}]
  end

  defp deps do
    [{:tinyhttp, path: "vendor/tinyhttp"}]
  end
end
