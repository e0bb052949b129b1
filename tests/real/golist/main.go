// Lists tars with Go's archive/tar, the reader of nearly every container engine.
//
// Standard input: for each tar its length (8 bytes, big endian) and its bytes. Standard output: one
// line of JSON each, {"entries": [[name, link, type, size], …], "error": "…"}, names in base64. Bodies
// of at most 64 MiB are read, as an engine would; a fault in one begins with "body:".
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
)

type listing struct {
	Entries [][4]any `json:"entries"`
	Error   string   `json:"error"`
}

func list(data []byte) listing {
	out := listing{Entries: [][4]any{}}
	for reader := tar.NewReader(bytes.NewBuffer(data)); ; { // a Buffer cannot seek: bodies are read
		header, err := reader.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			out.Error = err.Error()
			return out
		}
		out.Entries = append(out.Entries, [4]any{
			[]byte(header.Name), []byte(header.Linkname), string(header.Typeflag), header.Size,
		})
		if header.Size <= 64<<20 {
			if _, err := io.Copy(io.Discard, reader); err != nil {
				out.Error = "body: " + err.Error()
				return out
			}
		}
	}
}

func main() {
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var size uint64
		if binary.Read(in, binary.BigEndian, &size) != nil {
			return
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(in, data); err != nil {
			panic(err)
		}
		if err := out.Encode(list(data)); err != nil {
			panic(err)
		}
	}
}
