defmodule Catalog do
  @moduledoc "Items in Mnesia, filled at start from a file of Erlang terms."
  use Application

  @impl true
  def start(_, _) do
    :mnesia.start()
    :mnesia.create_table(:item, attributes: [:name, :cents])
    :mnesia.wait_for_tables([:item], 5000)
    {:ok, items} = :file.consult(Application.app_dir(:catalog, "priv/items.config"))
    for {name, cents} <- items, do: :mnesia.dirty_write({:item, to_string(name), cents})
    Supervisor.start_link([], strategy: :one_for_one)
  end

  def cents(name) do
    case :mnesia.dirty_read(:item, name) do
      [{:item, _, cents}] -> cents
      [] -> nil
    end
  end
end
