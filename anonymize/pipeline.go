package anonymize

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/pseudonym"
)

// ErrUnsatisfied is wrapped by the errors that say that the data or the result
// do not satisfy the policy, as opposed to a policy or an input that is wrong.
var ErrUnsatisfied = errors.New("the policy is not satisfied")

// unsatisfied marks an error as the data's.
func unsatisfied(err error) error {
	if err == nil || errors.Is(err, ErrUnsatisfied) {
		return err
	}
	return &dataError{err}
}

// dataError is an error that is ErrUnsatisfied without saying so twice.
type dataError struct{ err error }

func (e *dataError) Error() string        { return e.err.Error() }
func (e *dataError) Unwrap() error        { return e.err }
func (e *dataError) Is(target error) bool { return target == ErrUnsatisfied }

// Config is what a pipeline is made of.
type Config struct {
	// Policy is required. The pipeline does not keep to later changes of it.
	Policy *Policy
	// Keys are the keyrings that the policy names. MainKey is the one meant
	// where it names none.
	Keys map[string]*pseudonym.Keyring
	// Crosswalk is the table of the columns that the policy pseudonymizes by
	// crosswalk; nil if there is none. New values are added to it even where
	// the run fails later.
	Crosswalk pseudonym.CrosswalkTable
	// Steps are row-local steps of the caller's own. They run in order after
	// the minimization and before the pseudonymization, and every column that
	// leaves them needs an entry in the policy. A step that was fitted to the
	// data, as a *kanon.Plan, is refused where the policy has statistics: noise
	// added after it would protect nobody.
	Steps []Transformer
	// SolveAndCheckOnly makes a pipeline that reads no table of people: it has
	// no use for keys and crosswalks, and nothing but Solve and Check may be
	// called of it.
	SolveAndCheckOnly bool
}

// Pipeline carries out a policy. It holds no data and is safe for concurrent
// use.
type Pipeline struct {
	policy     *Policy
	steps      []Transformer
	pseudonyms []keyed            // one a keyring
	sampler    *pseudonym.Sampler // nil where the policy has none
	anonymizer *kanon.Anonymizer  // nil without quasi-identifiers
	models     []kanon.Model
	keyless    bool // only Solve and Check may be called
}

// New checks the whole policy and returns the pipeline that carries it out.
// The error lists every mistake.
func New(cfg Config) (*Pipeline, error) {
	if cfg.Policy == nil {
		return nil, errors.New("anonymize: no policy")
	}
	policy := *cfg.Policy
	mistakes := policy.validate()
	if len(mistakes) > 0 {
		return nil, policy.mistaken(mistakes)
	}
	p := &Pipeline{policy: &policy, steps: slices.Clone(cfg.Steps), keyless: cfg.SolveAndCheckOnly}
	for i, step := range p.steps {
		switch step.(type) {
		case nil:
			mistakes = append(mistakes, mistake{text: fmt.Sprintf("step %d is nil", i)})
		case *kanon.Plan:
			if policy.Statistics != nil {
				mistakes = append(mistakes, mistake{path: "statistics", text: fmt.Sprintf(
					"statistics after a fitted step: step %d is a plan fitted to the data, so "+
						"removing one person can change every row and no noise added after it "+
						"protects anybody; take the statistics before it", i)})
			}
		}
	}
	if !p.keyless {
		mistakes = append(mistakes, p.resolveKeys(cfg.Keys, cfg.Crosswalk)...)
	}
	if err := p.resolveModels(); err != nil {
		for _, e := range flatten(err) {
			mistakes = append(mistakes, mistake{path: "privacy", text: e.Error()})
		}
	}
	if len(mistakes) > 0 {
		return nil, policy.mistaken(mistakes)
	}
	return p, nil
}

// keyName is how a policy names a key: the keyring, and the key in it unless
// it is the primary one.
type keyName struct {
	ring string
	id   uint32
}

func (n keyName) compare(m keyName) int {
	return cmp.Or(cmp.Compare(n.ring, m.ring), cmp.Compare(n.id, m.id))
}

// keyName returns the name of the key of a column, zero for a method without one.
func (p *Pseudonym) keyName() keyName {
	if p.keyless() {
		return keyName{}
	}
	return keyName{or(p.Key, MainKey), p.KeyID}
}

// resolveKeys looks up every key that the policy names.
func (p *Pipeline) resolveKeys(keys map[string]*pseudonym.Keyring,
	table pseudonym.CrosswalkTable) (mistakes []mistake) {
	key := func(name keyName, path string) *pseudonym.Keyring {
		ring := keys[name.ring]
		if ring == nil {
			mistakes = append(mistakes, mistake{path: path,
				text: fmt.Sprintf("no key %q was given", name.ring)})
			return nil
		}
		if name.id == 0 {
			return ring
		}
		pinned, err := ring.Pin(name.id)
		if err != nil {
			mistakes = append(mistakes, mistake{path: join(path, "key_id"),
				text: fmt.Sprintf("key %q: %v", name.ring, unprefixed(err))})
		}
		return pinned
	}
	columns := map[keyName][]pseudonym.Column{}
	for _, name := range sortedColumns(p.policy) {
		if ps := p.policy.Columns[name].Pseudonym; ps != nil && !p.policy.dropped(name) {
			c := ps.column(name)
			if ps.Crosswalk != nil {
				c.Method = pseudonym.Crosswalk{Format: ps.Crosswalk.Format, Table: table}
			}
			columns[ps.keyName()] = append(columns[ps.keyName()], c)
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(columns), keyName.compare) {
		path := join("columns", columns[name][0].Name, "pseudonym")
		k := keyed{columns: columns[name]}
		if name != (keyName{}) {
			if k.ring = key(name, path); k.ring == nil {
				continue
			}
		}
		if _, err := pseudonym.New(k.ring, k.columns...); err != nil {
			for _, e := range flatten(err) {
				mistakes = append(mistakes, mistake{path: path, text: unprefixed(e)})
			}
		}
		p.pseudonyms = append(p.pseudonyms, k)
	}
	if s := p.policy.Minimize.Sample; s != nil {
		path := join("minimize", "sample")
		if ring := key(keyName{or(s.Key, MainKey), s.KeyID}, path); ring != nil {
			sampler, err := pseudonym.NewSampler(ring, s.field(), s.Fraction)
			if err != nil {
				mistakes = append(mistakes, mistake{path: path, text: err.Error()})
			}
			p.sampler = sampler
		}
	}
	return mistakes
}

// keyed are the columns that are pseudonymized under one keyring.
type keyed struct {
	ring    *pseudonym.Keyring // nil for methods without a key
	columns []pseudonym.Column
}

// restrict returns the pseudonymizer of those columns that are there, nil
// where none is.
func (k keyed) restrict(names []string) (*pseudonym.Pseudonymizer, error) {
	var columns []pseudonym.Column
	for _, c := range k.columns {
		if slices.Contains(names, c.Name) {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return nil, nil
	}
	return pseudonym.New(k.ring, columns...)
}

// resolveModels makes the anonymizer of the policy.
func (p *Pipeline) resolveModels() error {
	quasi := p.policy.quasi()
	if len(quasi) == 0 {
		return nil
	}
	cfg := kanon.Config{
		MaxSuppression: p.policy.Privacy.MaxSuppression,
		Unit:           p.policy.Privacy.Unit,
		Recoding:       p.policy.Privacy.Recoding,
		Local:          p.policy.Privacy.Local,
		Loss:           p.policy.Privacy.Loss,
		Effort:         p.policy.Privacy.Effort,
		Suppressed:     p.suppressed(),
		Numeric:        p.policy.Output.Numeric,
	}
	for _, name := range quasi {
		h := p.policy.Columns[name].Hierarchy
		resolved, err := h.resolve(p.policy.origin.dir)
		if err != nil {
			return err
		}
		cfg.Quasi = append(cfg.Quasi, h.quasi(name, resolved))
	}
	for _, m := range p.policy.Privacy.Models {
		model, err := m.resolve(p.policy.origin.dir)
		if err != nil {
			return err
		}
		p.models = append(p.models, model)
	}
	cfg.Models = p.models
	var err error
	p.anonymizer, err = kanon.New(cfg)
	return err
}

func (p *Pipeline) suppressed() kanon.Suppressed {
	if p.policy.Output.Suppressed == "" {
		return kanon.Drop
	}
	return p.policy.Output.Suppressed
}
