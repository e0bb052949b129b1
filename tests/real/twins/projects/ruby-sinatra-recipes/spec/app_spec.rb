require_relative "../app"

RSpec.describe RecipeApp do
  it("knows names") { expect(Recipes.names).to include("dumplings") }
end
