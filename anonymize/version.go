package anonymize

import "runtime/debug"

// modulePath is what this library is called in a build.
const modulePath = "github.com/lethe-go/lethe"

// Version is the version of the library that the program was built with, as
// Go's build information has it: a release, a pseudo-version, or "(devel)".
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	if info.Main.Path == modulePath {
		return info.Main.Version
	}
	for _, dep := range info.Deps {
		if dep.Path == modulePath {
			return dep.Version
		}
	}
	return "(unknown)"
}
