package pseudonym

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ManifestVersion is the version of the form of a Manifest.
const ManifestVersion = 1

// Manifest says how the columns of a release were pseudonymized, so that it can
// be made again with the same tokens or reversed where a method can be. It
// holds no key and no value.
type Manifest struct {
	Version int              `json:"version"` // ManifestVersion
	Columns []ManifestColumn `json:"columns"`
}

// ManifestColumn is one column of a Manifest.
type ManifestColumn struct {
	Column string `json:"column"`
	Method string `json:"method"`           // with its parameters
	Spec   string `json:"spec"`             // as Column.Spec returns it
	KeyID  uint32 `json:"key_id,omitempty"` // of the key; 0 for a method without one
	// Bits is how many random bits a token has; 0 where different values never
	// have the same token, or where outputs are no tokens.
	Bits int `json:"bits,omitempty"`
	// Canonical names the canonicalization, in the order of its steps.
	Canonical string `json:"canonical,omitempty"`
	// Values and Nulls count what was written; Distinct the different tokens,
	// or AtLeast as many where there are too many to count. The elements of
	// lists are counted one by one.
	Values   int64 `json:"values"`
	Nulls    int64 `json:"nulls"`
	Distinct int64 `json:"distinct,omitempty"`
	AtLeast  int64 `json:"distinct_at_least,omitempty"`
	// LowEntropy is the reason that the column gives for it.
	LowEntropy string `json:"low_entropy,omitempty"`
}

// Manifest returns the manifest of the columns of p, with the counts of c if it
// is not nil. It fails if c counts other columns.
func (p *Pseudonymizer) Manifest(c *Counts) (Manifest, error) {
	m := Manifest{Version: ManifestVersion}
	if c != nil {
		if err := p.NewCounts().Merge(c); err != nil {
			return m, err
		}
	}
	for i := range p.columns {
		col := &p.columns[i]
		prep, _ := newPreparation(col.source)
		mc := ManifestColumn{Column: col.name, Method: describeMethod(col.source.Method),
			Spec: col.source.Spec(), Bits: col.bits(), Canonical: prep.chain.String(),
			LowEntropy: col.source.LowEntropy}
		t := traitsOf(col.source.Method)
		if !t.keyless {
			mc.KeyID = p.id
		}
		if c != nil {
			cc := &c.columns[i]
			mc.Values, mc.Nulls = cc.tally.total, cc.nulls
			n, exact := cc.tally.distinct()
			switch {
			case !cc.guarded:
			case cc.values != nil:
				mc.Distinct = int64(len(cc.values))
			case exact:
				mc.Distinct = n
			default:
				mc.AtLeast = n
			}
		}
		m.Columns = append(m.Columns, mc)
	}
	return m, nil
}

// WriteJSON writes the manifest as indented JSON; equal manifests give equal
// bytes.
func (m Manifest) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return fmt.Errorf("pseudonym: manifest: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("pseudonym: write manifest: %w", err)
	}
	return nil
}

// maxManifest bounds what ReadManifest reads.
const maxManifest = 16 << 20

// ReadManifest reads what [Manifest.WriteJSON] has written. It refuses another
// version, an unknown field, a column that occurs twice, anything that follows, and
// more than 16 MiB.
func ReadManifest(r io.Reader) (Manifest, error) {
	m, err := readManifest(r)
	if err != nil {
		return Manifest{}, fmt.Errorf("pseudonym: manifest: %w", err)
	}
	return m, nil
}

func readManifest(r io.Reader) (m Manifest, err error) {
	limited := &io.LimitedReader{R: r, N: maxManifest + 1}
	d := json.NewDecoder(limited)
	d.DisallowUnknownFields()
	err = d.Decode(&m)
	if limited.N == 0 {
		return m, fmt.Errorf("longer than %d bytes", maxManifest)
	}
	if err != nil {
		return m, errors.New("not the JSON of a manifest")
	}
	if _, err := d.Token(); err != io.EOF {
		return m, errors.New("something follows it")
	}
	if m.Version != ManifestVersion {
		return m, fmt.Errorf("version %d, want %d", m.Version, ManifestVersion)
	}
	seen := map[string]bool{}
	for _, c := range m.Columns {
		if seen[c.Column] {
			return m, fmt.Errorf("column %q occurs twice", c.Column)
		}
		seen[c.Column] = true
	}
	return m, nil
}

// Of returns what the manifest says of a column. It fails if it says nothing, or
// if that column was made in another way than c, whose tokens would be others.
func (m Manifest) Of(c Column) (ManifestColumn, error) {
	for _, mc := range m.Columns {
		if mc.Column != c.Name {
			continue
		}
		if spec := c.Spec(); mc.Spec != spec {
			return mc, fmt.Errorf("pseudonym: column %q was made by %s, which is not %s",
				c.Name, mc.Spec, spec)
		}
		return mc, nil
	}
	return ManifestColumn{}, fmt.Errorf("pseudonym: column %q is not in the manifest", c.Name)
}
