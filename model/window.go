package model

import "fmt"

// Windowed says which of so many layers have a window: those that "layer_types"
// of newer files calls sliding_attention, or where a file has no such list, those
// that usual says.
func Windowed(architecture string, kinds []string, layers int, usual func(layer int) bool) ([]bool, error) {
	if layers < 1 || layers > MaxLayers {
		return nil, fmt.Errorf("model: config of a %s: num_hidden_layers %d cannot be", architecture, layers)
	}
	if kinds != nil && len(kinds) != layers {
		return nil, fmt.Errorf("model: config of a %s: layer_types has %d entries for %d layers", architecture, len(kinds), layers)
	}
	list := make([]bool, layers)
	for i := range list {
		switch {
		case kinds == nil:
			list[i] = usual(i)
		case kinds[i] == "sliding_attention":
			list[i] = true
		case kinds[i] != "full_attention":
			return nil, fmt.Errorf("model: config of a %s: layer_types has a %q; there are full_attention and sliding_attention", architecture, kinds[i])
		}
	}
	return list, nil
}
