package anonymize

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/lethe-go/lethe/kanon"
)

// errNoModel is the error of an entry that does not hold exactly one model.
var errNoModel = errors.New(
	"no model, or several in one entry; want one of k_anonymity, l_diversity, t_closeness")

// resolve returns the one model that is given; dir is what a relative path is
// relative to.
func (m Model) resolve(dir string) (kanon.Model, error) {
	given := 0
	for _, there := range []bool{m.KAnonymity != nil, m.LDiversity != nil, m.TCloseness != nil} {
		if there {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, errNoModel
	case m.KAnonymity != nil:
		return *m.KAnonymity, nil
	case m.LDiversity != nil:
		return *m.LDiversity, nil
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

// sensitive is the column that the model names, if it is one of values.
func (m Model) sensitive() (column string, ok bool) {
	switch {
	case m.LDiversity != nil:
		return m.LDiversity.Column, true
	case m.TCloseness != nil:
		return m.TCloseness.Column, true
	}
	return "", false
}

// modelled lists the columns that models of diversity and closeness name, each
// once.
func (p *Policy) modelled() []string {
	var names []string
	for _, m := range p.Privacy.Models {
		if name, ok := m.sensitive(); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// compared lists the columns that models of closeness name.
func (p *Policy) compared() []string {
	var names []string
	for _, m := range p.Privacy.Models {
		if m.TCloseness != nil {
			names = append(names, m.TCloseness.Column)
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
		people = people || m.KAnonymity != nil
		model, err := m.resolve(v.policy.origin.dir)
		if err != nil {
			v.addAll(path, "", err)
			continue
		}
		if name, ok := m.sensitive(); ok && name != "" {
			v.protects(path, model.String(), name)
		}
		// Alone, with everything else in order, so that what is wrong is its own.
		models := []kanon.Model{model}
		if m.KAnonymity == nil {
			models = append(models, kanon.KAnonymity{K: 2})
		}
		_, err = kanon.New(kanon.Config{
			Quasi:      []kanon.Quasi{{Column: "\x00", Hierarchy: kanon.Prefix{Length: 1}}},
			Models:     models,
			Recoding:   kanon.Global,
			Suppressed: kanon.Drop,
		})
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
