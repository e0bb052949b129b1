// stargzlist prints what an engine that pulls an eStargz layer lazily shows: it opens BLOB by its footer, holds the
// table of contents against DIGEST, reads each file chunk by chunk and verifies each chunk.
//
//	stargzlist BLOB DIGEST
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"os"
	"path"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
)

type shown struct {
	Name, Type, Link, Time, Content string
	Mode, Size                      int64
	UID, GID, Major, Minor          int
	Xattrs                          map[string][]byte
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func content(r *estargz.Reader, verifier estargz.TOCEntryVerifier, name string, size int64) string {
	file, err := r.OpenFile(name)
	check(err)
	whole := sha256.New()
	for at := int64(0); at < size; {
		chunk, ok := r.ChunkEntryForOffset(name, at)
		if !ok {
			log.Fatalf("%s: no chunk at %d", name, at)
		}
		v, err := verifier.Verifier(chunk)
		check(err)
		n, err := io.Copy(io.MultiWriter(whole, v), io.NewSectionReader(file, chunk.ChunkOffset, chunk.ChunkSize))
		check(err)
		if !v.Verified() || n != chunk.ChunkSize {
			log.Fatalf("%s: the chunk at %d is not what its digest says", name, at)
		}
		at += n
	}
	return hex.EncodeToString(whole.Sum(nil))
}

func main() {
	blob, err := os.Open(os.Args[1])
	check(err)
	info, err := blob.Stat()
	check(err)
	r, err := estargz.Open(io.NewSectionReader(blob, 0, info.Size()))
	check(err)
	verifier, err := r.VerifyTOC(digest.Digest(os.Args[2]))
	check(err)
	out := json.NewEncoder(os.Stdout)
	var walk func(name string, entry *estargz.TOCEntry)
	walk = func(name string, entry *estargz.TOCEntry) {
		line := shown{Name: name, Type: entry.Type, Link: entry.LinkName, Time: entry.ModTime3339, Mode: entry.Mode,
			Size: entry.Size, UID: entry.UID, GID: entry.GID, Major: entry.DevMajor, Minor: entry.DevMinor, Xattrs: entry.Xattrs}
		if entry.Type == "reg" {
			line.Content = content(r, verifier, name, entry.Size)
		}
		check(out.Encode(line))
		entry.ForeachChild(func(base string, child *estargz.TOCEntry) bool {
			walk(path.Join(name, base), child)
			return true
		})
	}
	root, ok := r.Lookup("")
	if !ok {
		log.Fatal("the table has no root")
	}
	walk("", root)
}
