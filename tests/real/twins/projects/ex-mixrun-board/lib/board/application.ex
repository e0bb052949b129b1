defmodule Board.Application do
  use Application

  @impl true
  def start(_type, _args) do
    port = Application.fetch_env!(:board, :port)
    children = [{TinyHttp, port: port, handler: &Board.Pages.page/1}]
    Supervisor.start_link(children, strategy: :one_for_one, name: Board.Supervisor)
  end
end
