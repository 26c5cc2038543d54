// Command probe measures what no command of rotor shows, for the scripts of
// this folder to set beside its peers. It prints one JSON object.
//
//	probe tokenize TOKENIZER TEXTS.json
//	probe losses FOLDER
//	probe learn TASK SEED [GOAL]
//	probe next MODEL QUESTIONS.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var result any
	var err error
	switch {
	case len(args) == 3 && args[0] == "tokenize":
		result, err = tokenize(args[1], args[2])
	case len(args) == 2 && args[0] == "losses":
		result, err = losses(args[1])
	case (len(args) == 3 || len(args) == 4) && args[0] == "learn":
		result, err = learn(args[1], args[2], args[3:]...)
	case len(args) == 3 && args[0] == "next":
		result, err = next(args[1], args[2])
	default:
		err = fmt.Errorf("usage: probe tokenize TOKENIZER TEXTS.json | probe losses FOLDER | probe learn TASK SEED [GOAL] | probe next MODEL QUESTIONS.json")
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// read decodes a JSON file.
func read(file string, into any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
