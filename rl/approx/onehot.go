package approx

// OneHot gives each of n states a feature of its own: a table as a linear function.
type OneHot int

// Len is the number of states.
func (n OneHot) Len() int { return int(n) }

// Of has a one in the place of s.
func (n OneHot) Of(s int, phi *Sparse) {
	phi.Reset()
	phi.Put(s, 1)
}

// Aggregate puts Size states that follow each other into one group, from state
// First on, and gives each of Groups groups one feature. States before the first
// and after the last group have none, as the ends of a random walk.
//
// Sutton and Barto 2018, §9.3.
type Aggregate struct{ First, Size, Groups int }

// Len is the number of groups.
func (a Aggregate) Len() int { return a.Groups }

// Of has a one in the place of the group of s.
func (a Aggregate) Of(s int, phi *Sparse) {
	phi.Reset()
	if s -= a.First; s >= 0 && s < a.Size*a.Groups {
		phi.Put(s/a.Size, 1)
	}
}
