package main

import (
	"math/rand/v2"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
)

type sex uint8

const (
	female sex = iota
	male
)

func (s sex) String() string {
	if s == female {
		return "F"
	}
	return "M"
}

// person is what stays the same over the visits of a patient.
type person struct {
	birth         arrow.Date32
	zip, newZip   int16 // places in zips.codes, or noZip
	moved         uint16
	sex           sex
	chronic       bool // comes back for what was found first
	given, family uint8
}

// noZip is the address of people who have none in the country.
const noZip = -1

// zipOn is where the person lives, so many seconds into the period.
func (p *person) zipOn(second int64) int16 {
	if second >= int64(p.moved)*daySeconds {
		return p.newZip
	}
	return p.zip
}

// age is in full years, or nearly: leap days are spread over all years.
func (p *person) age(second int64) int {
	days := periodStart/daySeconds + second/daySeconds - int64(p.birth)
	return int(days * 10_000 / 3_652_425)
}

// ageBands are patients by five years of age, from 0 to 104: hospitals see
// newborns, women in their childbearing years and most of all the old.
var ageBands = []float64{
	7, 3, 3, 4, 5, 6, 6.5, 6, 5, 5.5, 7, 8, 8.5, 9, 9.5, 10, 9, 6, 2.5, 0.8, 0.2}

// women is the share of women among the patients of an age.
func women(age int) float64 {
	switch {
	case age < 15:
		return 0.46
	case age >= 18 && age < 42:
		return 0.62
	case age < 75:
		return 0.48
	case age < 90:
		return 0.57
	}
	return 0.7
}

// population draws people.
type population struct {
	ages, sameZip, given, family alias
}

func newPopulation() *population {
	return &population{
		ages:    newAlias(ageBands),
		sameZip: newAlias(newZips().people),
		given:   newAlias(falling(givenNames, 6)),
		family:  newAlias(falling(len(familyNames), 8)),
	}
}

func (g *population) person(rng *rand.Rand) person {
	age := g.ages.draw(rng) * 5
	days := age*365 + age/4 + rng.IntN(5*365)
	p := person{
		birth:   arrow.Date32(periodStart/daySeconds - int64(days)),
		zip:     int16(g.sameZip.draw(rng)),
		moved:   uint16(periodDays),
		given:   uint8(g.given.draw(rng)),
		family:  uint8(g.family.draw(rng)),
		sex:     male,
		chronic: rng.Float64() < 0.1+0.005*float64(min(age, 80)),
	}
	if rng.Float64() < women(days/365) {
		p.sex = female
	}
	p.newZip = p.zip
	switch x := rng.Float64(); {
	case x < 0.005:
		p.zip, p.newZip = noZip, noZip
	case x < 0.045: // moves house
		p.newZip = int16(g.sameZip.draw(rng))
		p.moved = uint16(rng.IntN(periodDays))
	}
	return p
}

// nationalID appends the number of the i-th person: ten digits, the first not
// 0, different for different people below nine thousand million, and a check
// digit after ISO 7064, MOD 11,10.
func nationalID(dst []byte, i uint32) []byte {
	const (
		numbers = 9_000_000_000
		factor  = 3_141_592_651 // has no divisor in common with numbers
		offset  = 2_718_281_828
	)
	lo := uint64(i) * factor % numbers
	dst = strconv.AppendUint(dst, 1_000_000_000+(lo+offset)%numbers, 10)
	return append(dst, checkDigit(dst[len(dst)-10:]))
}

// checkDigit is that of ISO 7064, MOD 11,10.
func checkDigit(digits []byte) byte {
	p := 10
	for _, d := range digits {
		p += int(d - '0')
		if p > 10 {
			p -= 10
		}
		p *= 2
		if p > 10 {
			p -= 11
		}
	}
	return byte('0' + (11-p)%10)
}
