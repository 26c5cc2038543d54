package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/examples/internal/tiny"
)

func TestClassify(t *testing.T) {
	dir := t.TempDir()
	var all strings.Builder
	for i := range 60 {
		folder, text := "easy-ham-1", fmt.Sprintf("please send the patch for %s to the list", letter(i))
		if i%3 == 0 {
			folder, text = "spam-1", fmt.Sprintf("win money now with %s and click here", letter(i))
		}
		all.WriteString(text)
		path := filepath.Join(dir, "mails", folder, fmt.Sprintf("%d.txt", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("From x\nSubject: spam\n\n"+text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := tiny.Folder(dir, all.String()+system); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := run(t.Context(), &out, filepath.Join(dir, "model"), filepath.Join(dir, "mails"), filepath.Join(dir, "out"), map[int]int{20: 2}, 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"60 different e-mails, 20 held out", "the model as it is", "20 e-mails, TF-IDF           accuracy 1.000, F1 of ham 1.000, F1 of spam 1.000", "5 steps in ", "20 e-mails, LoRA  "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func letter(i int) string { return strings.Repeat(string(rune('a'+i%26)), 3+i/26) }

func TestBody(t *testing.T) {
	multi := "From a\nContent-Type: multipart/alternative; boundary=\"xx\"\n\npreamble\n--xx\nContent-Type: image/gif\n\nGIF\n--xx\n" +
		"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<style>p {}</style><p>Caf=C3=A9 &amp; more=\n over</p>\n--xx--\n"
	for mail, want := range map[string]string{
		"Subject: s\n\nhello\n  world\n":                          "hello world",
		"From me\nno header here\n\nthe text\n":                   "the text",
		"Content-Transfer-Encoding: base64\n\naGVsbG8gdGhlcmU=\n": "hello there",
		multi: "Café & more over",
		"Subject: s\n\n" + strings.Repeat("é", 2000): strings.Repeat("é", 600),
	} {
		if got := body(mail); got != want {
			t.Errorf("%q: %q, want %q", mail, got, want)
		}
	}
}

// The regression is scikit-learn's, to the score of each mail.
func TestReference(t *testing.T) {
	raw, err := os.ReadFile("testdata/tfidf.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Mails  [][2]string
		Scores []float64
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	n := len(golden.Mails) - len(golden.Scores)
	v := newVocabulary(golden.Mails[:n])
	x, y := make([]vector, n), make([]float64, n)
	for i, p := range golden.Mails[:n] {
		x[i], y[i] = v.vector(p[0]), sign(p[1])
	}
	w, b := fit(x, y, len(v.index))
	for i, want := range golden.Scores {
		if got := v.vector(golden.Mails[n+i][0]).dot(w) + b; math.Abs(got-want) > 1e-5 {
			t.Errorf("mail %d: score %g, want %g", i, got, want)
		}
	}
}
