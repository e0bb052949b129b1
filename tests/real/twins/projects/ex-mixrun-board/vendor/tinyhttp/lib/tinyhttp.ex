defmodule TinyHttp do
  @moduledoc "A small HTTP/1.1 server: `handler` takes a path and returns {status, type, body}."
  use Task, restart: :permanent
  require Logger

  def start_link(options), do: Task.start_link(__MODULE__, :listen, [options])

  def listen(options) do
    port = Keyword.fetch!(options, :port)
    {:ok, socket} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true])
    Logger.info("listening on #{port}")
    accept(socket, Keyword.fetch!(options, :handler))
  end

  defp accept(socket, handler) do
    {:ok, client} = :gen_tcp.accept(socket)
    spawn(fn -> serve(client, handler) end)
    accept(socket, handler)
  end

  defp serve(client, handler) do
    with {:ok, {:http_request, _, {:abs_path, path}, _}} <- :gen_tcp.recv(client, 0, 5000) do
      skip(client)
      {status, type, body} = handler.(path)
      :inet.setopts(client, packet: :raw)

      :gen_tcp.send(client, [
        "HTTP/1.1 #{status} .\r\ncontent-type: #{type}\r\nconnection: close\r\n",
        "content-length: #{IO.iodata_length(body)}\r\n\r\n",
        body
      ])
    end

    :gen_tcp.close(client)
  end

  defp skip(client) do
    case :gen_tcp.recv(client, 0, 5000) do
      {:ok, :http_eoh} -> :ok
      {:ok, _} -> skip(client)
      _ -> :ok
    end
  end
end
