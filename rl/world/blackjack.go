package world

import "fmt"

func init() {
	Register(Entry{
		Name: "blackjack", About: "closer to 21 than the dealer, and not beyond",
		Source: "Sutton and Barto, Reinforcement Learning, 2018, example 5.1; Gymnasium, Blackjack-v1",
		Make:   newBlackjack,
	})
}

// A hand is what its player counts: a sum, and whether an ace counts as eleven.
type hand struct {
	sum int
	ace bool
}

// take adds a card: 1 is the ace, ten and pictures are 10.
func (h hand) take(card int) hand {
	h.sum += card
	if card == 1 && !h.ace && h.sum+10 <= 21 {
		return hand{h.sum + 10, true}
	}
	if h.sum > 21 && h.ace {
		return hand{h.sum - 10, false}
	}
	return h
}

// chance of drawing a card from the endless deck.
func chance(card int) float64 {
	if card == 10 {
		return 4. / 13
	}
	return 1. / 13
}

// Blackjack states are (sum·11 + dealer's card)·2 + usable ace, as Gymnasium's
// tuple in one number. Eleven more, by the dealer's card, are the hands that were
// dealt as ace and ten, which the rules natural and sab treat apart.
const (
	blackjackStates = 32 * 11 * 2
	stick, hit      = 0, 1
)

func blackjackState(h hand, dealer int) int {
	s := (h.sum*11 + dealer) * 2
	if h.ace {
		s++
	}
	return s
}

func newBlackjack(set *Settings) (*World, error) {
	natural := set.Bool("natural", false, "a win with ace and ten as dealt pays 1.5")
	sab := set.Bool("sab", true, "Sutton and Barto's rule: ace and ten as dealt beat all but the same")
	w := finite(Blackjack(natural, sab), set.Gamma(1))
	w.Horizon, w.Actions = set.Horizon(0), []string{"stick", "hit"}
	w.Range = [][2]float64{{4, 21}, {1, 10}, {0, 1}}
	w.New = func() Simulator { return Simulate[int, int](&blackjack{NewTable(w.Model)}) }
	return w, nil
}

// Blackjack is the exact table of the game. The dealer's hidden card is drawn
// when it is looked at, which changes nothing in an endless deck.
func Blackjack(natural, sab bool) *Model {
	apart := natural || sab
	m := NewModel(blackjackStates+11, 2, func(s, a int) []Outcome {
		h, dealer, dealt := hand{s / 22, s%2 == 1}, s/2%11, false
		if s >= blackjackStates {
			h, dealer, dealt = hand{21, true}, s-blackjackStates, true
		}
		if dealer == 0 || h.sum > 21 {
			return []Outcome{{P: 1, Next: s}} // over, or no state of the game
		}
		if a == stick {
			return settle(s, h, dealer, dealt, natural && !sab, sab)
		}
		var out []Outcome
		for card := 1; card <= 10; card++ {
			next := h.take(card)
			o := Outcome{P: chance(card), Next: blackjackState(next, dealer), Gamma: 1}
			if next.sum > 21 {
				o.Reward, o.Gamma = -1, 0
			}
			out = append(out, o)
		}
		return out
	})
	m.End = make([]bool, m.States)
	for s := range m.End {
		m.End[s] = s < blackjackStates && (s/22 > 21 || s/2%11 == 0) || s == blackjackStates
	}
	for a := 1; a <= 10; a++ {
		for b := 1; b <= 10; b++ {
			for dealer := 1; dealer <= 10; dealer++ {
				h := hand{}.take(a).take(b)
				s := blackjackState(h, dealer)
				if apart && h == (hand{21, true}) {
					s = blackjackStates + dealer
				}
				m.Start[s] += chance(a) * chance(b) * chance(dealer)
			}
		}
	}
	return m
}

// settle lets the dealer draw to 17 and compares.
func settle(s int, h hand, dealer int, dealt, pays, beats bool) []Outcome {
	var lose, draw, win Outcome
	lose, draw, win = Outcome{Next: s, Reward: -1}, Outcome{Next: s}, Outcome{Next: s, Reward: 1}
	if pays && dealt {
		win.Reward = 1.5
	}
	var play func(d hand, cards int, p float64)
	play = func(d hand, cards int, p float64) {
		if cards < 2 || d.sum < 17 {
			for card := 1; card <= 10; card++ {
				play(d.take(card), cards+1, p*chance(card))
			}
			return
		}
		same := cards == 2 && d == hand{21, true}
		switch {
		case beats && dealt && !same, d.sum > 21, h.sum > d.sum:
			win.P += p
		case h.sum < d.sum:
			lose.P += p
		default:
			draw.P += p
		}
	}
	play(hand{}.take(dealer), 1, 1)
	return []Outcome{lose, draw, win}
}

// blackjack is the table seen as Gymnasium's tuple.
type blackjack struct{ *Table }

func (t *blackjack) Width() int { return 3 }

func (t *blackjack) Observe(s int, x []float64) {
	if s >= blackjackStates {
		x[0], x[1], x[2] = 21, float64(s-blackjackStates), 1
		return
	}
	x[0], x[1], x[2] = float64(s/22), float64(s/2%11), float64(s%2)
}

func (t *blackjack) Numbers(s int) []float64 {
	x := make([]float64, 3)
	t.Observe(s, x)
	return x
}

func (t *blackjack) Place(x []float64) (int, error) {
	if len(x) != 3 {
		return 0, fmt.Errorf("a state of blackjack is sum,dealer's card,usable ace, not %d numbers", len(x))
	}
	sum, dealer, ace := int(x[0]), int(x[1]), int(x[2])
	if sum < 2 || sum > 21 || dealer < 1 || dealer > 10 || ace < 0 || ace > 1 || ace == 1 && sum < 12 ||
		float64(sum) != x[0] || float64(dealer) != x[1] || float64(ace) != x[2] {
		return 0, fmt.Errorf("state %g,%g,%g: want a sum from 2 to 21, a dealer's card from 1 to 10, and 0 or 1 (an ace counts eleven only in sums from 12)", x[0], x[1], x[2])
	}
	t.s = (sum*11+dealer)*2 + ace
	return t.s, nil
}
