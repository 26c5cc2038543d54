// Command tokenizer learns the demo's byte-pair encoding from its text.
//
//	go run ./demo/recipe/tokenizer FOLDER
//
// reads FOLDER/text.jsonl, writes FOLDER/tokenizer.json and prints how short
// the text becomes. Merges stay within one Chinese character, so that a verse
// of five characters is five tokens and one for its mark and line feed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rotor-lm/rotor/tokenizer"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: tokenizer FOLDER")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(folder string) error {
	var failed error
	texts := read(filepath.Join(folder, "text.jsonl"), &failed)
	t, err := tokenizer.Train(context.Background(), texts, tokenizer.TrainOptions{
		VocabSize: 6144,
		Special:   []string{"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"},
		Pattern:   "llama3-han",
		EOS:       "<|endoftext|>",
		Pad:       "<|pad|>",
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if err := t.Save(folder); err != nil {
		return err
	}
	return measure(t, texts)
}

// measure prints the tokens of the whole text, of its Chinese characters and
// of its English words. A document's last token, which the trainer adds, counts.
func measure(t *tokenizer.Tokenizer, texts iter.Seq[string]) error {
	var documents, tokens, characters, ofCharacters, words, ofWords int
	for text := range texts {
		ids := t.EncodeOrdinary(text)
		documents++
		tokens += len(ids) + 1
		if r, _ := utf8.DecodeRuneInString(text); !unicode.Is(unicode.Han, r) {
			words += len(strings.Fields(text))
			ofWords += len(ids)
			continue
		}
		marks := strings.Count(text, "\n") // a mark and its line feed are one token
		characters += utf8.RuneCountInString(text) - 2*marks + 1
		ofCharacters += len(ids) - marks
	}
	_, err := fmt.Printf("%d documents, %d tokens; %.3f tokens a Chinese character, %.3f a word of English\n",
		documents, tokens, float64(ofCharacters)/float64(characters), float64(ofWords)/float64(words))
	return err
}

// read yields the text of every document; where it fails it says so in failed.
func read(path string, failed *error) iter.Seq[string] {
	return func(yield func(string) bool) {
		f, err := os.Open(path)
		if err != nil {
			*failed = err
			return
		}
		defer f.Close()
		var document struct{ Text string }
		for d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); d.More(); {
			if *failed = d.Decode(&document); *failed != nil || !yield(document.Text) {
				return
			}
		}
	}
}
