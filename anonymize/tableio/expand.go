package tableio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Expand turns paths, folders and patterns into paths of files. A folder stands
// for the files in it but those whose names begin with a dot or an underscore,
// as those of a job that is under way do; a file in it that is of no known
// format, and a folder in it, are errors, lest rows be lost without a word. A
// path that does not exist and has one of *?[ is a pattern of filepath.Match
// and stands for what it matches, which must be something. What a folder or a
// pattern stands for is sorted by name. A file that is named twice is an error.
func Expand(paths []string, opts *Options) ([]string, error) {
	var all []string
	for _, path := range paths {
		found := []string{path}
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			if found, err = filesIn(path, opts); err != nil {
				return nil, err
			}
		case err != nil && strings.ContainsAny(filepath.Base(path), "*?["):
			if found, err = matching(path); err != nil {
				return nil, err
			}
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, errors.New("tableio: no file is named")
	}
	seen := make(map[string]bool, len(all))
	for _, path := range all {
		clean := filepath.Clean(path)
		if seen[clean] {
			return nil, fmt.Errorf("tableio: %s is named twice", filepath.Base(path))
		}
		seen[clean] = true
	}
	return all, nil
}

// passedOver says whether a name is of no concern to who reads a folder.
func passedOver(name string) bool { return name[0] == '.' || name[0] == '_' }

func filesIn(dir string, opts *Options) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, wrap(filepath.Base(dir), err)
	}
	var files []string
	for _, e := range entries {
		if passedOver(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			return nil, wrap(e.Name(), err)
		}
		if info.IsDir() {
			return nil, fmt.Errorf("tableio: %s in %s is a folder; name its files", e.Name(),
				filepath.Base(dir))
		}
		if format, _, _ := byExtension(path); format == "" && (opts == nil || opts.Format == "") {
			return nil, fmt.Errorf("tableio: %s in %s is of no known format; move it away or name "+
				"the files that are to be read", e.Name(), filepath.Base(dir))
		}
		files = append(files, path)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("tableio: %s holds no table", filepath.Base(filepath.Clean(dir)))
	}
	return files, nil
}

func matching(pattern string) ([]string, error) {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("tableio: %s is no pattern: %w", filepath.Base(pattern), err)
	}
	if base := filepath.Base(pattern); !passedOver(base) {
		found = slices.DeleteFunc(found, func(path string) bool {
			return passedOver(filepath.Base(path))
		})
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("tableio: no file matches %s", filepath.Base(pattern))
	}
	slices.Sort(found)
	return found, nil
}
