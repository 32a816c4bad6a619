package anonymize

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lethe-go/lethe/kanon"
)

// given lists the models of an entry by their names in a policy; of closeness
// without the tree that a file has.
func (m Model) given() (names []string, models []kanon.Model) {
	add := func(name string, model kanon.Model) {
		names, models = append(names, name), append(models, model)
	}
	if m.KAnonymity != nil {
		add("k_anonymity", *m.KAnonymity)
	}
	if m.AlphaK != nil {
		add("alpha_k", *m.AlphaK)
	}
	if m.LDiversity != nil {
		add("l_diversity", *m.LDiversity)
	}
	if m.TCloseness != nil {
		add("t_closeness", m.TCloseness.TCloseness)
	}
	if m.BetaLikeness != nil {
		add("beta_likeness", *m.BetaLikeness)
	}
	if m.DeltaDisclosure != nil {
		add("delta_disclosure", *m.DeltaDisclosure)
	}
	if m.KMap != nil {
		add("k_map", *m.KMap)
	}
	if m.AverageRisk != nil {
		add("average_risk", *m.AverageRisk)
	}
	if m.SampleUniqueness != nil {
		add("sample_uniqueness", *m.SampleUniqueness)
	}
	if m.PopulationUniqueness != nil {
		add("population_uniqueness", *m.PopulationUniqueness)
	}
	return names, models
}

// allModels are the names of all models in a policy.
const allModels = "k_anonymity, alpha_k, l_diversity, t_closeness, beta_likeness, " +
	"delta_disclosure, k_map, average_risk, sample_uniqueness, population_uniqueness"

// resolve returns the one model that is given; dir is what a relative path is
// relative to.
func (m Model) resolve(dir string) (kanon.Model, error) {
	names, models := m.given()
	switch {
	case len(models) == 0:
		return nil, fmt.Errorf("no model in an entry; want one of %s", allModels)
	case len(models) > 1:
		return nil, fmt.Errorf("several models in one entry (%s); give each an entry of its own",
			strings.Join(names, ", "))
	case m.KMap != nil && m.KMap.Occurrence == "":
		return nil, fmt.Errorf("%s of a population that is counted needs a table of it, which a "+
			"policy has not; give its size, as population, with occurrence and significance", m.KMap)
	case m.TCloseness == nil:
		return models[0], nil
	}
	t := m.TCloseness.TCloseness
	if m.TCloseness.File == "" {
		return t, nil
	}
	if t.Tree != nil {
		return nil, fmt.Errorf("closeness of %q has a file and a tree, want one of them", t.Column)
	}
	path := m.TCloseness.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	tree, err := kanon.ReadTreeFile(path)
	t.Tree = tree
	return t, err
}

// sensitive is the column that the model names, if it is one of values, and
// whether it compares these with the whole table.
func (m Model) sensitive() (column string, compares, ok bool) {
	switch {
	case m.AlphaK != nil:
		return m.AlphaK.Column, false, true
	case m.LDiversity != nil:
		return m.LDiversity.Column, false, true
	case m.TCloseness != nil:
		return m.TCloseness.Column, true, true
	case m.BetaLikeness != nil:
		return m.BetaLikeness.Column, true, true
	case m.DeltaDisclosure != nil:
		return m.DeltaDisclosure.Column, true, true
	}
	return "", false, false
}

// saysHowMany says whether the model is about the people of a class, or of all.
func (m Model) saysHowMany() bool {
	return m.KAnonymity != nil || m.AlphaK != nil || m.KMap != nil || m.AverageRisk != nil ||
		m.SampleUniqueness != nil || m.PopulationUniqueness != nil
}

// modelled lists the columns that models of sensitive columns name, each once.
func (p *Policy) modelled() []string {
	var names []string
	for _, m := range p.Privacy.Models {
		if name, _, ok := m.sensitive(); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// compared lists the columns of which models compare each class with the whole
// table.
func (p *Policy) compared() []string {
	var names []string
	for _, m := range p.Privacy.Models {
		if name, compares, _ := m.sensitive(); compares {
			names = append(names, name)
		}
	}
	return names
}

// models says what is wrong with each model by itself, and with the column
// that it names.
func (v *validator) models() {
	people := false
	for i, m := range v.policy.Privacy.Models {
		path := join("privacy", "models", fmt.Sprint(i))
		people = people || m.saysHowMany()
		model, err := m.resolve(v.policy.origin.dir)
		if err != nil {
			v.addAll(path, "", err)
			continue
		}
		if name, _, ok := m.sensitive(); ok && name != "" {
			v.protects(path, model.String(), name)
		}
		cfg := alone()
		if m.KAnonymity == nil {
			cfg.Models = append(cfg.Models, model)
		} else {
			cfg.Models = []kanon.Model{model}
		}
		_, err = kanon.New(cfg)
		v.addAll(path, "", err)
	}
	if len(v.policy.Privacy.Models) > 0 && !people {
		v.addf(join("privacy", "models"), "no k_anonymity beside the other models, which do not "+
			"say how many people a class has; add it")
	}
}

// protects checks that a model names a sensitive column that is written.
func (v *validator) protects(path, model, name string) {
	c, ok := v.policy.Columns[name]
	switch {
	case !ok:
		v.addf(path, "%s: column %q has no entry in columns", model, name)
	case c.Role != Sensitive:
		v.addf(path, "%s: column %q is not sensitive; give it that role or leave the model out",
			model, name)
	case v.policy.dropped(name):
		v.addf(path, "%s: column %q is dropped; leave the model out", model, name)
	}
}
