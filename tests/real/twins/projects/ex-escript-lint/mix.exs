defmodule Linkcheck.MixProject do
  use Mix.Project

  def project do
    [app: :linkcheck, version: "1.0.0", elixir: "~> 1.14", escript: [main_module: Linkcheck.CLI], deps: []]
  end

  def application, do: [extra_applications: [:logger]]
end
