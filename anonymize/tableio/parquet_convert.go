package tableio

import (
	"encoding/binary"
	"errors"
	"math"
)

// narrow stores 32-bit integers in fewer bytes, where they fit.
func narrow(width int, lo, hi int64) convert {
	return func(dst, src []byte) error {
		for i := 0; i*4 < len(src); i++ {
			v := int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
			if v < lo || v > hi {
				return errors.New("an integer is outside its type")
			}
			if width == 1 {
				dst[i] = byte(v)
			} else {
				binary.LittleEndian.PutUint16(dst[i*2:], uint16(v))
			}
		}
		return nil
	}
}

// fromInt96 reads the nanoseconds of a day and its Julian number.
func fromInt96(dst, src []byte) error {
	const (
		epoch     = 2440588
		nanosADay = 86400 * 1_000_000_000
		lastDay   = math.MaxInt64 / nanosADay
	)
	for i := 0; i*12 < len(src); i++ {
		nanos := int64(binary.LittleEndian.Uint64(src[i*12:]))
		day := int64(binary.LittleEndian.Uint32(src[i*12+8:])) - epoch
		if day <= -lastDay || day >= lastDay || nanos < 0 || nanos > nanosADay {
			return errors.New("a timestamp is outside the range of nanoseconds")
		}
		binary.LittleEndian.PutUint64(dst[i*8:], uint64(day*nanosADay+nanos))
	}
	return nil
}

// divide turns stored integers into coarser ones, which must come out even.
func divide(stored, by int64) convert {
	return func(dst, src []byte) error {
		for i := int64(0); i*stored < int64(len(src)); i++ {
			if stored == 4 {
				v := int32(binary.LittleEndian.Uint32(src[i*4:]))
				if v%int32(by) != 0 {
					return errUneven
				}
				binary.LittleEndian.PutUint32(dst[i*4:], uint32(v/int32(by)))
				continue
			}
			v := int64(binary.LittleEndian.Uint64(src[i*8:]))
			if v%by != 0 {
				return errUneven
			}
			binary.LittleEndian.PutUint64(dst[i*8:], uint64(v/by))
		}
		return nil
	}
}

var errUneven = errors.New("a time is not a whole number of its unit")

const millisADay = 86400 * 1000

// daysToMillis turns date32 into date64.
func daysToMillis(dst, src []byte) error {
	for i := 0; i*4 < len(src); i++ {
		day := int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
		binary.LittleEndian.PutUint64(dst[i*8:], uint64(day*millisADay))
	}
	return nil
}
