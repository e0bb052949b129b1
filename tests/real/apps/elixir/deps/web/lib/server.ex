defmodule Web.Server do
  @moduledoc """
  A web server of one page: accepts connections and answers each from a process of its own.

  The handler gets the method and the path and returns `{status, content_type, body}`.
  """
  require Logger

  @doc "The specification of the server as a child of a supervisor."
  def child_spec(options), do: %{id: __MODULE__, start: {__MODULE__, :start_link, [options]}}

  @doc "Listen on `:port` and answer with `:handler`."
  def start_link(options) do
    {:ok, socket} =
      :gen_tcp.listen(options[:port], [:binary, packet: :http_bin, active: false, reuseaddr: true])

    Logger.info("listening on #{options[:port]}")
    Task.start_link(fn -> accept(socket, options[:handler]) end)
  end

  defp accept(socket, handler) do
    {:ok, client} = :gen_tcp.accept(socket)
    Task.start(fn -> serve(client, handler) end)
    accept(socket, handler)
  end

  defp serve(client, handler) do
    with {:ok, {:http_request, method, {:abs_path, path}, _version}} <- :gen_tcp.recv(client, 0) do
      {status, type, body} = handler.(to_string(method), path)

      :gen_tcp.send(client, [
        "HTTP/1.1 #{status} #{Web.Status.reason(status)}\r\ncontent-type: #{type}\r\n",
        "content-length: #{byte_size(body)}\r\nconnection: close\r\n\r\n",
        body
      ])
    end

    :gen_tcp.close(client)
  end
end
