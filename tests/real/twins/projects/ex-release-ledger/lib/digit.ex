defmodule Ledger.Digit do
  @moduledoc "Check digits, worked out by a program in C beside this application."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)
  def of(number), do: GenServer.call(__MODULE__, {:of, number})

  @impl true
  def init(_) do
    path = Application.app_dir(:ledger, "priv/checkdigit")
    {:ok, Port.open({:spawn_executable, path}, [:binary, line: 80])}
  end

  @impl true
  def handle_call({:of, number}, _from, port) do
    Port.command(port, number <> "\n")

    receive do
      {^port, {:data, {:eol, digit}}} -> {:reply, digit, port}
    after
      2000 -> {:reply, "?", port}
    end
  end
end
