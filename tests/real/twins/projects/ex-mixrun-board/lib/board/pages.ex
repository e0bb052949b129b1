defmodule Board.Pages do
  @moduledoc "Pages of the departure board."

  def page("/"), do: {200, "text/html", EEx.eval_file(priv("templates/board.html.eex"), rows: rows(), title: title())}

  def page("/api/departures"), do: {200, "application/json", JSON.encode!(rows())}

  def page("/etag"), do: {200, "text/plain", :crypto.hash(:sha256, File.read!(priv("data/departures.csv"))) |> Base.encode16(case: :lower)}

  def page("/static/" <> name) do
    case File.read(priv("static/#{Path.basename(name)}")) do
      {:ok, body} -> {200, "text/css", body}
      _ -> {404, "text/plain", "none"}
    end
  end

  def page(_), do: {404, "text/plain", "none"}

  defp rows do
    priv("data/departures.csv")
    |> File.stream!()
    |> Enum.drop(1)
    |> Enum.map(fn line ->
      [time, to, track] = line |> String.trim() |> String.split(",")
      %{time: time, to: to, track: track}
    end)
  end

  defp title, do: Application.fetch_env!(:board, :title)
  defp priv(path), do: Application.app_dir(:board, "priv/#{path}")
end
