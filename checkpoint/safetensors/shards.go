package safetensors

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/atomicfile"
)

// WriteFolder writes the tensors into a folder under the names that other
// programs look for: model.safetensors or, where they take more than max bytes,
// model-00001-of-0000N.safetensors with their index. A max of zero means one
// file. The folder should be a new one that atomicfile.CreateDir hands out. It
// ends soon after ctx.
func WriteFolder(ctx context.Context, dir string, tensors []Tensor, metadata map[string]string, max int64) error {
	shards, total, err := divide(tensors, max)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if len(shards) == 1 {
		return create(ctx, filepath.Join(dir, "model.safetensors"), shards[0], metadata)
	}
	ix := index{Metadata: map[string]any{"total_size": total}, Weights: map[string]string{}}
	for i, part := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		if err := create(ctx, filepath.Join(dir, name), part, maps.Clone(metadata)); err != nil {
			return err
		}
		for _, t := range part {
			if _, twice := ix.Weights[t.Name]; twice {
				return fmt.Errorf("safetensors: tensor %q is there twice", t.Name)
			}
			ix.Weights[t.Name] = name
		}
	}
	text, err := json.MarshalIndent(ix, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), append(text, '\n'), 0o644)
}

func create(ctx context.Context, path string, tensors []Tensor, metadata map[string]string) error {
	return atomicfile.Create(path, func(w io.Writer) error { return Write(until{ctx, w}, tensors, metadata) })
}

// divide fills one file after the other up to max bytes of data, in order.
func divide(tensors []Tensor, max int64) ([][]Tensor, uint64, error) {
	shards, total, room := [][]Tensor{nil}, uint64(0), uint64(max)
	for _, t := range tensors {
		n, err := bytesOf(checkpoint.Info{DType: t.DType, Shape: t.Shape})
		if err != nil {
			return nil, 0, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		last := len(shards) - 1
		if max > 0 && n > room && len(shards[last]) > 0 {
			shards, room = append(shards, nil), uint64(max)
			last++
		}
		shards[last] = append(shards[last], t)
		total += n
		if n > room {
			n = room
		}
		room -= n
	}
	return shards, total, nil
}
