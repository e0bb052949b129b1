// Package index lists a folder.
package index

import (
	_ "embed"
	"html/template"
	"io/fs"
	"net/http"
	"os"
)

//go:embed index.html
var page string

var parsed = template.Must(template.New("index").Parse(page))

// Handler answers with the names of all files below root.
func Handler(root string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var names []string
		_ = fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				names = append(names, path)
			}
			return nil
		})
		_ = parsed.Execute(w, names)
	}
}
