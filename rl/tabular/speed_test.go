package tabular

import (
	"context"
	"testing"

	"github.com/rotor-lm/rotor/rl"
)

func speed(b *testing.B, name string, episodes int, alg Algorithm) {
	w := open(b, name)
	l := &Learning{Q: NewQ(w.Model.States, w.Model.Actions, 0), Alpha: rl.Const(.1), Epsilon: rl.Const(.1), Horizon: 100000}
	env := w.Finite()
	for b.Loop() {
		l.Episodes = 0
		for _, err := range Learn(context.Background(), env, alg, l, episodes) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(l.Steps)/b.Elapsed().Seconds()/1e6, "Msteps/s")
}

func BenchmarkQLearningGrid(b *testing.B)     { speed(b, "zhao5x5", 1, QLearning{}) }
func BenchmarkQLearningEpisodic(b *testing.B) { speed(b, "zhao5x5-episodic", 10000, QLearning{}) }
func BenchmarkQLearningLake(b *testing.B)     { speed(b, "frozenlake", 10000, QLearning{}) }
func BenchmarkSarsaGrid(b *testing.B)         { speed(b, "zhao5x5", 1, Sarsa{}) }
