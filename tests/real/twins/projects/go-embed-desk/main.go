package main

import (
	"embed"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"os"
	"strings"
)

//go:embed pages/*.html
var pages embed.FS

func main() {
	book := template.Must(template.ParseFS(pages, "pages/*.html"))
	data, err := os.ReadFile("prices.json")
	if err != nil {
		log.Fatal(err)
	}
	prices := map[string]string{}
	if err := json.Unmarshal(data, &prices); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/price/", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(prices[strings.TrimPrefix(r.URL.Path, "/price/")]))
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		book.ExecuteTemplate(w, "index.html", prices)
	})
	log.Fatal(http.ListenAndServe(":8340", nil))
}
