defmodule Clock do
  use Application

  def start(_type, _arguments) do
    Supervisor.start_link([{Task, &listen/0}], strategy: :one_for_one)
  end

  defp listen do
    {:ok, socket} = :gen_tcp.listen(4300, [:binary, packet: :http_bin, active: false, reuseaddr: true])
    accept(socket)
  end

  defp accept(socket) do
    {:ok, client} = :gen_tcp.accept(socket)
    {:ok, {:http_request, :GET, {:abs_path, path}, _}} = :gen_tcp.recv(client, 0)
    text = answer(path)
    :gen_tcp.send(client, "HTTP/1.1 200 OK\r\ncontent-length: #{byte_size(text)}\r\nconnection: close\r\n\r\n#{text}")
    :gen_tcp.close(client)
    accept(socket)
  end

  defp answer("/health"), do: "ticking"
  defp answer(_path), do: File.read!(Application.app_dir(:clock, "priv/zones.csv"))
end
