package main

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// batchRows is how many visits a record holds at most.
const batchRows = 64 << 10

// visits is a table of n visits of about 0.3·n people to a hospital, as a
// stream of records in the order of admission, each in no order by itself. It is invented from the first
// row to the last: names, numbers and illnesses are drawn at random, from a
// generator that must never be used for secrets, and the same seed gives the
// same table. A person keeps name, number, date of birth and sex over the
// visits, and mostly the zip code.
//
// The caller releases the reader. Beside the record in hand it takes about
// 30 bytes a visit. A negative n is taken as 0.
func visits(n int, seed uint64) array.RecordReader {
	return newVisitStream(memory.DefaultAllocator, n, seed)
}

func newVisitStream(mem memory.Allocator, n int, seed uint64) *visitStream {
	h := newHospital(seed)
	s := &visitStream{hospital: h, names: newNames(), zips: newZips(), number: 1_000_000,
		order: rand.New(rand.NewPCG(seed, 2))}
	s.refs.Store(1)
	s.people, s.coming = h.calendar(max(n, 0))
	ward := array.NewStringBuilder(mem)
	defer ward.Release()
	for _, w := range wards {
		ward.Append(w.name)
	}
	s.wards = ward.NewArray()
	s.visit = array.NewInt64Builder(mem)
	s.name = array.NewStringBuilder(mem)
	s.national = array.NewStringBuilder(mem)
	s.birth = array.NewDate32Builder(mem)
	s.sex = array.NewStringBuilder(mem)
	s.zip = array.NewStringBuilder(mem)
	s.admitted = array.NewTimestampBuilder(mem, admittedType)
	s.ward = array.NewInt8Builder(mem)
	s.diagnosis = array.NewStringBuilder(mem)
	s.stay = array.NewInt32Builder(mem)
	s.cost = array.NewFloat64Builder(mem)
	s.builders = []array.Builder{s.visit, s.name, s.national, s.birth, s.sex, s.zip, s.admitted,
		s.ward, s.diagnosis, s.stay, s.cost}
	return s
}

var (
	admittedType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	wardType     = &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	visitSchema = arrow.NewSchema([]arrow.Field{
		{Name: "visit_id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String},        // given and family name
		{Name: "national_id", Type: arrow.BinaryTypes.String}, // ten digits and a check digit
		{Name: "birth_date", Type: arrow.FixedWidthTypes.Date32},
		{Name: "sex", Type: arrow.BinaryTypes.String},                 // F or M
		{Name: "zip", Type: arrow.BinaryTypes.String, Nullable: true}, // null: no address here
		{Name: "admitted", Type: admittedType},
		{Name: "ward", Type: wardType},
		{Name: "diagnosis", Type: arrow.BinaryTypes.String}, // in the manner of ICD-10
		{Name: "stay_days", Type: arrow.PrimitiveTypes.Int32},
		{Name: "cost", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, // null: not billed yet
	}, nil)
)

// visitStream is an array.RecordReader that makes its records when asked.
type visitStream struct {
	refs     atomic.Int64
	hospital *hospital
	names    *names
	zips     *zips
	people   []person
	coming   []visit
	order    *rand.Rand
	number   int64
	record   arrow.Record

	wards          arrow.Array
	builders       []array.Builder
	visit          *array.Int64Builder
	name, national *array.StringBuilder
	birth          *array.Date32Builder
	sex, zip       *array.StringBuilder
	admitted       *array.TimestampBuilder
	ward           *array.Int8Builder
	diagnosis      *array.StringBuilder
	stay           *array.Int32Builder
	cost           *array.Float64Builder
}

func (s *visitStream) Schema() *arrow.Schema { return visitSchema }
func (s *visitStream) Record() arrow.Record  { return s.record }
func (s *visitStream) Err() error            { return nil }
func (s *visitStream) Retain()               { s.refs.Add(1) }

func (s *visitStream) Release() {
	if s.refs.Add(-1) != 0 {
		return
	}
	s.drop()
	s.wards.Release()
	for _, b := range s.builders {
		b.Release()
	}
}

func (s *visitStream) drop() {
	if s.record != nil {
		s.record.Release()
		s.record = nil
	}
}

func (s *visitStream) Next() bool {
	s.drop()
	n := min(batchRows, len(s.coming))
	if n == 0 {
		return false
	}
	for _, b := range s.builders {
		b.Reserve(n)
	}
	// A table in the order of admission would tell by the place of a row what
	// is generalized in it.
	batch := s.coming[:n]
	s.order.Shuffle(n, func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	for _, v := range batch {
		s.append(v)
	}
	s.coming = s.coming[n:]
	columns := make([]arrow.Array, len(s.builders))
	for i, b := range s.builders {
		columns[i] = b.NewArray()
		if b == s.ward {
			indices := columns[i]
			columns[i] = array.NewDictionaryArray(wardType, indices, s.wards)
			indices.Release()
		}
	}
	s.record = array.NewRecord(visitSchema, columns, int64(n))
	for _, c := range columns {
		c.Release()
	}
	return true
}

// append writes one row.
func (s *visitStream) append(v visit) {
	p := &s.people[v.person()]
	seen := s.hospital.treat(p, v)
	s.number++
	s.visit.UnsafeAppend(s.number)
	s.name.Append(s.names.of(p))
	var digits [11]byte
	s.national.BinaryBuilder.Append(nationalID(digits[:0], v.person()))
	s.birth.UnsafeAppend(p.birth)
	s.sex.Append(p.sex.String())
	if zip := p.zipOn(v.second()); zip == noZip {
		s.zip.AppendNull()
	} else {
		s.zip.Append(s.zips.codes[zip])
	}
	s.admitted.UnsafeAppend(arrow.Timestamp((periodStart + v.second()) * 1_000_000))
	s.ward.UnsafeAppend(int8(seen.ward))
	s.diagnosis.Append(illnesses[v.illness()].code)
	s.stay.UnsafeAppend(seen.days)
	if v.second()+int64(seen.days)*daySeconds > periodSeconds {
		s.cost.UnsafeAppendBoolToBitmap(false)
	} else {
		s.cost.UnsafeAppend(seen.cost)
	}
}
