// Command server answers over HTTP and fetches pages over HTTPS: the two things most services do.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"

	"example.org/shop/internal/items"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		_ = json.NewEncoder(answer).Encode(items.All())
	})
	http.HandleFunc("/reach", func(answer http.ResponseWriter, request *http.Request) {
		page, err := http.Get(os.Getenv("UPSTREAM"))
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
			return
		}
		defer page.Body.Close()
		answer.WriteHeader(page.StatusCode)
	})
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
