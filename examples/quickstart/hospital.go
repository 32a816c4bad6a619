package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The two years in which people are admitted.
const (
	daySeconds    = 24 * 60 * 60
	periodStart   = 1_672_531_200 // 2023-01-01 00:00 UTC
	periodDays    = 731
	periodSeconds = periodDays * daySeconds
)

// visit is a second of the period, a person and an illness in one number, so
// that visits sort by the time of admission.
type visit uint64

const (
	illnessBits = 6
	personBits  = 32
)

func newVisit(second int64, person uint32, illness int) visit {
	return visit(uint64(second)<<(personBits+illnessBits) |
		uint64(person)<<illnessBits | uint64(illness))
}

func (v visit) second() int64  { return int64(v >> (personBits + illnessBits)) }
func (v visit) person() uint32 { return uint32(v >> illnessBits) }
func (v visit) illness() int   { return int(v & (1<<illnessBits - 1)) }

// hospital draws why and when people come and what is done with them.
type hospital struct {
	seed   uint64
	causes [2][oldest + 1]alias // by sex and age
	hours  [timesCount]alias    // of the period
	stays  spread
	costs  spread
}

func newHospital(seed uint64) *hospital {
	h := &hospital{seed: seed, stays: newSpread(0.55), costs: newSpread(0.2)}
	for s := range h.causes {
		for age := range h.causes[s] {
			weights := make([]float64, len(illnesses))
			for i := range illnesses {
				weights[i] = illnesses[i].weight(sex(s), age)
			}
			h.causes[s][age] = newAlias(weights)
		}
	}
	for when := range h.hours {
		h.hours[when] = newAlias(hourWeights(times(when)))
	}
	return h
}

// hourWeights are how many come in each hour of the period.
func hourWeights(when times) []float64 {
	// By the hour of the day: few at night, most before noon.
	round := [24]float64{14, 11, 9, 8, 8, 10, 15, 26, 44, 58, 64, 62, 56, 52, 50, 47, 45, 44, 42,
		40, 36, 30, 24, 18}
	week := [7]float64{time.Sunday: 0.82, 1.16, 1.06, 1.02, 1.02, 1.04, 0.88}
	weights := make([]float64, periodDays*24)
	for i := range weights {
		at := time.Unix(periodStart+int64(i)*60*60, 0).UTC()
		cold := math.Cos(2 * math.Pi * float64(at.YearDay()-20) / 365) // 1 in January, -1 in July
		switch when {
		case anyTime:
			weights[i] = round[at.Hour()] * week[at.Weekday()] * (1 + 0.06*cold)
		case winter:
			weights[i] = round[at.Hour()] * week[at.Weekday()] * (1 + 0.45*cold)
		case planned:
			working := at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
			holidays := at.Month() == time.December && at.Day() > 22
			if working && !holidays && at.Hour() >= 6 && at.Hour() < 13 {
				weights[i] = round[at.Hour()] * (1 + 0.1*cold)
			}
		}
	}
	return weights
}

// calendar draws people until there are n visits, in the order of admission.
func (h *hospital) calendar(n int) ([]person, []visit) {
	rng := rand.New(rand.NewPCG(h.seed, 1))
	g := newPopulation()
	people := make([]person, 0, n/3)
	visits := make([]visit, 0, n)
	var theirs [mostVisits]booking
	for len(visits) < n {
		p := g.person(rng)
		i := uint32(len(people))
		booked := theirs[:0]
		for range min(visitCount(rng, p.chronic), n-len(visits)) {
			booked = h.book(rng, &p, i, booked)
		}
		for _, b := range booked {
			visits = append(visits, b.visit)
		}
		people = append(people, p)
	}
	slices.Sort(visits)
	return people, visits
}

// mostVisits is how often one person comes at most.
const mostVisits = 40

// visitCount is geometric, with a longer tail for the chronically ill.
func visitCount(rng *rand.Rand, chronic bool) int {
	again := 0.5
	if chronic {
		again = 0.84
	}
	n := 1
	for n < mostVisits && rng.Float64() < again {
		n++
	}
	return n
}

// booking is a visit and the second from which the person may come again.
type booking struct {
	visit visit
	until int64
}

// book adds a visit of the i-th person to those booked, unless there is no
// room between them: nobody is in the hospital twice.
func (h *hospital) book(rng *rand.Rand, p *person, i uint32, booked []booking) []booking {
	for range 8 {
		cause := h.cause(rng, p, booked)
		d := &illnesses[cause]
		v := newVisit(h.moment(rng, d.when), i, cause)
		if !d.strikes(p.sex, p.age(v.second())) {
			continue // too old by then, or still too young
		}
		b := booking{v, v.second() + (int64(h.treat(p, v).days)+d.restDays)*daySeconds}
		if !slices.ContainsFunc(booked, b.overlaps) {
			return append(booked, b)
		}
	}
	if len(booked) == 0 { // everybody comes at least once
		v := newVisit(h.moment(rng, anyTime), i, fallback)
		return append(booked, booking{visit: v})
	}
	return booked
}

func (b booking) overlaps(other booking) bool {
	return b.visit.second() < other.until && other.visit.second() < b.until
}

// fallback is an illness of both sexes and all ages.
const fallback = 17

// cause is what the person comes for: mostly what was found first, where that
// is chronic.
func (h *hospital) cause(rng *rand.Rand, p *person, booked []booking) int {
	if len(booked) > 0 && p.chronic && rng.Float64() < 0.75 {
		if first := booked[0].visit.illness(); illnesses[first].chronic {
			return first
		}
	}
	age := p.age(rng.Int64N(periodSeconds))
	return h.causes[p.sex][min(age, oldest)].draw(rng)
}

// moment is a second of the period.
func (h *hospital) moment(rng *rand.Rand, when times) int64 {
	return int64(h.hours[when].draw(rng))*60*60 + int64(rng.IntN(60*60))
}

// treatment is what became of a visit.
type treatment struct {
	ward int
	days int32
	cost float64
}

// treat draws from a stream of the visit's own, so that the answer is the same
// each time.
func (h *hospital) treat(p *person, v visit) treatment {
	var stream rand.PCG
	stream.Seed(h.seed, uint64(v))
	bits := stream.Uint64()
	x := float64(bits>>32) / (1 << 32)
	d := &illnesses[v.illness()]
	age := p.age(v.second())
	t := treatment{ward: d.ward}
	switch {
	case x < d.icu:
		t.ward = intensive
	case age < 16 && d.ward != obstetrics && d.ward != psychiatry:
		t.ward = pediatrics
	case age >= 80 && x > 0.65 && d.ward <= neurology && d.when != planned:
		t.ward = geriatrics
	}
	days := d.days * h.stays.at(bits) * (1 + 0.012*float64(max(age-55, 0)))
	if t.ward == intensive {
		days *= 1.6
	}
	t.days = int32(min(days+0.35, mostDays))
	w := &wards[t.ward]
	cost := h.costs.at(bits>>spreadBits) * (w.fix + w.daily*(float64(t.days)+0.5))
	t.cost = math.Round(100*cost) / 100
	return t
}

// mostDays is the longest stay.
const mostDays = 180

// spread is a log-normal distribution of median 1 in equally likely steps.
type spread []float64

const spreadBits = 12

func newSpread(sigma float64) spread {
	s := make(spread, 1<<spreadBits)
	for i := range s {
		q := (float64(i) + 0.5) / float64(len(s))
		s[i] = math.Exp(sigma * math.Sqrt2 * math.Erfinv(2*q-1))
	}
	return s
}

func (s spread) at(bits uint64) float64 { return s[bits&(1<<spreadBits-1)] }
