package cnf

// Build makes all files of a configuration. What cannot be built is left out
// and named in Set.Problems.
func Build(c Config, o Options) (*Set, error) { return Rebuild(nil, c, o) }
