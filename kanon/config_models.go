package kanon

import "fmt"

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
		default:
			mistake("privacy model %T is not supported", m)
		}
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
