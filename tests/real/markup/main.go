// markup renders Markdown as Gitea and Forgejo do. It reads a list of texts as JSON, and answers with a list of
// [page before it is sanitized, page as it is shown]: goldmark with their extensions, then bluemonday.
package main

import (
	"bytes"
	"encoding/json"
	"os"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	emoji "github.com/yuin/goldmark-emoji"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
)

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		panic(err)
	}
	markdown := goldmark.New(
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough, extension.TaskList, extension.DefinitionList, extension.Footnote,
			extension.Linkify, emoji.Emoji,
		),
		goldmark.WithParserOptions(parser.WithAttribute()),
		goldmark.WithRendererOptions(html.WithUnsafe()),
	)
	policy := bluemonday.UGCPolicy()
	pages := make([][2]string, len(texts))
	for at, text := range texts {
		var page bytes.Buffer
		if err := markdown.Convert([]byte(text), &page); err != nil {
			panic(err)
		}
		pages[at] = [2]string{page.String(), policy.Sanitize(page.String())}
	}
	if err := json.NewEncoder(os.Stdout).Encode(pages); err != nil {
		panic(err)
	}
}
