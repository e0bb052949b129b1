defmodule Front do
  @moduledoc "The shop's pages."
  use Application

  @impl true
  def start(_, _) do
    Supervisor.start_link([{Task, &listen/0}], strategy: :one_for_one)
  end

  defp listen do
    port = Application.fetch_env!(:front, :port)
    {:ok, socket} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true])
    loop(socket)
  end

  defp loop(socket) do
    {:ok, client} = :gen_tcp.accept(socket)

    with {:ok, {:http_request, _, {:abs_path, path}, _}} <- :gen_tcp.recv(client, 0, 5000) do
      drain(client)
      body = body(path)
      :inet.setopts(client, packet: :raw)
      :gen_tcp.send(client, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: #{byte_size(body)}\r\n\r\n" <> body)
    end

    :gen_tcp.close(client)
    loop(socket)
  end

  defp drain(client) do
    case :gen_tcp.recv(client, 0, 5000) do
      {:ok, :http_eoh} -> :ok
      {:ok, _} -> drain(client)
      _ -> :ok
    end
  end

  defp body("/price/" <> name), do: "#{name}: #{Catalog.cents(name)} #{Application.fetch_env!(:front, :currency)}"
  defp body("/"), do: File.read!(Application.app_dir(:front, "priv/public/index.html"))
  defp body(_), do: "none"
end
