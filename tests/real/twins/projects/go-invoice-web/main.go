// Command invoices renders invoices from templates, translations and settings beside it.
package main

import (
	"html/template"
	"log"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"time"
	_ "time/tzdata"

	"github.com/go-chi/chi"
	"gopkg.in/yaml.v3"
)

type settings struct {
	Port     string            `yaml:"port"`
	Language string            `yaml:"language"`
	Zone     string            `yaml:"zone"`
	Customer map[string]string `yaml:"customers"`
}

func load(path string, into any) {
	data, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		log.Fatal(err)
	}
}

func main() {
	home := os.Getenv("INVOICES_HOME")
	if home == "" {
		home = "."
	}
	var s settings
	load(filepath.Join(home, "config", "invoices.yaml"), &s)
	words := map[string]string{}
	load(filepath.Join(home, "locales", s.Language+".yaml"), &words)
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		log.Fatal(err)
	}
	pages := template.Must(template.ParseGlob(filepath.Join(home, "templates", "*.gohtml")))
	router := chi.NewRouter()
	router.Get("/invoice/{id}", func(w http.ResponseWriter, r *http.Request) {
		name, ok := s.Customer[chi.URLParam(r, "id")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_ = pages.ExecuteTemplate(w, "invoice.gohtml", map[string]any{
			"Words": words, "Name": name, "Day": time.Unix(1714600000, 0).In(zone).Format("2006-01-02 15:04"),
		})
	})
	router.Get("/whoami", func(w http.ResponseWriter, r *http.Request) {
		me, err := user.Current()
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		_, _ = w.Write([]byte("uid " + me.Uid))
	})
	router.Handle("/static/*", http.StripPrefix("/static/", http.FileServer(http.Dir(filepath.Join(home, "static")))))
	log.Fatal(http.ListenAndServe(":"+s.Port, router))
}
