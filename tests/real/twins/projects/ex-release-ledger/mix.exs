defmodule Ledger.MixProject do
  use Mix.Project

  def project do
    [
      app: :ledger,
      version: "2.1.0",
      elixir: "~> 1.15",
      start_permanent: Mix.env() == :prod,
      aliases: [compile: ["native", "compile"]],
      releases: [ledger: [include_executables_for: [:unix], applications: [runtime_tools: :permanent]]],
      deps: []
    ]
  end

  def application do
    [extra_applications: [:logger, :crypto, :inets, :xmerl], mod: {Ledger.Application, []}]
  end
end

defmodule Mix.Tasks.Native do
  use Mix.Task

  def run(_) do
    {_, 0} = System.cmd("make", [], into: IO.stream())
    :ok
  end
end
