package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// file joins a header and that many bytes of data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func one(dtype, shape, offsets string) string {
	return fmt.Sprintf(`{"x":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
}

// hostile are files that must be refused, and a word of what must be said.
var hostile = map[string]struct {
	file []byte
	says string
}{
	"empty":             {nil, "too few"},
	"seven bytes":       {make([]byte, 7), "too few"},
	"no header":         {file("", 0), "begin with {"},
	"huge header":       {binary.LittleEndian.AppendUint64(nil, 1<<62), "beyond the limit"},
	"header beyond end": {binary.LittleEndian.AppendUint64(nil, 90_000_000), "cut short"},
	"LFS pointer":       {[]byte("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"},
	"no JSON":           {file("{nonsense", 0), "JSON"},
	"list":              {file("[]", 0), "begin with {"},
	"open end":          {file(`{"x":`, 0), "JSON"},
	"trailing text":     {file(`{}{}`, 0), "follows"},
	"not UTF-8":         {file("{\"\xff\":1}", 0), "UTF-8"},
	"truncated data":    {file(one("F32", "[2]", "[0,8]"), 7), "cut short"},
	"surplus data":      {file(one("F32", "[2]", "[0,8]"), 9), "belong to no tensor"},
	"too small":         {file(one("F32", "[3]", "[0,8]"), 8), "takes 12 bytes"},
	"backward":          {file(one("F32", "[2]", "[8,0]"), 8), "offsets 8 to 0"},
	"gap":               {file(one("F32", "[2]", "[4,12]"), 12), "belong to no tensor"},
	"overflow":          {file(one("F32", "[4294967296,4294967296]", "[0,8]"), 8), "larger than any file"},
	"overflow to zero":  {file(one("F32", "[9223372036854775807,2,0]", "[0,0]"), 0), "larger than any file"},
	"overflow to small": {file(one("F32", "[4611686018427387905,4]", "[0,16]"), 16), "larger than any file"},
	"negative":          {file(one("F32", "[-2]", "[0,8]"), 8), "whole number"},
	"fraction":          {file(one("F32", "[2.5]", "[0,10]"), 10), "whole number"},
	"exponent":          {file(one("F32", "[1e9]", "[0,8]"), 8), "whole number"},
	"deep shape":        {file(one("F32", "["+strings.Repeat("1,", 99)+"1]", "[0,4]"), 4), "more than 64"},
	"three offsets":     {file(one("F32", "[1]", "[0,4,4]"), 4), "more than 2"},
	"one offset":        {file(one("F32", "[1]", "[4]"), 4), "two data_offsets"},
	"unknown type":      {file(one("Q9", "[2]", "[0,8]"), 8), "unknown type"},
	"small letters":     {file(one("f32", "[2]", "[0,8]"), 8), "unknown type"},
	"half a byte":       {file(one("F4", "[3]", "[0,2]"), 2), "end on a byte"},
	"type is a number":  {file(`{"x":{"dtype":1,"shape":[],"data_offsets":[0,4]}}`, 4), "not a name"},
	"no shape":          {file(`{"x":{"dtype":"F32","data_offsets":[0,4]}}`, 4), "want dtype, shape"},
	"unknown key":       {file(`{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4],"y":1}}`, 4), "unknown key"},
	"key twice":         {file(`{"x":{"dtype":"F32","shape":[],"shape":[],"data_offsets":[0,4]}}`, 4), "twice"},
	"tensor twice":      {file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "twice"},
	"same by escape":    {file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0078":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "twice"},
	"overlap":           {file(`{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), "overlap"},
	"same place":        {file(`{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2), "overlap"},
	"metadata number":   {file(`{"__metadata__":{"a":1}}`, 0), "not a text"},
	"metadata twice":    {file(`{"__metadata__":{"a":"1","a":"2"}}`, 0), "twice"},
	"long name":         {file(`{"`+strings.Repeat("n", 5000)+`":1}`, 0), "5000 bytes"},
	"number for object": {file(`{"x":3}`, 0), "should stand"},
	"deep nesting":      {file(`{"x":`+strings.Repeat("[", 1<<16), 0), "should stand"},
}

func TestHostileFiles(t *testing.T) {
	for name, c := range hostile {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := Open(path)
		runtime.ReadMemStats(&after)
		if err == nil {
			f.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want the file and %q", name, err, c.says)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(len(c.file))*8+1<<16 {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, got, len(c.file))
		}
		if len(err.Error()) > 500 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

func TestHostileIndex(t *testing.T) {
	shard := file(one("U8", "[1]", "[0,1]"), 1)
	for name, c := range map[string]struct{ index, says string }{
		"no JSON":        {`{`, "JSON"},
		"empty":          {`{}`, "weight_map"},
		"no such file":   {`{"weight_map":{"x":"b.safetensors"}}`, "b.safetensors"},
		"outside":        {`{"weight_map":{"x":"../a.safetensors"}}`, "beside it"},
		"absolute":       {`{"weight_map":{"x":"/a.safetensors"}}`, "beside it"},
		"wrong file":     {`{"weight_map":{"x":"a.safetensors","y":"a.safetensors"}}`, `"y" is not in`},
		"in two files":   {`{"weight_map":{"x":"a.safetensors","y":"c.safetensors"}}`, "and in"},
		"tensor left":    {`{"weight_map":{"y":"d.safetensors"}}`, "not in the index"},
		"a broken shard": {`{"weight_map":{"x":"a.safetensors","y":"e.safetensors"}}`, "e.safetensors"},
	} {
		dir := t.TempDir()
		two := file(`{"y":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"z":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2)
		for f, b := range map[string][]byte{
			"a.safetensors": shard, "c.safetensors": shard, "d.safetensors": two, "e.safetensors": shard[:10],
			"model.safetensors.index.json": []byte(c.index),
		} {
			if err := os.WriteFile(filepath.Join(dir, f), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Open(filepath.Join(dir, "model.safetensors.index.json"))
		if err == nil {
			f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %q", name, err, c.says)
		}
	}
}

// Whatever a file holds, it is refused or every tensor of it can be read, and
// written again to the same tensors.
func FuzzOpen(f *testing.F) {
	for _, c := range hostile {
		if len(c.file) < 1<<12 {
			f.Add(c.file)
		}
	}
	mixed, err := os.ReadFile("testdata/mixed.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(mixed)
	f.Add(file("{}", 0))
	f.Add(file(`{"__metadata__":{"a":"b"},"x":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}   `, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		src, err := Open(path)
		if err != nil {
			return
		}
		defer src.Close()
		total := 0
		var list []Tensor
		for _, name := range src.Names() {
			raw, err := src.Raw(name)
			if err != nil {
				t.Fatal(err)
			}
			total += len(raw)
			c, err := Copy(src, name)
			if err != nil {
				t.Fatal(err)
			}
			if name != "" {
				list = append(list, c)
			}
		}
		n := int(binary.LittleEndian.Uint64(b))
		if total != len(b)-8-n {
			t.Fatalf("the tensors hold %d of %d bytes", total, len(b)-8-n)
		}
		var out bytes.Buffer
		if err := Write(&out, list, src.Metadata()); err != nil {
			t.Fatal(err)
		}
	})
}
