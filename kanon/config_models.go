package kanon

import (
	"fmt"

	"github.com/lethe-go/lethe/internal/lattice"
)

// sizeModel is a Model of the sizes of all classes of a table of some members:
// rows, or people where there is a unit.
type sizeModel interface {
	Model
	validate() error
	limit(members int64) (lattice.SizeLimit, error)
}

// modelMistakes says what is wrong with the models, and files them by what the
// search makes of them.
func (a *Anonymizer) modelMistakes() (errs []error) {
	mistake := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("kanon: "+format, args...))
	}
	a.k = 1
	if len(a.cfg.Models) == 0 {
		mistake("no privacy model, want k-anonymity")
		return errs
	}
	sensitive := func(m sensitiveModel) {
		errs = append(errs, a.sensitiveMistakes(m)...)
		a.addSensitive(m)
	}
	once := map[string]bool{}
	file := func(m interface {
		Model
		validate() error
	}) {
		if kind := fmt.Sprintf("%T", m); once[kind] {
			mistake("%s: this model is asked for twice", m)
		} else {
			once[kind] = true
		}
		for _, err := range flatErrors(m.validate()) {
			mistake("%w", err)
		}
	}
	people, seen := false, false // a model says how many people a class has; it is k-anonymity
	for _, m := range a.cfg.Models {
		switch m := m.(type) {
		case nil:
			mistake("a privacy model is nil")
		case KAnonymity:
			for _, err := range flatErrors(m.validate()) {
				mistake("%w", err)
			}
			if seen {
				mistake("k-anonymity is asked for twice")
			}
			a.k, people, seen = max(a.k, m.K), true, true
		case LDiversity, TCloseness, BetaLikeness, DeltaDisclosure:
			sensitive(m.(sensitiveModel))
		case AlphaK:
			sensitive(m)
			a.k, people = max(a.k, m.K), true
		case KMap:
			people = true
			if file(m); m.Occurrence == "" {
				a.populations = append(a.populations, m)
			} else {
				a.estimated = append(a.estimated, m)
			}
		case DeltaPresence:
			file(m)
			a.populations = append(a.populations, m)
		case AverageRisk, SampleUniqueness, PopulationUniqueness:
			people = true
			a.sizes = append(a.sizes, m.(sizeModel))
			file(m.(sizeModel))
		default:
			mistake("privacy model %T is not supported", m)
		}
	}
	if a.cfg.Unit != "" && len(a.populations) > 0 {
		mistake("%s counts rows of a population, and the unit %q people of the table; leave one out",
			a.populations[0], a.cfg.Unit)
	}
	if a.cfg.Recoding != Global && len(a.populations)+len(a.sizes) > 0 {
		mistake("recoding %q knows neither limits of all classes nor a population; want %q",
			a.cfg.Recoding, Global)
	}
	if !people {
		mistake("no k-anonymity beside the other models, which do not say how many people a " +
			"class has; add it")
	}
	if len(a.sensitive) > maxSensitive {
		mistake("models of %d sensitive columns, want at most %d", len(a.sensitive), maxSensitive)
	}
	return errs
}

// limits adds to a problem what depends on how many members a table has.
func (a *Anonymizer) limits(p *lattice.Problem, c *Counts) error {
	members := c.total
	if c.people != nil {
		members = int64(c.people.Len())
	}
	for _, m := range a.estimated {
		k, err := m.rows(members)
		if err != nil {
			return err
		}
		p.K = max(p.K, k)
	}
	for _, m := range a.sizes {
		limit, err := m.limit(members)
		if err != nil {
			return err
		}
		p.Sizes = append(p.Sizes, limit)
	}
	return nil
}
