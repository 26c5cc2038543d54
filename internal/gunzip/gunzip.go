// Package gunzip reads the golden files of tests that are kept compressed.
package gunzip

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"testing"
)

// Bytes is what the file holds; the test fails where it cannot be read.
func Bytes(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// JSON decodes what the file holds into v.
func JSON(t testing.TB, path string, v any) {
	t.Helper()
	if err := json.Unmarshal(Bytes(t, path), v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
