package main

import (
	"encoding/base64"
	"hash/fnv"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// read reads the e-mails of the folders below dir: what they say and "spam" or
// "ham". Headers are stripped, what begins alike is kept once, and their order
// is by chance, and always the same.
func read(dir string) ([][2]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.txt"))
	if err != nil {
		return nil, err
	}
	type entry struct {
		key  string
		pair [2]string
	}
	var list []entry
	seen := map[string]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		body := body(string(text))
		start := letters(body)
		if len(start) < 20 || seen[start] {
			continue
		}
		seen[start] = true
		label := "ham"
		if strings.HasPrefix(filepath.Base(filepath.Dir(path)), "spam") {
			label = "spam"
		}
		h := fnv.New128a()
		h.Write([]byte(start))
		list = append(list, entry{string(h.Sum(nil)), [2]string{body, label}})
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	pairs := make([][2]string, len(list))
	for i, e := range list {
		pairs[i] = e.pair
	}
	return pairs, nil
}

var (
	hidden = regexp.MustCompile(`(?is)<(style|script|head)\b.*?</(style|script|head)>|<!--.*?-->`)
	tag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// body is the text of an e-mail, at most 600 characters of it, without markup.
func body(text string) string {
	if strings.HasPrefix(text, "From ") { // a mailbox's separator
		_, text, _ = strings.Cut(text, "\n")
	}
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil { // odd headers end at the first empty line all the same
		_, text, _ = strings.Cut(text, "\n\n")
	} else {
		text = part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	}
	text = html.UnescapeString(tag.ReplaceAllString(hidden.ReplaceAllString(text, " "), " "))
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, " ")), " ")
	if r := []rune(text); len(r) > 600 {
		text = string(r[:600])
	}
	return text
}

// part is the text of a part of an e-mail: of several parts, the first with words.
func part(kind, encoding string, r io.Reader) string {
	media, params, _ := mime.ParseMediaType(kind)
	if strings.HasPrefix(media, "multipart/") {
		for parts := multipart.NewReader(r, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err != nil {
				return ""
			}
			if text := part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); strings.TrimSpace(text) != "" {
				return text
			}
		}
	}
	if media != "" && !strings.HasPrefix(media, "text/") {
		return ""
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	data, _ := io.ReadAll(io.LimitReader(r, 1<<20)) // as far as it can be read
	return string(data)
}

// letters are the first 200 letters of a text: who sends the same text twice changes numbers and spaces.
func letters(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' || r > 127 {
			b.WriteRune(r)
		}
		if b.Len() >= 200 {
			break
		}
	}
	return b.String()
}
