# Renders Markdown by GitHub's public pipeline, on which GitLab's was built: CommonMarker, a sanitizer and links for
# mentions. Reads a list of texts as JSON, and answers with a list of [page before it is sanitized, page as shown].
require "json"
require "html/pipeline"

context = { gfm: true, unsafe: true, base_url: "https://forge.example/" }
rendering = HTML::Pipeline.new([HTML::Pipeline::MarkdownFilter], context)
shown = HTML::Pipeline.new(
  [HTML::Pipeline::MarkdownFilter, HTML::Pipeline::SanitizationFilter, HTML::Pipeline::MentionFilter], context
)
texts = JSON.parse($stdin.read)
puts JSON.generate(texts.map { |text| [rendering.to_html(text), shown.to_html(text)] })
