defmodule Ledger.Application do
  use Application

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([Ledger.Digit, Ledger.Web], strategy: :one_for_one)
  end
end
