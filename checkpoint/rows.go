package checkpoint

import "fmt"

// Rows reads a tensor piece by piece: each call fills dst with the elements from
// at on, widened to float32. Both are whole blocks where the elements lie in
// blocks; rows are.
func Rows(src Source, name string) func(dst []float32, at int) error {
	var raw []byte // of a source that is not mapped, read once
	return func(dst []float32, at int) error {
		info, ok := src.Info(name)
		if !ok {
			return fmt.Errorf("checkpoint: no tensor %q", name)
		}
		if raw == nil {
			var err error
			if raw, err = src.Raw(name); err != nil {
				return err
			}
		}
		from, size := at*info.DType.Size(), len(dst)*info.DType.Size()
		if f, ok := info.DType.Blocks(); ok {
			if at%f.Block != 0 || len(dst)%f.Block != 0 {
				return fmt.Errorf("checkpoint: tensor %q: elements %d to %d are no whole blocks of %s", name, at, at+len(dst), f.Name)
			}
			from, size = f.Size(at), f.Size(len(dst))
		}
		if from+size > len(raw) {
			return fmt.Errorf("checkpoint: tensor %q has %d elements, and %d are wanted", name, info.Len(), at+len(dst))
		}
		if err := Widen(dst, raw[from:from+size], info.DType); err != nil {
			return fmt.Errorf("checkpoint: tensor %q: %w", name, err)
		}
		if at+len(dst) == info.Len() {
			raw = nil
		}
		return nil
	}
}
