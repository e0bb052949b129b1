require "erb"
require "yaml"

class Gallery
  TEXTS = YAML.load_file(File.join(__dir__, "../locales/de.yml"))

  def call(_env)
    page = ERB.new(File.read(File.join(__dir__, "../views/index.erb"))).result_with_hash(texts: TEXTS)
    [200, { "content-type" => "text/html" }, [page]]
  end
end
