defmodule Shop.Application do
  @moduledoc "Starts the web server of the shop."
  use Application

  @impl true
  def start(_type, _args) do
    port = Application.fetch_env!(:shop, :port)
    children = [{Web.Server, port: port, handler: &Shop.Router.call/2}]
    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end
end
