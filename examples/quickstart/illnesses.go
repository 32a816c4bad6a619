package main

import "math"

// The places of the wards in wards.
const (
	internal = iota
	cardiology
	pneumology
	neurology
	oncology
	geriatrics
	pediatrics
	surgery
	orthopedics
	urology
	gynecology
	obstetrics
	psychiatry
	intensive
)

// wards have the cost of a day and what a visit costs on top.
var wards = [...]struct {
	name       string
	daily, fix float64
}{
	internal: {"internal medicine", 520, 400}, cardiology: {"cardiology", 690, 1900},
	pneumology: {"pneumology", 560, 500}, neurology: {"neurology", 640, 900},
	oncology: {"oncology", 720, 2300}, geriatrics: {"geriatrics", 430, 300},
	pediatrics: {"pediatrics", 590, 350}, surgery: {"surgery", 610, 2600},
	orthopedics: {"orthopedics", 570, 4100}, urology: {"urology", 580, 1500},
	gynecology: {"gynecology", 560, 1700}, obstetrics: {"obstetrics", 510, 1300},
	psychiatry: {"psychiatry", 340, 150}, intensive: {"intensive care", 1900, 3800},
}

// times are when people come: at any hour, on the mornings of working days, or
// at any hour and mostly in winter.
type times int

const (
	anyTime times = iota
	planned
	winter
	timesCount
)

// illness is why somebody comes. Its weight among people of an age falls off
// from its typical age like a normal distribution, and is 0 outside of least
// and most.
type illness struct {
	code        string
	ward        int
	women, men  float64 // weight at the typical age
	age, spread float64
	least, most int
	days        float64 // median of the stay
	icu         float64 // chance of the intensive care unit
	when        times
	chronic     bool
	restDays    int64 // least days before the next visit
}

// weight is how common the illness is.
func (d *illness) weight(s sex, age int) float64 {
	if !d.strikes(s, age) {
		return 0
	}
	w := d.women
	if s == male {
		w = d.men
	}
	off := (float64(age) - d.age) / d.spread
	return w * math.Exp(-off*off/2)
}

// strikes says whether people of that sex and age have it at all.
func (d *illness) strikes(s sex, age int) bool {
	return age >= d.least && age <= d.most && (s == female && d.women > 0 || s == male && d.men > 0)
}

// oldest is above every age.
const oldest = 120

// illnesses are named in the manner of ICD-10. The numbers are plausible and
// taken from nowhere.
var illnesses = [...]illness{
	{"I50.1", cardiology, 30, 32, 80, 12, 30, oldest, 8, .08, winter, true, 3},
	{"I48.0", cardiology, 22, 24, 74, 12, 30, oldest, 3, .03, anyTime, true, 3},
	{"I21.4", cardiology, 9, 18, 70, 13, 30, oldest, 6, .35, anyTime, false, 3},
	{"I25.1", cardiology, 10, 22, 70, 11, 35, oldest, 3, .02, planned, true, 7},
	{"I10.0", cardiology, 14, 9, 72, 14, 25, oldest, 3, .01, anyTime, false, 3},
	{"I63.9", neurology, 18, 19, 77, 12, 25, oldest, 9, .2, anyTime, false, 7},
	{"I70.2", surgery, 7, 14, 73, 10, 45, oldest, 7, .05, planned, true, 7},
	{"J44.1", pneumology, 16, 20, 72, 10, 40, oldest, 7, .06, winter, true, 3},
	{"J18.9", pneumology, 20, 24, 75, 22, 0, oldest, 7, .09, winter, false, 3},
	{"J45.9", pneumology, 6, 4, 30, 25, 2, oldest, 3, .02, winter, true, 3},
	{"J06.9", internal, 5, 6, 4, 6, 0, oldest, 2, 0, winter, false, 3},
	{"J20.9", internal, 7, 8, 5, 9, 0, oldest, 3, 0, winter, false, 3},
	{"J35.1", surgery, 6, 5, 9, 8, 2, 60, 2, 0, planned, false, 30},
	{"K35.8", surgery, 8, 9, 24, 15, 4, oldest, 3, .01, anyTime, false, 30},
	{"K40.9", surgery, 3, 18, 60, 18, 0, oldest, 1, 0, planned, false, 30},
	{"K80.2", surgery, 16, 9, 55, 17, 18, oldest, 3, .01, planned, false, 30},
	{"K57.3", surgery, 10, 8, 65, 13, 30, oldest, 6, .02, anyTime, false, 3},
	{"K52.9", internal, 12, 11, 40, 40, 0, oldest, 3, 0, anyTime, false, 3},
	{"K70.3", internal, 4, 10, 58, 9, 30, oldest, 8, .06, anyTime, true, 3},
	{"K50.9", internal, 4, 4, 32, 14, 10, oldest, 5, .01, anyTime, true, 3},
	{"K92.2", internal, 7, 8, 74, 14, 18, oldest, 5, .1, anyTime, false, 3},
	{"E11.9", internal, 13, 16, 66, 13, 30, oldest, 7, .01, planned, true, 7},
	{"E10.9", internal, 4, 5, 22, 15, 1, 90, 5, .03, anyTime, true, 3},
	{"E86", geriatrics, 10, 6, 84, 9, 60, oldest, 4, .01, anyTime, false, 3},
	{"N18.5", internal, 8, 12, 70, 13, 20, oldest, 2, .02, planned, true, 2},
	{"N20.1", urology, 6, 14, 48, 14, 18, oldest, 2, 0, anyTime, false, 3},
	{"N39.0", urology, 16, 8, 76, 20, 0, oldest, 4, .02, anyTime, false, 3},
	{"N40", urology, 0, 18, 72, 9, 45, oldest, 4, 0, planned, false, 30},
	{"N80.1", gynecology, 8, 0, 35, 8, 16, 52, 2, 0, planned, true, 14},
	{"N81.2", gynecology, 7, 0, 66, 11, 35, oldest, 3, 0, planned, false, 30},
	{"N83.2", gynecology, 6, 0, 38, 12, 14, 70, 2, 0, anyTime, false, 14},
	{"D25.9", gynecology, 8, 0, 45, 6, 25, 58, 3, 0, planned, false, 30},
	{"D50.9", internal, 6, 3, 72, 18, 1, oldest, 3, 0, anyTime, false, 3},
	{"C50.9", oncology, 18, .15, 62, 13, 25, oldest, 3, .01, planned, true, 5},
	{"C61", oncology, 0, 20, 70, 8, 45, oldest, 4, .01, planned, true, 5},
	{"C34.1", oncology, 10, 15, 68, 9, 35, oldest, 5, .04, planned, true, 5},
	{"C18.7", oncology, 10, 12, 70, 10, 30, oldest, 6, .06, planned, true, 5},
	{"C25.0", oncology, 4, 4, 70, 10, 35, oldest, 6, .05, planned, true, 5},
	{"C67.9", oncology, 3, 11, 72, 9, 40, oldest, 3, .01, planned, true, 5},
	{"C56", oncology, 5, 0, 62, 12, 20, oldest, 5, .04, planned, true, 5},
	{"C91.0", oncology, 1.2, 1.5, 5, 5, 1, 80, 6, .03, planned, true, 5},
	{"C83.3", oncology, 4, 5, 68, 12, 18, oldest, 4, .02, planned, true, 5},
	{"M16.1", orthopedics, 14, 10, 70, 9, 40, oldest, 7, .01, planned, false, 60},
	{"M17.1", orthopedics, 16, 10, 69, 8, 40, oldest, 7, .01, planned, false, 60},
	{"M51.2", orthopedics, 9, 11, 48, 12, 18, oldest, 5, 0, planned, false, 14},
	{"M54.5", orthopedics, 12, 9, 60, 16, 18, oldest, 5, 0, anyTime, false, 14},
	{"M06.9", internal, 4, 1.5, 58, 13, 18, oldest, 5, 0, planned, true, 14},
	{"S72.0", orthopedics, 24, 9, 84, 8, 40, oldest, 12, .05, anyTime, false, 30},
	{"S52.5", orthopedics, 12, 7, 55, 28, 3, oldest, 2, 0, anyTime, false, 30},
	{"S82.8", orthopedics, 8, 9, 45, 20, 10, oldest, 5, 0, anyTime, false, 30},
	{"S06.0", surgery, 10, 14, 25, 30, 0, oldest, 1, .02, anyTime, false, 7},
	{"G40.9", neurology, 6, 7, 38, 27, 0, oldest, 3, .04, anyTime, true, 3},
	{"G35.1", neurology, 6, 2.2, 38, 11, 16, 75, 3, 0, planned, true, 14},
	{"G20.1", neurology, 6, 9, 76, 8, 45, oldest, 8, 0, planned, true, 14},
	{"G45.9", neurology, 6, 6, 74, 12, 35, oldest, 4, .01, anyTime, false, 3},
	{"G47.3", pneumology, 4, 11, 56, 11, 18, oldest, 2, 0, planned, false, 30},
	{"F32.2", psychiatry, 9, 5, 48, 16, 14, oldest, 28, 0, planned, true, 14},
	{"F10.2", psychiatry, 5, 15, 47, 11, 16, 85, 8, .01, anyTime, true, 3},
	{"F20.0", psychiatry, 4, 6, 36, 12, 16, 80, 24, 0, anyTime, true, 7},
	{"F05.0", geriatrics, 4, 4, 85, 7, 65, oldest, 8, .01, anyTime, false, 3},
	{"O80", obstetrics, 60, 0, 31, 5, 16, 48, 3, 0, anyTime, false, 300},
	{"O82", obstetrics, 26, 0, 33, 5, 16, 48, 5, .005, planned, false, 330},
	{"O60.1", obstetrics, 6, 0, 30, 6, 16, 48, 6, .01, anyTime, false, 300},
	{"P07.3", pediatrics, 30, 33, 0, 1, 0, 0, 18, .3, anyTime, false, 7},
}
