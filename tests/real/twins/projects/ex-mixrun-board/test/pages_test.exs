defmodule Board.PagesTest do
  use ExUnit.Case

  test "home" do
    assert {200, _, body} = Board.Pages.page("/")
    assert body =~ "Harbour"
  end
end
