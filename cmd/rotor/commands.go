package main

import (
	"errors"

	"github.com/alecthomas/kong"
)

// commands is the whole command line: every command, and the flags that all of
// them have.
type commands struct {
	Demo     demoCmd     `cmd:"" group:"model" help:"Fine-tune a model that is part of this program, in under a minute."`
	Pull     pullCmd     `cmd:"" group:"model" help:"Fetch a model from a hub into the cache."`
	Show     showCmd     `cmd:"" group:"look" help:"Say what a model, adapter, tokenizer or data file holds."`
	Tokenize tokenizeCmd `cmd:"" group:"look" help:"Turn text into tokens, and back."`
	Train    trainCmd    `cmd:"" group:"model" help:"Fine-tune a model, or train a new one."`
	Generate generateCmd `cmd:"" group:"model" help:"Continue a text."`
	Chat     chatCmd     `cmd:"" group:"model" help:"Talk with a model, in the form that it was taught."`
	Eval     evalCmd     `cmd:"" group:"model" help:"Measure perplexity and accuracy on data."`
	Logits   logitsCmd   `cmd:"" group:"model" help:"Print a model's logits, to compare with any other engine."`
	Convert  convertCmd  `cmd:"" group:"model" help:"Write a model in another format or with other types: GGUF, safetensors, blocks of a few bits."`
	Adapter  adapterCmd  `cmd:"" group:"model" help:"Work on adapters as files."`
	Bench    benchCmd    `cmd:"" group:"rest" help:"Measure this machine, and Rotor's share of it."`
	RL       rlCmd       `cmd:"" name:"rl" group:"learn" help:"Learn and solve small worlds: classic reinforcement learning."`
	Version  versionCmd  `cmd:"" group:"rest" help:"Print the version, and what it found on this machine."`

	globals
}

// newCommands returns the commands with the flags that are not fields.
func newCommands() *commands { return &commands{Train: newTrainCmd()} }

// globals are the flags of every command.
type globals struct {
	JSON    bool     `name:"json" group:"all" help:"Print one JSON object, or one a line, and nothing else."`
	Seed    *uint64  `group:"all" placeholder:"N" help:"Seed of everything random."`
	Threads int      `group:"all" placeholder:"N" help:"Threads that share the work; 0 is one a processor. Results do not depend on it."`
	Help    helpFlag `short:"h" group:"all" help:"Show help and examples."`
}

// seed is --seed, or the usual one.
func (g globals) seed() uint64 {
	if g.Seed == nil {
		return 0
	}
	return *g.Seed
}

// errHelped ends a command line whose answer is the help text.
var errHelped = errors.New("help was shown")

type helpFlag bool

// BeforeReset prints the help of the command that was named so far.
func (helpFlag) BeforeReset(k *kong.Context) error {
	if err := k.PrintUsage(false); err != nil {
		return err
	}
	return errHelped
}
