// Command fileserver serves a folder, with a listing that is rendered from an embedded template.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"

	"example.org/fileserver/internal/index"
)

type config struct {
	Listen string            `json:"listen"`
	Root   string            `json:"root"`
	Header map[string]string `json:"header"`
}

func main() {
	path := flag.String("config", "/etc/fileserver.json", "settings")
	flag.Parse()
	data, err := os.ReadFile(*path)
	if err != nil {
		log.Fatal(err)
	}
	var c config
	if err := json.Unmarshal(data, &c); err != nil {
		log.Fatal(err)
	}
	files := http.FileServer(http.Dir(c.Root))
	mux := http.NewServeMux()
	mux.Handle("/files/", http.StripPrefix("/files/", files))
	mux.HandleFunc("/", index.Handler(c.Root))
	log.Printf("listening on %s", c.Listen)
	log.Fatal(http.ListenAndServe(c.Listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range c.Header {
			w.Header().Set(name, value)
		}
		mux.ServeHTTP(w, r)
	})))
}
