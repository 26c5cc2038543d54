package kernel

import (
	"testing"
	"time"
)

func TestMeasurePeak(t *testing.T) {
	each(t, func(t *testing.T) {
		p := measurePeak(time.Millisecond, 1000, 1<<18)
		t.Logf("%+v", p)
		if p.Kernels != active.name || p.One <= 0 || p.All <= 0 || p.ReadOne <= 0 || p.ReadAll <= 0 {
			t.Errorf("a rate is missing: %+v", p)
		}
	})
}
