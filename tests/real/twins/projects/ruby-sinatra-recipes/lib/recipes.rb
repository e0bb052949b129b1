# Recipes are Markdown files in one folder.
module Recipes
  FOLDER = File.expand_path("../recipes", __dir__)

  def self.names
    Dir.children(FOLDER).map { |name| File.basename(name, ".md") }.sort
  end

  def self.text(name)
    path = File.join(FOLDER, "#{File.basename(name)}.md")
    File.read(path) if File.exist?(path)
  end
end
