package pseudonym

import "bytes"

// read returns the token that a text or the bytes of a cell stand for.
func (f Format) read(cell []byte) (token, error) {
	var t token
	var raw []byte
	var err error
	switch f {
	case "", Base32:
		raw, err = readBase32(nil, cell)
	case Hex:
		raw, err = readHex(nil, cell)
	case Binary:
		raw = cell
	case UUID:
		raw, err = readHex(nil, bytes.ReplaceAll(cell, []byte("-"), nil))
	}
	if err != nil || len(raw) != tokenBytes {
		return t, errToken
	}
	enc, err := f.encoding()
	if err != nil {
		return t, err
	}
	t = token(raw)
	again := make([]byte, enc.width)
	if enc.put(again, &t); !bytes.Equal(again, cell) {
		return t, errToken
	}
	return t, nil
}
