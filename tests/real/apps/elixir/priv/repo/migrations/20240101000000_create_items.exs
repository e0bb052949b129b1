defmodule Shop.Repo.Migrations.CreateItems do
  @moduledoc "Kept in the release: read through the application's priv directory."
  def change, do: [:items, name: :string, price: :integer]
end
